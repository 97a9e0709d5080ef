"""Lloyd's k-means for many k at once.

The centroids of all k stand in one matrix, so that one product per block gives the distances for
every k. Seeds are nested (the first k of one greedy k-means++ draw), steps on a sample come first,
and steps on all rows follow until the inertia rests.

References
----------
S. P. Lloyd (1982), IEEE Transactions on Information Theory 28, 129–137.
doi:10.1109/TIT.1982.1056489
D. Arthur, S. Vassilvitskii (2007), k-means++: the advantages of careful seeding, SODA, 1027–1035.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from latentscope._kernels import add_inertia, add_to_clusters, centred, nearest
from latentscope._types import Array, FloatArray, IntArray
from latentscope.rows import Block, Summary, reduce

_MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class Centroids:
    """Centroids of several k-means, one below the other.

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
        """Where each set starts, and the end."""
        return np.concatenate([[0], np.cumsum(self.n_clusters)])


def nested(n_clusters: IntArray, seeds: Array) -> Centroids:
    """Return sets of the first k seeds each."""
    return Centroids(n_clusters, np.concatenate([seeds[:k] for k in n_clusters]).astype(float))


class Assignment(Summary):
    """Inertia of all sets of centroids, with the sums and counts of their clusters.

    Parameters
    ----------
    centroids : Centroids
        Where they stand now.
    shift : float64 array of shape (z_dim,)
        A point amid the data; distances are taken about it, so that an offset costs no digits.
    """

    def __init__(self, centroids: Centroids, shift: FloatArray) -> None:
        self.centroids = centroids
        self.shift = shift
        self.sums: FloatArray = np.zeros(centroids.points.shape)
        self.counts: IntArray = np.zeros(len(centroids.points), dtype=np.int64)
        self.inertia: FloatArray = np.zeros(len(centroids.n_clusters))

    @property
    def moved(self) -> Centroids:
        """Centroids at the means of their clusters; empty clusters stay where they are."""
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
        about = (self.centroids.points - self.shift).astype(z.dtype)
        half_norms = 0.5 * np.einsum("ij,ij->i", about, about)
        deviation = centred(z, self.shift)
        labels = np.empty((len(z), len(self.inertia)), dtype=np.int32)
        nearest(deviation @ about.T, half_norms, self.centroids.starts, labels)
        add_inertia(deviation, about, labels, self.inertia)
        add_to_clusters(z, labels, self.sums, self.counts)

    def merge(self, other: Self) -> None:
        self.sums += other.sums
        self.counts += other.counts
        self.inertia += other.inertia


def lloyd(
    source: Any, centroids: Centroids, shift: FloatArray, *, rest: float, title: str
) -> Assignment:
    """Move the centroids until no inertia falls by more than the share `rest` per step."""
    last = np.full(len(centroids.n_clusters), np.finfo(float).max)
    for step in range(1, _MAX_STEPS + 1):
        (now,) = reduce(source, Assignment(centroids, shift), progress=f"{title}, pass {step}")
        if np.all(last - now.inertia <= rest * last):
            break
        centroids, last = now.moved, now.inertia
    return now


def best_of(runs: list[Assignment]) -> Assignment:
    """Return the assignment that takes each set from the run with the least inertia."""
    starts = runs[0].centroids.starts
    best = runs[0].empty()
    for s, winner in enumerate(np.argmin([run.inertia for run in runs], axis=0)):
        part = slice(starts[s], starts[s + 1])
        best.centroids.points[part] = runs[winner].centroids.points[part]
        best.sums[part] = runs[winner].sums[part]
        best.counts[part] = runs[winner].counts[part]
        best.inertia[s] = runs[winner].inertia[s]
    return best
