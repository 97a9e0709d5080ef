"""Do the means of two groups of points differ by more than chance?

The squared length of the difference of two means is a weighted sum of χ² variables; Hotelling's T²
is the squared length after stretching, which sees small shifts along quiet axes. Each is compared
with two laws, and the larger p-value counts. In the first, the labels are assigned at random, so
that the difference has the covariance of all points; few points of a cloud with heavy tails exceed
it too often. In the second, the means agree and each group has its own covariance (Welch); it
allows for groups of unequal width, and few points of a skewed cloud exceed it too often. Both at
once are hardly ever exceeded by chance.

References
----------
H. Hotelling (1931), Annals of Mathematical Statistics 2, 360–378. doi:10.1214/aoms/1177732979
J.-T. Zhang, J. Guo, B. Zhou, M.-Y. Cheng (2020), Journal of the American Statistical Association
115, 1011–1027 (the squared length as a weighted sum). doi:10.1080/01621459.2019.1604366
T. Zhu, P. Wang, J.-T. Zhang (2024), Computational Statistics 39, 3207–3230 (degrees of freedom of
groups of unequal covariance). doi:10.1007/s00180-023-01433-6
"""

from typing import NamedTuple, Self

import numpy as np
from scipy.special import comb
from scipy.stats import beta

from latentscope._types import FloatArray
from latentscope.statistics.quadratic import sum_exceeds


class Whole(NamedTuple):
    """Covariance of all points, in its principal frame.

    Attributes
    ----------
    n : int
    mean : float64 array of shape (z_dim,)
    variance : float64 array of shape (n_directions,)
        Along the directions in which the points vary, largest first.
    axes : float64 array of shape (n_directions, z_dim)
        Those directions, unit vectors.
    """

    n: int
    mean: FloatArray
    variance: FloatArray
    axes: FloatArray


class Group(NamedTuple):
    """Number of points of a group, and their covariance, in the frame of all points."""

    n: int
    covariance: FloatArray

    @classmethod
    def rest(cls, whole: Whole, group: Self, difference: FloatArray) -> Self:
        """Return the points that are not in the group."""
        n = whole.n - group.n
        squares = np.diag((whole.n - 1) * whole.variance) - (group.n - 1) * group.covariance
        between = group.n * n / whole.n * np.outer(difference, difference)
        return cls(n, (squares - between) / max(n - 1, 1))


def smallest_p_value(n: int, n_with: int) -> float:
    """Return the smallest p-value that n points can have: one over the number of ways to choose."""
    return float(1 / comb(n, n_with))


def p_values(
    whole: Whole, group: FloatArray, n_group: int, difference: FloatArray
) -> tuple[float, float | None]:
    """Return the p-values of the length and of Hotelling's T², each with two laws.

    Parameters
    ----------
    whole : Whole
        Of all points, which vary along one direction or more.
    group : float64 array of shape (n_directions, n_directions)
        Covariance of the points of one group, in the frame of `whole`.
    n_group : int
        Number of them, two or more.
    difference : float64 array of shape (z_dim,)
        Mean of that group minus that of the others.

    Returns
    -------
    length : float
    hotelling : float or None
        None if there are too few points for as many directions.
    """
    difference = whole.axes @ difference
    one = Group(n_group, group)
    groups = one, Group.rest(whole, one, difference)
    least = smallest_p_value(whole.n, n_group)
    widest = np.full_like(whole.variance, np.sqrt(whole.variance[0]))
    shared = 1 / groups[0].n + 1 / groups[1].n
    total = float(np.sum((difference / widest) ** 2))
    by_chance = sum_exceeds(whole.variance / whole.variance[0] * shared, total)
    length = max(by_chance, _equal_means(groups, difference, widest), least)
    rank = len(whole.variance)
    if whole.n <= rank + 1:
        return length, None
    stretch = np.sqrt(whole.variance)
    square = float(np.sum((difference / stretch) ** 2)) / shared / (whole.n - 1)
    by_chance = float(beta.sf(min(square, 1.0), rank / 2, (whole.n - 1 - rank) / 2))
    return length, max(by_chance, _equal_means(groups, difference, stretch), least)


def _equal_means(groups: tuple[Group, Group], difference: FloatArray, scale: FloatArray) -> float:
    """Return the p-value of the squared length if each group has its own covariance.

    `scale` is the unit of each direction.
    """
    parts = [one.covariance / one.n / np.outer(scale, scale) for one in groups]
    covariance = parts[0] + parts[1]
    spread = sum(
        np.sum(part**2) / max(one.n - 1, 1) for part, one in zip(parts, groups, strict=True)
    )
    dof = np.trace(covariance) ** 2 / spread if spread else np.inf
    weights = np.maximum(np.linalg.eigvalsh(covariance), 0.0)
    return sum_exceeds(weights, float(np.sum((difference / scale) ** 2)), float(dof))
