"""Are the squared Mahalanobis distances of a cloud distributed like those of a Gaussian?

If mean and covariance are estimated from the same n rows, n d² / (n − 1)² of a Gaussian in p
directions follows exactly Beta(p / 2, (n − p − 1) / 2). Distances are counted in narrow bins of
their logarithm.

References
----------
R. Gnanadesikan, J. R. Kettenring (1972), Biometrics 28, 81–124, p. 113. doi:10.2307/2528963
K. V. Mardia (1970), Biometrika 57, 519–530. doi:10.1093/biomet/57.3.519
"""

from typing import Self

import numpy as np
from scipy.special import betainc, betaincinv

from latentscope._types import FloatArray, IntArray

_REACH = 20.0  # |log(d² / p)| beyond which nothing lies: d² is below n
_PER_WIDTH = 128  # bins per standard deviation of log d²


class RadialSums:
    """Counts of squared Mahalanobis distances d², and the mean of their squares.

    Parameters
    ----------
    n_directions : int
        Directions p along which the data vary; a Gaussian's d² is near p.
    """

    def __init__(self, n_directions: int) -> None:
        self.n_directions = n_directions
        self.per_unit = _PER_WIDTH * np.sqrt(n_directions / 2)
        self.half = int(_REACH * self.per_unit)
        self.n = 0
        self.fourths = 0.0  # Σ d⁴
        self.counts: IntArray = np.zeros(2 * self.half, dtype=np.int64)

    def add(self, square: FloatArray) -> None:
        """Add squared distances of rows."""
        with np.errstate(divide="ignore"):
            place = np.log(square / self.n_directions) * self.per_unit + self.half
        number = np.clip(place, 0, len(self.counts) - 1).astype(np.int64)
        low = int(number.min())
        found = np.bincount(number - low)
        self.counts[low : low + len(found)] += found
        self.n += len(square)
        self.fourths += float(square @ square)

    def merge(self, other: Self) -> None:
        """Add the rows that `other` has seen."""
        self.n += other.n
        self.fourths += other.fourths
        self.counts += other.counts

    @property
    def kurtosis(self) -> float:
        """Mardia's kurtosis, the covariance taken with n in the denominator, over p (p + 2)."""
        p = self.n_directions
        mean = self.fourths / self.n / (p * (p + 2))
        return float(mean * (self.n / (self.n - 1)) ** 2)

    @property
    def gap(self) -> float:
        """Largest difference of the distribution function of d² from a Gaussian's."""
        edges, below = self._curve()
        return float(np.abs(below - law_below(edges, self.n, self.n_directions)).max())

    def quantiles(self, shares: FloatArray) -> FloatArray:
        """Return the d² below which these shares of the rows lie."""
        edges, below = self._curve()
        return np.interp(shares, below, edges)

    def _curve(self) -> tuple[FloatArray, FloatArray]:
        """Return the edges from the first used bin to the last, and the share of rows below."""
        used = np.flatnonzero(self.counts)
        first, last = int(used[0]), int(used[-1]) + 1
        edges = np.exp((np.arange(first, last + 1) - self.half) / self.per_unit)
        below = np.concatenate([[0], np.cumsum(self.counts[first:last])]) / self.n
        return self.n_directions * edges, below


def law_below(square: FloatArray, n: int, n_directions: int) -> FloatArray:
    """Return the share of a Gaussian's n rows whose d² lies below each value.

    If n is at most the number of directions + 1, every row has d² = (n − 1)² / n.
    """
    part = np.clip(square * n / (n - 1) ** 2, 0, 1)
    if n <= n_directions + 1:
        return (part >= 1).astype(np.float64)
    return betainc(n_directions / 2, (n - n_directions - 1) / 2, part)


def law_quantiles(shares: FloatArray, n: int, n_directions: int) -> FloatArray:
    """Return the d² below which these shares of a Gaussian's n rows lie.

    Examples
    --------
    >>> law_quantiles(np.array([0.5]), 10_000, 256).round(1)
    array([255.3])
    """
    most = (n - 1) ** 2 / n
    if n <= n_directions + 1:
        return np.full(len(shares), most)
    return most * betaincinv(n_directions / 2, (n - n_directions - 1) / 2, shares)


def chance_kurtosis(n: int, n_directions: int) -> float:
    """Return the deviation of `kurtosis` from its expectation that chance exceeds once in 20 times.

    It follows from Mardia's asymptotic variance 8 p (p + 2) / n.
    """
    return float(1.96 * np.sqrt(8 / (n_directions * (n_directions + 2) * n)))
