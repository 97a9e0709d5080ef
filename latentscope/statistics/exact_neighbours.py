"""Distances to the nearest neighbours in float64, accurate even where all are very close.

The search itself is in float32, which cannot distinguish points closer than about 1e-3 of the
cloud's size. So it finds more neighbours than requested, and their distances are computed again in
float64. Points that may still have other neighbours are searched again in float64, which
distinguishes points 1e-7 of the cloud's size apart.
"""

import numpy as np

from latentscope._compute.blas import one_blas_thread
from latentscope._types import FloatArray, IntArray
from latentscope.statistics.neighbours import nearest_neighbours

_SPARE = 6  # neighbours found in addition to those requested
_ROUNDING = 32 * float(np.finfo(np.float32).eps)  # of a squared distance, per squared norm
_QUERIES = 512  # points searched at once in float64
_SMALL = 3000  # points, up to which float64 is fast enough for all
_FOR_MEDIAN = 4096  # points that are enough to find the median
_PAIRS = 2**14  # rows of neighbours measured at once


def exact_neighbour_distances(points: FloatArray, k: int) -> FloatArray:
    """Return the distances to the k nearest other points, nearest first: shape (n, k).

    Parameters
    ----------
    points : float64 array of shape (n, z_dim)
        Distinct points, centred, of a size whose squares neither underflow nor overflow.
    k : int
        Below n.

    Examples
    --------
    >>> points = 1e-6 * np.arange(-500, 501)[:, None]
    >>> points[0] = 1
    >>> exact_neighbour_distances(points, 2)[500].tolist()
    [1e-06, 1e-06]
    """
    all_indices = np.arange(len(points))
    n_found = min(k + _SPARE, len(points) - 1)
    if len(points) <= _SMALL:
        return _in_double(points, all_indices, n_found)[:, :k]
    found, approximate = nearest_neighbours(points, n_found)
    distances = _measured(points, all_indices, found)[:, :k]
    median = np.median(points[:: max(1, len(points) // _FOR_MEDIAN)], axis=0)
    norms = np.linalg.norm(points - median, axis=1)
    nearest_left_out = approximate[:, -1] ** 2 - _ROUNDING * norms**2
    uncertain = np.flatnonzero(distances[:, -1] ** 2 >= nearest_left_out)
    distances[uncertain] = _in_double(points, uncertain, n_found)[:, :k]
    return distances


def _in_double(points: FloatArray, indices: IntArray, n_found: int) -> FloatArray:
    """Return the distances from some points to their nearest other points, found in float64."""
    distances = np.empty((len(indices), n_found))
    for low in range(0, len(indices), _QUERIES):
        some = indices[low : low + _QUERIES]
        with one_blas_thread():  # several would wait for each other
            found = _search(points, some, n_found)
        distances[low : low + len(some)] = _measured(points, some, found)
    return distances


def _measured(points: FloatArray, indices: IntArray, found: IntArray) -> FloatArray:
    """Return the distances from some points to those found for each, sorted."""
    distances = np.empty(found.shape)
    step = max(1, _PAIRS // found.shape[1])
    for low in range(0, len(indices), step):
        high = low + step
        offset = points[found[low:high]] - points[indices[low:high], None]
        distances[low:high] = np.sqrt(np.einsum("ijk,ijk->ij", offset, offset))
    return np.sort(distances, axis=1)


def _search(points: FloatArray, indices: IntArray, n_found: int) -> IntArray:
    """Return the indices of the nearest other points, found by products in float64."""
    squares = np.einsum("ij,ij->i", points, points)
    distance = squares - 2 * points[indices] @ points.T  # squared, up to a constant per point
    distance[np.arange(len(indices)), indices] = np.inf
    return np.argpartition(distance, n_found - 1, axis=1)[:, :n_found]
