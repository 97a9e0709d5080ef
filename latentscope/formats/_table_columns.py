"""Telling the columns of a table that are coordinates from those that are labels.

Columns of numbers whose names are a common stem with consecutive numbers (z0, z1, … or dim_1,
dim_2, …) form one array, named after the stem. If there are none, z is made of all columns of
floating-point numbers or, if there are none of these either, of all columns of whole numbers; a
warning lists them. The other columns are labels.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from latentscope.errors import DataError
from latentscope.formats._names import is_id_name, role_of

_NUMBERED = re.compile(r"(.*?)[\s_.\-\[(]*(\d{1,9})[\])]?", re.DOTALL)
_MIN_COLUMNS = 2  # columns that form an array
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, grouped into arrays.

    Attributes
    ----------
    arrays : dict of str to list of int
        The positions of the columns of each array.
    note : str
        Text of a warning when z is opened, if the names do not show which columns are z.
    """

    arrays: dict[str, list[int]]
    note: str = ""


def sorted_out(names: Sequence[str], kinds: Sequence[str]) -> Columns:
    """Separate arrays from labels.

    Parameters
    ----------
    names : sequence of str
        Names of all columns.
    kinds : sequence of {"float", "int", "other"}
        What they hold.

    Raises
    ------
    DataError
        If some of the numbered columns are missing.

    Examples
    --------
    >>> sorted_out(["id", "z0", "z1", "age"], ["other", "float", "float", "int"]).arrays
    {'z': [1, 2]}
    >>> print(sorted_out(["x", "y", "label"], ["float", "float", "int"]).note)
    z is made of the columns x, y; labels: label. To choose, number the columns of z (z0, z1, …).
    """
    found: dict[str, dict[int, int]] = {}
    words: dict[str, set[int]] = {}
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        match = _NUMBERED.fullmatch(name)
        if match and kind == "other":
            words.setdefault(match[1], set()).add(int(match[2]))
        elif match:
            found.setdefault(match[1], {})[int(match[2])] = position
    runs = {
        stem or "z": [members[number] for number in sorted(members)]
        for stem, members in found.items()
        if (len(members) >= _MIN_COLUMNS or (_is_ours(stem) and 0 in members))
        and _is_run(stem, sorted(members), words.get(stem, set()))
    }
    if "z" in runs:  # other numbers beside it are labels
        runs = {stem: at for stem, at in runs.items() if _is_ours(stem)}
    return Columns(runs) if runs else _by_kind(names, kinds)


def named(names: Sequence[str], at: Sequence[int]) -> str:
    """Return the names of the columns at these positions, the first and the last if many.

    Examples
    --------
    >>> named(["id", *(f"z{i}" for i in range(9))], range(1, 10))
    'columns z0 … z8'
    """
    chosen = [names[position] for position in at]
    if len(chosen) > _SHOWN:
        return f"columns {chosen[0]} … {chosen[-1]}"
    return f"columns {', '.join(chosen)}"


def _is_ours(stem: str) -> bool:
    return stem == "z" or bool(role_of(stem))


def _by_kind(names: Sequence[str], kinds: Sequence[str]) -> Columns:
    """Take the columns of floats or, if there are none, of whole numbers that are not ids."""
    for wanted in ("float", "int"):
        chosen = [
            position
            for position, (name, kind) in enumerate(zip(names, kinds, strict=True))
            if kind == wanted and not is_id_name(name)
        ]
        if chosen:
            others = [name for i, name in enumerate(names) if i not in chosen and name]
            return Columns({"z": chosen}, _note([names[i] for i in chosen], others))
    return Columns({})


def _note(chosen: Sequence[str], others: Sequence[str]) -> str:
    if not others:
        return ""
    return (
        f"z is made of the columns {_some(chosen)}; labels: {_some(others)}. To choose, number "
        "the columns of z (z0, z1, …)."
    )


def _some(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _is_run(stem: str, numbers: list[int], words: set[int]) -> bool:
    """Return True if numbers are consecutive from 0 or 1; raise if a few of them are missing.

    `words` are the numbers of columns of the same stem that hold text.
    """
    first, last = min(numbers[0], *words, 1), max(numbers[-1], *words, 0)
    if numbers[0] > 1 + len(words) or len(numbers) * 2 <= last + 1 - first:
        return False
    missing = sorted(set(range(first if words else numbers[0], last + 1)) - set(numbers))
    if missing:
        raise DataError(
            f"the columns {stem}{numbers[0]} … {stem}{numbers[-1]} must all be there and hold "
            f"numbers; missing: {', '.join(f'{stem}{number}' for number in missing[:5])}."
        )
    return True
