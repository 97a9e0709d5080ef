"""Tests of normality on some rows of a cloud, and on Gaussian clouds of equal size.

All statistics are functions of the whitened rows. In a Gaussian sample these are independent of the
sample's mean and covariance, whatever those are (Basu's theorem: the whitened rows are ancillary).
So they are distributed like the whitened rows of N(0, I), along any directions that mean and
covariance determine, including the principal ones. The parametric bootstrap is therefore exact:
draw from N(0, I), whiten the draws by their own mean and covariance, and project them on the
directions of the data.

References
----------
D. Basu (1955), On statistics independent of a complete sufficient statistic, Sankhyā 15, 377–380.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.kernels import radii
from latentscope._compute.threads import with_bar
from latentscope._types import Array, FloatArray
from latentscope.errors import DataError
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Rows, as_rows
from latentscope.statistics.gaussianity.cloud import Frame
from latentscope.statistics.gaussianity.marginals import MarginalSums
from latentscope.statistics.gaussianity.radial import RadialSums
from latentscope.statistics.gaussianity.two_samples import separability

TESTS = (
    "law of the distances",
    "Mardia's kurtosis",
    "largest gap of a marginal",
    "largest skewness",
    "largest excess kurtosis",
    "classifier",
)


class Sets(NamedTuple):
    """Statistics of `TESTS`: of the rows, and of the Gaussian sets, one per row of `null`."""

    observed: FloatArray
    null: FloatArray


def compare_with_sets(rows: Rows, n_points: int, n_null: int, random: np.random.Generator) -> Sets:
    """Test `n_points` rows, chosen at random, and `n_null` Gaussian sets of equal size."""
    indices, _ = sample_rows(rows, n_points, random)
    points = random.permutation(take(rows, indices).astype(np.float64))
    frame = Frame.of(as_rows(points), random)
    if len(points) <= frame.n_directions + 1:
        raise DataError(
            f"n_points must be at least {frame.n_directions + 2:,}, two more than the number of "
            f"directions along which z varies; got {n_points:,}.",
            parameter="n_points",
        )
    cloud = np.ascontiguousarray(frame.white(points), dtype=np.float32)
    directions = frame.directions().astype(np.float32)

    def null_statistics(own: np.random.Generator) -> FloatArray:
        return statistics(gaussian_set(cloud.shape, own), directions, own)

    with one_blas_thread():
        observed = statistics(cloud, directions, random)
        sets = with_bar(null_statistics, random.spawn(n_null), "normality, Gaussian sets", "set")
        null = list(sets)
    found = Sets(observed, np.array(null).reshape(n_null, len(TESTS)))
    if not all(np.isfinite(part).all() for part in found):
        raise DataError(
            f"{rows.name} must have a size that float32 can square; the largest deviation is "
            f"{np.abs(points - points.mean(axis=0)).max():.3g}. Rescale it."
        )
    return found


def gaussian_set(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Return whitened draws of N(0, I): their own mean is 0, their own covariance I."""
    draws = random.standard_normal(shape, dtype=np.float32)
    draws -= draws.mean(axis=0)
    factor = np.linalg.cholesky(draws.T @ draws / np.float32(len(draws) - 1))
    inverse = solve_triangular(factor, np.eye(shape[1], dtype=np.float32), lower=True)
    return draws @ inverse.T


def statistics(cloud: Array, directions: Array, random: np.random.Generator) -> FloatArray:
    """Return the statistic of each of `TESTS`, larger for clouds less like a Gaussian."""
    n, n_directions = cloud.shape
    radial = RadialSums(n_directions)
    radial.add(radii(cloud) ** 2)
    marginals = cloud @ directions
    sums = MarginalSums(np.zeros(marginals.shape[1]), np.ones(marginals.shape[1]))
    sums.add(marginals)
    return np.array(
        [
            radial.gap,
            abs(radial.kurtosis * (n + 1) / (n - 1) - 1),
            sums.gaps.max(),
            np.abs(sums.skewness).max(),
            np.abs(sums.excess).max(),
            separability(cloud, marginals, gaussian_set(cloud.shape, random), directions),
        ]
    )


def p_values(sets: Sets) -> FloatArray:
    """Return the share of all sets, the rows included, whose statistic is at least that large."""
    return (1 + (sets.null >= sets.observed).sum(axis=0)) / (1 + len(sets.null))


def family_p_value(sets: Sets) -> float:
    """Return one p-value of all tests together.

    Each statistic is standardised by its mean and standard deviation over all sets, the rows
    included; the largest is compared with that of every set. This treats all sets alike, so the
    p-value is exact for any number of them.
    """
    together = np.vstack([sets.observed, sets.null])
    spread = together.std(axis=0)
    standardised = (together - together.mean(axis=0)) / np.where(spread > 0, spread, 1)
    largest = standardised.max(axis=1)
    return float((largest >= largest[0]).mean())
