"""Figure of the axis densities: all axes at once, the dominant ones named."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from latentscope._validate import integer
from latentscope.analysis._gaussian_fit import gaussian_curves
from latentscope.analysis.axes import AxisDensity
from latentscope.plot._panels import MUTED, one_axes, rows_text

_REACH = 3.5  # σ of the broadest axes that the figure shows
_N_POINTS = 400


def plot_axes(result: AxisDensity, *, ax: Axes | None = None, n_dominant: int = 8) -> Axes:
    """Draw the density along every axis; colour and name the dominant ones, with their fits.

    Parameters
    ----------
    result : AxisDensity
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.
    n_dominant : int
        Axes to name, at most ten; the others stay grey.

    Returns
    -------
    matplotlib.axes.Axes
        The height is the share of points per unit, scaled to the axis' own highest bin, so that
        narrow and broad axes can be seen together.
    """
    ax = one_axes(ax, size=(7.6, 4.0))
    n_dominant = min(integer("n_dominant", n_dominant, low=0, high=10), result.z_dim)
    dominant = list(result.dominant(n_dominant)["axis"]) if n_dominant else []
    others = np.setdiff1d(np.arange(result.z_dim), dominant)
    height = result.density.max(axis=1, keepdims=True)
    curves = result.density / height
    lines = [np.column_stack([result.centers, curves[axis]]) for axis in others]
    alpha = float(np.clip(12 / max(len(others), 1), 0.08, 0.6))
    ax.add_collection(LineCollection(lines, colors=MUTED, linewidths=0.8, alpha=alpha))
    low, high = _range(result)
    fine = np.linspace(low, high, _N_POINTS)
    fits = gaussian_curves(fine, result.amplitude, result.center, result.sigma) / height
    colors = colormaps["tab10"].colors  # type: ignore[attr-defined]
    for axis, color in zip(dominant, colors, strict=False):
        center = result.center[axis] if abs(result.center[axis]) > 0.01 * result.sigma[axis] else 0
        text = f"{axis}: centre {center:.2g}, width {result.fwhm[axis]:.2g}"
        style: dict[str, Any] = {"color": color, "zorder": 3}
        ax.stairs(curves[axis], result.edges, linewidth=0.8, alpha=0.6, **style)
        ax.plot((fine[:-1] + fine[1:]) / 2, fits[axis], linewidth=1.6, label=text, **style)
    if len(others):
        ax.plot([], [], color=MUTED, label=f"{len(others):,} other axes")
    ax.set(
        xlim=(low, high), ylim=(0, 1.15), xlabel="coordinate", ylabel="density / highest bin",
        title=f"{result.z_dim:,} axes, {rows_text(result)}",
    )  # fmt: skip
    ax.legend(
        frameon=False, fontsize="x-small", title="axis: fit", title_fontsize="x-small",
        loc="upper left", bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip
    return ax


def _range(result: AxisDensity) -> tuple[float, float]:
    """Return a range that holds all axes but their last tails."""
    spread = np.maximum(result.sigma, result.bin_width)
    low = float((result.center - _REACH * spread).min())
    high = float((result.center + _REACH * spread).max())
    return max(low, float(result.edges[0])), min(high, float(result.edges[-1]))
