"""Correlations of ranks, and which of them independent axes would hardly have.

The ranks of independent axes have the same law whatever the axes' own distributions, so that
neither heavy tails nor skewed axes make a correlation large. Axes that are uncorrelated but share
their scale (as those of an elliptical cloud do) widen it by a factor that is estimated from all
pairs. Axes with so many equal values that few orders of them differ are not judged.

References
----------
C. Spearman (1904), American Journal of Psychology 15, 72–101. doi:10.2307/1412159
M. G. Kendall (1948), Rank Correlation Methods, Griffin (ties, and the law under independence).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln
from scipy.stats import beta, rankdata

from latentscope._types import Array, BoolArray, FloatArray
from latentscope.statistics import ALPHA

_MAX_PRODUCT = 3.3  # of kurtoses, just above that of two axes without ties
_MAX_KURTOSIS = 3.0  # of an axis with few ties; 1.8 without any
_FEWEST = 5  # rows that may be judged; of four, two orders agree too often
_ROWS_PER_PRODUCT = 50  # with fewer rows per product of kurtoses, r is not near its usual law


class RankCorrelations(NamedTuple):
    """Rank correlations of all pairs of axes.

    Attributes
    ----------
    matrix : float64 array of shape (z_dim, z_dim)
        Spearman's; 0 for axes that do not vary, including the diagonal.
    spread : float
        Mean over all pairs of the mean product of squared standardised ranks: 1 for independent
        axes. The variance of a rank correlation is larger by this factor. Axes most of whose values
        are equal do not count.
    is_judged : bool array of shape (z_dim, z_dim)
        Pairs with enough different orders of their ranks, so that chance hardly repeats one.
    certainty : float64 array of shape (z_dim, z_dim)
        At most 1; r times this is compared with the limit. Below 1 only for axes of which most
        values are equal, whose few others decide.
    """

    matrix: FloatArray
    spread: float
    is_judged: BoolArray
    certainty: FloatArray


def rank_correlations(points: Array) -> RankCorrelations:
    """Correlate the ranks of all pairs of axes; equal values share their mean rank."""
    n, z_dim = points.shape
    ranks = rankdata(points, axis=0) - (n + 1) / 2
    scale = np.sqrt(np.mean(ranks**2, axis=0))
    ranks /= np.where(scale > 0, scale, 1.0)
    varies = scale > 0
    matrix = (ranks.T @ ranks / n).clip(-1.0, 1.0)
    np.fill_diagonal(matrix, varies)
    n_pairs = max(1, int(varies.sum()) * (int(varies.sum()) - 1) // 2)
    has_orders = varies & (_orders(points) > np.log(2 * n_pairs / ALPHA))
    return RankCorrelations(
        matrix=(matrix + matrix.T) / 2,
        spread=_spread(ranks[:, varies]),
        is_judged=np.outer(has_orders, has_orders) & ~np.eye(z_dim, dtype=bool),
        certainty=_certainty(ranks),
    )


def largest_by_chance(n: int, n_pairs: int, probability: float) -> float:
    """Return the |r| that the largest of many pairs exceeds with this probability by chance.

    The law of r is a symmetric beta distribution with the exact variance and fourth moment of
    Spearman's r (Kendall 1948). With so few rows that chance gives r = 1 too often, it is 1.

    Examples
    --------
    >>> round(largest_by_chance(1000, 32_640, 0.5), 3), largest_by_chance(8, 780, 0.05)
    (0.134, 1.0)
    """
    if n < _FEWEST:
        return 1.0
    single = -np.expm1(np.log1p(-probability) / n_pairs)
    fourth = 3 * (25 * n**3 - 38 * n**2 - 35 * n + 72) / (25 * n * (n + 1) * (n - 1))
    shape = 3 / (3 - fourth) - 1.5  # of the second parameter, from the kurtosis
    width = (2 * shape + 1) / (n - 1)
    return min(1.0, float(np.sqrt(width * beta.isf(single, 0.5, shape))))


def _orders(points: Array) -> FloatArray:
    """Return the logarithm of the number of different orders of the rows, along each axis."""
    orders = np.full(points.shape[1], gammaln(len(points) + 1))
    has_ties = (np.diff(np.sort(points, axis=0), axis=0) == 0).any(axis=0)
    for axis in np.flatnonzero(has_ties):
        _, ties = np.unique(points[:, axis], return_counts=True)
        orders[axis] -= gammaln(ties + 1).sum()
    return orders


def _spread(ranks: FloatArray) -> float:
    """Return the mean over all pairs of the mean of x² y²; 1 if there are no pairs."""
    squares = ranks[:, np.mean(ranks**4, axis=0) < _MAX_KURTOSIS] ** 2
    n_axes = squares.shape[1]
    if n_axes < 2:
        return 1.0
    whole = np.mean(squares.sum(axis=1) ** 2) - np.mean(squares**2, axis=0).sum()
    return float(whole / (n_axes * (n_axes - 1)))


def _certainty(ranks: FloatArray) -> FloatArray:
    """Return 1 / √(mean of x² y²), at most 1, for axes whose few unequal values decide."""
    n, z_dim = ranks.shape
    kurtosis = np.mean(ranks**4, axis=0)
    is_sparse = np.outer(kurtosis, kurtosis) > max(_MAX_PRODUCT, n / _ROWS_PER_PRODUCT)
    found = np.ones((z_dim, z_dim))
    if is_sparse.any():
        square = (ranks**2).T @ (ranks**2) / n
        found[is_sparse] = 1 / np.sqrt(np.maximum(square[is_sparse], 1.0))
    return found
