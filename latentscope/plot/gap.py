"""Figure of the gap statistic: gap and stability against k, beside those of Gaussians."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from latentscope._types import Array, Panels
from latentscope.analysis.gap import ClusterGap
from latentscope.plot._panels import DATA, GAUSSIAN, GivenAxes, some_axes

_BAND = (0.025, 0.975)  # quantiles of the Gaussians


def plot_gap(result: ClusterGap, *, ax: GivenAxes = None) -> Panels:
    """Draw the gap with errors, and the agreement of halves, each with a band of 95 % of Gaussians.

    Parameters
    ----------
    result : ClusterGap
        What to draw.
    ax : array of 2 matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    array of matplotlib.axes.Axes
    """
    panels = some_axes(ax, 2, n_columns=2, panel=(4.2, 3.8))
    gap, stability = panels
    if result.has_nulls:
        nulls = result.null_log_inertia.mean(axis=0) - result.null_log_inertia
        _band(gap, result, nulls)
        _band(stability, result, result.null_stability)
    gap.errorbar(
        result.n_clusters, result.gap, result.error, color=DATA, marker="o", markersize=3.5,
        linewidth=1.2, capsize=2, label=f"data, {result.rows_text}",
    )  # fmt: skip
    stability.plot(
        result.n_clusters, result.stability, color=DATA, marker="o", markersize=3.5, linewidth=1.2,
        label="data",
    )  # fmt: skip
    gap.set(ylabel="gap (log inertia below a Gaussian's)", title=_title(result))
    stability.set(ylabel="agreement of halves (adjusted Rand)", ylim=(-0.05, 1.05))
    for panel in panels:
        if result.best is not None:
            panel.axvline(result.best, color="C3", linewidth=1.0, label=f"{result.best} groups")
        panel.set_xlabel("number of clusters k")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.legend(frameon=False, fontsize="small")
    return panels


def _band(ax: Axes, result: ClusterGap, curves: Array) -> None:
    low, high = np.quantile(curves, _BAND, axis=0)
    ax.fill_between(
        result.n_clusters, low, high, color=GAUSSIAN, alpha=0.2, linewidth=0,
        label=f"95 % of {result.n_null} Gaussians",
    )  # fmt: skip
    ax.plot(result.n_clusters, curves.mean(axis=0), color=GAUSSIAN, linestyle="--", linewidth=1.0)


def _title(result: ClusterGap) -> str:
    if not result.has_nulls:
        return ""
    return f"p = {result.p_value:.2g} of the gap"
