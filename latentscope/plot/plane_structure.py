"""Figure of a window's structure: its points beside a null set, and the functions tested."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from latentscope._types import FloatArray, Panels
from latentscope.analysis._views import axis_names
from latentscope.analysis.plane_structure import PlaneStructure
from latentscope.plot._panels import DATA, GAUSSIAN, MUTED, GivenAxes, some_axes

_FUNCTIONS = {
    "pairs": "near pairs, L(r) − r",
    "nearest": "nearest neighbour, G(r) − null mean",
    "empty": "empty space, F(r) − null mean",
    "alignment": "alignment, mean of cos 2(θ − φ)",
}
_LESS_MEAN = ("nearest", "empty")  # drawn less the null mean: from 0 to 1 they hide departures
_STEADY = 0.2  # share of the distances, below which alignment jumps because pairs are few


def plot_plane_structure(result: PlaneStructure, *, ax: GivenAxes = None) -> Panels:
    """Draw the points, one null set, and four functions with their global envelope.

    Where a function leaves the grey band it is drawn thick; one null set in twenty leaves the band
    somewhere in the four panels.

    Parameters
    ----------
    result : PlaneStructure
        What to draw.
    ax : array of six matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    array of six matplotlib.axes.Axes
    """
    panels = some_axes(ax, 2 + len(_FUNCTIONS), n_columns=3, panel=(3.2, 2.9))
    answer = f"p = {result.p_value:.3g}" + (f", {result.sign}" if result.sign != "none" else "")
    _draw_points(panels[0], result, result.xy, f"data: {answer}", DATA)
    _draw_points(
        panels[1], result, result.null_xy, f"one set of the null model '{result.null}'", MUTED
    )
    for panel, name in zip(panels[2:], _FUNCTIONS, strict=True):
        _draw_function(panel, result, name)
    return panels


def _draw_points(
    ax: Axes, result: PlaneStructure, points: FloatArray, title: str, color: str
) -> None:
    size = float(np.clip(2500 / len(points), 0.5, 12))
    ax.scatter(points[:, 0], points[:, 1], s=size, color=color, linewidths=0)
    (x, y), half = result.center, result.half_width
    names = axis_names(result.space, result.axes)
    ax.set(
        xlim=(x - half, x + half), ylim=(y - half, y + half), aspect="equal",
        xlabel=names[0], ylabel=names[1],
    )  # fmt: skip
    for ticks in (ax.xaxis, ax.yaxis):
        ticks.set_major_locator(MaxNLocator(4))
    ax.set_title(title, fontsize="small")


def _draw_function(ax: Axes, result: PlaneStructure, name: str) -> None:
    row = result.functions.index(name)
    base = result.null_mean[row] if name in _LESS_MEAN else np.zeros_like(result.null_mean[row])
    distance, data = result.distance[row], result.data[row] - base
    low, high = result.low[row] - base, result.high[row] - base
    ax.fill_between(distance, low, high, color=GAUSSIAN, alpha=0.25, lw=0, label="null")
    ax.plot(distance, result.null_mean[row] - base, color=GAUSSIAN, lw=0.8, ls="--")
    ax.plot(distance, data, color=DATA, lw=1.2, label="data")
    outside = np.where((data < low) | (data > high), data, np.nan)
    ax.plot(distance, outside, color="C3", lw=2.6, label="outside")
    if name == "alignment":
        steady = np.concatenate([part[int(_STEADY * len(part)) :] for part in (low, high, data)])
        margin = 0.1 * float(np.ptp(steady)) or 1.0
        ax.set_ylim(steady.min() - margin, steady.max() + margin)
    ax.set(xlabel="distance r, unit of z", xlim=(0, distance[-1]))
    ax.set_ylabel(_FUNCTIONS[name], fontsize="small")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    if name == "pairs":
        ax.legend(frameon=False, fontsize="x-small")
