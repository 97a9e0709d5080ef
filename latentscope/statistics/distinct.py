"""Distinct points for searches of neighbours: without copies, and without copies but for rounding.

Two rows that differ by rounding alone are neighbours at a distance that says nothing about the
cloud. They are found without comparing all pairs: sorted along any one direction, near-copies stand
close to each other. Points of a curve can be as close by chance; but then a hundred times as many
pairs are within a hundred times the distance, and more if there are more dimensions.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import poisson

from latentscope._types import Array, FloatArray, IntArray
from latentscope.errors import DataError
from latentscope.statistics.moments import refuse_overflow

MIN_POINTS = 128  # distinct points, below which no dimension is reported
_MAX_DISTANCE = 1e6  # of the usual distance from the median: beyond, the others look like one point
_SINGLE = float(np.finfo(np.float32).eps)
_ULPS = 2  # in which each coordinate of a near-copy may differ, as stored
_ULPS_BEFORE = 8  # of float32, and of the cloud's size, if the rows were computed from float32
_WIDER = 100  # times the tolerance, up to which pairs are counted to compare with
_WIDEST = 0.02  # of the cloud's size: farther pairs would be too many to count
_COARSE = 0.005  # of the cloud's size: rounding beyond which the points are not told apart
_CHANCE = 0.01  # probability of so many close pairs on a curve, above which they are kept


def distinct(sample: Array) -> tuple[FloatArray, float]:
    """Return the rows that differ, about their mean, in units of the largest deviation from it.

    Rows that are equal but for rounding count once.

    Raises
    ------
    DataError
        If a point lies a million times farther out than most.
    """
    rows = np.unique(sample + 0.0, axis=0).astype(np.float64)  # −0 is 0
    with np.errstate(over="ignore", invalid="ignore"):
        away = rows - rows[0]
        away -= away.mean(axis=0)
    refuse_overflow(np.abs(away).max(axis=0))
    unit = float(np.abs(away).max()) or 1.0
    points = away / unit
    _refuse_outliers(np.abs(points - np.median(points, axis=0)).max(axis=1))
    size, usual = (float(np.median(np.linalg.norm(x, axis=1))) for x in (rows / unit, points))
    stored = _ULPS * _stored_eps(rows, sample) * size
    tolerance = max(stored, _ULPS_BEFORE * _SINGLE * usual)
    if tolerance >= _COARSE * usual:  # then the coordinates are too coarse to tell
        return points, unit
    return points[without_near_copies(points, tolerance, _WIDEST * usual)], unit


def without_near_copies(points: FloatArray, tolerance: float, reach: float) -> IntArray:
    """Return the indices of the first point of each group of near-copies, increasing.

    Parameters
    ----------
    points : float64 array of shape (n, z_dim)
    tolerance : float
        Two points are near-copies if their distance is at most this. Near-copies of near-copies
        belong to the same group. If so many pairs are up to a hundred times farther apart that
        chance explains the close ones, there are no near-copies.
    reach : float
        Largest distance up to which pairs are counted, if a hundred times the tolerance is more.

    Examples
    --------
    >>> points = np.array([[0.0, 1.0], [3.0, 4.0], [0.0, 1.0 + 1e-9]])
    >>> without_near_copies(points, 1e-8, 1.0)
    array([0, 1])
    """
    n, z_dim = points.shape
    direction = np.cos(np.arange(1, z_dim + 1))  # any; a unit vector does not lengthen distances
    along = points @ (direction / np.linalg.norm(direction))
    order = np.argsort(along, kind="stable")
    wider = min(_WIDER * tolerance, max(reach, 2 * tolerance))
    pairs, n_between = [np.empty((2, 0), dtype=np.int64)], 0
    for shift in range(1, n):
        one, other = order[:-shift], order[shift:]
        near = along[other] - along[one] <= 1.01 * wider  # the projections are rounded
        if not near.any():
            break
        one, other = one[near], other[near]
        distance = np.linalg.norm(points[one] - points[other], axis=1)
        is_same = distance <= tolerance
        pairs.append(np.array([one[is_same], other[is_same]]))
        n_between += int((~is_same & (distance <= wider)).sum())
    i, j = np.concatenate(pairs, axis=1)
    if poisson.sf(len(i) - 1, n_between / (wider / tolerance - 1)) > _CHANCE:
        return np.arange(n)
    _, group = connected_components(coo_array((np.ones(len(i)), (i, j)), shape=(n, n)))
    return np.sort(np.unique(group, return_index=True)[1])


def _stored_eps(rows: FloatArray, sample: Array) -> float:
    """Return the relative rounding error of the coordinates: that of float32, if they fit in it."""
    with np.errstate(over="ignore"):
        is_single = np.array_equal(rows, rows.astype(np.float32))
    eps = float(np.finfo(sample.dtype).eps)
    return max(eps, _SINGLE) if is_single else eps


def _refuse_outliers(distance: FloatArray) -> None:
    usual = float(np.median(distance))
    n_far = int((distance > _MAX_DISTANCE * usual).sum())
    if len(distance) >= MIN_POINTS and n_far:
        raise DataError(
            f"no point may lie {_MAX_DISTANCE:.0e} times farther out than most; {n_far} of "
            f"{len(distance):,} distinct points do. Remove the outliers."
        )
