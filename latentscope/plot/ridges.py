"""Figure of density ridges over the points: significant ones in colour, the others in grey."""

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d.art3d import Line3DCollection

from latentscope._types import FloatArray, IntArray
from latentscope.analysis._views import axis_names
from latentscope.analysis.ridges import Ridges
from latentscope.plot._panels import DATA, dot_size, one_axes, space_axes

_FOUND = "C3"
_BAND = "#f6cfc9"  # opaque, so that discs that overlap make one band
_CHANCE = "0.7"


def plot_ridges(result: Ridges, *, ax: Axes | None = None) -> Axes:
    """Draw points, significant ridges with their uncertainty, and the others in grey.

    Parameters
    ----------
    result : Ridges
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw, with ``projection="3d"`` for three axes; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        In the plane the band is as wide as one uncertainty on either side; along three axes it is
        not drawn.
    """
    is_flat = len(result.axes) == 2
    panel: Any = one_axes(ax) if is_flat else space_axes(ax)
    if is_flat:
        _draw_band(panel, result)
    panel.scatter(
        *result.points.T, s=dot_size(len(result.points)), color=DATA, linewidths=0,
        alpha=0.6 if is_flat else 0.3, zorder=2,
    )  # fmt: skip
    is_pale = ~result.is_significant[result.links].all(axis=1)
    _draw_lines(panel, result.ridge, result.links[is_pale], color=_CHANCE, lw=0.8)
    _draw_lines(panel, result.ridge, result.significant_links, color=_FOUND, lw=2.0)
    _label(panel, result)
    return panel


def _draw_band(ax: Axes, result: Ridges) -> None:
    """Draw a disc of the radius of its uncertainty around each significant ridge point."""
    found = result.is_significant
    width = 2 * result.uncertainty[found]
    discs = EllipseCollection(
        width, width, np.zeros(len(width)), offsets=result.ridge[found], units="xy",
        offset_transform=ax.transData, facecolors=_BAND, edgecolors="none", zorder=1,
    )  # fmt: skip
    ax.add_collection(discs)


def _draw_lines(panel: Any, ridge: FloatArray, links: IntArray, **style: Any) -> None:
    """Draw the links."""
    if len(links):
        collection: Any = LineCollection if ridge.shape[1] == 2 else Line3DCollection
        panel.add_collection(collection(ridge[links], zorder=3, **style))


def _label(panel: Any, result: Ridges) -> None:
    """Name the axes, the lines and the answer."""
    half = result.half_width
    names = axis_names(result.space, result.axes)
    for name, letter, center in zip(names, "xyz", result.center, strict=False):
        panel.set(**{f"{letter}label": name, f"{letter}lim": (center - half, center + half)})
        getattr(panel, f"{letter}axis").set_major_locator(MaxNLocator(5))
    panel.set_aspect("equal")
    found = "beyond chance" if result.n_pieces else "beyond chance: none"
    handles: list[Artist] = [
        Line2D([], [], marker="o", ls="", ms=3, color=DATA, label=f"{result.n_used:,} points"),
        Line2D([], [], color=_CHANCE, lw=1.2, label="within chance"),
        Line2D([], [], color=_FOUND, lw=2.0, label=found),
    ]
    if len(result.axes) == 2 and result.n_pieces:
        handles.append(Patch(color=_BAND, label="its uncertainty"))
    panel.legend(
        handles=handles, frameon=False, fontsize="x-small", loc="upper left",
        bbox_to_anchor=(1.02, 1.0), title_fontsize="x-small", alignment="left",
        title=f"ridges, p = {result.p_value:.2g}\n(null model: {result.null})",
    )  # fmt: skip
