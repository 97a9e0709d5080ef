"""Which axes are correlated by more than chance explains among so many pairs?

The correlation matrix of all rows is computed, and its pairs of axes are ranked. The largest of
many correlations is large by chance: among the 32,640 pairs of 256 independent axes, with 1,000
points, it is about 0.13. That number is reported with the answer.

References
----------
T. Jiang (2004), Annals of Applied Probability 14, 865–880: the largest of the correlations of
independent axes. doi:10.1214/105051604000000143
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.stats import beta

from latentscope._table import Table
from latentscope._types import FloatArray, IntArray
from latentscope._validate import integer
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, as_rows
from latentscope.statistics import ALPHA
from latentscope.statistics.moments import Covariance


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Correlation(OnePanel):
    """Correlations of all pairs of axes, with the largest that chance explains.

    Attributes
    ----------
    matrix : float64 array of shape (z_dim, z_dim)
        Pearson's correlations, from −1 to 1. Rows and columns of an axis that does not vary are 0,
        including the diagonal, because it has no correlation. See `constant_axes`.
    """

    matrix: FloatArray

    _plot: ClassVar[str] = "plot_correlation"

    @property
    def z_dim(self) -> int:
        """Number of axes."""
        return len(self.matrix)

    @property
    def constant_axes(self) -> IntArray:
        """Axes that do not vary; their pairs are not counted."""
        return np.flatnonzero(np.diagonal(self.matrix) == 0)

    @property
    def n_pairs(self) -> int:
        """Number of pairs of axes that vary."""
        n_axes = self.z_dim - len(self.constant_axes)
        return n_axes * (n_axes - 1) // 2

    @property
    def largest(self) -> float:
        """Largest absolute correlation of all pairs."""
        return float(np.abs(np.triu(self.matrix, 1)).max())

    @property
    def chance_largest(self) -> float:
        """Median of the largest absolute correlation if all axes were independent."""
        return self._of_largest(0.5)

    @property
    def limit(self) -> float:
        """Absolute correlation that any pair of independent axes exceeds once in 20 times."""
        return self._of_largest(ALPHA)

    @property
    def n_beyond(self) -> int:
        """Number of pairs whose absolute correlation is above `limit`."""
        return int((np.abs(np.triu(self.matrix, 1)) > self.limit).sum())

    def planes(self, n: int = 20) -> Table:
        """Return the n pairs of axes with the strongest correlations, strongest first.

        Parameters
        ----------
        n : int
            Pairs to list, at most; those of axes that do not vary are left out.

        Returns
        -------
        Table
            Columns ``axis``, ``other``, ``correlation`` and ``beyond_chance``.
        """
        n = min(integer("n", n, low=1), self.n_pairs)
        first, second = np.triu_indices(self.z_dim, 1)
        varies = np.diagonal(self.matrix) > 0
        counted = varies[first] & varies[second]
        first, second = first[counted], second[counted]
        value = self.matrix[first, second]
        order = np.argsort(-np.abs(value), kind="stable")[:n]
        return Table(
            axis=first[order].tolist(),
            other=second[order].tolist(),
            correlation=value[order].tolist(),
            beyond_chance=(np.abs(value[order]) > self.limit).tolist(),
        )

    def table(self) -> Table:
        """Return the 20 strongest pairs."""
        return self.planes()

    def headline(self) -> dict[str, Any]:
        """Return the largest correlation and what chance explains."""
        return {
            "axes": self.z_dim,
            "constant axes": len(self.constant_axes),
            "pairs": self.n_pairs,
            "largest |r|": self.largest,
            "by chance": self.chance_largest,
            "limit of chance": self.limit,
            "pairs beyond it": self.n_beyond,
        }

    def _of_largest(self, probability: float) -> float:
        """Return the |r| that the largest of all pairs exceeds with this probability by chance."""
        if self.n_used < 3:  # any two points lie on a line
            return 1.0
        single = -np.expm1(np.log1p(-probability) / self.n_pairs)
        return float(np.sqrt(beta.isf(single, 0.5, (self.n_used - 2) / 2)))


def correlation(z: Points) -> Correlation:
    """Correlate all pairs of axes, in one pass over the rows.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes, in memory or not.

    Returns
    -------
    Correlation
        The matrix, the strongest pairs, and what chance explains.

    Raises
    ------
    DataError
        If fewer than two axes vary.

    Notes
    -----
    For n points of two independent axes, at least one of them Gaussian, r² follows the distribution
    Beta(½, (n − 2)/2). Correlations of different pairs of independent Gaussian axes are pairwise
    independent, so the largest of m exceeds r with a probability of about
    ``1 − (1 − P(|r₁| > r))^m``. `limit` sets this to 0.05, `chance_largest` to one half.

    The limit holds for independent axes that are not far from Gaussian. Skewed axes exceed it more
    often, and so do axes that are uncorrelated but dependent, such as those of a cloud with heavy
    elliptical tails. A few outliers can produce any correlation. With 170,000 points a correlation
    of 0.02 is beyond chance without meaning much: look at its size first.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((1000, 64))
    >>> round(correlation(z).chance_largest, 2), correlation(z).n_beyond
    (0.11, 0)
    >>> z[:, 9] += 0.3 * z[:, 4]
    >>> print(correlation(z).planes(1))
    axis  other  correlation  beyond_chance
       4      9      0.29899            yes
    """
    rows = as_rows(z)
    (found,) = reduce(rows, Covariance(rows.z_dim), progress="correlation")
    variance = np.diagonal(found.covariance)
    n_varying = int((variance > 0).sum())
    if n_varying < 2:
        raise DataError(
            f"{rows.name} must have two or more axes that vary to be correlated; "
            f"{n_varying} of {rows.z_dim} do."
        )
    std = np.sqrt(variance)
    unit = np.divide(1.0, std, out=np.zeros_like(std), where=std > 0)
    matrix = (found.covariance * unit * unit[:, None]).clip(-1.0, 1.0)
    np.fill_diagonal(matrix, std > 0)
    return Correlation(n_used=found.n, n_total=rows.n_total, matrix=(matrix + matrix.T) / 2)
