"""Which columns of a table are coordinates, and which say something about the rows.

Columns of numbers whose names are one stem with running numbers (z0, z1, … or dim_1, dim_2, …) make
one array, called by the stem. Where there are none, all columns of floating-point numbers do, or,
where there are none of these either, all columns of whole numbers. The others are labels.
"""

import re
from collections.abc import Sequence

from latentscope.errors import DataError

_NUMBERED = re.compile(r"(.*?)[\s_.\-\[(]*(\d+)[\])]?", re.DOTALL)
_LEAST = 2  # columns that make an array


def arrays_among(names: Sequence[str], kinds: Sequence[str]) -> dict[str, list[int]]:
    """Return the arrays: the numbers of their columns, by name.

    Parameters
    ----------
    names : sequence of str
        Of all columns.
    kinds : sequence of {"float", "int", "other"}
        What they hold.

    Raises
    ------
    DataError
        If some of such columns are missing.

    Examples
    --------
    >>> arrays_among(["id", "z0", "z1", "age"], ["other", "float", "float", "int"])
    {'z': [1, 2]}
    >>> arrays_among(["x", "y", "label"], ["float", "float", "int"])
    {'z': [0, 1]}
    """
    found: dict[str, dict[int, int]] = {}
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        match = _NUMBERED.fullmatch(name)
        if kind != "other" and match:
            found.setdefault(match[1], {})[int(match[2])] = position
    runs = {
        stem or "z": [members[number] for number in sorted(members)]
        for stem, members in found.items()
        if len(members) >= _LEAST and _is_run(stem, sorted(members))
    }
    if runs:
        return runs
    for wanted in ("float", "int"):
        columns = [position for position, kind in enumerate(kinds) if kind == wanted]
        if columns:
            return {"z": columns}
    return {}


def _is_run(stem: str, numbers: list[int]) -> bool:
    """Tell whether numbers follow each other from 0 or 1; raise if a few of them are missing."""
    n_between = numbers[-1] + 1 - numbers[0]
    if numbers[0] > 1 or len(numbers) * 2 <= n_between:
        return False
    missing = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    if missing:
        raise DataError(
            f"the columns {stem}{numbers[0]} … {stem}{numbers[-1]} must all be there, with "
            f"numbers; missing: {', '.join(f'{stem}{number}' for number in missing[:5])}."
        )
    return True
