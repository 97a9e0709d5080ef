"""Does a null model describe at least the coarse distribution of the points?

A plane is cut into cells that hold equally many points of the null sets, by halving it again and
again at the median, and the points of the data in these cells are counted (χ² test). A null model
that is wrong there says nothing about filaments and voids, which are finer.
"""

import numpy as np
from scipy.stats import chi2

from latentscope._types import FloatArray

_MAX_HALVINGS = 5  # into 32 cells
_PER_CELL = 10  # points of the data expected in a cell, at least


def coarse_fit_p(points: FloatArray, null_points: FloatArray) -> float:
    """Return the p-value of the counts of points in cells of equally many null points.

    Parameters
    ----------
    points : float64 array of shape (n, 2)
    null_points : float64 array of shape (n_null_points, 2)
        Of several null sets. That they are not infinitely many is allowed for.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> flat, null_points = rng.uniform(size=(500, 2)), rng.uniform(size=(10_000, 2))
    >>> coarse_fit_p(flat, null_points) > 0.05, coarse_fit_p(flat**1.5, null_points) > 0.05
    (True, False)
    """
    n, n_halvings = len(points), 0
    while n_halvings < _MAX_HALVINGS and n >= _PER_CELL * 2 ** (n_halvings + 1):
        n_halvings += 1
    counts = np.array(_counts(points, null_points, n_halvings))
    expected = n / len(counts)
    square = ((counts - expected) ** 2).sum() / expected / (1 + n / len(null_points))
    return float(chi2.sf(square, len(counts) - 1))


def _counts(points: FloatArray, null_points: FloatArray, n_halvings: int) -> list[int]:
    if not n_halvings:
        return [len(points)]
    axis = n_halvings % 2
    middle = np.median(null_points[:, axis])
    is_low, is_null_low = points[:, axis] <= middle, null_points[:, axis] <= middle
    return [
        count
        for one, other in ((is_low, is_null_low), (~is_low, ~is_null_low))
        for count in _counts(points[one], null_points[other], n_halvings - 1)
    ]
