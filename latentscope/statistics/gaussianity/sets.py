"""Tests of normality: of a cloud, and of Gaussian clouds.

All statistics are functions of the whitened rows. In a Gaussian sample these are independent of the
sample's mean and covariance, whatever those are (Basu's theorem: the whitened rows are ancillary).
So they are distributed like the whitened rows of N(0, I), along any directions that mean and
covariance determine, including the principal ones. The parametric bootstrap is therefore exact:
draw from N(0, I), whiten the draws by their own mean and covariance, and project them on the
directions of the data.

The tests along given directions use all rows of the cloud. Where the sets are smaller, these
statistics of the sets are multiplied by the square root of the ratio of rows, since those of a
Gaussian fall with 1 / √n.

References
----------
D. Basu (1955), On statistics independent of a complete sufficient statistic, Sankhyā 15, 377–380.
J. Besag, P. Clifford (1991), Sequential Monte Carlo p-values, Biometrika 78, 301–304.
doi:10.1093/biomet/78.2.301
"""

from collections.abc import Generator, Iterable
from contextlib import closing
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
from latentscope.statistics import ALPHA
from latentscope.statistics.gaussianity.cloud import CloudSums, Frame
from latentscope.statistics.gaussianity.marginals import MarginalSums
from latentscope.statistics.gaussianity.radial import RadialSums
from latentscope.statistics.gaussianity.searched import searched_departures
from latentscope.statistics.gaussianity.two_samples import separability

TESTS = (
    "distances from the mean",
    "Mardia's kurtosis",
    "distribution along given directions",
    "skewness along given directions",
    "kurtosis along given directions",
    "distribution along directions searched for",
    "skewness along directions searched for",
    "kurtosis along directions searched for",
    "classifier",
)
SEARCHED = TESTS.index("distribution along directions searched for")
_N_GIVEN = SEARCHED  # the tests before it use all rows
_CLASSIFIED = 10_000  # rows that the classifier sees, at most
_ENOUGH = 20  # sets at least as far from a Gaussian as the cloud, after which no more are drawn
_CLEAR = 99  # sets after which no more are drawn if none comes near the cloud


class Sets(NamedTuple):
    """Statistics of `TESTS`: of the rows, and of the Gaussian sets, one per row of `null`."""

    observed: FloatArray
    null: FloatArray


def compare_with_sets(
    rows: Rows, sums: CloudSums, n_points: int, n_null: int, random: np.random.Generator
) -> Sets:
    """Test a cloud, and at most `n_null` Gaussian sets of `n_points` rows.

    Fewer sets are drawn where the others could not change the verdict: once 20 of them, and 5 % of
    `n_null`, are at least as far from a Gaussian as the cloud, or if none of 99 comes near it.
    """
    indices, _ = sample_rows(rows, n_points, random)
    points = random.permutation(take(rows, indices))
    whole = sums.frame
    own = whole if len(points) == whole.n else Frame.of(as_rows(points), random)
    n_directions = max(whole.n_directions, own.n_directions)
    if len(points) <= n_directions + 1:
        raise DataError(
            f"n_points must be at least {n_directions + 2:,}, two more than the number of "
            f"directions along which z varies; got {n_points:,}.",
            parameter="n_points",
        )
    given, searched = (frame.directions().astype(np.float32) for frame in (whole, own))
    smaller = np.ones(len(TESTS))
    smaller[:_N_GIVEN] = np.sqrt(len(points) / whole.n)

    def null_statistics(seed: np.random.Generator) -> FloatArray:
        draws = gaussian_set((len(points), n_directions), seed)
        along = given_departures(draws[:, : len(given)], given)
        found = sampled_departures(draws[:, : len(searched)], searched, seed)
        return np.append(along, found) * smaller

    with one_blas_thread():
        cloud = own.white(points).astype(np.float32)
        along = _departures(sums.radial, (sums.axes, sums.components, sums.projections))
        observed = np.append(along, sampled_departures(cloud, searched, random))
        if not np.isfinite(observed).all():
            raise DataError(
                f"{rows.name} must have a size that float32 can square; the largest deviation is "
                f"{np.abs(points - points.mean(axis=0)).max():.3g}. Rescale it."
            )
        sets = with_bar(null_statistics, random.spawn(n_null), "normality, Gaussian sets", "set")
        return _until_decided(observed, sets, n_null)


def _until_decided(observed: FloatArray, sets: Generator[FloatArray], n_null: int) -> Sets:
    """Collect sets until all are drawn, or the others cannot change what they say of the cloud."""
    found = Sets(observed, np.empty((0, len(TESTS))))
    with closing(sets):
        for one in sets:
            found = Sets(observed, np.vstack([found.null, one]))
            if _is_decided(found, n_null):
                break
    return found


def _is_decided(sets: Sets, n_null: int) -> bool:
    """Return True if enough sets match the cloud, or none of many comes near it.

    None comes near if the cloud is farther from the most extreme set than that set is from the
    median: with the exponential tails of these statistics, chance does so once in thousands.
    """
    size = farthest(sets)
    n_matching = int((size[1:] >= size[0]).sum())
    if n_matching >= max(_ENOUGH, ALPHA * (n_null + 1)):
        return True
    if len(sets.null) < _CLEAR or n_matching:
        return False
    largest = float(size[1:].max())
    return bool(size[0] - largest > largest - np.median(size[1:]))


def gaussian_set(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Return whitened draws of N(0, I): their own mean is 0, their own covariance I."""
    draws = random.standard_normal(shape, dtype=np.float32)
    draws -= draws.mean(axis=0)
    factor = np.linalg.cholesky(draws.T @ draws / np.float32(len(draws) - 1))
    inverse = solve_triangular(factor, np.eye(shape[1], dtype=np.float32), lower=True)
    return draws @ inverse.T


def given_departures(cloud: Array, directions: Array) -> FloatArray:
    """Return the statistics of the distances and of the marginals along given directions."""
    radial = RadialSums(cloud.shape[1])
    radial.add(radii(cloud) ** 2)
    marginals = cloud @ directions
    sums = MarginalSums(np.zeros(marginals.shape[1]), np.ones(marginals.shape[1]))
    sums.add(marginals)
    return _departures(radial, (sums,))


def sampled_departures(cloud: Array, directions: Array, random: np.random.Generator) -> FloatArray:
    """Return the statistics of the directions searched for, and of the classifier."""
    few = cloud[:_CLASSIFIED]
    gaussian = gaussian_set(few.shape, random)
    auc = separability(few, few @ directions, gaussian, directions)
    return np.append(searched_departures(cloud, random), auc)


def _departures(radial: RadialSums, marginals: Iterable[MarginalSums]) -> FloatArray:
    n = radial.n
    kurtosis = abs(radial.kurtosis * (n + 1) / (n - 1) - 1)
    return np.array(
        [
            radial.gap,
            kurtosis,
            max(sums.gaps.max() for sums in marginals),
            max(np.abs(sums.skewness).max() for sums in marginals),
            max(np.abs(sums.excess).max() for sums in marginals),
        ]
    )


def p_values(sets: Sets) -> FloatArray:
    """Return the share of all sets, the rows included, whose statistic is at least that large."""
    return (1 + (sets.null >= sets.observed).sum(axis=0)) / (1 + len(sets.null))


def family_p_value(sets: Sets) -> float:
    """Return one p-value of all tests together: the share of sets at least as far as the cloud.

    The cloud is one of the sets. All are treated alike, so the p-value is exact for any number.
    """
    size = farthest(sets)
    return float((size >= size[0]).mean())


def farthest(sets: Sets) -> FloatArray:
    """Return the largest statistic of the cloud and of each Gaussian set, in standard units.

    Each statistic is standardised by its mean and standard deviation over all sets, the cloud
    included.
    """
    together = np.vstack([sets.observed, sets.null])
    spread = together.std(axis=0)
    standardised = (together - together.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return standardised.max(axis=1)
