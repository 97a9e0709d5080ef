"""Figure of a plane: one panel per window, points where they are few, density where many."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Circle, Rectangle
from matplotlib.ticker import MaxNLocator

from latentscope._types import FloatArray, Panels
from latentscope.analysis._views import axis_names
from latentscope.analysis.planes import PlaneZoom
from latentscope.errors import DataError
from latentscope.plot._panels import DATA, GAUSSIAN, GivenAxes, dot_size, some_axes

_MAX_DOTS = 20_000  # more points are drawn as density
_PER_CELL = 20  # mean number of points, so that chance leaves no holes
_CELLS = (30, 200)  # smallest and largest number of cells per side of a density
_MAX_PANELS = 12


def plot_planes(result: PlaneZoom, *, ax: GivenAxes = None) -> Panels:
    """Draw every window of the zoom: dots, or for many points counts, as colours on a log scale.

    A square marks the next window; a dotted disc in the corner is as wide as the void that chance
    would leave among as many random points.

    Parameters
    ----------
    result : PlaneZoom
        What to draw, at most twelve windows.
    ax : array of matplotlib.axes.Axes, optional
        One per window; by default those of a new figure.

    Returns
    -------
    array of matplotlib.axes.Axes

    Raises
    ------
    DataError
        If there are more than twelve windows, or the number of Axes differs.
    """
    n = len(result.half_widths)
    if ax is None and n > _MAX_PANELS:
        raise DataError(f"a figure holds at most {_MAX_PANELS} windows; got {n}. Pass ax.")
    panels = some_axes(ax, n, n_columns=min(n, 4), panel=(3.1, 3.3))
    for k, panel in enumerate(panels):
        _draw_window(panel, result, k)
    return panels


def _draw_window(ax: Axes, result: PlaneZoom, k: int) -> None:
    points, _ = result.window(k)
    half = float(result.half_widths[k])
    if len(points) > _MAX_DOTS:
        _draw_density(ax, points, result.center, half)
    else:
        size = dot_size(len(points))
        ax.scatter(points[:, 0], points[:, 1], s=size, color=DATA, linewidths=0, alpha=0.75)
    if k + 1 < len(result.half_widths):
        inner = float(result.half_widths[k + 1])
        corner = tuple(result.center - inner)
        ax.add_patch(Rectangle(corner, 2 * inner, 2 * inner, fill=False, color="C3", lw=1.0))
    void = float(result.chance_void[k]) / 2
    place = tuple(result.center - half + 1.3 * void)
    ax.add_patch(Circle(place, void, fill=False, color=GAUSSIAN, lw=0.9, ls=":"))
    verdict = "" if result.is_resolved[k] else "\ntoo few to show structure"
    x_name, y_name = axis_names(result.space, result.axes)
    (x0, y0) = result.center
    ax.set(
        xlim=(x0 - half, x0 + half), ylim=(y0 - half, y0 + half), aspect="equal",
        xlabel=x_name, ylabel=y_name,
    )  # fmt: skip
    for ticks in (ax.xaxis, ax.yaxis):
        ticks.set_major_locator(MaxNLocator(4))
    ax.set_title(f"±{half:.3g}: {result.n_points[k]:,} points{verdict}", fontsize="small")


def _draw_density(ax: Axes, points: FloatArray, center: FloatArray, half: float) -> None:
    n_cells = int(np.clip(np.sqrt(len(points) / _PER_CELL), *_CELLS))
    x_edges, y_edges = (np.linspace(c - half, c + half, n_cells + 1) for c in center)
    counts, *_ = np.histogram2d(points[:, 0], points[:, 1], bins=[x_edges, y_edges])
    shown = np.ma.masked_equal(counts.T, 0)
    ax.pcolormesh(
        x_edges, y_edges, shown, norm=LogNorm(vmin=1, vmax=max(2.0, counts.max())), cmap="viridis",
        rasterized=True,
    )  # fmt: skip
