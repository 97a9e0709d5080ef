"""Figure of ellipses over the points of a plane, or of wire ellipsoids over points in space."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from latentscope.analysis._views import axis_names
from latentscope.analysis.ellipsoid import Ellipsoid
from latentscope.plot._panels import DATA, dot_size, one_axes, space_axes

_N_WIRES = 19  # meridians, and parallels, of an ellipsoid


def plot_ellipsoid(result: Ellipsoid, *, ax: Axes | None = None) -> Axes:
    """Draw the levels over the points that the result keeps.

    Parameters
    ----------
    result : Ellipsoid
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw, with ``projection="3d"`` for three axes; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    is_flat = len(result.axes) == 2
    panel: Any = one_axes(ax) if is_flat else space_axes(ax)
    size = 2 * dot_size(len(result.points))
    dots = panel.scatter(
        *result.points.T, s=size, color=DATA, linewidths=0, alpha=0.5,
        label=f"{len(result.points):,} of the points",
    )  # fmt: skip
    panel.plot(*result.center[:, None], "+", color="k", ms=9, label="mean", linestyle="")
    for level in range(len(result.radius)):
        _draw_level(panel, result, level)
    names = axis_names(result.space, result.axes)
    panel.set(xlabel=names[0], ylabel=names[1])
    if is_flat:
        panel.set_aspect("equal")
    else:
        panel.set(zlabel=names[2], aspect="equal")
    legend = panel.legend(
        frameon=False, fontsize="x-small", loc="upper left", bbox_to_anchor=(1.0, 1.0),
        title=f"{result.rows_text}:\nshare inside (a Gaussian's)", title_fontsize="x-small",
        alignment="left",
    )  # fmt: skip
    marker = legend.legend_handles[0]
    if isinstance(marker, type(dots)):
        marker.set_sizes([12.0])
    return panel


def _draw_level(panel: Any, result: Ellipsoid, level: int) -> None:
    """Draw one ellipse, or the wires of one ellipsoid."""
    inside, gaussian = result.share[level], result.gaussian_share[level]
    text = f"{result.radius[level]:.3g}σ: {inside:.1%} ({gaussian:.1%})"
    color = f"C{1 + level % 9}"
    if len(result.axes) == 2:
        panel.plot(*result.boundary(level).T, color=color, lw=1.8, label=text)
    else:
        wires = np.moveaxis(result.boundary(level, _N_WIRES), -1, 0)
        panel.plot_wireframe(*wires, color=color, lw=0.6, alpha=0.6, label=text)
