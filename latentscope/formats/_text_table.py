"""Tables of text: how lines are split into columns, and the values, which are read when needed.

The separator is a tab, comma, semicolon or white space, whichever splits all of the first lines
into the same number of cells; a first line of words is the header.
"""

import csv
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from tqdm import tqdm

from latentscope._disk.limits import check_memory
from latentscope._disk.read_errors import access_errors
from latentscope._types import Array
from latentscope.errors import FileFormatError
from latentscope.formats._names import is_id_name
from latentscope.formats._table_columns import Columns, sorted_out
from latentscope.rows.files import Seen

_SNIFFED = 50  # records from which the layout is determined
_MAX_LINE = 64 * 2**20  # characters in one line
_MISSING = ("", "NA", "N/A", "null", "None", "nan", "NaN")
_ZEROS = re.compile(r"[+-]?0\d")
_SEPARATORS = ("\t", ",", ";")


@dataclass
class TextTable:
    """A table of text.

    Attributes
    ----------
    path : Path
    separator : str or None
        None for white space.
    header : list of str or None
        Names of the columns, if the file has them.
    kinds : list of {"int", "float", "other"}
        What the first records hold in each column.
    n_rows : int
    """

    path: Path
    separator: str | None
    header: list[str] | None
    kinds: list[str]
    n_rows: int

    @classmethod
    def of(cls, path: Path) -> "TextTable":
        """Determine the layout from the first lines, and count the rows."""
        with lines_of(path) as lines:
            first = [line.rstrip("\r\n") for line in itertools.islice(lines, _SNIFFED)]
        first = [line for line in first if line.strip()]
        if not first:
            raise FileFormatError(f"{path} holds no rows.")
        separator = _separator(first)
        cells = _records(path, separator)
        below = cells[1:] or cells
        kinds = [_kind([row[i] for row in below if i < len(row)]) for i in range(len(cells[0]))]
        has_header = len(cells) > 1 and _is_header(cells[0], kinds)
        if has_header and len(set(cells[0])) < len(cells[0]):
            raise FileFormatError(f"{path} must have columns with different names; got {cells[0]}.")
        if not has_header:
            _check_unmixed(path, cells)
        n_rows = _n_records(path, separator) - has_header
        return cls(path, separator, cells[0] if has_header else None, kinds, n_rows)

    @property
    def names(self) -> list[str]:
        """Names of the columns; their numbers if the file has no names."""
        return self.header or [f"column {position}" for position in range(len(self.kinds))]

    @cached_property
    def sorted_out(self) -> Columns:
        """Which columns are coordinates; without a header, all that hold numbers."""
        if self.header is not None:
            return sorted_out(self.header, self.kinds)
        numbers = [position for position, kind in enumerate(self.kinds) if kind != "other"]
        if numbers and len(numbers) != numbers[-1] + 1 - numbers[0]:
            raise FileFormatError(
                f"{self.path} must not have a column of text between columns of numbers; got one "
                f"with the separator {self.separator!r}. Correct the separator, or name the "
                "columns in a first line."
            )
        return Columns({"z": numbers} if numbers else {})

    def array(self, name: str) -> Array:
        """Return the columns of an array."""
        at = self.sorted_out.arrays[name]
        return np.stack([self._columns[f"{position}"] for position in at], axis=1)

    def label(self, position: int) -> Array:
        """Return one column."""
        cells = self._columns[f"{position}"]
        is_id = is_id_name(self.names[position] or "index")
        return np.array([str(cell) for cell in cells]) if is_id else numbers_or_text(cells)

    def _loaded(self, dtype: Any, **options: Any) -> Array:
        with lines_of(self.path, progress=True) as lines:
            return np.loadtxt(
                itertools.islice(lines, self.header is not None, None),
                dtype=dtype,
                delimiter=self.separator,
                quotechar='"',
                comments=None,
                ndmin=1,
                **options,
            )

    def _refuse(self, error: ValueError) -> NoReturn:
        text = str(error).partition("; use `usecols`")[0]
        raise FileFormatError(f"{self.path} cannot be read as a table: {text}") from error

    @cached_property
    def _columns(self) -> Array:
        """All cells, read in one go."""
        check_memory(self.path, "the table", 2 * self.path.stat().st_size)
        among = set(itertools.chain.from_iterable(self.sorted_out.arrays.values()))
        dtype = np.dtype([(f"{i}", "f8" if i in among else "O") for i in range(len(self.kinds))])
        seen = Seen.of(self.path)
        try:
            found = self._loaded(dtype)
        except ValueError as error:
            if "''" not in str(error) and not any(f"'{text}'" in str(error) for text in _MISSING):
                self._refuse(error)
            numbers = dict.fromkeys(among, _number)
            try:
                found = self._loaded(dtype, converters=numbers)  # slower
            except ValueError as second:
                self._refuse(second)
        seen.check()
        if len(found) != self.n_rows:
            raise FileFormatError(
                f"{self.path} must have one row of numbers per line; it has {self.n_rows:,} lines "
                f"and {len(found):,} rows of numbers. Remove blank lines."
            )
        return found


def _number(cell: str) -> float:
    """Return a number; NaN if it is missing."""
    return float("nan") if cell.strip() in _MISSING else float(cell)


class lines_of:  # noqa: N801  (used as a function)
    """The lines of a text file, with progress in bytes."""

    def __init__(self, path: Path, progress: bool = False) -> None:
        self.path, self.progress = path, progress

    def __enter__(self) -> Iterator[str]:
        with access_errors(self.path):
            self.file = self.path.open(encoding="utf-8-sig", newline="")
        return self._read()

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def _read(self) -> Iterator[str]:
        total = self.path.stat().st_size
        bar = tqdm(
            total=total, desc=f"reading {self.path.name}", unit="B", unit_scale=True, delay=2,
            disable=None if self.progress else True,
        )  # fmt: skip
        with bar, access_errors(self.path):
            try:
                while line := self.file.readline(_MAX_LINE):
                    if len(line) == _MAX_LINE:
                        raise FileFormatError(
                            f"{self.path} has a line of over {_MAX_LINE:,} characters."
                        )
                    if "\0" in line:
                        raise FileFormatError(f"{self.path} is not text: it contains a zero byte.")
                    bar.update(len(line))
                    yield line
            except UnicodeDecodeError as error:
                raise FileFormatError(f"{self.path} is not UTF-8 text: {error}") from error


def _separator(lines: list[str]) -> str | None:
    """Return the separator that splits all lines into equally many cells; None for white space."""
    for separator in _SEPARATORS:
        counts = {len(_cells(line, separator)) for line in lines}
        if len(counts) == 1 and counts.pop() > 1:
            return separator
    most = max(_SEPARATORS, key=lines[0].count)
    return most if most in lines[0] or " " not in lines[0].strip() else None


def _records(path: Path, separator: str | None) -> list[list[str]]:
    """Return the cells of the first records; quoted cells may contain line breaks."""
    with lines_of(path) as lines:
        records: Iterator[list[str]] = (
            map(str.split, lines) if separator is None else csv.reader(lines, delimiter=separator)
        )
        try:
            return list(itertools.islice(filter(None, records), _SNIFFED))
        except csv.Error as error:
            raise FileFormatError(f"{path} cannot be read as a table: {error}") from error


def _cells(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    try:
        return next(csv.reader([line], delimiter=separator), [""])
    except csv.Error:  # a cell is too long: another separator may split it
        return [line]


def _is_header(cells: list[str], kinds: list[str]) -> bool:
    """Return True if the first line names the columns: words above numbers, or 0, 1, 2, …"""
    if not cells[0] or any(
        kind != "other" and _kind([cell]) == "other"
        for cell, kind in zip(cells, kinds, strict=True)
    ):
        return True
    return cells == [str(i) for i in range(len(cells))] and "float" in kinds


def _check_unmixed(path: Path, rows: list[list[str]]) -> None:
    """Refuse unnamed columns that mix numbers and words: one of these is damaged."""
    for column in zip(*rows, strict=False):
        words = [number for number, cell in enumerate(column) if _kind([cell]) == "other"]
        if 0 < len(words) < len(column):
            raise FileFormatError(
                f"{path} must have columns of numbers or of words; one mixes numbers and words "
                f"(line {words[0] + 1}: {column[words[0]]!r}). If this is intended, name the "
                "columns in a first line."
            )


def _kind(cells: list[str]) -> str:
    """Return the kind of all cells together: "int", "float" or "other"."""
    kinds = {_kind_of_one(cell.strip()) for cell in cells if cell.strip() not in _MISSING}
    if not kinds:
        return "other"
    return "other" if "other" in kinds else "float" if "float" in kinds else "int"


def _kind_of_one(cell: str) -> str:
    if _ZEROS.match(cell):
        return "other"  # 007 is not a number
    for kind, read in (("int", int), ("float", float)):
        try:
            read(cell)
        except ValueError:
            continue
        return kind if "_" not in cell else "other"
    return "other"


def _n_records(path: Path, separator: str | None) -> int:
    """Count non-blank lines, or records if quoted cells may contain line breaks."""
    with access_errors(path), path.open("rb") as file:
        has_quotes = any(b'"' in block for block in iter(partial(file.read, 2**20), b""))
    with lines_of(path) as lines:
        if not has_quotes:
            return sum(1 for line in lines if line.strip())
        try:  # strict: unclosed quotes are an error
            records = csv.reader(lines, delimiter=separator or " ", strict=True)
            return sum(1 for record in records if record)
        except csv.Error as error:
            raise FileFormatError(f"{path} cannot be read as a table: {error}") from error


def numbers_or_text(cells: Any) -> Array:
    """Return a label as numbers if it holds only numbers; missing ones become NaN."""
    texts = [str(cell).strip() for cell in cells]
    kind = _kind([text or "nan" for text in texts])
    if set(texts) <= {"True", "False"}:
        return np.array([text == "True" for text in texts])
    if kind == "other":
        return np.array(texts)
    return np.array([text or "nan" for text in texts]).astype(np.int64 if kind == "int" else float)
