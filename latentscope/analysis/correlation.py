"""Which axes are correlated by more than chance explains among so many pairs?

Pearson's correlations of all rows are computed. Chance is judged by the correlations of the ranks
(Spearman's) of a sample of rows, because these have the same law whatever the axes' distributions;
a few outliers can make any Pearson's correlation large. The largest of many correlations is large
by chance: among the 32,640 pairs of 256 independent axes, with 1,000 points, it is about 0.13. That
number is reported with the answer.

References
----------
C. Spearman (1904), American Journal of Psychology 15, 72–101. doi:10.2307/1412159
T. Jiang (2004), Annals of Applied Probability 14, 865–880: the largest of the correlations of
independent axes. doi:10.1214/105051604000000143
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from latentscope._table import Table, below_one
from latentscope._types import BoolArray, FloatArray, IntArray
from latentscope._validate import integer
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, as_rows
from latentscope.rows.summaries import Collected
from latentscope.statistics import ALPHA
from latentscope.statistics.moments import Covariance, spread_rows
from latentscope.statistics.ranks import largest_by_chance, rank_correlations

_RANKED_ROWS = 20_000  # rows whose ranks are correlated
_MIN_ROWS = 10_000  # sampled, if there are as many that are used


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Correlation(OnePanel):
    """Correlations of all pairs of axes, with the largest that chance explains.

    Attributes
    ----------
    matrix : float64 array of shape (z_dim, z_dim)
        Pearson's correlations of all rows, from −1 to 1. Rows and columns of an axis that does not
        vary are 0, including the diagonal, because it has no correlation. See `constant_axes`.
    rank_matrix : float64 array of shape (z_dim, z_dim)
        Spearman's correlations of the ranks of `n_ranked` rows, in the same form.
    n_ranked : int
        Number of rows whose ranks were correlated.
    rank_spread : float
        Factor by which the variance of a rank correlation exceeds that of independent axes, at
        least 1. It is larger if the axes share their scale, as those of elliptical clouds do.
    is_beyond : bool array of shape (z_dim, z_dim)
        True for pairs whose rank correlation is above `limit`. For axes most of whose values are
        equal, the few other values must agree often enough too.
    can_tell : bool
        True if two or more axes have so many different orders of their rows that chance hardly
        gives two axes the same one, and `limit` is below 1.
    """

    matrix: FloatArray
    rank_matrix: FloatArray
    n_ranked: int
    rank_spread: float
    is_beyond: BoolArray
    can_tell: bool

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
        """Largest absolute correlation of all pairs (Pearson's)."""
        return float(np.abs(np.triu(self.matrix, 1)).max())

    @property
    def largest_of_ranks(self) -> float:
        """Largest absolute rank correlation of all pairs."""
        return float(np.abs(np.triu(self.rank_matrix, 1)).max())

    @property
    def chance_largest(self) -> float:
        """Median of the largest absolute rank correlation if no axes were correlated."""
        return self._of_largest(0.5)

    @property
    def limit(self) -> float:
        """Absolute rank correlation that any pair exceeds by chance in 1 of 20 clouds."""
        return self._of_largest(ALPHA)

    @property
    def n_beyond(self) -> int:
        """Number of pairs that are correlated beyond chance."""
        return int(np.triu(self.is_beyond, 1).sum())

    @property
    def verdict(self) -> str:
        """Which axes are correlated beyond chance, in words, and what that rests on."""
        ranked = "" if self.n_ranked == self.n_used else f" ({self.n_ranked:,} rows were ranked)"
        if not self.can_tell:
            return (
                f"Cannot tell whether axes are correlated: {self.rows_text} are too few, or too "
                "many of their values are equal."
            )
        chance = f"chance alone exceeds {below_one(self.limit)} in 1 of 20 clouds{ranked}"
        if not self.n_beyond and self.largest_of_ranks > self.limit:
            return (
                f"No axes are correlated beyond chance: {self._largest}, "
                f"{below_one(self.largest_of_ranks)}, rests on a few points, because most "
                "values of these axes are equal."
            )
        if not self.n_beyond:
            return (
                f"No axes are correlated beyond chance: {self._largest} is "
                f"{below_one(self.largest_of_ranks)}, and {chance}."
            )
        axis, other, value, rank, _ = self.planes(1).rows[0]
        numbers = f"r = {below_one(value)}, and {below_one(rank)} for their ranks; {chance}."
        if self.n_pairs == 1:
            return f"Axes {axis} and {other} are correlated beyond chance: {numbers}"
        return (
            f"{self.n_beyond:,} of {self.n_pairs:,} pairs of axes "
            f"{'is' if self.n_beyond == 1 else 'are'} correlated beyond chance. "
            f"The strongest are axes {axis} and {other}: {numbers}"
        )

    @property
    def _largest(self) -> str:
        if self.n_pairs == 1:
            return "the only rank correlation"
        return f"the largest of {self.n_pairs:,} rank correlations"

    def planes(self, n: int = 20) -> Table:
        """Return the n pairs of axes with the strongest correlations, strongest first.

        Parameters
        ----------
        n : int
            Pairs to list, at most; those of axes that do not vary are left out.

        Returns
        -------
        Table
            Columns ``axis``, ``other``, ``correlation`` (Pearson's), ``of_ranks`` (Spearman's) and
            ``beyond_chance``. Pairs beyond chance come before all others.
        """
        n = min(integer("n", n, low=1), self.n_pairs)
        first, second = np.triu_indices(self.z_dim, 1)
        varies = np.diagonal(self.matrix) > 0
        counted = varies[first] & varies[second]
        first, second = first[counted], second[counted]
        value, is_beyond = self.matrix[first, second], self.is_beyond[first, second]
        order = np.lexsort((-np.abs(value), ~is_beyond))[:n]
        return Table(
            axis=first[order].tolist(),
            other=second[order].tolist(),
            correlation=value[order].tolist(),
            of_ranks=self.rank_matrix[first, second][order].tolist(),
            beyond_chance=is_beyond[order].tolist(),
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
            "largest of ranks": self.largest_of_ranks,
            "by chance": self.chance_largest,
            "limit of chance": self.limit,
            "pairs beyond it": self.n_beyond,
        }

    def _of_largest(self, probability: float) -> float:
        """Return the rank |r| that the largest exceeds with this probability by chance."""
        if not self.can_tell:
            return 1.0
        plain = largest_by_chance(self.n_ranked, self.n_pairs, probability)
        return min(1.0, plain * self.rank_spread**0.5)


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
    Ranks of n points of two independent axes have a correlation whose square follows the
    distribution Beta(½, (n − 2)/2) closely. Correlations of different pairs are pairwise
    independent, so the largest of m exceeds r with a probability of about
    ``1 − (1 − P(|r₁| > r))^m``. `limit` sets this to 0.05, `chance_largest` to one half; both are
    multiplied by the square root of `rank_spread`.

    This holds whatever the distribution of the axes. Pearson's correlation is only described: for
    skewed axes and heavy tails the largest exceeds such a limit in most clouds, and a few outliers
    can produce any value. About 20,000 rows are ranked, all if there are fewer; `n_ranked` is their
    number. With 20,000 rows a correlation of 0.03 is beyond chance without meaning much: look at
    its size first. Axes that are related but do not rise or fall together, such as those of a ring,
    are not correlated.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((1000, 64))
    >>> round(correlation(z).chance_largest, 2), correlation(z).n_beyond
    (0.11, 0)
    >>> z[:, 9] += 0.3 * z[:, 4]
    >>> print(correlation(z).planes(1))
    axis  other  correlation  of_ranks  beyond_chance
       4      9      0.29899   0.27895            yes
    """
    rows = as_rows(z)
    found, sample = reduce(
        rows,
        Covariance(rows.z_dim),
        Collected(partial(spread_rows, _RANKED_ROWS / rows.n_total)),
        progress="correlation",
    )
    if len(sample.array) < min(_MIN_ROWS, found.n):  # most rows were left out
        share = _RANKED_ROWS / found.n
        (sample,) = reduce(rows, Collected(partial(spread_rows, share)), progress="ranks")
    matrix = _pearson(found.covariance)
    n_varying = int((np.diagonal(matrix) > 0).sum())
    if n_varying < 2:
        raise DataError(
            f"{rows.name} must have two or more axes that vary to be correlated; "
            f"{n_varying} of {rows.z_dim} do."
        )
    ranks = rank_correlations(sample.array)
    n_pairs = n_varying * (n_varying - 1) // 2
    limit = largest_by_chance(len(sample.array), n_pairs, ALPHA) * max(ranks.spread, 1.0) ** 0.5
    return Correlation(
        n_used=found.n,
        n_total=rows.n_total,
        matrix=matrix,
        rank_matrix=ranks.matrix,
        n_ranked=len(sample.array),
        rank_spread=max(ranks.spread, 1.0),
        is_beyond=(np.abs(ranks.matrix) * ranks.certainty > limit) & ranks.is_judged,
        can_tell=bool(ranks.is_judged.any()) and limit < 1,
    )


def _pearson(covariance: FloatArray) -> FloatArray:
    """Return the correlation matrix; 0 for axes that do not vary."""
    std = np.sqrt(np.diagonal(covariance))
    unit = np.divide(1.0, std, out=np.zeros_like(std), where=std > 0)
    matrix = (covariance * unit * unit[:, None]).clip(-1.0, 1.0)
    np.fill_diagonal(matrix, std > 0)
    return (matrix + matrix.T) / 2
