"""The window of a plane that is analysed, and the distinct points in it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from latentscope._types import BoolArray, FloatArray
from latentscope._validate import positive, real
from latentscope._warn import warn
from latentscope.errors import DataError

_DEFAULT_POINTS = 1500  # in the default window: enough to show structure by eye
_MAX_TIES = 0.05  # share of the points whose coordinate repeats that of another
_SAME = 1e-6  # of the points' range along an axis, within which coordinates count as equal
_TINY = np.finfo(float).tiny


class Window(NamedTuple):
    """A square of a plane, or a cube along three axes."""

    center: FloatArray
    half_width: float

    def holds(self, points: FloatArray) -> BoolArray:
        """Return True for each point that lies inside."""
        return np.asarray((np.abs(points - self.center) <= self.half_width).all(axis=1))

    def to_unit(self, points: FloatArray) -> FloatArray:
        """Return points of the window in the unit square."""
        return (points - self.center) / (2 * self.half_width) + 0.5

    def from_unit(self, points: FloatArray) -> FloatArray:
        """Undo `to_unit`."""
        return (points - 0.5) * 2 * self.half_width + self.center

    @property
    def name(self) -> str:
        """Name of the window in messages."""
        center = ", ".join(f"{value:.4g}" for value in self.center)
        return f"the window ({center}) ± {self.half_width:.4g}"


def window_about(center: FloatArray, points: FloatArray, half_width: float | None) -> Window:
    """Return the window of a half-width about a centre.

    Parameters
    ----------
    center : float64 array of shape (n_axes,)
    points : float64 array of shape (n_points, n_axes)
        All points, inside and outside.
    half_width : float or None
        ``inf`` for a window that holds all points, None for the 1,500 nearest, or half of all
        points if that is fewer.
    """
    distance = np.abs(points - center).max(axis=1)
    if half_width is None:
        return window_of(center, distance, min(_DEFAULT_POINTS, len(points) // 2))
    if real("half_width", half_width) == np.inf:
        return window_of(center, distance, len(points))
    return Window(center, positive("half_width", half_width))


def window_of(center: FloatArray, distance: FloatArray, n_points: int) -> Window:
    """Return the window that holds the nearest `n_points`; `distance` is from its centre."""
    nearest = max(n_points, 1) - 1
    return Window(center, float(np.partition(distance, nearest)[nearest]) or 1.0)


def without_copies(points: FloatArray, window: Window, axes: Sequence[int]) -> FloatArray:
    """Return the distinct points of a window; raise if their coordinates come in steps.

    Parameters
    ----------
    points : float64 array of shape (n_points, n_axes)
        Inside the window.
    window : Window
    axes : sequence of int
        Numbers of the axes in messages.
    """
    steps = np.round(
        (points - points.min(axis=0)) / (_SAME * np.maximum(np.ptp(points, axis=0), _TINY))
    )
    for axis, values in zip(axes, steps.T, strict=True):
        tied = 1 - len(np.unique(values)) / len(values)
        if tied > _MAX_TIES:
            raise DataError(
                f"coordinates must differ from point to point; {tied:.0%} of those on axis {axis} "
                f"in {window.name} repeat others, as rounded values and copied rows do, and a "
                "test would detect nothing but that. Remove copies and outliers, or pass values "
                "that are not rounded."
            )
    _, first = np.unique(steps, axis=0, return_index=True)
    if len(first) < len(points):
        warn(
            f"{len(points) - len(first):,} of {len(points):,} points in {window.name} repeat "
            "others; each place is compared once."
        )
    return points[np.sort(first)]
