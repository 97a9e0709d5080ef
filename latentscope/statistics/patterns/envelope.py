"""Does one curve leave the range of many? Global envelopes by extreme rank lengths.

A curve is as extreme as its most extreme point, by rank among all curves at that distance; ties are
broken by how many points are that extreme, then by the next rank, and so on. The p-value is exact
for any number of null curves, whatever their form, and can be seen in a figure: p ≤ α exactly if
the curve leaves the envelope of the curves that are not among the share α of most extreme ones.

References
----------
M. Myllymäki, T. Mrkvička, P. Grabarnik, H. Seijo, U. Hahn (2017), Journal of the Royal Statistical
Society B 79, 381–404. doi:10.1111/rssb.12172
M. Myllymäki, T. Mrkvička (2024), GET: Global envelopes in R, Journal of Statistical Software 111.
doi:10.18637/jss.v111.i03
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from latentscope._types import FloatArray, IntArray


class Envelope(NamedTuple):
    """Range of the curves that are not among the most extreme.

    Attributes
    ----------
    p_value : float
        Share of all curves, the first included, that are as extreme as the first.
    low, high : float64 array of shape (n_distances,)
        Lower and upper bound of the envelope.
    """

    p_value: float
    low: FloatArray
    high: FloatArray


def envelope(curves: FloatArray, alpha: float) -> Envelope:
    """Compare the first curve, the data's, with all others.

    Parameters
    ----------
    curves : float64 array of shape (1 + n_null, n_distances)
    alpha : float
        Share of curves that leave the envelope.

    Examples
    --------
    >>> curves = np.random.default_rng(0).standard_normal((200, 5)).cumsum(axis=1)
    >>> curves[0] += 20
    >>> envelope(curves, 0.05).p_value
    0.005
    """
    position = depth(curves)
    is_kept = position > alpha * len(curves)
    kept = curves[is_kept]
    p_value = float((position <= position[0]).mean())
    return Envelope(p_value, kept.min(axis=0), kept.max(axis=0))


def depth(curves: FloatArray) -> IntArray:
    """Return how many curves are as extreme as each, itself included: 1 for the most extreme."""
    ranks = rankdata(curves, axis=0)
    two_sided = np.sort(np.minimum(ranks, len(curves) + 1 - ranks), axis=1)
    _, group = np.unique(two_sided, axis=0, return_inverse=True)
    return np.cumsum(np.bincount(group.ravel()))[group.ravel()]
