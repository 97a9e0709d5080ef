"""Planes to be tested: the coordinates of all rows, and the steps in which values come."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple, get_args

import numpy as np

from latentscope._types import FloatArray
from latentscope._validate import one_of
from latentscope.analysis._views import (
    Space,
    checked_axes,
    checked_center,
    columns_of,
    components_of,
    refuse_flat,
    view_of,
)
from latentscope.analysis.pca import PCA, project
from latentscope.rows.reduction import collect, sample_rows, take
from latentscope.rows.source import Rows

_N_SAMPLE = 2000  # rows from which it is decided whether values come in steps
_MAX_TIES = 0.5  # share of an axis' values that repeat others, above which they come in steps


class Plane(NamedTuple):
    """All points along two axes.

    Attributes
    ----------
    space : str
        "pca" or "latent".
    axes : list of two int
    center : float64 array of shape (2,)
        Centre of the windows.
    xy : float64 array of shape (n_points, 2)
    step : float
        Largest step along the plane in which the coordinates of z come; 0 if there are no steps.
    n_total : int
        Number of rows of z.
    """

    space: Space
    axes: list[int]
    center: FloatArray
    xy: FloatArray
    step: float
    n_total: int


def planes_of(
    rows: Rows,
    pairs: Sequence[Sequence[int]],
    space: Space,
    *,
    center: Sequence[float] | None = None,
    frame: PCA | None = None,
) -> Iterator[Plane]:
    """Yield planes, all from one projection on the axes that they use."""
    one_of("space", space, get_args(Space))
    if frame is None:
        pairs = [checked_axes(pair, rows.z_dim, [2]) for pair in pairs]
    if frame is None and space == "pca":
        frame = components_of(rows, 1 + max(max(pair) for pair in pairs))
    views = [view_of(rows, pair, space, frame=frame, sizes=[2]) for pair in pairs]
    used = np.unique([view.axes for view in views])
    directions = np.eye(rows.z_dim)[used] if frame is None else frame.components[used]
    function = (
        partial(columns_of, used.tolist())
        if frame is None
        else partial(project, frame.mean, directions)
    )
    coordinates = collect(rows, function, progress="projecting").astype(np.float64)
    steps = np.abs(directions) * _steps(rows)
    for view in views:
        columns = np.searchsorted(used, view.axes)
        xy = coordinates[:, columns]
        refuse_flat(np.cov(xy.T), view, len(xy), "a test of their structure")
        step = float(steps[columns].max())
        middle = checked_center(center, xy, space)
        yield Plane(space, view.axes, middle, xy, step, rows.n_total)


def _steps(rows: Rows) -> FloatArray:
    """Return the step in which the values of each original axis come, 0 if there is none."""
    indices, _ = sample_rows(rows, _N_SAMPLE, np.random.default_rng(0))
    z = np.sort(take(rows, indices).astype(np.float64), axis=0)
    steps = np.diff(z, axis=0)
    tied = (steps == 0).mean(axis=0)
    least = np.where(steps > 0, steps, np.inf).min(axis=0)
    return np.where((tied > _MAX_TIES) & np.isfinite(least), least, 0.0)
