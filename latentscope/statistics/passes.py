"""Places of high density and the passes between them, by the shortest tree through the points.

The tree joins points by mutual reachability, as in HDBSCAN: the largest of their distance and the
distances to their sixth neighbours. As longer and longer joins are allowed, parts grow about places
of high density; where two large ones meet lies a pass. Other points are counted in balls about the
pass and about the densest place on either side. If the density has no valley there, a ball about
the pass holds as many points, on average, as one of the two others, and the numbers follow a
binomial distribution.

References
----------
R. J. G. B. Campello, D. Moulavi, J. Sander (2013), PAKDD, 160–172 (mutual reachability).
doi:10.1007/978-3-642-37456-2_14
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree
from scipy.special import bdtr

from latentscope._compute.kernels import compiled
from latentscope._types import BoolArray, FloatArray, IntArray

# Chosen on clouds of other seeds than those of benchmarks/calibration_clusters.py.
_NEIGHBOURS = 10  # from which the local dimension is estimated
_CORE = 6  # neighbours that define the density of a place
_MIN_SHARE, _MIN_SIZE = 0.004, 5  # of the points, in the smaller of two parts that meet
_PROMISING = 0.02  # p-value on the points of the tree, up to which a pass is of interest
_STEPS = 3  # from the middle of a join to the saddle
_TINY = 1e-300
_RADII = np.array([0.5, 0.75, 1.0, 1.5])  # of the balls, in lengths of the join


class Pass(NamedTuple):
    """Where two parts meet."""

    edge: tuple[int, int]  # the points that join them
    p_here: float  # of the counts of the points of the tree, which found it
    p_there: float  # of the counts of the others


class Tree(NamedTuple):
    """The shortest tree that joins points by mutual reachability, its shortest joins first."""

    points: FloatArray
    core: FloatArray  # distance to the sixth neighbour
    joins: IntArray  # of shape (n − 1, 2)
    lengths: FloatArray

    @classmethod
    def of(cls, points: FloatArray) -> "Tree":
        """Join points."""
        core = KDTree(points).query(points, min(_CORE + 1, len(points)))[0][:, -1]
        joins, lengths = _spanning_tree(np.ascontiguousarray(points), core)
        order = np.argsort(lengths, kind="stable")
        return cls(points, core, joins[order], lengths[order])

    def passes(self, second: FloatArray) -> list[Pass]:
        """Return the passes that look empty on these points, with their p-value on others."""
        least = max(_MIN_SIZE, int(_MIN_SHARE * len(self.points)))
        met = np.array(_meetings(self.joins, self.core, least), dtype=np.int64).reshape(-1, 3)
        found = self._tested(met[:, 0], met[:, 1:], second)
        return [one for one in found if one.p_here <= _PROMISING]

    def across(self, side: BoolArray, second: FloatArray) -> Pass:
        """Return the pass at the shortest join between two sides."""
        peaks = [int(np.where(side == which, self.core, np.inf).argmin()) for which in (0, 1)]
        return self._tested(self._crossing(side), np.array([peaks]), second)[0]

    def share_below(self, side: BoolArray) -> float:
        """Return the share of all joins that are shorter than every one between two sides."""
        return float(self._crossing(side)[0] / len(self.joins))

    def _crossing(self, side: BoolArray) -> IntArray:
        return np.flatnonzero(side[self.joins[:, 0]] != side[self.joins[:, 1]])[:1]

    def _tested(self, numbers: IntArray, peaks: IntArray, second: FloatArray) -> list[Pass]:
        """Count points in balls about the saddle at each join, and about two peaks."""
        one, other = np.moveaxis(self.points[self.joins[numbers]], 1, 0)
        along = (other - one) / np.maximum(
            np.linalg.norm(other - one, axis=1, keepdims=True), _TINY
        )
        saddles = _saddles(self.points, (one + other) / 2, along, self.lengths[numbers])
        places = np.concatenate([saddles[:, None], self.points[peaks]], axis=1)
        apart = np.linalg.norm(places[:, 1:] - places[:, :1], axis=2).min(axis=1)
        radii = np.minimum(_RADII * self.lengths[numbers, None], apart[:, None] / 2)
        here = _p_values(_counts(self.points, places, radii))
        best = here.argmin(axis=1)[:, None]
        there = _p_values(_counts(second, places, np.take_along_axis(radii, best, axis=1)))
        at = np.take_along_axis(here, best, axis=1)[:, 0]
        return [
            Pass((i, j), p_here, p_there)
            for (i, j), p_here, p_there in zip(
                self.joins[numbers].tolist(), at.tolist(), there[:, 0].tolist(), strict=True
            )
        ]


def local_dimension(points: FloatArray) -> float:
    """Return the dimension that neighbours fill, by maximum likelihood from ten of them.

    It is that of E. Levina and P. J. Bickel (2004), averaged as proposed by D. J. C. MacKay.
    """
    found = KDTree(points).query(points, min(_NEIGHBOURS + 1, len(points)))[0][:, 1:]
    is_apart = found[:, 0] > 0
    growth = np.log(found[is_apart, -1:] / found[is_apart, :-1])
    return 1 / max(float(growth.mean()), _TINY) if growth.size else np.inf


def _p_values(counts: IntArray) -> FloatArray:
    """Return the probability of so few points about the first place, if there is no valley."""
    few = counts[..., :1]
    ps: FloatArray = bdtr(few.astype(np.float64), few + counts[..., 1:], 0.5).max(axis=-1)
    return ps


@compiled()
def _saddles(
    points: FloatArray, middles: FloatArray, along: FloatArray, radii: FloatArray
) -> FloatArray:
    """Return places moved across their joins, to the mean of the points in a ball about them.

    A join links two points, whose middle may lie beside the ridge that links the two parts.
    """
    places = middles.copy()
    shift = np.empty(points.shape[1])
    for number in range(len(places)):
        for _ in range(_STEPS):
            shift[:] = 0.0
            n = 0
            for i in range(len(points)):
                square = 0.0
                for j in range(points.shape[1]):
                    square += (points[i, j] - places[number, j]) ** 2
                if square <= radii[number] ** 2:
                    n += 1
                    for j in range(points.shape[1]):
                        shift[j] += points[i, j] - places[number, j]
            if n == 0:
                break
            forward = 0.0
            for j in range(points.shape[1]):
                forward += shift[j] * along[number, j]
            for j in range(points.shape[1]):
                places[number, j] += (shift[j] - forward * along[number, j]) / n
    return places


@compiled()
def _counts(points: FloatArray, places: FloatArray, radii: FloatArray) -> IntArray:
    """Return the points in balls about places; the last axis of the result is that of the places.

    Places have shape (n_passes, 3, d), radii (n_passes, n_radii).
    """
    counts = np.zeros((len(places), radii.shape[1], places.shape[1]), dtype=np.int64)
    squares = radii**2
    for number in range(len(places)):
        for place in range(places.shape[1]):
            for i in range(len(points)):
                square = 0.0
                for j in range(points.shape[1]):
                    square += (points[i, j] - places[number, place, j]) ** 2
                for k in range(radii.shape[1]):
                    if square <= squares[number, k]:
                        counts[number, k, place] += 1
    return counts


@compiled(error_model="numpy")
def _spanning_tree(points: FloatArray, core: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return Prim's tree by mutual reachability, the largest of distance and core distances."""
    n, d = points.shape
    joins, lengths = np.empty((n - 1, 2), dtype=np.int64), np.empty(n - 1)
    left, at, square_core = np.arange(n), points.copy(), core**2  # those left come first
    reach, nearest = np.full(n, np.inf), np.zeros(n, dtype=np.int64)
    place = 0
    for step in range(n - 1):
        last, here, n_left = left[place], at[place].copy(), n - 1 - step
        left[place], at[place] = left[n_left], at[n_left]
        reach[place], nearest[place] = reach[n_left], nearest[n_left]
        place = 0
        for i in range(n_left):
            square = 0.0
            for j in range(d):
                square += (at[i, j] - here[j]) ** 2
            square = max(square, square_core[left[i]], square_core[last])
            if square < reach[i]:
                reach[i], nearest[i] = square, last
            if reach[i] < reach[place]:
                place = i
        joins[step, 0], joins[step, 1] = nearest[place], left[place]
        lengths[step] = np.sqrt(reach[place])
    return joins, lengths


@compiled()
def _meetings(joins: IntArray, core: FloatArray, least: int) -> list[tuple[int, int, int]]:
    """Return where two parts of at least so many points meet, as the joins grow.

    Each is (number of the join, densest point of one part, of the other).
    """
    n = len(core)
    parent, size, peak = np.arange(n), np.ones(n, dtype=np.int64), np.arange(n)
    found = [(0, 0, 0) for _ in range(0)]
    for number in range(n - 1):
        one, other = joins[number]
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        while parent[other] != other:
            parent[other] = parent[parent[other]]
            other = parent[other]
        if min(size[one], size[other]) >= least:
            found.append((number, peak[one], peak[other]))
        if core[peak[other]] < core[peak[one]]:
            one, other = other, one
        parent[other] = one
        size[one] += size[other]
    return found
