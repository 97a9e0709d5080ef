"""CelebA's lists: one line per photograph, matched by its file name."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from latentscope._types import Array, BoolArray
from latentscope.errors import DataError, FileFormatError

_PARTS = {"0": "train", "1": "validation", "2": "test"}
_SIGNS = {"1": True, "-1": False}


def read_attributes(path: Path, names: list[str]) -> dict[str, BoolArray]:
    """Return a column per attribute; lines are a count, the names, then ``file ±1 ±1 …``."""
    lines = _lines(path)
    if len(lines) < 2 or not lines[0].strip().isdecimal():
        start = lines[0][:40] if lines else ""
        raise FileFormatError(
            f"{path} must start with a line that counts the images and one that names the "
            f"attributes, like the official list_attr_celeba.txt; line 1 is {start!r}. Other "
            "editions, such as a CSV, are not supported."
        )
    attributes = lines[1].split()
    if len(set(attributes)) < max(len(attributes), 1):
        raise FileFormatError(f"{path}, line 2 must name distinct attributes; got {lines[1]!r}.")
    if int(lines[0]) != len(lines) - 2:
        raise FileFormatError(
            f"{path}, line 1 counts {int(lines[0]):,} images; {len(lines) - 2:,} lines follow. Is "
            "it truncated?"
        )
    rows = _rows(path, lines, 2, len(attributes), _SIGNS)
    table = np.array(_matched(path, rows, names), dtype=bool)
    return {name: table[:, column] for column, name in enumerate(attributes)}


def read_partition(path: Path, names: list[str]) -> Array:
    """Return train, validation or test for each name: lines are ``file 0``, ``1`` or ``2``."""
    rows = _rows(path, _lines(path), 0, 1, _PARTS)
    return np.array([part for (part,) in _matched(path, rows, names)])


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise FileFormatError(f"{path} cannot be read as text: {error}.") from error
    return text.rstrip().splitlines()


def _rows(
    path: Path, lines: list[str], n_before: int, n_values: int, meanings: Mapping[str, object]
) -> dict[str, list[object]]:
    """Return the values of each file, by its name."""
    rows: dict[str, list[object]] = {}
    for number, line in enumerate(lines[n_before:], n_before + 1):
        name, *values = line.split() or [""]
        if len(values) != n_values:
            raise FileFormatError(
                f"{path}, line {number} must be a file name and {n_values} values; got "
                f"{len(values)} values: {line[:60]!r}."
            )
        try:
            row = [meanings[value] for value in values]
        except KeyError as error:
            raise FileFormatError(
                f"{path}, line {number} ({name}): values must be {' or '.join(meanings)}; got "
                f"{error.args[0]!r}."
            ) from error
        if name in rows:
            raise FileFormatError(f"{path}, line {number} is the second one for {name}.")
        rows[name] = row
    return rows


def _matched(path: Path, rows: dict[str, list[object]], names: list[str]) -> list[list[object]]:
    missing = [name for name in names if name not in rows]
    if missing:
        raise DataError(
            f"every image must have a line in {path}; {len(missing):,} of {len(names):,} have "
            f"none: {', '.join(missing[:3])}{', …' if len(missing) > 3 else ''}. Is it the list of "
            "another data set?"
        )
    return [rows[name] for name in names]
