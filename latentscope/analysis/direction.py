"""Which direction in the latent space does a label point to?

The mean of the points that have a property minus the mean of those that do not is a vector. Adding
it to a point adds the property to the decoded image, as far as the decoder follows. The means of
two random groups differ too, so two tests say whether these differ by more: of the vector's length,
and Hotelling's T², which sees small shifts along axes that vary little.

References
----------
A. B. L. Larsen et al. (2016), Autoencoding beyond pixels using a learned similarity metric, ICML,
section 4.1 (visual attribute vectors). arXiv:1512.09300
The tests: see `latentscope.statistics.two_means`.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from latentscope._types import BoolArray, FloatArray
from latentscope._validate import one_of
from latentscope.analysis._label_groups import Value, split
from latentscope.errors import DataError, DataTypeError
from latentscope.latents import Latents
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Rows, as_rows
from latentscope.rows.summaries import Block, Summary
from latentscope.statistics import ALPHA
from latentscope.statistics.moments import Covariance, DoubleCovariance, Moments, varying_axes
from latentscope.statistics.two_means import Whole, p_values, smallest_p_value

_SMALLEST_SHOWN = 1e-12  # p-value, below which sentences say no more


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Direction(OnePanel):
    """Mean of the points with a property minus the mean of those without it.

    Attributes
    ----------
    label : str
        Name of the property.
    value : str, bool, int, float or None
        Category whose points have the property; None if the label's numbers are split.
    threshold : float or None
        Points whose label exceeds it count as having the property; None for a category.
    is_cut : bool
        True if the label has more than two different numbers, which are split at `threshold`.
    n_with, n_without : int
        Numbers of points in the two groups.
    vector : float64 array of shape (z_dim,)
        Difference of the means, same unit as z. ``z + vector`` adds the property.
    chance_length : float
        Root mean square length of the difference if the same labels were assigned at random.
    spread : float
        Standard deviation of the points along the vector, within the groups.
    length_p_value, hotelling_p_value : float or None
        Probability of a difference at least as long, and of a Hotelling's T² at least as large, if
        the label had nothing to do with the mean of z; not corrected for other tests. None where
        there are too few points.
    n_labels : int
        Number of labels of the latents, which `p_value` is corrected for.
    n_categories : int
        Number of categories of this label, each of which can be compared with the others; `p_value`
        is corrected for it. 1 for a label that has only one way to be split.
    """

    label: str
    value: Value | None
    threshold: float | None
    is_cut: bool
    n_with: int
    n_without: int
    vector: FloatArray
    chance_length: float
    spread: float
    length_p_value: float | None
    hotelling_p_value: float | None
    n_labels: int
    n_categories: int

    _plot: ClassVar[str] = "plot_direction"

    @property
    def name(self) -> str:
        """The label, with the category if there is one."""
        return self.label if self.value is None else f"{self.label} = {self.value}"

    @property
    def n_tests(self) -> int:
        """Number of tests that `p_value` is corrected for: two per category and label at most."""
        n_laws = 2 - (self.length_p_value is None) - (self.hotelling_p_value is None)
        return n_laws * self.n_labels * self.n_categories

    @property
    def p_value(self) -> float | None:
        """Probability that chance gives any label of these latents a difference as clear as this.

        The smaller p-value of the two tests times `n_tests` (Bonferroni), so that with labels that
        have nothing to do with z, the smallest of all their p-values is below 0.05 once in 20 times
        or less. None where there are too few points to tell.
        """
        found = [p for p in (self.length_p_value, self.hotelling_p_value) if p is not None]
        return min(1.0, self.n_tests * min(found)) if found else None

    @property
    def p_in_words(self) -> str:
        """The p-value as a sentence gives it, such as "p = 0.021" or "p < 1e-12"."""
        if self.p_value is None:
            return "too few points to tell"
        p = self.p_value
        return f"p = {p:.2g}" if p >= _SMALLEST_SHOWN else f"p < {_SMALLEST_SHOWN:g}"

    @property
    def is_significant(self) -> bool:
        """True if the two means differ by more than chance explains: p is at most 0.05."""
        return self.p_value is not None and self.p_value <= ALPHA

    @property
    def verdict(self) -> str:
        """Whether the label has a direction, in words, and what that rests on."""
        groups = f"groups of {self.n_with:,} and {self.n_without:,} points{self._which}"
        if self.p_value is None:
            few = not _can_tell(self.n_with, self.n_without, self.n_labels * self.n_categories)
            reason = f"{groups} are too small" if few else "the points do not differ enough"
            return f"Cannot tell whether {self.name} has a direction: {reason}."
        test = f"{self.p_in_words}{self._others}"
        if self.is_significant:
            return f"{self.name} has a direction: the means of {groups} differ ({test})."
        return (
            f"No direction of {self.name} was found: the means of {groups} do not differ "
            f"significantly more than those of random groups ({test})."
        )

    @property
    def _which(self) -> str:
        """How numbers were split; empty for a category or a label of two values."""
        if self.threshold is None or not self.is_cut:
            return ""
        median = ", about the median," if self.n_with <= self.n_without else ""
        return f" (those with values above {self.threshold:.4g}{median} and the others)"

    @property
    def _others(self) -> str:
        """What the p-value is corrected for; empty if it is a single test."""
        labels = f"{self.n_labels:,} label{'s' * (self.n_labels > 1)}"
        if self.n_categories == 1:
            return f", corrected for {labels}" if self.n_labels > 1 else ""
        return f", corrected for {labels} and {self.n_categories:,} categories"

    @property
    def length(self) -> float:
        """L2 norm of the vector, same unit as z."""
        return float(np.linalg.norm(self.vector))

    @property
    def separation(self) -> float:
        """Distance of the two means in standard deviations along the vector (Cohen's d)."""
        return _ratio(self.length, self.spread)

    @property
    def times_chance(self) -> float:
        """Length divided by `chance_length`; its square is 1 on average if the label is random.

        It says how long the vector is, not whether chance explains it; see `p_value`.
        """
        return _ratio(self.length, self.chance_length)

    def headline(self) -> dict[str, Any]:
        """Return how far apart the two groups are."""
        return {
            "label": self.name,
            "with": self.n_with,
            "without": self.n_without,
            "length": self.length,
            "times chance": self.times_chance,
            "separation": self.separation,
            "p": None if self.p_value is None else self.p_in_words.removeprefix("p ").strip("= "),
        }


def direction(latents: Latents | Rows, label: str, *, value: Value | None = None) -> Direction:
    """Compute the direction of a label: the difference of two means.

    Parameters
    ----------
    latents : Latents, or finite_rows of them
        With labels, in memory or in a file. Read three times; four times if rows are left out. The
        labels of rows that are left out do not count.
    label : str
        Name of one of the labels. Its values are True and False, 0 and 1, or any other numbers,
        which are split at their median; or categories, as text or numbers, with `value`.
    value : str, bool, int or float, optional
        One of the label's categories: its points are compared with all others. Required for a label
        of text.

    Returns
    -------
    Direction
        The vector, the length expected by chance, and a p-value.

    Raises
    ------
    DataError
        If there is no such label or category, or the label's values are neither finite numbers nor
        text, or all equal; or if z has more axes than a covariance matrix can have.

    Notes
    -----
    Random groups of n₁ and n₀ points differ by √(V (1/n₁ + 1/n₀)) in root mean square, where V is
    the sum of the variances of all axes over all points. This is exactly the mean over all
    permutations of the label. The squared length of the difference is a sum of χ²₁ variables,
    weighted with the eigenvalues of the covariance times (1/n₁ + 1/n₀); in a cloud with a few wide
    axes it is often more than twice as long as that. Hotelling's T² is the squared length measured
    in standard deviations along each direction. Both tests are repeated with the covariance of each
    group instead, as Welch's t-test does, and the larger p-value counts: then heavy tails, skewed
    axes or groups of unequal width do not lead to a claim. A p-value is never smaller than one over
    the number of ways to choose the n₁ points. Points are taken as independent.

    The vector includes everything that is correlated with the label in these data: adding a beard
    may also make the hair shorter.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((4000, 8))
    >>> smiling = np.arange(4000) % 2 == 0
    >>> z[smiling, 3] += 2
    >>> found = direction(Latents(z, labels={"smiling": smiling}), "smiling")
    >>> int(np.abs(found.vector).argmax()), round(found.length), round(found.separation)
    (3, 2, 2)
    >>> found.p_value < 1e-12
    True
    """
    if not isinstance(latents, Latents | Rows):
        raise DataTypeError(
            f"latents must be Latents with labels; got {type(latents).__name__}. Pass latents = "
            "Latents(z, labels={name: values}). Rows with NaN? Pass finite_rows(latents).",
            parameter="latents",
        )
    if not latents.labels:
        raise DataError(
            "latents must have labels; got none. Pass Latents(z, labels={name: values}), or "
            "finite_rows of such latents.",
            parameter="latents",
        )
    rows = as_rows(latents)
    one_of("label", label, tuple(rows.labels))
    return direction_within(None, rows, label, value)


def whole_of(rows: Rows) -> Whole:
    """Return the covariance of all rows, which all labels share."""
    (found,) = reduce(rows, DoubleCovariance(rows.z_dim), progress="covariance")
    return Whole(found.n, found.mean, *varying_axes(found, rows.matrices["z"].dtype))


def direction_within(whole: Whole | None, rows: Rows, label: str, value: Value | None) -> Direction:
    """Return the direction of a label, with `whole_of` the rows if it is known."""
    has_it, threshold, n_categories, is_cut = split(rows, label, value)
    whole = whole_of(rows) if whole is None else whole
    is_rarer = 2 * np.count_nonzero(has_it) <= whole.n
    groups, rarer = reduce(
        rows,
        _Groups(rows.z_dim, has_it),
        _Chosen(whole, has_it == is_rarer),
        progress="means of the groups",
    )
    vector, n_with, n_without = groups.difference, groups.parts[True].n, groups.parts[False].n
    unit = vector / (np.linalg.norm(vector) or 1.0)
    (along,) = reduce(rows, _Groups(1, has_it, unit[:, None]), progress="spread of the groups")
    length_p, hotelling_p = None, None
    can_tell = _can_tell(n_with, n_without, len(rows.labels) * n_categories)
    if can_tell and len(whole.variance):
        length_p, hotelling_p = p_values(whole, rarer.covariance, rarer.n, vector)
    return Direction(
        n_used=n_with + n_without,
        n_total=rows.n_total,
        label=label,
        value=value,
        threshold=threshold,
        is_cut=is_cut,
        n_with=n_with,
        n_without=n_without,
        vector=vector,
        chance_length=float(np.sqrt(groups.total_variance * (1 / n_with + 1 / n_without))),
        spread=float(np.sqrt(along.variance_within[0])),
        length_p_value=length_p,
        hotelling_p_value=hotelling_p,
        n_labels=len(rows.labels),
        n_categories=n_categories,
    )


def _can_tell(n_with: int, n_without: int, n_splits: int) -> bool:
    """Return True if both groups have a spread and any result could be significant."""
    least = n_splits * smallest_p_value(n_with + n_without, n_with)
    return min(n_with, n_without) > 1 and least <= ALPHA


class _Chosen(Covariance):
    """Covariance of the rows that are chosen, in the frame of all."""

    def __init__(self, whole: Whole, chosen: BoolArray) -> None:
        super().__init__(len(whole.axes))
        self.whole, self.chosen = whole, chosen

    def empty(self) -> Self:
        return type(self)(self.whole, self.chosen)

    def update(self, block: Block) -> None:
        if (chosen := self.chosen[block.rows]).any():
            self.add((block.z[chosen] - self.whole.mean) @ self.whole.axes.T)


class _Groups(Summary):
    """Moments of the rows with and without a property, in a frame if one is given."""

    def __init__(self, n_axes: int, has_it: BoolArray, frame: FloatArray | None = None) -> None:
        self.n_axes, self.has_it, self.frame = n_axes, has_it, frame
        self.parts = {True: Moments(n_axes), False: Moments(n_axes)}

    def empty(self) -> Self:
        return type(self)(self.n_axes, self.has_it, self.frame)

    def update(self, block: Block) -> None:
        z = block.z if self.frame is None else block.z @ self.frame
        for group, moments in self.parts.items():
            chosen = self.has_it[block.rows] == group
            if chosen.any():
                moments.add(np.ascontiguousarray(z[chosen]))

    def merge(self, other: Self) -> None:
        for group, moments in self.parts.items():
            moments.merge(other.parts[group])

    @property
    def difference(self) -> FloatArray:
        """Mean of the rows with the property minus that of the others."""
        return self.parts[True].mean - self.parts[False].mean

    @property
    def variance_within(self) -> FloatArray:
        """Variance of each axis within the groups."""
        has, lacks = self.parts[True], self.parts[False]
        return (has.squares + lacks.squares) / max(has.n + lacks.n - 2, 1)

    @property
    def total_variance(self) -> float:
        """Sum over the axes of their variance over all rows."""
        whole = Moments(self.n_axes)
        whole.merge(self.parts[True])
        whole.merge(self.parts[False])
        return float(whole.squares.sum()) / (whole.n - 1)


def _ratio(length: float, unit: float) -> float:
    """Return length / unit, 0 if both are 0."""
    if unit:
        return length / unit
    return math.inf if length else 0.0
