"""Does a null model describe at least the coarse distribution of the points?

A plane is cut into cells in which the null model expects equally many points, by halving it again
and again, and the points of the data in these cells are counted (χ² test). A null model that is
wrong there says nothing about filaments and voids, which are finer. A density that is wrong there
can be corrected: in each cell it is multiplied by what is missing.
"""

from collections.abc import Iterator

import numpy as np
from scipy.stats import chi2

from latentscope._types import FloatArray

MISFIT = 0.01  # p-value below which a null model does not describe the coarse distribution
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
    counts = np.array(_counts(points, null_points, _halvings(len(points))))
    expected = np.full(len(counts), len(points) / len(counts))
    return _p_value(counts, expected, 1 + len(points) / len(null_points))


def corrected(density: FloatArray, counts: FloatArray) -> FloatArray:
    """Return a density, corrected in coarse cells where it does not describe the counts of points.

    Parameters
    ----------
    density, counts : float64 array of shape (n_rows, n_columns)
        On the same grid, finer than the coarse cells.

    Examples
    --------
    >>> counts = np.repeat([[30.0], [10.0]], 4, axis=0)
    >>> corrected(np.ones((8, 1)), counts).ravel().round(3)
    array([1.5, 1.5, 1.5, 1.5, 0.5, 0.5, 0.5, 0.5])
    """
    cells = list(_equal_parts(density, _halvings(int(counts.sum()))))
    found = np.array([counts[cell].sum() for cell in cells])
    expected = np.array([density[cell].sum() for cell in cells]) * counts.sum() / density.sum()
    if _p_value(found, expected, 1.0) >= MISFIT:
        return density
    result = density.copy()
    for cell, factor in zip(cells, found / expected, strict=True):
        result[cell] *= factor
    return result


def _halvings(n_points: int) -> int:
    return int(np.clip(np.log2(n_points / _PER_CELL), 0, _MAX_HALVINGS))


def _p_value(counts: FloatArray, expected: FloatArray, variance: float) -> float:
    square = ((counts - expected) ** 2 / (expected * variance)).sum()
    return float(chi2.sf(square, len(counts) - 1))


def _counts(points: FloatArray, null_points: FloatArray, n_halvings: int) -> list[int]:
    """Return the number of points in each cell."""
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


def _equal_parts(
    density: FloatArray, n_halvings: int, first: tuple[int, int] = (0, 0)
) -> Iterator[tuple[slice, slice]]:
    """Yield rectangles of a grid that hold about equal parts of a density."""
    axis = n_halvings % 2
    n_lines = density.shape[axis]
    if not n_halvings or n_lines < 2:
        row, column = first
        n_rows, n_columns = density.shape
        yield slice(row, row + n_rows), slice(column, column + n_columns)
        return
    below = density.sum(axis=1 - axis).cumsum()
    middle = int(np.abs(below[:-1] - below[-1] / 2).argmin()) + 1
    low, high = np.split(density, [middle], axis=axis)
    yield from _equal_parts(low, n_halvings - 1, first)
    start = (first[0] + middle, first[1]) if axis == 0 else (first[0], first[1] + middle)
    yield from _equal_parts(high, n_halvings - 1, start)
