"""Exact nearest neighbours in many dimensions, by faiss, and in the plane, by a k-d tree.

Exact search computes n² distances, which for the sizes that t-SNE can map takes little time
compared with the t-SNE that follows.

References
----------
M. Douze et al. (2024), The Faiss library, arXiv:2401.08281.
"""

import os

import faiss
import numpy as np
from scipy.spatial import cKDTree
from tqdm import tqdm

from latentscope._types import Array, FloatArray, IntArray
from latentscope.errors import DataError

_PROCESS = os.getpid()
_FOR_MEDIAN = 4096  # points that are enough to find the median
_MAX_DISTANCE = 1e6  # times the usual distance, beyond which float32 cannot resolve the others
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
    deviation = points - np.median(points[:: max(1, len(points) // _FOR_MEDIAN)], axis=0)
    distance = np.linalg.norm(deviation.astype(np.float64), axis=1)
    scale = float(np.median(distance)) or float(distance.max()) or 1.0
    far = np.flatnonzero(distance > _MAX_DISTANCE * scale)
    if len(far):
        raise DataError(
            f"no point may lie {_MAX_DISTANCE:.0e} times farther out than most; {len(far)} do, the "
            f"first at {distance[far[0]]:.3g}; {scale:.3g} is usual. Remove the outliers."
        )
    return np.ascontiguousarray(deviation / scale, dtype=np.float32), scale


def is_forked() -> bool:
    """Return True in a forked child, where OpenMP would wait for threads of the parent.

    A single thread works there.
    """
    return os.getpid() != _PROCESS


def preservation(neighbours: IntArray, xy: FloatArray) -> float:
    """Return the mean share of each point's neighbours that are also its neighbours in the plane.

    References
    ----------
    J. A. Lee, M. Verleysen (2009), Neurocomputing 72, 1431–1443 (Q_NX).
    doi:10.1016/j.neucom.2008.12.017
    """
    n, k = neighbours.shape
    _, in_plane = cKDTree(xy).query(xy, k + 1, workers=-1)
    in_plane = in_plane[_without_self(in_plane)].reshape(n, k)
    shared = (neighbours[:, :, None] == in_plane[:, None, :]).any(axis=2)
    return float(shared.mean())


def _without_self(found: IntArray) -> Array:
    """Mark all neighbours but the point itself; if copies crowd it out, all but the last."""
    keep = found != np.arange(len(found))[:, None]
    keep[keep.all(axis=1), -1] = False
    return keep
