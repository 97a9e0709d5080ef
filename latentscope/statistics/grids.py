"""Axes whose values lie on a grid, as rounded numbers and counts do."""

import numpy as np

from latentscope._types import Array, FloatArray

_MAX_DISTINCT = 0.2  # of the rows, on a grid
_MAX_EMPTY = 20  # steps of the grid for each value that occurs


def grid_steps(sample: Array) -> FloatArray:
    """Return the step of the grid on which each axis lies; 0 if it lies on none.

    An axis lies on a grid if its values repeat, and fill a good part of the multiples of the
    smallest distance between them. Copies of arbitrary numbers do not.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> smooth = rng.standard_normal(1000)
    >>> grid_steps(np.column_stack([smooth, smooth.round(1)])).round(6)
    array([0. , 0.1])
    """
    return np.array([_step(axis) for axis in sample.T.astype(np.float64)])


def _step(values: FloatArray) -> float:
    distinct = np.unique(values)
    if not 1 < len(distinct) <= _MAX_DISTINCT * len(values):
        return 0.0
    step = float(np.diff(distinct).min())
    return step if distinct[-1] - distinct[0] <= _MAX_EMPTY * len(distinct) * step else 0.0
