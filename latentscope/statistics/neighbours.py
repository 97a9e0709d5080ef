"""Exact nearest neighbours in many dimensions, by faiss, and in the plane, by a k-d tree.

Exact search computes n² distances, which for the sizes that t-SNE can map takes little time
compared with the t-SNE that follows.

References
----------
M. Douze et al. (2024), The Faiss library, arXiv:2401.08281.
"""

import os
from typing import NamedTuple

import faiss
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from tqdm import tqdm

from latentscope._types import Array, BoolArray, FloatArray, IntArray
from latentscope.errors import DataError

_PROCESS = os.getpid()
_FOR_MEDIAN = 4096  # points that are enough to find the median
_MAX_DISTANCE = 1e6  # times the usual distance, beyond which float32 cannot resolve the others
_FOR_CHANCE = 100  # points that are enough to count how many neighbours share a distance
_SAME = 1e-6  # of the usual distance, or of another distance, up to which two are equal
_QUERIES = 2048  # per search, between two updates of the progress bar


def nearest_neighbours(points: Array, k: int) -> tuple[IntArray, FloatArray]:
    """Return the k nearest other points of each point, nearest first, and their distances.

    Distances are float32 products about the median: two points closer than about 1e-3 of the
    cloud's size may come in any order. A point a million times farther out than most is an error.

    Examples
    --------
    >>> indices, distances = nearest_neighbours(np.array([[0.0], [1.0], [3.0]]), 1)
    >>> indices.ravel(), distances.ravel()
    (array([1, 0, 1]), array([1., 1., 2.]))
    """
    n = len(points)
    single, scale = _in_single_precision(points)
    if is_forked():
        faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(single.shape[1])
    index.add(single)
    found, squares = np.empty((n, k + 1), dtype=np.int64), np.empty((n, k + 1))
    with tqdm(total=n, desc="nearest neighbours", unit="point", unit_scale=True, delay=2) as bar:
        for low in range(0, n, _QUERIES):
            high = min(low + _QUERIES, n)
            squares[low:high], found[low:high] = index.search(single[low:high], k + 1)
            bar.update(high - low)
    keep = _without_self(found)
    distances = np.sqrt(np.maximum(squares[keep], 0.0)) * scale
    return found[keep].reshape(n, k), distances.reshape(n, k)


def _in_single_precision(points: Array) -> tuple[Array, float]:
    """Return the points relative to their median, in units of the usual distance, and the unit."""
    deviation, scale = _about_median(points)
    distance = np.linalg.norm(deviation.astype(np.float64), axis=1)
    far = np.flatnonzero(distance > _MAX_DISTANCE * scale)
    if len(far):
        raise DataError(
            f"no point may lie {_MAX_DISTANCE:.0e} times farther out than most; {len(far)} do, the "
            f"first at {distance[far[0]]:.3g}; {scale:.3g} is usual. Remove the outliers."
        )
    return np.ascontiguousarray(deviation / scale, dtype=np.float32), scale


def _about_median(points: Array) -> tuple[Array, float]:
    """Return the points relative to their median, and the usual distance from it."""
    deviation = points - np.median(points[:: max(1, len(points) // _FOR_MEDIAN)], axis=0)
    distance = np.linalg.norm(deviation.astype(np.float64), axis=1)
    return deviation, float(np.median(distance)) or float(distance.max()) or 1.0


def is_forked() -> bool:
    """Return True in a forked child, where OpenMP would wait for threads of the parent.

    A single thread works there.
    """
    return os.getpid() != _PROCESS


class Preservation(NamedTuple):
    """How well a map in the plane keeps neighbours.

    `share` of the neighbours on the map are also neighbours in z, `by_chance` on a map unrelated to
    z. `n_copies` points are copies of an earlier one up to rounding: all but one of each group.
    """

    share: float
    by_chance: float
    n_copies: int


def preservation(points: Array, neighbours: IntArray, xy: FloatArray) -> Preservation:
    """Return the mean share of the neighbours in the plane that are also neighbours in z.

    A neighbour in the plane counts if it is at most as far away in z as the last of the point's
    `neighbours`: of several at the same distance, it does not matter which are listed.

    Parameters
    ----------
    points : array of shape (n, n_axes)
    neighbours : int64 array of shape (n, k)
        Nearest others of each point.
    xy : float64 array of shape (n, 2)
        Places of the points in the plane.

    References
    ----------
    J. A. Lee, M. Verleysen (2009), Neurocomputing 72, 1431–1443 (Q_NX).
    doi:10.1016/j.neucom.2008.12.017
    """
    n, k = neighbours.shape
    _, in_plane = cKDTree(xy).query(xy, k + 1, workers=-1)
    in_plane = in_plane[_without_self(in_plane)].reshape(n, k)
    kept, is_same, farthest = 0, np.empty((n, k), dtype=bool), np.empty(n)
    same = _SAME * _about_median(points)[1]
    for low in range(0, n, _QUERIES):
        some = slice(low, low + _QUERIES)
        distance = _distances(points, some, neighbours)
        is_same[some] = distance <= same
        farthest[some] = np.maximum(distance.max(axis=1) * (1 + _SAME), same)
        kept += int((_distances(points, some, in_plane) <= farthest[some, None]).sum())
    return Preservation(
        share=kept / (n * k),
        by_chance=_share_within(points, farthest),
        n_copies=n - _n_groups(neighbours, is_same),
    )


def _n_groups(neighbours: IntArray, is_joined: BoolArray) -> int:
    """Return into how many groups the points fall if some of the listed neighbours are joined."""
    n = len(neighbours)
    point, place = np.nonzero(is_joined)
    joins = coo_array((np.ones(len(point)), (point, neighbours[point, place])), shape=(n, n))
    return int(connected_components(joins, directed=False)[0])


def _share_within(points: Array, distance: FloatArray) -> float:
    """Return which share of all others lies within its distance of a point, from some points."""
    some = np.unique(np.linspace(0, len(points) - 1, _FOR_CHANCE).astype(int))
    apart = cdist(points[some], points)
    n_within = (apart <= distance[some, None]).sum(axis=1) - 1  # without the point itself
    return float(n_within.mean() / (len(points) - 1))


def _distances(points: Array, some: slice, others: IntArray) -> FloatArray:
    """Return the distances in float64 from some of the points to others, listed for each point."""
    offset = points[others[some]].astype(np.float64) - points[some, None]
    return np.sqrt(np.einsum("ijk,ijk->ij", offset, offset))


def _without_self(found: IntArray) -> Array:
    """Mark all neighbours but the point itself; if copies crowd it out, all but the last."""
    keep = found != np.arange(len(found))[:, None]
    keep[keep.all(axis=1), -1] = False
    return keep
