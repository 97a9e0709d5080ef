"""Figure of the inertia curve, beside that of a Gaussian without clusters."""

from matplotlib.axes import Axes

from latentscope.analysis.clusters import InertiaCurve
from latentscope.plot._panels import DATA, GAUSSIAN, one_axes


def plot_clusters(result: InertiaCurve, *, ax: Axes | None = None) -> Axes:
    """Draw inertia per point against k, the Gaussian's curve, and the elbow if there is one.

    Parameters
    ----------
    result : InertiaCurve
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = one_axes(ax)
    ax.plot(
        result.n_clusters, result.gaussian_inertia / result.n_used,
        color=GAUSSIAN, linestyle="--", linewidth=1.2, zorder=3,
        label="Gaussian, same mean and covariance",
    )  # fmt: skip
    ax.plot(
        result.n_clusters, result.inertia / result.n_used, color=DATA, label=result.rows_text,
        marker="o", markersize=3, linewidth=1.2,
    )  # fmt: skip
    if result.elbow is not None:
        ax.axvline(result.elbow, color="C3", linewidth=1.0, label=f"elbow at k = {result.elbow}")
    ax.set(
        xlabel="number of clusters k", ylabel="inertia per point", ylim=(0, None),
        title=_title(result),
    )  # fmt: skip
    ax.legend(frameon=False, fontsize="small")
    return ax


def _title(result: InertiaCurve) -> str:
    elbow = "no elbow" if result.elbow is None else f"elbow at {result.elbow}"
    below = result.below_gaussian
    less = f"{below:.1%} below" if below > 0 else "no lower than"
    return f"{elbow}\n{less} a Gaussian (median over k)"
