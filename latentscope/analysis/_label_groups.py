"""Which points have a property: a label of two values, of many numbers, or of categories."""

from typing import NamedTuple

import numpy as np

from latentscope._types import Array, BoolArray
from latentscope.errors import DataError
from latentscope.rows.reduction import row_numbers
from latentscope.rows.source import Rows

Value = str | bool | int | float

_SHOWN = 10  # categories that an error lists


class Split(NamedTuple):
    """The points of a label in two groups.

    Attributes
    ----------
    has_it : bool array of shape (n_points,)
        False too for rows that are left out.
    threshold : float or None
        Points whose label exceeds it have the property; None for a category.
    n_categories : int
        Number of ways to split the label into one category and the rest; 1 where there is one way.
    is_cut : bool
        True if the label has more than two different numbers, which are split at the threshold.
    """

    has_it: BoolArray
    threshold: float | None
    n_categories: int
    is_cut: bool = False


def split(rows: Rows, label: str, value: Value | None) -> Split:
    """Split the points at a threshold, or into those of one category and the others."""
    values = np.asarray(rows.labels[label][:])
    if not rows.drops_nonfinite:
        return _split(values, label, value)
    used, has_it = row_numbers(rows), np.zeros(rows.n_total, dtype=bool)
    found = _split(values[used], label, value)
    has_it[used] = found.has_it
    return found._replace(has_it=has_it)


def categories(rows: Rows, label: str) -> tuple[str, ...]:
    """Return the different texts of a label in order; none for a label of numbers."""
    values = np.asarray(rows.labels[label][:])
    if rows.drops_nonfinite:
        values = values[row_numbers(rows)]
    return tuple(map(str, np.unique(values))) if _is_text(values) else ()


def _split(values: Array, label: str, value: Value | None) -> Split:
    is_text = _is_text(values)
    if values.dtype.kind not in "biuf" and not is_text:
        raise DataError(f"labels[{label!r}] must hold numbers or text; got {values.dtype}.")
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        n_bad = np.count_nonzero(~finite)
        raise DataError(f"labels[{label!r}] must be finite; {n_bad:,} of {len(values):,} are not.")
    if value is not None or is_text:
        return _one_against_the_rest(values, label, value)
    low, high = values.min(), values.max()
    if low == high:
        raise DataError(f"labels[{label!r}] must differ; all are {float(low):g}.")
    n_at_ends = sum(int(np.count_nonzero(values == end)) for end in (low, high))
    return Split(*_above_threshold(values, label), 1, n_at_ends < len(values))


def _is_text(values: Array) -> bool:
    """Return True if all values are text."""
    if values.dtype.kind == "O":
        return all(isinstance(one, str) for one in values)
    return values.dtype.kind in "UT"


def _one_against_the_rest(values: Array, label: str, value: Value | None) -> Split:
    """Return which values are of the category `value`."""
    found = np.unique(values)
    if len(found) < 2:
        raise DataError(f"labels[{label!r}] must differ; all are {found.tolist()[0]!r}.")
    if value is None or value not in found.tolist():
        listed = ", ".join(map(repr, found[:_SHOWN].tolist()))
        more = f" … ({len(found):,} in all)" if len(found) > _SHOWN else ""
        given = "none was given" if value is None else f"got {value!r}"
        raise DataError(
            f"value must be one of the categories of labels[{label!r}], {listed}{more}; {given}.",
            parameter="value",
            remedy="Points of that category are compared with all others.",
        )
    return Split(values == value, None, len(found) if len(found) > 2 else 1)


def _above_threshold(values: Array, label: str) -> tuple[BoolArray, float]:
    """Return which numbers exceed the threshold that splits them, and the threshold."""
    low, high = values.min(), values.max()
    n_extreme = np.count_nonzero(values == low) + np.count_nonzero(values == high)
    if n_extreme == len(values):  # a property
        return values > low, (float(low) + float(high)) / 2
    if (threshold := float(np.median(values))) >= high:  # half of the points or more are highest
        threshold = (float(values[values < high].max()) + float(high)) / 2
    has_it = values > threshold
    if not 0 < np.count_nonzero(has_it) < len(values):
        raise DataError(f"labels[{label!r}] must differ by more than float64 can tell apart.")
    return has_it, threshold
