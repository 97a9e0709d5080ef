"""Figure of the support: where candidates lie, beside the shell of the data."""

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import chi

from latentscope.analysis.support import Support
from latentscope.plot._panels import DATA, GAUSSIAN, one_axes

_N_POINTS = 300  # along a curve
_N_BINS = 40


def plot_support(result: Support, *, ax: Axes | None = None) -> Axes:
    """Draw the Mahalanobis distances of data and candidates, and a Gaussian's chi distribution.

    Parameters
    ----------
    result : Support
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = one_axes(ax)
    low, _, high = result.shell
    ends = min(low, float(result.distance.min())), max(high, float(result.distance.max()))
    margin = 0.05 * (ends[1] - ends[0]) or 1.0
    start, stop = max(ends[0] - margin, 0.0), ends[1] + margin
    edges = np.linspace(low, high if high > low else low + margin, _N_BINS).tolist()
    ax.hist(
        result.data_quantiles, edges, density=True, color=DATA, alpha=0.45,
        label=f"data, {result.rows_text}",
    )  # fmt: skip
    fine = np.linspace(start, stop, _N_POINTS)
    ax.plot(fine, chi.pdf(fine, result.n_directions), color=GAUSSIAN, label="Gaussian")
    ax.hist(
        result.distance, np.linspace(start, stop, 2 * _N_BINS).tolist(), density=True, color="C1",
        alpha=0.6, label=f"{len(result.distance):,} candidates, {result.share_inside:.0%} inside",
    )  # fmt: skip
    ax.set(xlabel="Mahalanobis distance from the data's mean", ylabel="density", xlim=(start, stop))
    ax.legend(frameon=False, fontsize="small")
    return ax
