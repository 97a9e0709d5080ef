"""Figure of the axis densities: all axes at once, the dominant ones labelled."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from latentscope._validate import integer
from latentscope.analysis.axes import AxisDensity
from latentscope.plot._panels import MUTED, one_axes

_COLORS = [f"C{k}" for k in (0, 1, 2, 3, 4, 5, 6, 8, 9)]  # without the grey of the others
_GOOD = 0.9  # R² below which the legend shows it
_REACH = 3.5  # σ of the broadest axes that the figure shows
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
    lines = [np.column_stack([result.centers, curves[axis]]) for axis in others]
    alpha = float(np.clip(12 / max(len(others), 1), 0.08, 0.6))
    ax.add_collection(LineCollection(lines, colors=MUTED, linewidths=0.8, alpha=alpha))
    low, high = _range(result)
    fine = np.linspace(low, high, _N_POINTS)
    fits = result.fitted(fine) / height
    for axis, color in zip(dominant, _COLORS, strict=False):
        center = result.center[axis] if abs(result.center[axis]) > 0.01 * result.sigma[axis] else 0
        quality = result.fit_quality[axis]
        remark = f" (R² {quality:.2f})" if quality < _GOOD else ""
        remark = remark if result.is_fitted[axis] else " (moments)"
        text = f"{axis}: {center:.3g}, {result.fwhm[axis]:.3g}{remark}"
        style: dict[str, Any] = {"color": color, "zorder": 3}
        ax.stairs(curves[axis], result.edges, linewidth=0.8, alpha=0.6, **style)
        curve = fits[axis] if result.is_fitted[axis] else np.full(_N_POINTS - 1, np.nan)
        ax.plot((fine[:-1] + fine[1:]) / 2, curve, linewidth=1.6, label=text, **style)
    if len(others):
        ax.plot([], [], color=MUTED, label=f"{len(others):,} other axes")
    ax.set(
        xlim=(low, high), ylim=(0, 1.15), xlabel="coordinate", ylabel="density / highest bin",
        title=f"{result.z_dim:,} axes, {result.rows_text}",
    )  # fmt: skip
    ax.legend(
        frameon=False, fontsize="x-small", title="axis: centre, FWHM", title_fontsize="x-small",
        loc="upper left", bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip
    return ax


def _range(result: AxisDensity) -> tuple[float, float]:
    """Return a range that shows all axes without their far tails."""
    spread = np.maximum(result.sigma, result.bin_width)
    low = float((result.center - _REACH * spread).min())
    high = float((result.center + _REACH * spread).max())
    return max(low, float(result.edges[0])), min(high, float(result.edges[-1]))
