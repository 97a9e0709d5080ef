"""Figure of normality: the distribution of the distances, the marginals, and their moments."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from latentscope._types import Panels
from latentscope.analysis.normality import Normality
from latentscope.plot._panels import DATA, GAUSSIAN, MUTED, GivenAxes, some_axes

_COLOURS = {"axis": DATA, "component": "C1", "projection": MUTED}
_NAMES = {"axis": "axes", "component": "components", "projection": "random projections"}
_SHADE = "0.88"


def plot_normality(result: Normality, *, ax: GivenAxes = None) -> Panels:
    """Draw the quantiles of the distances, and each marginal's distance from a normal and moments.

    Dashed lines show the largest distance along directions that were searched for, in rows other
    than those searched, and that of Gaussian sets.

    Parameters
    ----------
    result : Normality
        What to draw.
    ax : three matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    array of three matplotlib.axes.Axes
    """
    panels = some_axes(ax, 3, n_columns=3, panel=(4.0, 3.6))
    _draw_distances(panels[0], result)
    _draw_marginals(panels[1], result)
    _draw_moments(panels[2], result)
    return panels


def _draw_distances(ax: Axes, result: Normality) -> None:
    if not result.is_measured:
        ax.set(xticks=[], yticks=[])
        ax.set_title("distances: too few rows to measure them", fontsize="medium")
        return
    law, data = np.sqrt(result.law_quantiles), np.sqrt(result.quantiles)
    ends = [min(law[0], data[0]), max(law[-1], data[-1])]
    ax.plot(ends, ends, color=GAUSSIAN, lw=1, label="Gaussian")
    ax.plot(law, data, color=DATA, lw=2, label=f"data, {result.rows_text}")
    ax.set(xlabel="distance in a Gaussian sample", ylabel="Mahalanobis distance of the data")
    ax.set_title(f"Kolmogorov's distance: {result.radial_gap:.2g}", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper left")


def _draw_marginals(ax: Axes, result: Normality) -> None:
    chance, order = result.chance, np.argsort(-result.gaps, kind="stable")
    kinds = np.array([kind for kind, _ in result.marginal_names])[order]
    rank = np.arange(1, len(order) + 1)
    for kind, colour in _COLOURS.items():
        of_kind = kinds == kind
        ax.plot(
            rank[of_kind], result.gaps[order][of_kind], "o", color=colour, ms=4, label=_NAMES[kind]
        )
    ax.axhline(chance["gap"], color=GAUSSIAN, lw=1, label="chance, largest of all")
    ax.axhline(chance["single_gap"], color=GAUSSIAN, lw=1, ls=":", label="chance, single one")
    if result.searched_gap is not None:
        ax.axhline(result.searched_gap, color=DATA, lw=1, ls="--", label="searched for")
        searched = chance["searched_gap"]
        ax.axhline(searched, color=GAUSSIAN, lw=1, ls="--", label="chance, searched for")
    ax.set(xlabel="marginals, ranked", ylabel="Kolmogorov's distance from the normal")
    ax.set(xscale="log", yscale="log")
    kind, number = result.marginal_names[order[0]]
    ax.set_title(f"largest: {_name(kind, number)}, {result.gaps.max():.2g}", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")


def _draw_moments(ax: Axes, result: Normality) -> None:
    kinds = np.array([kind for kind, _ in result.marginal_names])
    chance = result.chance
    wide, high = chance["skewness"], chance["excess"]
    corner = (-wide, -high)
    ax.add_patch(Rectangle(corner, 2 * wide, 2 * high, color=_SHADE, lw=0, label="chance"))
    for kind, colour in _COLOURS.items():
        of_kind = kinds == kind
        ax.plot(result.skewness[of_kind], result.excess[of_kind], "o", color=colour, ms=4)
    ax.margins(0.1)
    ax.set(xlabel="skewness of the marginals", ylabel="excess kurtosis")
    ax.legend(frameon=False, fontsize="small")


def _name(kind: str, number: int) -> str:
    return f"PC {number + 1}" if kind == "component" else f"{kind} {number}"
