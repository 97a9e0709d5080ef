"""What is noteworthy about the rows themselves, before anything is read into their cloud?

Copies, a row far from all others, an index among the coordinates, normalised rows or constant axes
make every analysis answer a question about the file. Each note is one sentence with its number;
where nothing is noteworthy there is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from latentscope._table import percentage
from latentscope._types import Array, IntArray
from latentscope.analysis.axes import AxisDensity
from latentscope.analysis.pca import PCA
from latentscope.analysis.radius import RadiusDensity
from latentscope.results import Result
from latentscope.statistics.extremes import Extremes
from latentscope.statistics.moments import Moments
from latentscope.statistics.row_copies import Repeated, RowCopies

NoteKind = Literal[
    "copies", "near-copies", "one row", "index", "unit norm", "constant axes",
    "nearly constant axes", "repeated values", "few directions", "order",
]  # fmt: skip

_COPIES = 0.005  # share of the rows
_MIN_DIRECTIONS = 6  # in fewer, rows may agree in three digits by chance
_CENTRED = 3.0  # std from 0, within which three digits of an axis tell rows apart
_ONE_ROW = 0.2  # share of the variance
_MOST = 0.5  # share of the variance, beyond which one row outweighs all others
MIN_ROWS = 100  # with fewer, one row may hold much of the variance by chance
_MIN_INDEXED = 50  # rows that must rise, or never repeat
_EQUAL_RADII = 2e-3  # relative: rows stored in float16 are unit vectors to within this
_THIN = 0.02  # of the cloud's own spread: a small cloud far from the origin is no sphere
_NEARLY_CONSTANT = 0.01  # of the broadest axis' std
_FEW_DIRECTIONS = 0.1  # participation over axes
_MIN_SPREAD = 20  # rows, of which an axis is not nearly constant by chance
_N_NAMED = 5  # axes
_ALIKE = 0.75  # of the mean squared distance, between rows that follow each other
_ENOUGH_STEPS = 400  # rows times directions, so that this is five errors below 1
_RISES = "changes in one direction", "change in one direction"
_NUMBERS = "holds a different whole number in", "hold a different whole number in"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Note(Result):
    """One noteworthy fact about the rows.

    Attributes
    ----------
    kind : str
        What it is about: "copies", "near-copies", "one row", "index", "unit norm", "constant axes",
        "nearly constant axes", "repeated values", "few directions" or "order".
    text : str
        The fact as one or two sentences.
    share : float
        The share it states: of the rows, of the variance ("one row", "few directions"), of the
        mean squared distance of two rows ("order") or of the axes (others).
    axes : int64 array
        The axes it is about; none if it is about whole rows.
    n_used : int
        Rows that were looked at.
    """

    kind: NoteKind
    text: str
    share: float
    axes: IntArray

    def headline(self) -> dict[str, Any]:
        """Return the sentence."""
        return {self.kind: self.text}


def data_notes(
    *,
    axes: AxisDensity,
    radius: RadiusDensity,
    pca: PCA,
    moments: Moments,
    extremes: Extremes,
    copies: RowCopies,
    some: Array,
) -> tuple[Note, ...]:
    """Return what is noteworthy; `some` are rows spread over the source, in its order."""
    if not axes.std.any():
        text = "All rows are the same point: there is nothing to analyse."
        return (_note(axes, "copies", text, 1.0),)
    numbered = list(_index(axes, some))
    leading = [*_one_row(axes, moments, extremes), *numbered]
    copied = list(_copies(axes, pca, copies))
    return (
        *copied,
        *leading,
        *_unit_norm(axes, radius, float(pca.total_variance)),
        *_constant(axes, numbered),
        *_repeated(axes),
        *(() if leading else _few_directions(axes, pca)),
        *(() if leading or copied else _order(axes, some, pca.participation)),
    )


def _note(
    axes: AxisDensity,
    kind: NoteKind,
    text: str,
    share: float,
    among: IntArray | None = None,
    n_used: int | None = None,
) -> Note:
    return Note(
        n_used=axes.n_used if n_used is None else n_used,
        n_total=axes.n_total,
        kind=kind,
        text=text,
        share=float(share),
        axes=np.empty(0, dtype=np.int64) if among is None else among,
    )


def _copies(axes: AxisDensity, pca: PCA, copies: RowCopies) -> Iterator[Note]:
    exact, near = copies.copies, copies.near_copies
    if exact.share >= _COPIES:
        text = (
            f"{_some_rows(exact, exact.share, 'copy', 'copies')} of an earlier row. Copies add no "
            "information, and tests that take rows for independent become too confident."
        )
        yield _note(axes, "copies", text, exact.share, n_used=exact.n)
    is_told = (np.abs(axes.mean) < _CENTRED * axes.std).sum() >= _MIN_DIRECTIONS
    share = near.share - exact.share  # at least: of two close values, each axis may split some
    if share >= _COPIES and is_told and pca.participation >= _MIN_DIRECTIONS:
        some = _some_rows(near, share, "near-copy", "near-copies").lower()
        text = (
            f"At least {some} of an earlier row: the same in about three digits along every axis, "
            "but not equal."
        )
        yield _note(axes, "near-copies", text, share, n_used=near.n)


def _some_rows(found: Repeated, share: float, one: str, many: str) -> str:
    if not found.is_exact:
        return f"About {share:.1%} of the rows (estimated from {found.n:,} of them) are {many}"
    n = round(share * found.n)
    return f"{n:,} of {found.n:,} rows ({share:.1%}) {f'is a {one}' if n == 1 else f'are {many}'}"


def _one_row(axes: AxisDensity, moments: Moments, extremes: Extremes) -> Iterator[Note]:
    """Sum, per row, the squared deviations along the axes of which it is an extreme."""
    total = float(moments.squares.sum())
    if axes.n_used < MIN_ROWS or not total:
        return
    square = (np.stack([extremes.minimum, extremes.maximum]) - moments.mean) ** 2
    rows, place = np.unique(extremes.rows.ravel(), return_inverse=True)
    share = np.bincount(place.ravel(), square.ravel()) / total
    row = int(share.argmax())
    made = percentage(min(share[row], 1), digits=0)
    if share[row] > _ONE_ROW:
        effect = (
            "Widths and components describe this row more than all others together; check it, or "
            "leave it out."
            if share[row] > _MOST
            else "It widens the axes and may turn the components; compare with it left out."
        )
        text = f"Row {rows[row]:,} alone accounts for {made} of the total variance. {effect}"
        yield _note(axes, "one row", text, share[row])


def _index(axes: AxisDensity, some: Array) -> Iterator[Note]:
    if len(some) < _MIN_INDEXED:
        return
    steps = np.diff(some, axis=0)
    rises = np.flatnonzero((steps > 0).all(axis=0) | (steps < 0).all(axis=0))
    most = 1 / np.finfo(some.dtype).eps  # beyond it, every float is a whole number
    whole = ((some == np.round(some)) & (np.abs(some) < most)).all(axis=0)
    whole &= axes.top_share * len(some) < 1.5  # rows; none has a value twice
    numbers = np.setdiff1d(np.flatnonzero(whole), rises)
    examined = f"the {len(some):,} rows examined"
    through, each = f"through {examined}", f"each of {examined}"
    if len(some) == axes.n_used:
        through, each = "from row to row", "every row"
    for among, what, where in ((rises, _RISES, through), (numbers, _NUMBERS, each)):
        if len(among):
            text = (
                f"{_named(among)} {_verb(among, *what)} {where}, like an index or an identifier. "
                "Leave it out if it is not a coordinate."
            )
            yield _note(axes, "index", text, len(among) / axes.z_dim, among, len(some))


def _unit_norm(axes: AxisDensity, radius: RadiusDensity, total_variance: float) -> Iterator[Note]:
    spread = radius.maximum - radius.minimum
    is_thin = spread <= min(_EQUAL_RADII * radius.maximum, _THIN * total_variance**0.5)
    if axes.z_dim > 1 and is_thin:
        text = (
            f"All rows have the same distance from the origin, {radius.mean:.6g} to within "
            f"{spread:.1g}: they lie on a sphere, as normalised rows do."
        )
        yield _note(axes, "unit norm", text, 1.0)


def _constant(axes: AxisDensity, numbered: list[Note]) -> Iterator[Note]:
    """Name axes without variance, or with little beside the broadest that is not an index."""
    constant = np.flatnonzero(axes.is_constant)
    if len(constant):
        text = f"{_counted(constant, axes.z_dim)} constant: {_named(constant, 'a')}."
        yield _note(axes, "constant axes", text, len(constant) / axes.z_dim, constant)
    is_index = np.isin(np.arange(axes.z_dim), [axis for one in numbered for axis in one.axes])
    broadest = float(axes.std[~is_index].max(initial=0))
    nearly = np.flatnonzero((axes.std < _NEARLY_CONSTANT * broadest) & ~axes.is_constant)
    if len(nearly) and axes.n_used >= _MIN_SPREAD:
        text = (
            f"{_counted(nearly, axes.z_dim)} nearly constant: {_named(nearly, 'a')}, with a "
            f"standard deviation below {_NEARLY_CONSTANT:.0%} of that of the broadest axis."
        )
        yield _note(axes, "nearly constant axes", text, len(nearly) / axes.z_dim, nearly)


def _repeated(axes: AxisDensity) -> Iterator[Note]:
    shape = np.array(axes.shape)
    few, one = np.flatnonzero(shape == "few values"), np.flatnonzero(shape == "repeated value")
    if len(few):
        text = f"{_named(few)} {_verb(few, 'holds', 'hold')} only a few different values."
        yield _note(axes, "repeated values", text, len(few) / axes.z_dim, few, axes.n_examined)
    if len(one):
        most = int(one[axes.top_share[one].argmax()])
        hold = percentage(axes.top_share[most], digits=0)
        text = (
            f"On {len(one):,} of {axes.z_dim:,} axes many rows share one value; most on axis "
            f"{most}, where {hold} of the rows hold {axes.top_value[most]:.4g}."
        )
        yield _note(axes, "repeated values", text, len(one) / axes.z_dim, one, axes.n_examined)


def _few_directions(axes: AxisDensity, pca: PCA) -> Iterator[Note]:
    share = pca.participation / axes.z_dim
    if 0 < share < _FEW_DIRECTIONS and axes.n_used > axes.z_dim:
        text = (
            "The variance is concentrated: its effective number of directions (participation "
            f"ratio) is {pca.participation:.3g} of {axes.z_dim:,}."
        )
        yield _note(axes, "few directions", text, share)


def _order(axes: AxisDensity, some: Array, participation: float) -> Iterator[Note]:
    """Compare rows that follow each other with two that are drawn at random (von Neumann 1941)."""
    if len(some) * participation < _ENOUGH_STEPS:
        return
    points = some.astype(np.float64)
    steps = float((np.diff(points, axis=0) ** 2).sum(axis=1).mean())
    share = steps / (2 * float(points.var(axis=0, ddof=1).sum()))
    if share < _ALIKE:
        text = (
            f"Rows that follow each other are alike: their mean squared distance is {share:.0%} of "
            "that of two rows at random. That means nothing if the file is sorted; but rows that "
            "follow each other in time are not independent, and tests find too much in them."
        )
        yield _note(axes, "order", text, share, n_used=len(some))


def _counted(among: IntArray, z_dim: int) -> str:
    return f"{len(among):,} of {z_dim:,} axes {_verb(among, 'is', 'are')}"


def _verb(among: IntArray, one: str, many: str) -> str:
    return one if len(among) == 1 else many


def _named(among: IntArray, first: str = "A") -> str:
    """Return the numbers of the axes, the first few if there are many."""
    numbers = ", ".join(map(str, among[:_N_NAMED].tolist()))
    if len(among) == 1:
        return f"{first}xis {numbers}"
    more = f" and {len(among) - _N_NAMED:,} more" if len(among) > _N_NAMED else ""
    return f"{first}xes {numbers}{more}"
