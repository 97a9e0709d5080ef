"""Figure of the posterior: KL per axis, and how far z is from mu."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from latentscope._types import Panels
from latentscope.analysis.posterior import Posterior
from latentscope.plot._panels import DATA, MUTED, GivenAxes, some_axes


def plot_posterior(result: Posterior, *, ax: GivenAxes = None) -> Panels:
    """Draw the KL divergence of all axes, sorted, and the counts of ``|z − mu|``.

    Parameters
    ----------
    result : Posterior
        What to draw.
    ax : array of two matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    array of matplotlib.axes.Axes
    """
    panels = some_axes(ax, 2, n_columns=2, panel=(5.0, 3.6))
    draw_kl(panels[0], result)
    _draw_deviations(panels[1], result)
    return panels


def draw_kl(ax: Axes, result: Posterior) -> None:
    """Draw the KL divergence of each axis, largest first, those that are not active in grey.

    Diverged values of logvar are left out.
    """
    order = np.argsort(-result.bulk_kl, kind="stable")
    number, active, dead = np.arange(1, result.z_dim + 1), result.active, result.nearly_dead
    for which, face, edge, text in (
        (active & ~dead, DATA, DATA, "active"),
        (dead, "none", DATA, "active, nearly dead"),
        (~active, MUTED, MUTED, "not active"),
    ):
        chosen = which[order]
        if chosen.any():
            label = f"{int(chosen.sum())} {text}"
            ax.scatter(
                number[chosen], result.bulk_kl[order][chosen], s=8, facecolor=face,
                edgecolor=edge, label=label, clip_on=False, zorder=3,
            )  # fmt: skip
    ax.set(
        xlabel="axis, sorted", ylabel="KL divergence in nats", ylim=(0, None),
        title=f"{result.bulk_kl.sum():.4g} nats per point",
    )  # fmt: skip
    ax.legend(frameon=False, fontsize="small")


def _draw_deviations(ax: Axes, result: Posterior) -> None:
    edges, counts = result.deviation_edges, result.deviation_counts
    names = [f"{low:g}–{high:g}" for low, high in pairwise(edges[:-1])]
    names.append(f"≥ {edges[-2]:g}")
    ax.bar(np.arange(len(counts)), np.maximum(counts, 0), color=DATA, alpha=0.7)
    ax.set_yscale("log", nonpositive="clip")
    ax.set_xticks(np.arange(len(counts)), names, rotation=60, ha="right", fontsize="x-small")
    ax.set(
        xlabel="|z − mu|", ylabel="number of components",
        title=f"{result.rows_text}, largest {result.deviation_maximum:.3g}",
    )  # fmt: skip
