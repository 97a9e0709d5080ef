"""Are there clusters at all? Valleys of density, and k-means compared with Gaussians.

Groups are reported where points are rarer between them than within them: half of the points find
such valleys, in views of few dimensions, and the other half tests them. Beside this, the gap
statistic measures how much tighter the groups of k-means are than those of Gaussians of exactly the
same mean and covariance, and the agreement of two halves whether k-means finds the same groups
among other points. k-means splits any cloud: a gap alone shows only that the cloud is not Gaussian.

References
----------
R. Tibshirani, G. Walther, T. Hastie (2001), Journal of the Royal Statistical Society B 63, 411–423
(gap statistic). doi:10.1111/1467-9868.00293
R. Tibshirani, G. Walther (2005), Journal of Computational and Graphical Statistics 14, 511–528
(halves that predict each other). doi:10.1198/106186005X59243
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.threads import with_bar
from latentscope._table import Table
from latentscope._types import Array, FloatArray, IntArray
from latentscope._validate import generator, integer
from latentscope.analysis import _gap_words as words
from latentscope.analysis._groups import (
    Distinct,
    groups_of,
    labels_beside,
    off_the_grid,
)
from latentscope.errors import DataError, DataTypeError
from latentscope.results import SeveralPanels
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.statistics.draws import gaussian_like
from latentscope.statistics.moments import Covariance, varying_axes
from latentscope.statistics.split_halves import fit_and_agreement
from latentscope.statistics.valleys import MIN_SEARCHED

_MIN_NULLS = 19  # with which a p-value can be as low as 0.05
_MIN_PER_CLUSTER = 10  # points
_MIN_POINTS = 20
_KS = range(1, 11)  # of k-means, by default
_BESIDE = 2  # further k tested beside the number of groups
_TINY = 1e-12  # share of the variance, below which an inertia is rounding


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ClusterGap(SeveralPanels):
    """The groups that valleys of density separate; gap and stability of k-means for every k.

    Attributes
    ----------
    z_dim, n_directions : int
        Number of axes, and of directions along which the points vary at all.
    indices : int64 array of shape (n_used,)
        The rows used.
    groups : int64 array of shape (n_used,)
        The group of each of these rows, the largest group first: 0, 1, …; all 0 if none were found.
    n_searched : int
        Rows among which groups were searched: copies count once.
    valley_p_value : float
        Probability of a valley as clear as the clearest one if the density has a single peak; 1 if
        no place looked like a valley.
    weakest_p_value : float
        The same for the least clear of the valleys between the groups; 0 if there are no groups.
    label_names : tuple of str
        Labels of the latents that stand for categories.
    label_agreement : float64 array of shape (n_labels,)
        Agreement of each of them with the groups: the adjusted Rand index, 1 if they are the same,
        0 as by chance.
    n_null : int
        Gaussians used for comparison.
    n_clusters : int64 array of shape (n_k,)
        The k of k-means, increasing.
    log_inertia : float64 array of shape (n_k,)
        Logarithm of the inertia of k-means divided by the total variance.
    null_log_inertia : float64 array of shape (n_null, n_k)
        The same for each Gaussian; empty if there are too few points for a comparison.
    stability : float64 array of shape (n_k,)
        Agreement of two halves of the points on the groups of k-means: the adjusted Rand index.
    null_stability : float64 array of shape (n_null, n_k)
        The same for each Gaussian.
    """

    z_dim: int
    n_directions: int
    indices: IntArray
    groups: IntArray
    n_searched: int
    valley_p_value: float
    weakest_p_value: float
    label_names: tuple[str, ...]
    label_agreement: FloatArray
    n_null: int
    n_clusters: IntArray
    log_inertia: FloatArray
    null_log_inertia: FloatArray
    stability: FloatArray
    null_stability: FloatArray

    _plot: ClassVar[str] = "plot_gap"

    @property
    def best(self) -> int | None:
        """Number of clusters, or None if no clusters were found."""
        n = int(self.groups.max()) + 1
        return n if n > 1 else None

    @property
    def is_searched(self) -> bool:
        """True if there are enough different points to search for groups."""
        return self.n_searched >= MIN_SEARCHED

    @property
    def has_nulls(self) -> bool:
        """True if there are Gaussians to compare with."""
        return len(self.null_log_inertia) > 0

    @property
    def gap(self) -> FloatArray:
        """Mean logarithm of the Gaussians' inertia minus that of the data, for every k."""
        if not self.has_nulls:
            return np.zeros(len(self.n_clusters))
        return self.null_log_inertia.mean(axis=0) - self.log_inertia

    @property
    def error(self) -> FloatArray:
        """Standard error of the gap: spread of the Gaussians times √(1 + 1 / n_null)."""
        if not self.has_nulls:
            return np.zeros(len(self.n_clusters))
        return self.null_log_inertia.std(axis=0) * np.sqrt(1 + 1 / self.n_null)

    @property
    def p_value(self) -> float | None:
        """Share of Gaussians, data included, whose largest gap is at least as large as the data's.

        Gaps are in units of their spread, and the largest over all k above 1 is compared with the
        largest, so that the p-value is corrected for testing many k. None if there are no Gaussians
        to compare with. A small one shows that the points are not Gaussian, not that there
        are clusters: those are `groups`.
        """
        if not self.has_nulls:
            return None
        every = np.vstack([self.log_inertia, self.null_log_inertia])[:, self.n_clusters > 1]
        spread = np.maximum(every.std(axis=0), _TINY)
        largest = ((every.mean(axis=0) - every) / spread).max(axis=1)
        return float((largest >= largest[0]).mean())

    @property
    def verdict(self) -> str:
        """The answer in a sentence, with its p-value."""
        return words.verdict(self)

    @property
    def comparison(self) -> str:
        """How tight the groups of k-means are beside those of Gaussians, in a sentence."""
        return words.comparison(self)

    def table(self) -> Table:
        """Return one row per k."""
        means = np.zeros(len(self.n_clusters))
        return Table(
            n_clusters=self.n_clusters.tolist(),
            gap=self.gap.tolist(),
            error=self.error.tolist(),
            stability=self.stability.tolist(),
            of_gaussians=(self.null_stability.mean(axis=0) if self.has_nulls else means).tolist(),
        )

    def headline(self) -> dict[str, Any]:
        """Return the number of clusters, and the p-values."""
        found: dict[str, Any] = {"clusters": "none" if self.best is None else self.best}
        if self.is_searched:
            found["p of the valley"] = self.valley_p_value
        else:
            found["clusters"] = "cannot tell"
        if self.has_nulls:
            found |= {
                "p of the gap": self.p_value,
                "largest gap": float(self.gap.max()),
                "k": f"{self.n_clusters[0]} … {self.n_clusters[-1]}",
                "Gaussians": self.n_null,
            }
        return found


def cluster_gap(
    z: Points,
    *,
    n_clusters: Iterable[int] | None = None,
    n_null: int = 99,
    n_points: int = 4000,
    rng: int | np.random.Generator = 0,
) -> ClusterGap:
    """Find groups that valleys of density separate, and compare k-means with that on Gaussians.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes.
    n_clusters : iterable of int, optional
        The k of k-means; at least one above 1, none above a tenth of the points. By default 1 to
        10, and those about the number of groups found. The groups do not depend on it.
    n_null : int
        Gaussians to compare with, at least 19. The smallest p-value is 1 / (n_null + 1).
    n_points : int
        Rows to use, drawn at random; all, if there are fewer.
    rng : int or numpy.random.Generator
        Seed; the same seed gives the same result.

    Returns
    -------
    ClusterGap
        The groups, their number or None, and gap and stability of k-means for every k.

    Raises
    ------
    DataError
        If there are fewer than 20 points, all of them coincide, or some k is out of range.

    Notes
    -----
    Views of few dimensions are chosen on half of the points: the broadest directions, what the
    centroids of k-means with 2 to 31 centroids span, and the least Gaussian directions. In each
    view, the shortest tree through these points finds dense places and the passes between them.
    The other half is counted in balls about a pass and about the densest places on both sides:
    without a valley, the pass holds at least as many as one of the two, on average, so the counts
    follow a binomial distribution. Both halves take both parts; the p-value is corrected for all
    passes tested. The points are split in two ways, and in a third if they disagree; the p-value
    is twice the median. Groups are searched for further groups at a tenth of the level, and so on.

    The Gaussians of the gap have exactly the mean and the covariance of the points. If the points
    are themselves a Gaussian sample, they are as likely to be any one of these sets as any other:
    with a level of 5 %, the test of the gap rejects them in 5 % of cases, whatever the covariance.

    Groups that overlap so much that no valley is left between them are not found, nor those with
    fewer than about 30 points of 4,000 used: see the page on the method.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = rng.standard_normal((400, 2))
    >>> cluster_gap(z, n_null=19).best is None
    True
    >>> centers = 10 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> cluster_gap(z + centers[rng.integers(4, size=400)], n_null=19).best
    4
    """
    rows = as_rows(z)
    random = generator(rng)
    integer("n_null", n_null, low=_MIN_NULLS, why="for a p-value of 0.05")
    integer("n_points", n_points, low=_MIN_POINTS, why="points to split in halves")
    indices, _ = sample_rows(rows, n_points, random)
    if len(indices) < _MIN_POINTS:
        raise DataError(
            f"{rows.name} must have at least {_MIN_POINTS} rows to search for clusters; "
            f"got {len(indices)}."
        )
    sample = off_the_grid(take(rows, indices), random)
    points, distinct = _principal(sample, rows.name), Distinct.of(sample)
    compared = points[distinct.rows] if len(distinct.rows) >= MIN_SEARCHED else points
    ks = None if n_clusters is None else _checked_clusters(n_clusters, len(compared))
    groups, found = groups_of(points, distinct, random)
    if ks is None:
        ks = _default_clusters(int(groups.max()) + 1, len(compared))
    n_directions = points.shape[1]
    n_null = n_null if len(distinct.rows) > n_directions + 1 else 0
    log_inertia, stability = _curves(compared, ks, random)
    null = _of_gaussians(compared, ks, n_null, random)
    names, agreement = labels_beside(rows, indices, groups)
    return ClusterGap(
        n_used=len(indices),
        n_total=rows.n_total,
        z_dim=rows.z_dim,
        n_directions=n_directions,
        indices=indices,
        groups=groups,
        n_searched=len(distinct.rows),
        valley_p_value=found.p,
        weakest_p_value=found.weakest,
        label_names=names,
        label_agreement=agreement,
        n_null=n_null,
        n_clusters=ks,
        log_inertia=log_inertia,
        null_log_inertia=null[:, 0],
        stability=stability,
        null_stability=null[:, 1],
    )


def _default_clusters(n_groups: int, n_points: int) -> IntArray:
    """Return the k of k-means: 1 to 10, and those about the number of groups found."""
    about = range(max(1, n_groups - _BESIDE), n_groups + _BESIDE + 1)
    high = n_points // _MIN_PER_CLUSTER
    return np.array(sorted(k for k in {*_KS, *about} if k <= high))


def _checked_clusters(n_clusters: Iterable[int], n_points: int) -> IntArray:
    try:
        values = iter(n_clusters)
    except TypeError as error:
        raise DataTypeError(
            f"n_clusters must be several k, like range(1, 11); got {n_clusters!r}.",
            parameter="n_clusters",
        ) from error
    high = n_points // _MIN_PER_CLUSTER
    ks = {integer("n_clusters", k, low=1, high=high, why="a tenth of the points") for k in values}
    if not ks - {1}:
        raise DataError(
            f"n_clusters must hold a k above 1; got {sorted(ks)}.", parameter="n_clusters"
        )
    return np.array(sorted(ks))


def _principal(sample: Array, name: str) -> FloatArray:
    """Return the points along the directions in which they vary, about 0 and of total variance 1.

    A rotation does not change k-means, and no direction without variance is left.
    """
    covariance = Covariance(sample.shape[1])
    double = sample.astype(np.float64)
    largest = float(np.abs(double - double[0]).max())
    if not largest:
        raise DataError(f"{name} must hold points that differ; all of them coincide.")
    scaled = (double - double[0]) / largest
    covariance.add(scaled)
    offset = double[0] / largest
    variance, axes = varying_axes(covariance, sample.dtype, covariance.mean + offset)
    with one_blas_thread():
        return (scaled - covariance.mean) @ axes.T / np.sqrt(variance.sum())


def _of_gaussians(
    points: FloatArray, ks: IntArray, n_null: int, random: np.random.Generator
) -> FloatArray:
    """Return the curves of Gaussians that have exactly the covariance of the points."""
    covariance = Covariance(points.shape[1])
    covariance.add(points)

    def curves(seed: np.random.Generator) -> FloatArray:
        return _curves(gaussian_like(covariance, len(points), seed), ks, seed)

    with one_blas_thread():
        every = [*with_bar(curves, random.spawn(n_null), "k-means of Gaussians", "set")]
    return np.array(every).reshape(n_null, 2, len(ks))


def _curves(points: FloatArray, ks: IntArray, random: np.random.Generator) -> FloatArray:
    """Return the logarithm of the inertia, and the stability, for every k."""
    inertia, agreement = fit_and_agreement(points, ks, random)
    return np.stack([np.log(np.maximum(inertia / len(points), _TINY)), agreement])
