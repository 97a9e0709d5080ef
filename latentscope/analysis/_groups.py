"""Groups that valleys of density separate, if rows repeat or are rounded; what labels say."""

from typing import NamedTuple

import numpy as np

from latentscope._types import Array, FloatArray, IntArray
from latentscope.rows.source import Rows
from latentscope.statistics import ALPHA
from latentscope.statistics.grids import grid_steps
from latentscope.statistics.split_halves import adjusted_rand
from latentscope.statistics.valleys import Groups, valley_groups

_MAX_CATEGORIES = 0.2  # of the rows, in a label that groups are compared with
_ROWS, _AXES = (100, 200, 500, 1000, 4000), (2, 16, 64, 256)
_APART = (  # standard deviations between two equal groups that are mostly found
    (8, 8, 8, 10),
    (8, 6, 6, 8),
    (4.5, 4.5, 4.5, 5),
    (4.5, 4, 4, 4.5),
    (4.5, 4, 4, 4),
)  # measured by benchmarks/calibration_clusters.py
_LEAST_SEEN, _LEAST_SHARE = 24, 0.008  # points, and share of all: 20 of 1,000 are missed there, too


class Distinct(NamedTuple):
    """The rows that do not repeat others, and for every row the number of the one it repeats."""

    rows: IntArray
    copy_of: IntArray

    @classmethod
    def of(cls, sample: Array) -> "Distinct":
        """Find copies."""
        _, first, copy_of = np.unique(sample, axis=0, return_index=True, return_inverse=True)
        return cls(first, copy_of.ravel())


def groups_of(
    points: FloatArray, distinct: Distinct, random: np.random.Generator
) -> tuple[IntArray, Groups]:
    """Return the group of every point, the largest first, and those of the distinct ones."""
    found = valley_groups(points[distinct.rows], ALPHA, random)
    of = found.of[distinct.copy_of]
    return np.argsort(np.argsort(-np.bincount(of), kind="stable"))[of], found


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


def seen_size(n_points: int) -> int:
    """Return the size of a group, far from all others, below which it is mostly missed."""
    return max(_LEAST_SEEN, int(_LEAST_SHARE * n_points))


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
