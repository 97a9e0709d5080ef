"""Figure of a scan: how far each window departs from the null model, and the limit of chance."""

import numpy as np
from matplotlib.axes import Axes

from latentscope.analysis.scan_planes import PlaneScan
from latentscope.plot._panels import GAUSSIAN, MUTED, one_axes

_PER_PLANE = 0.22  # inches
_MAX_NAMES = 40


def plot_scan_planes(result: PlaneScan, *, ax: Axes | None = None) -> Axes:
    """Draw the departure of every window, a line per plane, the largest departure on top.

    Of scans without structure, one in twenty has a window anywhere beyond the dashed line.

    Parameters
    ----------
    result : PlaneScan
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    planes = list(dict.fromkeys(map(tuple, result.axes.tolist())))
    height = min(1.2 + _PER_PLANE * len(planes), 10.0)
    ax = one_axes(ax, size=(6.0, max(height, 2.6)))
    place = np.array([planes.index(pair) for pair in map(tuple, result.axes.tolist())])
    for k, size in enumerate(sorted(set(result.n_window.tolist()))):
        shown = result.n_window == size
        ax.plot(
            result.departure[shown], place[shown], "os^Dv"[k % 5], ms=5, color=f"C{k}",
            label=f"{size:,} points",
        )  # fmt: skip
    ax.axvline(result.critical, color=GAUSSIAN, ls="--", lw=1)
    ax.axvspan(0, result.critical, color=MUTED, alpha=0.12, lw=0)
    if len(planes) <= _MAX_NAMES:
        ax.set_yticks(range(len(planes)), list(dict.fromkeys(result.plane_names)))
    ax.tick_params(axis="y", labelsize="small")
    ax.set(
        xlim=(0, None), ylim=(len(planes) - 0.5, -0.5),
        xlabel=f"departure from the null model '{result.null}' (grey: chance)",
        ylabel="plane",
    )  # fmt: skip
    ax.legend(
        frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0),
        title="windows of", title_fontsize="small",
    )  # fmt: skip
    return ax
