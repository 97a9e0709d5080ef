"""How far is each of many marginals from the normal with its own mean and standard deviation?

Standardised values are counted on one fixed grid. The distance (`gaps`) is that of Lilliefors, on
the grid: the largest difference, at any of its edges, between the share of the points below it and
that of a normal.

References
----------
H. W. Lilliefors (1967), Journal of the American Statistical Association 62, 399–402.
doi:10.1080/01621459.1967.10482916
G. E. Dallal, L. Wilkinson (1986), The American Statistician 40, 294–296 (the upper tail of its
law). doi:10.1080/00031305.1986.10475419
"""

from typing import Self

import numpy as np
from scipy.special import ndtr, ndtri

from latentscope._compute.kernels import compiled
from latentscope._types import Array, FloatArray, IntArray
from latentscope.statistics import ALPHA

_REACH = 6.0  # standard deviations that the grid covers on either side
_PER_UNIT = 64  # bins per standard deviation
_EDGES = np.linspace(-_REACH, _REACH, round(2 * _REACH * _PER_UNIT) + 1)


class MarginalSums:
    """Counts on the grid and sums of powers of the standardised columns of an array.

    Parameters
    ----------
    mean, std : float64 array of shape (n_columns,)
        Used to standardise the columns; std is above 0, with n − 1 in the denominator.
    """

    def __init__(self, mean: FloatArray, std: FloatArray) -> None:
        self.mean, self.std = mean, std
        self.n = 0
        self.counts: IntArray = np.zeros((len(mean), len(_EDGES) + 1), dtype=np.int64)
        self.powers: FloatArray = np.zeros((len(mean), 2))  # Σ t³ and Σ t⁴ per column

    def add(self, values: Array) -> None:
        """Add rows."""
        scale = 1 / self.std
        _count_standard(
            values, self.mean, scale, _REACH, float(_PER_UNIT), self.counts, self.powers
        )
        self.n += len(values)

    def merge(self, other: Self) -> None:
        """Add the rows that `other` has seen."""
        self.n += other.n
        self.counts += other.counts
        self.powers += other.powers

    @property
    def gaps(self) -> FloatArray:
        """Largest difference of each column's distribution function from the normal one."""
        below = np.cumsum(self.counts[:, :-1], axis=1) / self.n
        return np.abs(below - ndtr(_EDGES)).max(axis=1)

    @property
    def skewness(self) -> FloatArray:
        """Third standardised moment of each column, 0 for a normal."""
        return self.powers[:, 0] / self.n * self._unbiased**1.5

    @property
    def excess(self) -> FloatArray:
        """Fourth standardised moment of each column, less the 3 of a normal."""
        return self.powers[:, 1] / self.n * self._unbiased**2 - 3

    @property
    def _unbiased(self) -> float:
        """Ratio of variances with n − 1 in the denominator to those with n."""
        return self.n / (self.n - 1)


def chance_gap(n: int, n_columns: int = 1, *, level: float = ALPHA) -> float:
    """Return the distance that the largest of many normal columns exceeds once in 1 / level times.

    Dallal and Wilkinson's approximation of the upper tail for n rows, solved for the distance;
    Bonferroni's bound for the largest of many, which also holds for correlated columns.

    Examples
    --------
    >>> round(chance_gap(10_000), 4)  # 0.895 / √n
    0.0089
    """
    size = n + 2.78019
    constant = -0.122119 + 0.974598 / np.sqrt(n) + 1.67997 / n - np.log(level / n_columns)
    root = (2.99587 + np.sqrt(2.99587**2 + 4 * 7.01256 * constant)) / (2 * 7.01256)
    return float(root / np.sqrt(size))


def chance_moments(n: int, n_columns: int = 1, *, level: float = ALPHA) -> tuple[float, float]:
    """Return the skewness and excess kurtosis that the largest of many exceeds as rarely, in size.

    Examples
    --------
    >>> [round(size, 3) for size in chance_moments(10_000)]
    [0.048, 0.096]
    """
    far = -float(ndtri(level / 2 / n_columns))
    return far * float(np.sqrt(6 / n)), far * float(np.sqrt(24 / n))


@compiled(error_model="numpy")
def _count_standard(
    block: Array,
    mean: FloatArray,
    scale: FloatArray,
    reach: float,
    per_unit: float,
    counts: IntArray,
    powers: FloatArray,
) -> None:
    """Count (x − mean) · scale of each column in bins of 1 / per_unit; add its 3rd and 4th powers.

    The first and the last bin are open: below −reach, and above reach.
    """
    n, d = block.shape
    last = counts.shape[1] - 1
    for i in range(n):
        for j in range(d):
            t = (np.float64(block[i, j]) - mean[j]) * scale[j]
            position = min(max((t + reach) * per_unit + 1.0, 0.0), np.float64(last))
            counts[j, np.int64(position)] += 1
            powers[j, 0] += t * t * t
            powers[j, 1] += t * t * t * t
