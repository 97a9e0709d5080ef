"""Is the cloud a multivariate Gaussian, and how far from one?

Effect sizes come first, from all rows: the distribution of the Mahalanobis distances compared with
a Gaussian's, every marginal along axes, components and random projections compared with a normal
distribution, and the points within a Gaussian core. One p-value of all tests together,
from Gaussian sets, decides what is said; the tests also search for directions, as departures need
not lie along any of those given.

References
----------
K. V. Mardia (1970), Biometrika 57, 519–530. doi:10.1093/biomet/57.3.519
A. Hyvärinen (1999), IEEE Transactions on Neural Networks 10, 626–634. doi:10.1109/72.761722
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentscope._table import Table
from latentscope._types import FloatArray, IntArray
from latentscope._validate import generator, integer
from latentscope.analysis import _normality_words as words
from latentscope.errors import DataError
from latentscope.results import SeveralPanels
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, Rows, as_rows
from latentscope.statistics.core import Core, fitted_core
from latentscope.statistics.gaussianity.cloud import CloudSums, Frame
from latentscope.statistics.gaussianity.marginals import chance_gap, chance_moments
from latentscope.statistics.gaussianity.radial import chance_kurtosis, law_quantiles
from latentscope.statistics.gaussianity.sets import (
    SEARCHED,
    TESTS,
    Sets,
    compare_with_sets,
    family_p_value,
    p_values,
)  # fmt: skip

SHARES = np.linspace(0.001, 0.999, 999)
_MIN_SETS = 19  # with which a p-value can be 0.05
_CORE_ROWS = (20_000, 100)  # rows from which the core is fitted: at least, and per direction
_CORE_TOLERANCE = 1e-4
_LIMITED = ("radial_gap", "kurtosis_ratio", "gap", "skewness", "excess", "searched_gap")  # TESTS


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Normality(SeveralPanels):
    """How a cloud departs from the Gaussian of its mean and covariance.

    The fields `radial_gap` and `gaps` are Kolmogorov's distances: the largest difference, over all
    values, between the share of the points below a value and the share of a Gaussian below it.

    Attributes
    ----------
    z_dim : int
        Number of axes.
    n_directions : int
        Directions p along which the data vary.
    kurtosis : float
        Mardia's: the mean of d⁴ divided by p (p + 2), with n in the denominator of the covariance.
    radial_gap : float
        Kolmogorov's distance between the distribution of the squared Mahalanobis distances d² and
        that of a Gaussian sample.
    quantiles : float64 array of shape (999,)
        The d² below which shares 0.001, 0.002 … 0.999 of the rows lie.
    axes : int64 array of shape (n_axes,)
        The original axes that vary.
    gaps, skewness, excess : float64 array of shape (n_marginals,)
        Of each standardised marginal: its Kolmogorov distance from the normal distribution, its
        skewness and its excess kurtosis. First those of `axes`, then of the principal components,
        then of 64 random projections.
    core_share : float or None
        Number of rows within the radius of the Gaussian core, divided by the number that a Gaussian
        of all rows would have there. About 1 for a Gaussian; but it counts distances from the
        centre alone, and 1 does not prove one. None if there are too few rows, or too few within
        the radius, to fit a core.
    n_core : int
        Rows from which the core is fitted.
    n_points : int
        Rows of each Gaussian set, and rows in which directions are searched for and a classifier is
        trained; 0 if no tests were requested, or there are too few rows for any.
    observed : float64 array of shape (9,)
        Statistics of the nine `tests`; empty if `n_points` is 0. The first five use all rows.
    null : float64 array of shape (n_null, 9)
        The same statistics of Gaussian sets; the first five are scaled to as many rows as the cloud
        has, since they fall with 1 / √n. Fewer sets than requested if those were enough to decide.
    """

    z_dim: int
    n_directions: int
    kurtosis: float
    radial_gap: float
    quantiles: FloatArray
    axes: IntArray
    gaps: FloatArray
    skewness: FloatArray
    excess: FloatArray
    core_share: float | None
    n_core: int
    n_points: int
    observed: FloatArray
    null: FloatArray

    _plot: ClassVar[str] = "plot_normality"

    @property
    def law_quantiles(self) -> FloatArray:
        """The d² below which the same shares of a Gaussian sample lie, exactly."""
        return law_quantiles(SHARES, self.n_used, self.n_directions)

    @property
    def kurtosis_ratio(self) -> float:
        """Mardia's kurtosis divided by its expectation (n − 1) / (n + 1) in a Gaussian sample."""
        return self.kurtosis * (self.n_used + 1) / (self.n_used - 1)

    @property
    def is_measured(self) -> bool:
        """True if there are so many rows that their distances from the mean can differ.

        With at most one row more than directions, all rows of every cloud lie at one distance.
        """
        return self.n_used > self.n_directions + 1

    @property
    def n_null(self) -> int:
        """Number of Gaussian sets from which the p-values are computed."""
        return len(self.null)

    @property
    def searched_gap(self) -> float | None:
        """Largest Kolmogorov distance along directions that were searched for in other rows.

        The rows are halved, and each half is tested along the directions that look least normal in
        the other; the mean of the two. Chance alone makes it larger than that of given directions.
        """
        return float(self.observed[SEARCHED]) if len(self.observed) else None

    @property
    def auc(self) -> float | None:
        """How well a classifier distinguishes the rows from a Gaussian's: 1 is perfectly.

        Rows that it cannot distinguish give a little less than 0.5: the two halves of a set share
        its mean and covariance, so what one half has in excess the other lacks.
        """
        return float(self.observed[-1]) if len(self.observed) else None

    @property
    def p_values(self) -> FloatArray:
        """One p-value per test, in the order of `tests`; empty without Gaussian sets."""
        return p_values(Sets(self.observed, self.null)) if self.n_null else np.empty(0)

    @property
    def p_value(self) -> float | None:
        """One p-value of all tests together, or None without Gaussian sets."""
        return family_p_value(Sets(self.observed, self.null)) if self.n_null else None

    @property
    def chance(self) -> dict[str, float]:
        """Limits that a Gaussian of as many rows exceeds once in 20 times, by name of the quantity.

        For marginals, the limit is that of the largest of all; "single_gap" is that of one
        marginal alone. All but this come from the Gaussian sets. Without sets, "searched_gap" is
        left out, and the others follow from formulas; that of "radial_gap" is only an upper bound:
        Kolmogorov's 1.36 / √n, which is too large for a fitted mean and covariance.
        """
        if self.n_null:
            limits = np.quantile(self.null[:, : len(_LIMITED)], 0.95, axis=0).tolist()
            return {**dict(zip(_LIMITED, limits, strict=True)),
                    "single_gap": chance_gap(self.n_used)}  # fmt: skip
        n, many = self.n_used, len(self.gaps)
        skewness, excess = chance_moments(n, many)
        return {
            "radial_gap": 1.36 / np.sqrt(n),
            "kurtosis_ratio": chance_kurtosis(n, self.n_directions),
            "gap": chance_gap(n, many),
            "skewness": skewness,
            "excess": excess,
            "single_gap": chance_gap(n),
        }

    @property
    def marginal_names(self) -> list[tuple[str, int]]:
        """Kind ("axis", "component", "projection") and number of each marginal, from 0."""
        n_projections = len(self.gaps) - len(self.axes) - self.n_directions
        return [
            *(("axis", number) for number in self.axes.tolist()),
            *(("component", number) for number in range(self.n_directions)),
            *(("projection", number) for number in range(n_projections)),
        ]

    @property
    def kind(self) -> str:
        """What the cloud is, in a few words: "like a Gaussian", "far from a Gaussian" ….

        The p-value alone decides whether it is called Gaussian; how far it is from one is said only
        with at least ten rows per direction. "cannot tell" if there are too few rows and no
        departure was found, and "not tested" without Gaussian sets.
        """
        return words.kind(self)

    @property
    def verdict(self) -> str:
        """The answer in words: effect sizes, compared with chance, and the result of the tests."""
        return words.verdict(self)

    def marginals(self) -> Table:
        """Return all marginals, the one with the largest Kolmogorov distance first."""
        order = np.argsort(-self.gaps, kind="stable")
        kinds, numbers = zip(*(self.marginal_names[place] for place in order), strict=True)
        return Table(
            marginal=kinds,
            number=numbers,
            gap=self.gaps[order].tolist(),
            skewness=self.skewness[order].tolist(),
            excess_kurtosis=self.excess[order].tolist(),
        )

    def tests(self) -> Table:
        """Return the tests: each with its statistic, that of Gaussian sets, and its p-value."""
        if not self.n_null:
            raise DataError(
                "tests need Gaussian sets; this result has none.",
                parameter="n_null",
                remedy="Pass `n_null=199`.",
            )
        return Table(
            test=TESTS,
            statistic=self.observed.tolist(),
            gaussian=np.median(self.null, axis=0).tolist(),
            gaussian_95=np.quantile(self.null, 0.95, axis=0).tolist(),
            p_value=self.p_values.tolist(),
        )

    def table(self) -> Table:
        """Return each effect size, a Gaussian's value, the limit of chance, and the p-value."""
        return words.effects(self)

    def headline(self) -> dict[str, Any]:
        """Return the effect sizes and the p-value; None for what could not be measured."""
        return {
            "points in the core, of a Gaussian's": self.core_share,
            "departure of the distances from the mean": self.radial_gap
            if self.is_measured
            else None,
            "kurtosis ratio": self.kurtosis_ratio if self.is_measured else None,
            "largest departure along a given direction": float(self.gaps.max()),
            "largest departure along a direction searched for": self.searched_gap,
            "AUC": self.auc,
            "p": self.p_value,
        }


def normality(
    z: Points, *, n_null: int = 199, n_points: int = 20_000, rng: int | np.random.Generator = 0
) -> Normality:
    """Measure how far the cloud is from a multivariate Gaussian, and test whether it is one.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes, in memory or not.
    n_null : int
        Gaussian sets from which p-values are computed, at most: at least 19, or 0 for effect sizes
        alone. Drawing stops as soon as the others cannot change the verdict: 20 sets (and 5 % of
        `n_null`) are as far from a Gaussian as the cloud, or none of 99 comes near it.
    n_points : int
        Rows of each set, and rows, chosen at random, in which directions are searched for and a
        classifier is trained (all, if there are fewer). All else uses all rows, except for the
        core: 100 rows per direction, at least 20,000.
    rng : int or numpy.random.Generator
        Seed of the projections, of the choice of rows and of the Gaussian sets.

    Returns
    -------
    Normality
        Effect sizes, tests, and a `verdict` in words.

    Raises
    ------
    DataError
        If all points coincide, or `n_points` is not above the number of directions + 1.

    Notes
    -----
    In a Gaussian sample n d² / (n − 1)² follows Beta(p / 2, (n − p − 1) / 2). The p-values are
    exact for any mean and covariance, since whitened Gaussian rows do not depend on them, if the
    sets have as many rows as the cloud; else they are close to exact. `p_value` is corrected for
    the number of tests, and the p-value of each test for the number of marginals.

    What lies along no axis, component or projection must be searched for, which takes rows. In p
    directions symmetric departures along a few of them (two equal groups, a ring, heavy tails) are
    found from about 4 p² rows, skewed ones (a bend, a small group) from about 4 p^1.5, each counted
    in `n_points`. Dependences that leave all these marginals normal are seen by the classifier
    alone, if at all.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((5000, 8))
    >>> result = normality(z, n_null=19)
    >>> round(result.kurtosis_ratio, 2), round(result.core_share, 1), result.p_value > 0.05
    (1.0, 1.0, True)
    >>> z[:, 3] = np.abs(z[:, 3])
    >>> normality(z, n_null=19).marginals()["number"][0]
    3
    """
    rows, random = as_rows(z), generator(rng)
    integer("n_points", n_points, low=3)
    integer("n_null", n_null, low=0)
    if 0 < n_null < _MIN_SETS:
        raise DataError(
            f"n_null must be 0, or at least {_MIN_SETS} to reach p = 0.05; got {n_null}.",
            parameter="n_null",
        )
    frame = Frame.of(rows, random)
    n_core = max(_CORE_ROWS[0], _CORE_ROWS[1] * frame.n_directions)
    (sums,) = reduce(rows, CloudSums(frame, n_core / frame.n), progress="normality")
    is_enough = frame.n > frame.n_directions + 1  # else all rows are at the same distance
    core = _core(as_rows(sums.sample)) if is_enough else None
    is_tested = n_null > 0 and is_enough
    sets = Sets(np.empty(0), np.empty((0, len(TESTS))))
    if is_tested:
        sets = compare_with_sets(rows, sums, n_points, n_null, random)
    parts = (sums.axes, sums.components, sums.projections)
    return Normality(
        n_used=frame.n,
        n_total=rows.n_total,
        z_dim=rows.z_dim,
        n_directions=frame.n_directions,
        kurtosis=sums.radial.kurtosis,
        radial_gap=sums.radial.gap,
        quantiles=sums.radial.quantiles(SHARES),
        axes=frame.axes,
        gaps=np.concatenate([part.gaps for part in parts]),
        skewness=np.concatenate([part.skewness for part in parts]),
        excess=np.concatenate([part.excess for part in parts]),
        core_share=core.share if core else None,
        n_core=len(sums.sample),
        n_points=min(n_points, frame.n) if is_tested else 0,
        observed=sets.observed,
        null=sets.null,
    )


def _core(rows: Rows) -> Core | None:
    """Return the core of the rows, or None if too few of them lie within its radius."""
    try:
        return fitted_core(rows, tolerance=_CORE_TOLERANCE)
    except DataError:
        return None
