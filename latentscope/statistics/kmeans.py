"""Lloyd's k-means for many k at once.

The centroids of all k are stacked in one matrix, so that one product per block gives the distances
for every k. Seeds are nested (k-means++ centroids, merged by Ward's rule); steps on a sample come
first, and steps on all rows follow until the inertia converges.

References
----------
S. P. Lloyd (1982), IEEE Transactions on Information Theory 28, 129–137.
doi:10.1109/TIT.1982.1056489
J. H. Ward (1963), Journal of the American Statistical Association 58, 236–244.
doi:10.1080/01621459.1963.10500845
D. Arthur, S. Vassilvitskii (2007), k-means++: the advantages of careful seeding, SODA, 1027–1035.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.utils import check_random_state

from latentscope._compute.kernels import REORDER, centred, compiled, is_finite
from latentscope._types import Array, BoolArray, FloatArray, IntArray
from latentscope._warn import warn
from latentscope.errors import DataError
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points
from latentscope.rows.summaries import Block, Summary

_MAX_STEPS = 50
_MIN_SEEDS, _SEEDS_PER_K = 60, 2  # centroids drawn, before they are merged
_N_TRIALS = 2  # points among which each further centroid is chosen
_SEED_TOLERANCE = 1e-2
_RANGE = (
    "values must be neither too large nor too small to square in {dtype}; these are. Remove the "
    "outliers, rescale z, or pass it in float64."
)
_EMPTY = 1e-9  # weight of a centroid without points
_PRODUCTS = 2**22  # held at once


@dataclass(frozen=True, slots=True)
class Centroids:
    """Centroids for several numbers of clusters, stacked.

    Attributes
    ----------
    n_clusters : int64 array of shape (n_sets,)
        k of each set.
    points : float64 array of shape (sum of k, z_dim)
        Their coordinates.
    """

    n_clusters: IntArray
    points: FloatArray

    @property
    def starts(self) -> IntArray:
        """Index of the first centroid of each set, and the end of the last set."""
        return np.concatenate([[0], np.cumsum(self.n_clusters)])


class Assignment(Summary):
    """Inertia of all sets of centroids, with the sums and counts of their clusters.

    Parameters
    ----------
    centroids : Centroids
        Their current places.
    shift : float64 array of shape (z_dim,)
        A point amid the data, subtracted from all points, so that an offset costs no precision.
    """

    def __init__(self, centroids: Centroids, shift: FloatArray) -> None:
        self.centroids = centroids
        self.shift = shift
        self.sums: FloatArray = np.zeros(centroids.points.shape)
        self.counts: IntArray = np.zeros(len(centroids.points), dtype=np.int64)
        self.inertia: FloatArray = np.zeros(len(centroids.n_clusters))

    @property
    def moved(self) -> Centroids:
        """Centroids moved to the means of their clusters; empty clusters stay where they are."""
        counts = self.counts[:, None]
        means = self.sums / np.maximum(counts, 1)
        points = np.where(counts > 0, means, self.centroids.points)
        return Centroids(self.centroids.n_clusters, points)

    def empty(self) -> Self:
        return type(self)(self.centroids, self.shift)

    def update(self, block: Block) -> None:
        self.add(block.z)

    def add(self, z: Array) -> None:
        """Add rows of coordinates."""
        with np.errstate(over="ignore"):
            about = (self.centroids.points - self.shift).astype(z.dtype)
            half_norms = 0.5 * np.einsum("ij,ij->i", about, about)
        step = max(1, _PRODUCTS // len(about))
        for low in range(0, len(z), step):
            part = z[low : low + step]
            deviation = centred(part, self.shift)
            with np.errstate(over="ignore", invalid="ignore"):
                products = deviation @ about.T
            if not is_finite(products):
                raise DataError(_RANGE.format(dtype=z.dtype))
            labels = np.empty((len(part), len(self.inertia)), dtype=np.int32)
            nearest(products, half_norms, self.centroids.starts, labels)
            _add_inertia(deviation, about, labels, self.inertia)
            _add_to_clusters(part, labels, self.sums, self.counts)

    def merge(self, other: Self) -> None:
        self.sums += other.sums
        self.counts += other.counts
        self.inertia += other.inertia


def lloyd(
    source: Points, centroids: Centroids, shift: FloatArray, *, tolerance: float, title: str
) -> Assignment:
    """Move the centroids until no inertia falls by more than the share `tolerance` per step."""
    last = np.full(len(centroids.n_clusters), np.finfo(float).max)
    for step in range(1, _MAX_STEPS + 1):
        (now,) = reduce(source, Assignment(centroids, shift), progress=f"{title}, pass {step}")
        if np.all(last - now.inertia <= tolerance * last):
            break
        centroids, last = now.moved, now.inertia
    else:
        warn(f"{title} did not converge within {_MAX_STEPS} passes; the inertia is an upper bound.")
    return now


def nested_seeds(sample: Array, ks: IntArray, shift: FloatArray, seed: int) -> Centroids:
    """Return starting centroids for every k; each set is the next larger one, with some merged.

    k-means++ draws more centroids than any k needs, a few k-means steps improve them, and the pair
    whose union adds least to the inertia is merged, again and again (Ward's rule). So no cluster is
    left without a centroid, and none has to be split by luck.
    """
    n_seeds = min(len(sample), max(_MIN_SEEDS, _SEEDS_PER_K * int(ks[-1])))
    about = sample - shift
    squares, limits = np.einsum("ij,ij->i", about, about), np.finfo(sample.dtype)
    if not squares.max() < limits.max / 4 or 0 < squares.mean() < limits.tiny / limits.eps:
        raise DataError(_RANGE.format(dtype=sample.dtype))
    random = check_random_state(seed)
    chosen = plus_plus(
        about, random.random_sample(), random.random_sample((n_seeds - 1, _N_TRIALS))
    )
    many = Centroids(np.array([n_seeds]), about[chosen].astype(np.float64) + shift)
    improved = lloyd(sample, many, shift, tolerance=_SEED_TOLERANCE, title="k-means seeds")
    places = improved.moved.points
    return Centroids(ks, _ward(places, improved.counts.astype(np.float64), ks))


@compiled()
def _ward(points: FloatArray, weights: FloatArray, ks: IntArray) -> FloatArray:
    """Merge weighted points by Ward's rule; return the centroids left at each k, stacked.

    The pair is merged whose union adds least to the inertia: w₁ w₂ / (w₁ + w₂) |x₁ − x₂|².
    """
    n, d = points.shape
    places, masses = points.copy(), np.maximum(weights, _EMPTY)
    left = np.ones(n, dtype=np.bool_)
    cost = np.empty((n, n))
    for i in range(n):
        for j in range(i):
            cost[i, j] = _merging_cost(places, masses, i, j)
    found, end = np.empty((ks.sum(), d)), ks.sum()
    for n_left in range(n, 0, -1):
        if n_left in ks:
            found[end - n_left : end] = places[left]
            end -= n_left
        if end == 0:
            break
        first, second = _cheapest(cost, left)
        moments = masses[first] * places[first] + masses[second] * places[second]
        masses[second] += masses[first]
        places[second] = moments / masses[second]
        left[first] = False
        for i in range(n):
            if left[i] and i != second:
                cost[max(i, second), min(i, second)] = _merging_cost(places, masses, i, second)
    return found


@compiled()
def _cheapest(cost: FloatArray, left: BoolArray) -> tuple[int, int]:
    """Return the pair i > j, of those left, whose merging costs least."""
    least, first, second = np.inf, -1, -1
    for i in range(len(left)):
        for j in range(i):
            if left[i] and left[j] and (first < 0 or cost[i, j] < least):
                least, first, second = cost[i, j], i, j
    return first, second


@compiled()
def _merging_cost(places: FloatArray, masses: FloatArray, i: int, j: int) -> float:
    square = 0.0
    for axis in range(places.shape[1]):
        square += (places[i, axis] - places[j, axis]) ** 2
    return square * (masses[i] * masses[j] / (masses[i] + masses[j]))


@compiled()
def plus_plus(points: Array, first: float, draws: FloatArray) -> IntArray:
    """Return the indices of k-means++ centroids: a first one, and one for each row of `draws`.

    Each row of uniform draws picks candidates, with probabilities proportional to their squared
    distances from the nearest centroid so far; the one that leaves the least inertia is chosen.
    scikit-learn's chooses the same points, but spends most of its time on checking its input.
    """
    n = len(points)
    chosen = np.empty(1 + len(draws), dtype=np.int64)
    chosen[0] = min(int(first * n), n - 1)
    squares, trial, best = np.full(n, np.inf), np.empty(n), np.empty(n)
    _add_centroid(points, chosen[0], squares, squares)
    for k in range(len(draws)):
        cumulative, least = np.cumsum(squares), np.inf
        for t, draw in enumerate(draws[k]):
            candidate = min(np.searchsorted(cumulative, draw * cumulative[-1]), n - 1)
            inertia = _add_centroid(points, candidate, squares, trial)
            if t == 0 or inertia < least:
                chosen[k + 1], least = candidate, inertia
                trial, best = best, trial
        squares[:] = best
    return chosen


@compiled(fastmath=REORDER)
def _add_centroid(points: Array, at: int, squares: FloatArray, closer: FloatArray) -> float:
    """Fill `closer` with squared distances, if point `at` is a centroid too; return their sum."""
    n, d = points.shape
    inertia = 0.0
    for i in range(n):
        square = 0.0
        for j in range(d):
            difference = np.float64(points[i, j]) - np.float64(points[at, j])
            square += difference * difference
        closer[i] = min(square, squares[i])
        inertia += closer[i]
    return inertia


@compiled()
def nearest(products: Array, half_norms: Array, starts: IntArray, labels: Array) -> None:
    """Fill `labels` with the nearest centroid of each row, for several sets of centroids.

    Set s is the columns starts[s] … starts[s + 1] − 1 of `products` = x · c; the nearest centroid
    has the largest x · c − |c|² / 2.
    """
    n, n_sets = labels.shape
    for i in range(n):
        for s in range(n_sets):
            best = starts[s]
            most = products[i, best] - half_norms[best]
            for c in range(starts[s] + 1, starts[s + 1]):
                score = products[i, c] - half_norms[c]
                if score > most:
                    most = score
                    best = c
            labels[i, s] = best


@compiled()
def _add_to_clusters(block: Array, labels: Array, sums: FloatArray, counts: IntArray) -> None:
    """Add each row to the sums and counts of its cluster in every set."""
    n, d = block.shape
    for i in range(n):
        for s in range(labels.shape[1]):
            c = labels[i, s]
            counts[c] += 1
            for j in range(d):
                sums[c, j] += block[i, j]


@compiled(fastmath=REORDER)
def _add_inertia(block: Array, centroids: Array, labels: Array, inertia: FloatArray) -> None:
    """Add each row's squared distance to its centroid to the inertia of every set."""
    n, d = block.shape
    for i in range(n):
        for s in range(labels.shape[1]):
            c = labels[i, s]
            total = 0.0
            for j in range(d):
                difference = np.float64(block[i, j]) - centroids[c, j]
                total += difference * difference
            inertia[s] += total
