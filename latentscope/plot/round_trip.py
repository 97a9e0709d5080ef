"""Figure of the round trip: how meaningful images are, against how far out their points lie."""

from matplotlib.axes import Axes

from latentscope.analysis.round_trip import RoundTrip
from latentscope.plot._panels import DATA, MUTED, one_axes


def plot_round_trip(result: RoundTrip, *, ax: Axes | None = None) -> Axes:
    """Draw the score of each candidate against its distance from the data, and the data's shell.

    Parameters
    ----------
    result : RoundTrip
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = one_axes(ax)
    low, _, high = result.start.shell
    ax.axvspan(low, high, color=MUTED, alpha=0.3, label="99.8 % of the data")
    ax.scatter(
        result.start.distance, result.score, s=14, color=DATA, alpha=0.7, linewidths=0,
        label=f"{len(result.score):,} candidates", clip_on=False,
    )  # fmt: skip
    ax.set(
        xlabel="Mahalanobis distance from the data's mean", ylabel="meaningful-image score",
        ylim=(0, 1),
    )  # fmt: skip
    ax.legend(frameon=False, fontsize="small")
    return ax
