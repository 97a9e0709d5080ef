"""Figure of rank correlations: all pairs as colours, the strongest marked and named."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from latentscope.analysis.correlation import Correlation
from latentscope.plot._panels import MUTED, one_axes

_N_NAMED = 10
_MIN_REACH = 3  # times the limit of chance, so that what is within chance stays pale


def plot_correlation(result: Correlation, *, ax: Axes | None = None) -> Axes:
    """Draw the rank correlations; circles mark the strongest pairs beyond chance.

    Colours extend to the largest. The diagonal and axes that do not vary are grey. Lines in the
    colour bar mark the limit of chance: pairs that are paler mean nothing.

    Parameters
    ----------
    result : Correlation
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = one_axes(ax)
    varies = np.diagonal(result.matrix) > 0
    is_grey = np.eye(result.z_dim, dtype=bool) | ~np.outer(varies, varies)
    reach = max(result.largest_of_ranks, _MIN_REACH * result.limit)
    ax.set_facecolor("0.85")
    image = ax.imshow(
        np.ma.masked_array(result.rank_matrix, is_grey), cmap="RdBu_r", vmin=-reach, vmax=reach,
        interpolation="nearest",
    )  # fmt: skip
    bar = ax.figure.colorbar(image, ax=ax, label="rank correlation", fraction=0.05, pad=0.03)
    for limit in (-result.limit, result.limit):
        bar.ax.axhline(limit, color="k", lw=1.0)
    _name_strongest(ax, bar.ax, result)
    ax.set(xlabel="axis", ylabel="axis")
    ax.set_title(
        f"{result.rows_text}: {result.n_beyond:,} of {result.n_pairs:,} pairs\n"
        f"beyond chance (|r| of ranks > {result.limit:.2g})",
        fontsize="small",
    )
    return ax


def _name_strongest(ax: Axes, bar: Axes, result: Correlation) -> None:
    """Circle the strongest pairs beyond chance and list them beside the colour bar."""
    pairs = [row for row in result.planes(_N_NAMED).rows if row[4]]
    if not pairs:
        return
    first, second, _, value, _ = zip(*pairs, strict=True)
    size = 60 if result.z_dim > 40 else (170 / result.z_dim) ** 2
    ax.scatter(
        [*first, *second], [*second, *first], s=size, facecolors="none", edgecolors="k",
        linewidths=0.8,
    )  # fmt: skip
    texts = [f"{a}–{b}: {r:+.2f}" for a, b, r in zip(first, second, value, strict=True)]
    bar.legend(
        [Line2D([], [], linestyle="", color=MUTED) for _ in texts], texts, frameon=False,
        fontsize="x-small", handlelength=0, handletextpad=0, loc="upper left",
        bbox_to_anchor=(5.0, 1.02), title="strongest", title_fontsize="x-small", alignment="left",
    )  # fmt: skip
