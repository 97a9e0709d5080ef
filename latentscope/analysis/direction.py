"""Which direction in the latent space does a label point to?

The mean of the points that have a property minus the mean of those that do not is a vector. Adding
it to a point adds the property to the decoded image, as far as the decoder follows. The means of
two random groups differ too, so the length of the vector is compared with that expected by chance.

References
----------
A. B. L. Larsen et al. (2016), Autoencoding beyond pixels using a learned similarity metric, ICML,
section 4.1 (visual attribute vectors). arXiv:1512.09300
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from latentscope._types import Array, BoolArray, FloatArray
from latentscope._validate import one_of
from latentscope.errors import DataError, DataTypeError
from latentscope.latents import Latents
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce, row_numbers
from latentscope.rows.source import Rows, as_rows
from latentscope.rows.summaries import Block, Summary
from latentscope.statistics.moments import Moments


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Direction(OnePanel):
    """Mean of the points with a property minus the mean of those without it.

    Attributes
    ----------
    label : str
        Name of the property.
    threshold : float
        Points whose label exceeds it count as having the property.
    n_with, n_without : int
        Numbers of points in the two groups.
    vector : float64 array of shape (z_dim,)
        Difference of the means, same unit as z. ``z + vector`` adds the property.
    chance_length : float
        Root mean square length of the difference if the same labels were assigned at random.
    spread : float
        Standard deviation of the points along the vector, within the groups.
    """

    label: str
    threshold: float
    n_with: int
    n_without: int
    vector: FloatArray
    chance_length: float
    spread: float

    _plot: ClassVar[str] = "plot_direction"

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
        """Length divided by `chance_length`; about 1 if the label is unrelated to z."""
        return _ratio(self.length, self.chance_length)

    def headline(self) -> dict[str, Any]:
        """Return how far apart the two groups are."""
        return {
            "label": self.label,
            "with": self.n_with,
            "without": self.n_without,
            "length": self.length,
            "times chance": self.times_chance,
            "separation": self.separation,
        }


def direction(latents: Latents | Rows, label: str) -> Direction:
    """Compute the direction of a label: the difference of two means.

    Parameters
    ----------
    latents : Latents, or finite_rows of them
        With labels, in memory or in a file. Read twice; three times if rows are left out. The
        labels of rows that are left out do not count.
    label : str
        Name of one of the labels. Its values are True and False, 0 and 1, or any other numbers,
        which are split at their median.

    Returns
    -------
    Direction
        The vector, and the length expected by chance.

    Raises
    ------
    DataError
        If there is no such label, or its values are not numbers, not finite, or all equal.

    Notes
    -----
    Random groups of n₁ and n₀ points differ by √(V (1/n₁ + 1/n₀)) in root mean square, where V is
    the sum of the variances of all axes over all points. This is exactly the mean over all
    permutations of the label. The vector includes everything that is correlated with the label in
    these data: adding a beard may also make the hair shorter.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((4000, 8))
    >>> smiling = np.arange(4000) % 2 == 0
    >>> z[smiling, 3] += 2
    >>> found = direction(Latents(z, labels={"smiling": smiling}), "smiling")
    >>> int(np.abs(found.vector).argmax()), round(found.length), round(found.separation)
    (3, 2, 2)
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
    has_it, threshold = _split(rows, one_of("label", label, tuple(rows.labels)))
    (groups,) = reduce(rows, _Groups(rows.z_dim, has_it), progress="means of the groups")
    vector, n_with, n_without = groups.difference, groups.parts[True].n, groups.parts[False].n
    unit = vector / (np.linalg.norm(vector) or 1.0)
    (along,) = reduce(rows, _Groups(1, has_it, unit[:, None]), progress="spread of the groups")
    return Direction(
        n_used=n_with + n_without,
        n_total=rows.n_total,
        label=label,
        threshold=threshold,
        n_with=n_with,
        n_without=n_without,
        vector=vector,
        chance_length=float(np.sqrt(groups.total_variance * (1 / n_with + 1 / n_without))),
        spread=float(np.sqrt(along.variance_within[0])),
    )


def _split(rows: Rows, label: str) -> tuple[BoolArray, float]:
    """Return which points have the property, and the value above which they do."""
    values = np.asarray(rows.labels[label][:])
    if not rows.drops_nonfinite:
        return _split_values(values, label)
    used, has_it = row_numbers(rows), np.zeros(rows.n_total, dtype=bool)
    has_it[used], threshold = _split_values(values[used], label)
    return has_it, threshold


def _split_values(values: Array, label: str) -> tuple[BoolArray, float]:
    """Return which values of a label exceed the threshold that splits them, and the threshold."""
    if values.dtype.kind not in "biuf":
        raise DataError(f"labels[{label!r}] must hold numbers; got {values.dtype}.")
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        n_bad = np.count_nonzero(~finite)
        raise DataError(f"labels[{label!r}] must be finite; {n_bad:,} of {len(values):,} are not.")
    low, high = values.min(), values.max()
    if low == high:
        raise DataError(f"labels[{label!r}] must differ; all are {float(low):g}.")
    n_extreme = np.count_nonzero(values == low) + np.count_nonzero(values == high)
    if n_extreme == len(values):  # a property
        return values > low, (float(low) + float(high)) / 2
    if (threshold := float(np.median(values))) >= high:  # half of the points or more are highest
        threshold = (float(values[values < high].max()) + float(high)) / 2
    has_it = values > threshold
    if not 0 < np.count_nonzero(has_it) < len(values):
        raise DataError(f"labels[{label!r}] must differ by more than float64 can tell apart.")
    return has_it, threshold


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
