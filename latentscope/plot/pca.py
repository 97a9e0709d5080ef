"""Figure of the PCA spectrum, beside that of pure noise."""

import numpy as np
from matplotlib.axes import Axes

from latentscope.analysis.pca import PCA
from latentscope.plot._panels import DATA, GAUSSIAN, MUTED, one_axes


def plot_pca(result: PCA, *, ax: Axes | None = None) -> Axes:
    """Draw the variance of each component, that of the sorted axes, and what noise would give.

    Parameters
    ----------
    result : PCA
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With logarithmic scales.
    """
    ax = one_axes(ax)
    n, most = result.n_varying, min(result.z_dim, result.n_used - 1)
    number = np.arange(1, n + 1)
    by_axis = np.sort(result.axis_variance)[::-1][:n]
    total, heavy = result.total_variance or 1.0, result.has_heavy_tails
    for variance, text, style in (
        (result.variance[:n], "components", {"color": DATA, "marker": "o", "markersize": 3}),
        (by_axis, "original axes, sorted", {"color": MUTED}),
        (
            result.noise_variance[:n],
            "Gaussian noise at the level of the last components",
            {"color": GAUSSIAN, "linestyle": "--"},
        ),
    ):
        shown = variance > 1e-6 * variance.max()
        ax.plot(number[shown], variance[shown] / total, label=text, linewidth=1.2, **style)
    if result.total_variance:
        ax.set(xscale="log", yscale="log")
    ax.set(
        xlabel="principal component",
        ylabel="share of the variance",
        title=f"{result.n_above_noise} of {most} above the noise floor, {result.rows_text}"
        + (f"\n(heavy tails: in both halves of {result.n_sampled:,} rows)" if heavy else ""),
    )  # fmt: skip
    ax.legend(frameon=False, fontsize="small")
    return ax
