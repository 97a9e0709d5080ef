"""What tests of normality give on some rows of a cloud, and on Gaussian clouds of equal size.

All statistics are functions of the whitened rows. In a Gaussian sample those are independent of
its mean and covariance (Basu's theorem: they are ancillary), whatever these are, and so are
distributed as the whitened rows of N(0, I) along any directions that mean and covariance choose,
the principal ones included. So the parametric bootstrap is exact: draw N(0, I), whiten the draws by
their own mean and covariance, and look along the directions of the data.

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
    """Test `n_points` rows, chosen at random, beside `n_null` Gaussian sets of equal size."""
    indices, _ = sample_rows(rows, n_points, random)
    points = random.permutation(take(rows, indices).astype(np.float64))
    frame = Frame.of(as_rows(points), random)
    if len(points) <= frame.n_directions + 1:
        raise DataError(
            f"n_points must be at least {frame.n_directions + 2:,}, two more than the directions "
            f"along which z varies; got {n_points:,}.",
            parameter="n_points",
        )
    cloud = np.ascontiguousarray(frame.white(points), dtype=np.float32)
    directions = frame.directions().astype(np.float32)

    def on_a_set(own: np.random.Generator) -> FloatArray:
        return statistics(gaussian_set(cloud.shape, own), directions, own)

    with one_blas_thread():
        observed = statistics(cloud, directions, random)
        null = list(with_bar(on_a_set, random.spawn(n_null), "normality, Gaussian sets", "set"))
    found = Sets(observed, np.array(null).reshape(n_null, len(TESTS)))
    if not all(np.isfinite(part).all() for part in found):
        raise DataError(
            f"{rows.name} must be of a size that float32 can square, to be tested; the largest "
            f"deviation is {np.abs(points - points.mean(axis=0)).max():.3g}. Rescale it."
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
    """Return the statistic of each of `TESTS`, larger where less like a Gaussian."""
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
    """Return the share of the sets, the rows among them, whose statistic is no smaller."""
    return (1 + (sets.null >= sets.observed).sum(axis=0)) / (1 + len(sets.null))


def family_p_value(sets: Sets) -> float:
    """Return one p-value of all tests together.

    Each statistic is taken in standard deviations from its mean over all sets, the rows among them;
    the largest counts, and is compared with that of every set. That treats all sets alike, so it is
    exact for any number of them.
    """
    together = np.vstack([sets.observed, sets.null])
    spread = together.std(axis=0)
    away = (together - together.mean(axis=0)) / np.where(spread > 0, spread, 1)
    largest = away.max(axis=1)
    return float((largest >= largest[0]).mean())
