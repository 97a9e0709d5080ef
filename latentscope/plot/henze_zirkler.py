"""Figure of the Henze-Zirkler test: the statistic beside its distribution for a Gaussian."""

import numpy as np
from matplotlib.axes import Axes

from latentscope.analysis.henze_zirkler import HenzeZirkler
from latentscope.plot._panels import DATA, GAUSSIAN, one_axes

_N_POINTS = 300  # along the curve


def plot_henze_zirkler(result: HenzeZirkler, *, ax: Axes | None = None) -> Axes:
    """Draw the log-normal law of the statistic for a Gaussian, and the statistic of the data.

    Parameters
    ----------
    result : HenzeZirkler
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = one_axes(ax)
    low, high = result.law.ppf([1e-4, 1 - 1e-4])
    fine = np.linspace(0.9 * low, max(high, 1.1 * result.statistic), _N_POINTS)
    density = result.law.pdf(fine)
    ax.fill_between(fine, density, color=GAUSSIAN, alpha=0.25, label="for a Gaussian")
    label = f"{result.n_points:,} points, p = {result.p_value:.2g}"
    ax.axvline(result.statistic, color=DATA, label=label)
    ax.set(xlabel="Henze-Zirkler statistic", ylabel="density", ylim=(0, 1.1 * density.max()))
    left = 0.02 if result.statistic > result.null_mean else 0.6
    ax.legend(frameon=False, fontsize="small", loc=(left, 0.8))
    return ax
