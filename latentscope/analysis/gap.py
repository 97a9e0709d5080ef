"""Are there clusters at all? k-means compared with Gaussians of the same covariance.

k-means splits any cloud. The gap statistic measures how much tighter its groups are than those of a
cloud without clusters; the agreement of two halves of the points shows whether the same groups are
found among other points. A number of clusters is reported only if the groups are stable, and
tighter than those of Gaussians of exactly the same mean and covariance and of uniform boxes.

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
from tqdm import tqdm

from latentscope._compute.blas import one_blas_thread
from latentscope._table import Table, sentence
from latentscope._types import Array, BoolArray, FloatArray, IntArray
from latentscope._validate import generator, integer
from latentscope.errors import DataError, DataTypeError
from latentscope.results import SeveralPanels
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.statistics import ALPHA
from latentscope.statistics.draws import gaussian_like
from latentscope.statistics.moments import Covariance, varying_axes
from latentscope.statistics.split_halves import fit_and_agreement

_MIN_NULLS = 19  # with which a p-value can be as low as 0.05
_MIN_PER_CLUSTER = 10  # points
_MIN_POINTS = 20
STABLE = 0.8  # agreement of the halves, from which on clusters count as stable
_N_BOXES = 19
_CLEAR = 3.0  # spreads of the boxes
_TINY = 1e-12  # share of the variance, below which an inertia is rounding


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ClusterGap(SeveralPanels):
    """Gap and stability of k-means for every k, compared with those of Gaussians.

    Attributes
    ----------
    z_dim, n_directions : int
        Number of axes, and of directions along which the points vary at all.
    n_null : int
        Gaussians used for comparison.
    n_clusters : int64 array of shape (n_k,)
        The k, increasing.
    log_inertia : float64 array of shape (n_k,)
        Logarithm of the inertia of k-means divided by the total variance.
    null_log_inertia : float64 array of shape (n_null, n_k)
        The same for each Gaussian; empty if there are too few points for a comparison.
    box_log_inertia : float64 array of shape (n_boxes, n_k)
        The same for uniform boxes of the same variance along every principal direction.
    stability : float64 array of shape (n_k,)
        Agreement of two halves of the points on the clusters: the adjusted Rand index, 1 if they
        are the same; 0 if a cluster holds less than 2 % of a half.
    null_stability : float64 array of shape (n_null, n_k)
        The same for each Gaussian.
    """

    z_dim: int
    n_directions: int
    n_null: int
    n_clusters: IntArray
    log_inertia: FloatArray
    null_log_inertia: FloatArray
    box_log_inertia: FloatArray
    stability: FloatArray
    null_stability: FloatArray

    _plot: ClassVar[str] = "plot_gap"

    @property
    def is_told(self) -> bool:
        """True if there are Gaussians to compare with."""
        return len(self.null_log_inertia) > 0

    @property
    def gap(self) -> FloatArray:
        """Mean logarithm of the Gaussians' inertia minus that of the data, for every k."""
        if not self.is_told:
            return np.zeros(len(self.n_clusters))
        return self.null_log_inertia.mean(axis=0) - self.log_inertia

    @property
    def error(self) -> FloatArray:
        """Standard error of the gap: spread of the Gaussians times √(1 + 1 / n_null)."""
        if not self.is_told:
            return np.zeros(len(self.n_clusters))
        return self.null_log_inertia.std(axis=0) * np.sqrt(1 + 1 / self.n_null)

    @property
    def p_value(self) -> float | None:
        """Share of Gaussians, data included, whose largest gap is at least as large as the data's.

        Gaps are in units of their spread, and the largest over all k above 1 is compared with the
        largest, so that the p-value is corrected for testing many k. None if there are no Gaussians
        to compare with.
        """
        if not self.is_told:
            return None
        every = np.vstack([self.log_inertia, self.null_log_inertia])[:, self.n_clusters > 1]
        spread = np.maximum(every.std(axis=0), _TINY)
        largest = ((every.mean(axis=0) - every) / spread).max(axis=1)
        return float((largest >= largest[0]).mean())

    @property
    def is_group(self) -> BoolArray:
        """True for each k above 1 whose clusters are stable, tight, and not better split further.

        Stable: the halves agree to 0.8 or more, and better than those of the Gaussians on average.
        Tight: the inertia is less than in a Gaussian, and less than in a box by more than three
        times the spread of the boxes. Not better split further: the gap at the next k is larger by
        no more than its error, the rule of the original paper. The largest k has no next one, so
        it is never chosen.
        """
        if not self.is_told:
            return np.zeros(len(self.n_clusters), dtype=bool)
        usual = self.null_stability.mean(axis=0)
        is_stable = (self.stability >= STABLE) & (self.stability > usual)
        box = self.box_log_inertia
        is_tight = box.mean(axis=0) - self.log_inertia > _CLEAR * box.std(axis=0)
        is_last = np.append(self.gap[:-1] >= (self.gap - self.error)[1:], False)
        return (self.n_clusters > 1) & is_stable & is_tight & (self.gap > 0) & is_last

    @property
    def best(self) -> int | None:
        """Number of clusters, or None if no clusters were found.

        The k with the largest gap among those of `is_group`, if the p-value is at most 0.05.
        """
        p = self.p_value
        if p is None or p > ALPHA or not self.is_group.any():
            return None
        return int(self.n_clusters[np.where(self.is_group, self.gap, -np.inf).argmax()])

    @property
    def verdict(self) -> str:
        """The answer in a sentence, with its p-value."""
        return sentence(self._found())

    def _found(self) -> str:
        p = self.p_value
        if p is None:
            return (
                f"cannot tell: {self.n_used:,} points are too few to estimate the covariance along "
                f"{self.n_directions:,} directions"
            )
        ks = f"{self.n_clusters[0]} to {self.n_clusters[-1]} centroids"
        if self.best is not None:
            at = int(np.flatnonzero(self.n_clusters == self.best)[0])
            usual = self.null_stability[:, at].mean()
            return (
                f"{self.best} clusters: k-means finds tighter groups than in a Gaussian of the "
                f"same covariance (p = {p:.2g}), and two halves of the points agree on them "
                f"(agreement {self.stability[at]:.2f} of at most 1; {usual:.2f} in a Gaussian)"
            )
        if p <= ALPHA:
            return (
                f"no separate clusters found, but the cloud is not Gaussian: k-means with {ks} "
                f"finds tighter groups than in a Gaussian of the same covariance (p = {p:.2g}); "
                f"however, {self._objection()}"
            )
        return (
            f"no separate clusters found: the groups of k-means with {ks} are not significantly "
            f"tighter than in a Gaussian of the same covariance (p = {p:.2g})"
        )

    def _objection(self) -> str:
        """Return what contradicts clusters at the k with the largest gap."""
        at = int(np.where(self.n_clusters > 1, self.gap, -np.inf).argmax())
        k, halves = self.n_clusters[at], self.stability[at]
        agreement = f"agreement {halves:.2f} of at most 1"
        if halves < STABLE:
            return f"two halves of the points do not agree on its {k} groups ({agreement})"
        box = self.box_log_inertia[:, at]
        if box.mean() - self.log_inertia[at] <= _CLEAR * box.std():
            return (
                f"its {k} groups, although two halves of the points agree on them ({agreement}), "
                "are hardly tighter than those of a uniformly filled box, so the question remains "
                "undecided"
            )
        return f"its {k} groups could equally well be split further"

    def table(self) -> Table:
        """Return one row per k."""
        means = np.zeros(len(self.n_clusters))
        return Table(
            n_clusters=self.n_clusters.tolist(),
            gap=self.gap.tolist(),
            error=self.error.tolist(),
            stability=self.stability.tolist(),
            of_gaussians=(self.null_stability.mean(axis=0) if self.is_told else means).tolist(),
        )

    def headline(self) -> dict[str, Any]:
        """Return the number of clusters, and the p-value."""
        if not self.is_told:
            return {"clusters": "cannot tell"}
        return {
            "clusters": "none" if self.best is None else self.best,
            "p of the gap": self.p_value,
            "largest gap": float(self.gap.max()),
            "k": f"{self.n_clusters[0]} … {self.n_clusters[-1]}",
            "Gaussians": self.n_null,
        }


def cluster_gap(
    z: Points,
    *,
    n_clusters: Iterable[int] = range(1, 11),
    n_null: int = 99,
    n_points: int = 4000,
    rng: int | np.random.Generator = 0,
) -> ClusterGap:
    """Compare k-means on the points with k-means on Gaussians, by its fit and its stability.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes.
    n_clusters : iterable of int
        The k to test; at least one above 1, none above a tenth of the points. The largest serves
        only for comparison with the others.
    n_null : int
        Gaussians to compare with, at least 19. The smallest p-value is 1 / (n_null + 1).
    n_points : int
        Rows to use, drawn at random; all, if there are fewer.
    rng : int or numpy.random.Generator
        Seed; the same seed gives the same result.

    Returns
    -------
    ClusterGap
        Gap and stability for every k, the p-value, and the number of clusters or None.

    Raises
    ------
    DataError
        If there are fewer than 20 points, all of them coincide, or some k is out of range.

    Notes
    -----
    The Gaussians have exactly the mean and the covariance of the points. If the points are
    themselves a Gaussian sample, they are as likely to be any one of these sets as any other: with
    a level of 5 %, the test of the gap rejects them in 5 % of cases, whatever the covariance and
    however few the points. The uniform box of the original paper is not such a reference: a
    Gaussian sample rejects it. But k-means splits a uniformly filled region into stable parts that
    are tighter than those of a Gaussian, so clusters must be tighter than those of a box as well.

    The method misses clusters less than about four standard deviations apart, elongated or curved
    clusters, and small ones: see the page on the method.

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
    ks = _checked_clusters(n_clusters, len(indices))
    points = _principal(take(rows, indices), rows.name)
    n_directions = points.shape[1]
    is_told = len(points) > n_directions + 1
    n_null, n_boxes = (n_null, _N_BOXES) if is_told else (0, 0)
    clouds = _clouds(points, n_null, n_boxes, random)
    curves = [_curves(cloud, ks, random) for cloud in clouds]
    log_inertia, stability = np.array(curves).transpose(1, 0, 2)
    return ClusterGap(
        n_used=len(points),
        n_total=rows.n_total,
        z_dim=rows.z_dim,
        n_directions=n_directions,
        n_null=n_null,
        n_clusters=ks,
        log_inertia=log_inertia[0],
        null_log_inertia=log_inertia[1 : n_null + 1],
        box_log_inertia=log_inertia[n_null + 1 :],
        stability=stability[0],
        null_stability=stability[1 : n_null + 1],
    )


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
    variance, axes = varying_axes(covariance.covariance, sample.dtype)
    with one_blas_thread():
        return (scaled - covariance.mean) @ axes.T / np.sqrt(variance.sum())


def _clouds(
    points: FloatArray, n_null: int, n_boxes: int, random: np.random.Generator
) -> Iterable[FloatArray]:
    """Yield the points, Gaussians with exactly their covariance, and boxes with their variances."""
    covariance = Covariance(points.shape[1])
    covariance.add(points)
    half_widths = np.sqrt(3 * np.diagonal(covariance.covariance))
    n_clouds = 1 + n_null + n_boxes
    with tqdm(total=n_clouds, desc="k-means beside nulls", unit="cloud", delay=2) as bar:
        yield points
        bar.update()
        for _ in range(n_null):
            with one_blas_thread():
                draws = gaussian_like(covariance, len(points), random)
            yield draws
            bar.update()
        for _ in range(n_boxes):
            yield random.uniform(-half_widths, half_widths, points.shape)
            bar.update()


def _curves(
    points: FloatArray, ks: IntArray, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    inertia, agreement = fit_and_agreement(points, ks, random)
    return np.log(np.maximum(inertia / len(points), _TINY)), agreement
