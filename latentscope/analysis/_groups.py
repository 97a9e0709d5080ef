"""Groups that valleys of density separate, if rows repeat or are rounded; what labels say."""

import numpy as np

from latentscope._types import Array, FloatArray, IntArray
from latentscope.rows.source import Rows
from latentscope.statistics import ALPHA
from latentscope.statistics.grids import grid_steps
from latentscope.statistics.split_halves import adjusted_rand
from latentscope.statistics.valleys import MIN_POINTS, valley_groups

_COPIES = 10  # rows for each place, if all lie on a few
_MAX_CATEGORIES = 0.2  # of the rows, in a label that groups are compared with
_ROWS, _AXES = (100, 200, 500, 1000, 4000), (2, 16, 64, 256)
_APART = (  # standard deviations between two equal groups that are mostly found
    (8, 8, 8, 10),
    (4.5, 6, 6, 8),
    (4.5, 4.5, 4.5, 4.5),
    (4, 4, 4, 4),
    (4, 4, 3.5, 4),
)  # measured by benchmarks/calibration_clusters.py


def groups_of(
    points: FloatArray, sample: Array, random: np.random.Generator
) -> tuple[IntArray, float]:
    """Return the group of each row, the largest first, and the p-value of the clearest valley."""
    distinct, first, copy_of = np.unique(sample, axis=0, return_index=True, return_inverse=True)
    copy_of = copy_of.ravel()
    if len(distinct) * _COPIES <= len(sample) and len(distinct) < MIN_POINTS:
        groups, p = copy_of.astype(np.int64), 0.0  # all rows are copies of a few
    elif len(distinct) < len(sample) and not grid_steps(sample).any():
        groups, p = valley_groups(points[first], ALPHA, random)
        groups = groups[copy_of]
    else:
        groups, p = valley_groups(points, ALPHA, random)
    return np.argsort(np.argsort(-np.bincount(groups), kind="stable"))[groups], p


def seen_apart(n_points: int, n_directions: int) -> float | None:
    """Return how many standard deviations apart two equal, round groups are mostly found.

    It was measured for some numbers of points and directions; those taken are the nearest with no
    more points and no fewer directions. None if there are none.
    """
    row = np.searchsorted(_ROWS, n_points, side="right") - 1
    column = np.searchsorted(_AXES, n_directions)
    if row < 0 or column == len(_AXES):
        return None
    return _APART[row][column]


def off_the_grid(sample: Array, random: np.random.Generator) -> Array:
    """Spread values that were rounded evenly over what rounds to them."""
    steps = grid_steps(sample)
    if not steps.any():
        return sample
    return (sample + steps * random.uniform(-0.5, 0.5, sample.shape)).astype(sample.dtype)


def labels_beside(
    rows: Rows, indices: IntArray, groups: IntArray
) -> tuple[tuple[str, ...], FloatArray]:
    """Return the labels that stand for categories, and how much the groups agree with each."""
    names, agreement = [], []
    for name, values in rows.labels.items() if groups.any() else ():
        categories = np.unique(np.asarray(values[:])[indices], return_inverse=True)[1]
        if 0 < categories.max() < _MAX_CATEGORIES * len(indices):
            names.append(name)
            agreement.append(adjusted_rand(groups, categories))
    return tuple(names), np.array(agreement, dtype=np.float64)
