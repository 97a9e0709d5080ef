"""Distances to the nearest neighbours in float64, also where all of them are very close.

The search itself is in float32, which cannot tell apart points closer than about 1e-3 of the
cloud's size. So more neighbours than asked for are found there and measured anew in float64, and
points whose neighbours may still be others are searched again in float64, which tells apart what
is 1e-7 of the cloud's size.
"""

import numpy as np

from latentscope._compute.blas import one_blas_thread
from latentscope._types import FloatArray, IntArray
from latentscope.statistics.neighbours import nearest_neighbours

_SPARE = 6  # neighbours found beyond those asked for
_ROUNDING = 32 * float(np.finfo(np.float32).eps)  # of a squared distance, per squared norm
_QUERIES = 512  # searched at once in float64
_SMALL = 3000  # points, up to which float64 is fast enough for all
_FOR_MEDIAN = 4096  # points that are enough to find the middle
_PAIRS = 2**14  # rows of neighbours measured at once


def exact_neighbour_distances(points: FloatArray, k: int) -> FloatArray:
    """Return the distances to the k nearest other points, nearest first: shape (n, k).

    Parameters
    ----------
    points : float64 array of shape (n, z_dim)
        Distinct points about their mean, of a size whose squares neither under- nor overflow.
    k : int
        Below n.

    Examples
    --------
    >>> points = 1e-6 * np.arange(-500, 501)[:, None]
    >>> points[0] = 1
    >>> exact_neighbour_distances(points, 2)[500].tolist()
    [1e-06, 1e-06]
    """
    everyone = np.arange(len(points))
    n_found = min(k + _SPARE, len(points) - 1)
    if len(points) <= _SMALL:
        return _in_double(points, everyone, n_found)[:, :k]
    found, approximate = nearest_neighbours(points, n_found)
    distances = _measured(points, everyone, found)[:, :k]
    middle = np.median(points[:: max(1, len(points) // _FOR_MEDIAN)], axis=0)
    norms = np.linalg.norm(points - middle, axis=1)
    nearest_left_out = approximate[:, -1] ** 2 - _ROUNDING * norms**2
    unsure = np.flatnonzero(distances[:, -1] ** 2 >= nearest_left_out)
    distances[unsure] = _in_double(points, unsure, n_found)[:, :k]
    return distances


def _in_double(points: FloatArray, rows: IntArray, n_found: int) -> FloatArray:
    """Return the distances from `rows` to their nearest other points, found in float64."""
    distances = np.empty((len(rows), n_found))
    for low in range(0, len(rows), _QUERIES):
        some = rows[low : low + _QUERIES]
        with one_blas_thread():  # more would wait for each other
            found = _search(points, some, n_found)
        distances[low : low + len(some)] = _measured(points, some, found)
    return distances


def _measured(points: FloatArray, rows: IntArray, found: IntArray) -> FloatArray:
    """Return the distances from `rows` to the points found for each, sorted."""
    distances = np.empty(found.shape)
    step = max(1, _PAIRS // found.shape[1])
    for low in range(0, len(rows), step):
        high = low + step
        away = points[found[low:high]] - points[rows[low:high], None]
        distances[low:high] = np.sqrt(np.einsum("ijk,ijk->ij", away, away))
    return np.sort(distances, axis=1)


def _search(points: FloatArray, rows: IntArray, n_found: int) -> IntArray:
    """Return the nearest other points of some rows by products in float64."""
    squares = np.einsum("ij,ij->i", points, points)
    away = squares - 2 * points[rows] @ points.T
    away[np.arange(len(rows)), rows] = np.inf
    return np.argpartition(away, n_found - 1, axis=1)[:, :n_found]
