"""Sums over the rows of z, mu and logvar, from which `posterior` is computed, in one pass."""

import math
from typing import ClassVar, NamedTuple, Self

import numpy as np

from latentscope._compute.kernels import REORDER, compiled, radii
from latentscope._types import Array, BoolArray, FloatArray, IntArray
from latentscope.rows.summaries import Block, Summary
from latentscope.statistics.moments import Moments, refuse_overflow

DEVIATIONS = np.array([0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10.0])
LOGVAR_LIMIT = 80.0  # exp(80) is near the largest float32
_BIN = 0.5  # width of the intervals in which logvar is counted; 0 is an edge
_N_BINS = 160  # they reach from -40 to 40; the outer two are open
_EDGES = _BIN * (np.arange(_N_BINS) - _N_BINS // 2)
_MAX_ABOVE = 5.0  # of logvar above 0 and above the axis's median; 12 times their deviation


class Bulk(NamedTuple):
    """Figures per axis without what belongs to diverged values of logvar.

    Attributes
    ----------
    n_diverged : int64 array of shape (z_dim,)
        Number of these values.
    variance, mu_variance, kl : float64 array of shape (z_dim,)
        Mean of exp(logvar), variance of mu, and KL divergence from N(0, 1) in nats.
    """

    n_diverged: IntArray
    variance: FloatArray
    mu_variance: FloatArray
    kl: FloatArray


class PosteriorSums(Summary):
    """Sums that answer "is z just mu?", before division by the number of points.

    Triples are [minimum, sum, maximum] over the points.
    """

    needs: ClassVar[tuple[str, ...]] = ("z", "mu", "logvar")

    def __init__(self, z_dim: int) -> None:
        self.n = 0
        self.mu = Moments(z_dim)
        self.kl: FloatArray = np.zeros(z_dim)
        self.variance: FloatArray = np.zeros(z_dim)
        self.logvar = 0.0
        self.logvar_minimum, self.logvar_maximum = np.inf, -np.inf
        self.n_extreme = 0
        self.binned_counts: IntArray = np.zeros((z_dim, _N_BINS), dtype=np.int64)  # by logvar
        self.binned_logvar: FloatArray = np.zeros((z_dim, _N_BINS))  # sums
        self.binned_variance: FloatArray = np.zeros((z_dim, _N_BINS))
        self.binned_mean: FloatArray = np.zeros((z_dim, _N_BINS))  # of mu
        self.binned_squares: FloatArray = np.zeros((z_dim, _N_BINS))  # Σ (mu − that mean)²
        self.deviation_counts: IntArray = np.zeros(len(DEVIATIONS), dtype=np.int64)
        self.deviation_maximum = 0.0
        self.z_radius, self.mu_radius = _no_points(), _no_points()
        self.absolute, self.relative = _no_points(), _no_points()
        self.n_away = 0  # rows whose mu is not 0: for the others, nothing is relative to it
        self.scaled_squares: FloatArray = np.zeros(4)  # for the four possible meanings of logvar
        self.is_possible: BoolArray = np.ones(4, dtype=bool)

    def empty(self) -> Self:
        return type(self)(len(self.kl))

    def update(self, block: Block) -> None:
        self.n += len(block.rows)
        self.mu.add(block.mu)
        by_z, by_mu = radii(block.z), radii(block.mu)
        for radius in (by_z, by_mu):
            refuse_overflow(radius, "row", block.rows)
        self._add_logvar(block)
        self._add_radii(by_z, by_mu)

    def _add_logvar(self, block: Block) -> None:
        sums = np.zeros(4)
        total, lowest, highest, farthest, n_extreme = _add_posterior(
            *(block.z, block.mu, block.logvar, LOGVAR_LIMIT, DEVIATIONS),
            self.binned_counts,
            *(self.binned_logvar, self.binned_variance, self.binned_mean, self.binned_squares),
            self.deviation_counts,
            *(self.kl, self.variance, sums),
        )
        self.logvar += total
        self.logvar_minimum = min(self.logvar_minimum, lowest)
        self.logvar_maximum = max(self.logvar_maximum, highest)
        self.n_extreme += n_extreme
        self.deviation_maximum = max(self.deviation_maximum, farthest)
        self.is_possible &= np.isfinite(sums) & [True, lowest > 0, lowest > 0, True]
        self.scaled_squares += np.where(self.is_possible, sums, 0.0)

    def _add_radii(self, by_z: FloatArray, by_mu: FloatArray) -> None:
        difference = np.abs(by_z - by_mu)
        is_away = by_mu > 0
        relative = difference[is_away] / by_mu[is_away]
        self.n_away += len(relative)
        for triple, values in (
            (self.z_radius, by_z),
            (self.mu_radius, by_mu),
            (self.absolute, difference),
            (self.relative, relative),
        ):
            if len(values):
                _merge_triple(triple, np.array([values.min(), values.sum(), values.max()]))

    def merge(self, other: Self) -> None:
        self.mu.merge(other.mu)
        n, n_others = self.binned_counts, other.binned_counts
        total = np.maximum(n + n_others, 1)
        shift = np.where(n_others > 0, other.binned_mean - self.binned_mean, 0.0)
        self.binned_mean += shift * (n_others / total)
        self.binned_squares += other.binned_squares + shift**2 * (n * n_others / total)
        for name in (
            "n", "n_away", "kl", "variance", "logvar", "n_extreme", "binned_counts",
            "binned_logvar", "binned_variance", "deviation_counts", "scaled_squares",
        ):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.logvar_minimum = min(self.logvar_minimum, other.logvar_minimum)
        self.logvar_maximum = max(self.logvar_maximum, other.logvar_maximum)
        self.deviation_maximum = max(self.deviation_maximum, other.deviation_maximum)
        self.is_possible &= other.is_possible
        for name in ("z_radius", "mu_radius", "absolute", "relative"):
            _merge_triple(getattr(self, name), getattr(other, name))

    def without_diverged(self) -> Bulk:
        """Return how many values of logvar have diverged per axis, and what the others give.

        Diverged is what lies far above both 0, the prior's, and the axis's median. What belongs to
        it along the same axis, mu included, is left out.
        """
        counts = self.binned_counts
        median = _EDGES[(np.cumsum(counts, axis=1) >= self.n / 2).argmax(axis=1)]
        highest = np.maximum(median + _BIN, 0) + _MAX_ABOVE
        is_usual = highest[:, None] > _EDGES
        n_usual = counts.sum(axis=1, where=is_usual)
        variance = self.binned_variance.sum(axis=1, where=is_usual) / n_usual
        logvar = self.binned_logvar.sum(axis=1, where=is_usual) / n_usual
        mean, mu_variance = self._moments_of_mu(counts * is_usual)
        kl = (mu_variance + mean**2 + variance - 1 - logvar) / 2
        has_all = n_usual == self.n
        return Bulk(
            n_diverged=self.n - n_usual,
            variance=np.where(has_all, self.variance / self.n, variance),
            mu_variance=np.where(has_all, self.mu.squares / self.n, mu_variance),
            kl=np.where(has_all, self.kl / self.n, kl),
        )

    def _moments_of_mu(self, counts: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of mu per axis, from the bins that have counts."""
        weight = counts / counts.sum(axis=1, keepdims=True)
        mean = (weight * self.binned_mean).sum(axis=1)
        between = (weight * (self.binned_mean - mean[:, None]) ** 2).sum(axis=1)
        within = self.binned_squares.sum(axis=1, where=counts > 0) / counts.sum(axis=1)
        return mean, within + between


def _no_points() -> FloatArray:
    return np.array([np.inf, 0.0, -np.inf])


def _merge_triple(triple: FloatArray, other: FloatArray) -> None:
    triple[:] = min(triple[0], other[0]), triple[1] + other[1], max(triple[2], other[2])


@compiled(error_model="numpy", fastmath=REORDER)
def _add_posterior(
    z: Array,
    mu: Array,
    logvar: Array,
    limit: float,
    edges: FloatArray,
    binned_counts: IntArray,
    binned_logvar: FloatArray,
    binned_variance: FloatArray,
    binned_mean: FloatArray,
    binned_squares: FloatArray,
    counts: IntArray,
    kl: FloatArray,
    variances: FloatArray,
    scaled: FloatArray,
) -> tuple[float, float, float, float, int]:
    """Add a block to the sums of `PosteriorSums`; return the figures that are not sums per axis.

    The first five get, per axis and binned by logvar, counts, sums of logvar and its exponential,
    and mean and squared deviations of mu (by Welford's update, so that no outlier costs precision);
    `counts` gets |z − mu| binned by `edges`; `kl` and `variances` get one number per axis; `scaled`
    gets the four sums of ((z − mu) / σ)². Returned are the sum, minimum and maximum of logvar, the
    maximum of |z − mu|, and the number of values of logvar beyond ±`limit`.
    """
    n, d = z.shape
    total, lowest, highest, farthest, n_extreme = 0.0, np.inf, -np.inf, 0.0, 0
    n_edges = edges.shape[0]
    for i in range(n):
        for j in range(d):
            value = np.float64(logvar[i, j])
            mean = np.float64(mu[i, j])
            total += value
            lowest = min(lowest, value)
            highest = max(highest, value)
            clipped = min(max(value, -limit), limit)
            n_extreme += clipped != value
            variance = math.exp(clipped)
            variances[j] += variance
            place = min(max(math.floor(clipped / _BIN) + _N_BINS // 2, 0), _N_BINS - 1)
            binned_counts[j, place] += 1
            binned_logvar[j, place] += clipped
            binned_variance[j, place] += variance
            from_mean = mean - binned_mean[j, place]
            binned_mean[j, place] += from_mean / binned_counts[j, place]
            binned_squares[j, place] += from_mean * (mean - binned_mean[j, place])
            kl[j] += 0.5 * (mean * mean + variance - 1 - clipped)
            deviation = np.float64(z[i, j]) - mean
            size = abs(deviation)
            farthest = max(farthest, size)
            position = -1
            for k in range(n_edges):
                position += size >= edges[k]
            counts[position] += 1
            square = deviation * deviation
            scaled[0] += square / variance
            scaled[1] += square / value
            scaled[2] += square / (value * value)
            scaled[3] += square / (variance * variance)
    return total, lowest, highest, farthest, n_extreme
