"""Which columns of a table are coordinates, and which say something about the rows.

Columns of numbers whose names are one stem with running numbers (z0, z1, … or dim_1, dim_2, …) make
one array, called by the stem. Where there are none, all columns of floating-point numbers do, or,
where there are none of these either, all columns of whole numbers. The others are labels.
"""

import re
from collections.abc import Sequence

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
        if len(members) >= _LEAST and _is_run(sorted(members))
    }
    if runs:
        return runs
    for wanted in ("float", "int"):
        columns = [position for position, kind in enumerate(kinds) if kind == wanted]
        if columns:
            return {"z": columns}
    return {}


def _is_run(numbers: list[int]) -> bool:
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
