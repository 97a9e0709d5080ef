"""Figure of the axis densities: all axes at once, the dominant ones labelled."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from latentscope._types import FloatArray
from latentscope._validate import integer
from latentscope.analysis.axes import AxisDensity
from latentscope.plot._panels import MUTED, one_axes
from latentscope.statistics.histogram_shapes import PLAIN

_COLORS = [f"C{k}" for k in (0, 1, 2, 3, 4, 5, 6, 8, 9)]  # without the grey of the others
_GOOD = 0.9  # R² below which the legend shows it
_TAIL = 1e-3  # share of an axis, at either end, that the figure may leave out
_FAR = 3.0  # times the range without these tails, above which it does
_MARGIN = 0.02  # of the range
_N_POINTS = 400


def plot_axes(result: AxisDensity, *, ax: Axes | None = None, n_dominant: int = 8) -> Axes:
    """Draw the density along every axis; colour and label the dominant ones, with their fits.

    Parameters
    ----------
    result : AxisDensity
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.
    n_dominant : int
        Number of axes to label, at most nine; the others are grey.

    Returns
    -------
    matplotlib.axes.Axes
        The height is the share of points per unit, scaled to the axis' own highest bin, so that
        narrow and broad axes can be seen together.
    """
    ax = one_axes(ax, size=(7.6, 4.0))
    n_dominant = min(integer("n_dominant", n_dominant, low=0, high=9), result.z_dim)
    dominant = list(result.dominant(n_dominant)["axis"]) if n_dominant else []
    others = np.setdiff1d(np.arange(result.z_dim), dominant)
    height = result.density.max(axis=1, keepdims=True)
    curves = result.density / height
    steps = [_steps(edges, curve) for edges, curve in zip(result.edges, curves, strict=True)]
    alpha = float(np.clip(12 / max(len(others), 1), 0.08, 0.6))
    lines = [steps[axis] for axis in others]
    ax.add_collection(LineCollection(lines, colors=MUTED, linewidths=0.8, alpha=alpha))
    low, high = _range(result)
    fine = np.linspace(low, high, _N_POINTS)
    fits = result.fitted(fine) / height
    for axis, color in zip(dominant, _COLORS, strict=False):
        center = result.center[axis] if abs(result.center[axis]) > 0.01 * result.sigma[axis] else 0
        quality = result.fit_quality[axis]
        remark = f" (R² {quality:.2f})" if quality < _GOOD else ""
        remark = remark if result.is_fitted[axis] else " (moments)"
        shape = result.shape[axis]
        remark += f", {shape}" if shape in PLAIN else ""
        text = f"{axis}: {center:.3g}, {result.fwhm[axis]:.3g}{remark}"
        style: dict[str, Any] = {"color": color, "zorder": 3}
        ax.stairs(curves[axis], result.edges[axis], linewidth=0.8, alpha=0.6, **style)
        curve = fits[axis] if result.is_fitted[axis] else np.full(_N_POINTS - 1, np.nan)
        ax.plot((fine[:-1] + fine[1:]) / 2, curve, linewidth=1.6, label=text, **style)
    if len(others):
        ax.plot([], [], color=MUTED, label=f"{len(others):,} other axes")
    ax.set(
        xlim=(low, high), ylim=(0, 1.15), xlabel=f"coordinate{_left_out(result, low, high)}",
        ylabel="density / highest bin",
        title=f"{result.z_dim:,} axes, {result.rows_text}",
    )  # fmt: skip
    ax.legend(
        frameon=False, fontsize="x-small", title="axis: centre, FWHM", title_fontsize="x-small",
        loc="upper left", bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip
    return ax


def _steps(edges: FloatArray, heights: FloatArray) -> FloatArray:
    """Return the corners of a histogram's outline, of shape (2 n_bins + 2, 2)."""
    return np.column_stack([np.repeat(edges, 2), np.pad(np.repeat(heights, 2), 1)])


def _range(result: AxisDensity) -> tuple[float, float]:
    """Return a range that holds all points, or nearly all where far outliers would hide them."""
    low, high = float(result.minimum.min()), float(result.maximum.max())
    below = np.cumsum(result.counts, axis=1) / result.n_used
    axis, first = np.arange(result.z_dim), (below > _TAIL).argmax(axis=1)
    last = (below >= 1 - _TAIL).argmax(axis=1)
    near = float(result.edges[axis, first].min()), float(result.edges[axis, last + 1].max())
    near = max(near[0], low), min(near[1], high)
    if high - low > _FAR * (near[1] - near[0]):
        low, high = near
    margin = _MARGIN * (high - low) or 0.5 * float(result.bin_width.max())
    return low - margin, high + margin


def _left_out(result: AxisDensity, low: float, high: float) -> str:
    """Return how much of the axes lies outside a range, if any does."""
    is_outside = (result.edges[:, 1:] <= low) | (result.edges[:, :-1] >= high)
    share = float((result.counts * is_outside).sum()) / (result.n_used * result.z_dim)
    return f" ({share:.2g} of all coordinates lie outside)" if share else ""
