"""The words of results on clusters: the verdict, and k-means beside Gaussians."""

from typing import TYPE_CHECKING

import numpy as np

from latentscope._table import sentence
from latentscope.analysis._groups import seen_apart, seen_size
from latentscope.statistics import ALPHA
from latentscope.statistics.valleys import MIN_SEARCHED

if TYPE_CHECKING:
    from latentscope.analysis.gap import ClusterGap

_SMALLEST_P = 1e-6  # that is written out
_CLEAR = 1e-3  # p-value of a division, up to which the sentence does not name it


def verdict(result: "ClusterGap") -> str:
    """Return the answer in a sentence or two, with its p-value."""
    return sentence(_found(result))


def comparison(result: "ClusterGap") -> str:
    """Return how tight the groups of k-means are beside those of Gaussians."""
    if result.p_value is None:
        return "There are too few points to compare k-means with that on Gaussians."
    is_tighter = "" if result.p_value <= ALPHA else "no significantly "
    end = "; shapes without clusters can cause this, too" if result.p_value <= ALPHA else ""
    return (
        f"K-means with {result.n_clusters[0]} to {result.n_clusters[-1]} centroids finds "
        f"{is_tighter}tighter groups than in a Gaussian of the same covariance "
        f"(p = {result.p_value:.2g}){end}."
    )


def _found(result: "ClusterGap") -> str:
    if result.best is not None:
        return _described(result)
    if not result.is_searched:
        repeated = " (the other rows repeat them)" if result.n_searched < result.n_used else ""
        return (
            f"cannot tell: at least {MIN_SEARCHED} different points are needed to search for "
            f"clusters; there are {result.n_searched}{repeated}"
        )
    return (
        "no clusters found: no place has significantly fewer points than both of its sides "
        f"({_p_text(result.valley_p_value)}). {_unseen(result)}"
    )


def _described(result: "ClusterGap") -> str:
    """Return the number and the sizes of the groups, and how clear they are."""
    shares = np.bincount(result.groups) / result.n_used
    weakest = ""
    if result.weakest_p_value > _CLEAR:
        weakest = f"; {_p_text(result.weakest_p_value)} of the least clear division"
    return (
        f"{result.best} clusters: points are rarer between them than within them, also among "
        f"points that did not help to find them ({_p_text(result.valley_p_value)}{weakest}); the "
        f"largest holds {shares.max():.1%} of the points, the smallest {shares.min():.1%}"
        f"{_agreement(result)}"
    )


def _unseen(result: "ClusterGap") -> str:
    """Return which groups would have been missed."""
    apart = seen_apart(result.n_searched, result.n_directions)
    if apart is None:
        return (
            f"With so few points ({result.n_searched:,} along {result.n_directions:,} directions), "
            "even groups that lie far apart may be missed"
        )
    return (
        "Two equal groups, each as wide in all directions, would mostly be found if their "
        f"centres lay {apart:g} of these widths (standard deviations) apart; a group of fewer "
        f"than about {seen_size(result.n_searched)} points would mostly be missed"
    )


def _agreement(result: "ClusterGap") -> str:
    """Return what the groups have in common with the label that agrees with them most."""
    if not len(result.label_names):
        return ""
    best = int(result.label_agreement.argmax())
    return (
        f". Of the labels, {result.label_names[best]!r} agrees most with them (adjusted Rand "
        f"index {result.label_agreement[best]:.2f}; 1 if they are the same, 0 as by chance)"
    )


def _p_text(p: float) -> str:
    return f"p = {p:.2g}" if p >= _SMALLEST_P else f"p < {_SMALLEST_P:.0e}"
