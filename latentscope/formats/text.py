"""Tables of text: .csv, .tsv, and the pair of files of the TensorBoard projector.

The separator is a tab, comma, semicolon or white space, whichever cuts all of the first lines into
as many cells; a first line of words is the header. Beside a file called vectors, tensors or vecs
lies the projector's metadata, one line per point.
"""

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from latentscope._atomic import replacing
from latentscope._file_rows import Seen, access_errors
from latentscope._limits import check_memory
from latentscope._sources import as_matrix
from latentscope._types import Array
from latentscope.errors import DataError, FileFormatError
from latentscope.formats._contents import Contents, Item, dtype_name
from latentscope.formats._storable import columns, texts, warn_of_what_is_left_out
from latentscope.formats._table_columns import arrays_among
from latentscope.latents import Latents

_SNIFFED = 50  # lines that are looked at
_LONGEST = 64 * 2**20  # characters in one line
_SEPARATORS = ("\t", ",", ";")
_METADATA = {"vectors": "metadata", "tensors": "metadata", "vecs": "meta"}
_DTYPES = {"int": "int64", "float": "float64", "other": "text"}
_DIGITS = {4: "%.9g", 8: "%.17g"}  # that give the very same number back


def is_text(start: bytes) -> bool:
    """Tell whether a file that begins so can be a table of text."""
    return bool(start) and not any(byte < 9 or 13 < byte < 32 for byte in start)


def contents(path: Path) -> Contents:
    """Return what the table holds, and what the projector's metadata beside it do."""
    table = _Table.of(path)
    names = table.names
    arrays = arrays_among(names, table.kinds)
    among = set(itertools.chain.from_iterable(arrays.values()))
    items = {
        name: Item((table.n_rows, len(at)), "float64", partial(table.array, name))
        for name, at in arrays.items()
    }
    for position, name in enumerate(names):
        if position not in among:
            label = partial(table.label, position)
            items[name or "index"] = Item((table.n_rows,), _DTYPES[table.kinds[position]], label)
    beside = metadata_path(path)
    if beside is not None and beside.is_file():
        items = _metadata(beside, table.n_rows) | items
    return Contents(path, "table of text", items)


def metadata_path(path: Path) -> Path | None:
    """Return where the projector's metadata of such vectors lie, None if these are no vectors.

    Examples
    --------
    >>> metadata_path(Path("run/vectors.tsv")).name, metadata_path(Path("cells.tsv")).name
    ('metadata.tsv', 'cells_metadata.tsv')
    """
    if path.suffix.lower() != ".tsv" or "metadata" in path.stem:
        return None
    for vectors, metadata in _METADATA.items():
        if vectors in path.stem:
            return path.with_name(path.name.replace(vectors, metadata))
    return path.with_name(f"{path.stem}_metadata.tsv")


@dataclass
class _Table:
    """A file of lines with cells: how it is cut, and, once asked for, its numbers."""

    path: Path
    separator: str | None
    header: list[str] | None
    kinds: list[str]
    n_rows: int

    @classmethod
    def of(cls, path: Path) -> "_Table":
        """Look at the first lines."""
        with _lines(path) as lines:
            first = [line.rstrip("\r\n") for line in itertools.islice(lines, _SNIFFED)]
        first = [line for line in first if line.strip()]
        if not first:
            raise FileFormatError(f"{path} holds no rows.")
        separator = _separator(first)
        cells = [_cells(line, separator) for line in first]
        below = cells[1:] or cells
        kinds = [_kind([row[i] for row in below if i < len(row)]) for i in range(len(cells[0]))]
        has_header = len(cells) > 1 and _is_header(cells[0], kinds)
        if not has_header:
            _check_unmixed(path, cells)
        n_rows = _n_records(path, separator) - has_header
        return cls(path, separator, cells[0] if has_header else None, kinds, n_rows)

    @property
    def names(self) -> list[str]:
        """Names of the columns; their numbers, where the file has none."""
        return self.header or [str(position) for position in range(len(self.kinds))]

    def array(self, name: str) -> Array:
        """Return the columns of an array."""
        at = arrays_among(self.names, self.kinds)[name]
        return np.stack([self._columns[f"{position}"] for position in at], axis=1)

    def label(self, position: int) -> Array:
        """Return one column."""
        return _numbers_or_text(self._columns[f"{position}"])

    @cached_property
    def _columns(self) -> Array:
        """All cells, read at once."""
        check_memory(self.path, "the table", 2 * self.path.stat().st_size)
        arrays = arrays_among(self.names, self.kinds).values()
        among = set(itertools.chain.from_iterable(arrays))
        dtype = np.dtype([(f"{i}", "f8" if i in among else "O") for i in range(len(self.kinds))])
        seen = Seen.of(self.path)
        try:
            with _lines(self.path, progress=True) as lines:
                found = np.loadtxt(
                    itertools.islice(lines, self.header is not None, None),
                    dtype=dtype,
                    delimiter=self.separator,
                    quotechar='"',
                    comments=None,
                    ndmin=1,
                )
        except ValueError as error:
            text = str(error).partition("; use `usecols`")[0]
            raise FileFormatError(f"{self.path} cannot be read as a table: {text}") from error
        seen.check()
        if len(found) != self.n_rows:
            raise FileFormatError(
                f"{self.path} has {self.n_rows:,} lines and {len(found):,} rows of numbers. Remove "
                "blank lines."
            )
        return found


class _lines:  # noqa: N801  (used as a function)
    """The lines of a file of text, with progress in bytes."""

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
                while line := self.file.readline(_LONGEST):
                    if len(line) == _LONGEST:
                        raise FileFormatError(f"{self.path} has a line of over {_LONGEST:,} bytes.")
                    if "\0" in line:
                        raise FileFormatError(f"{self.path} is no text: it holds a zero byte.")
                    bar.update(len(line))
                    yield line
            except UnicodeDecodeError as error:
                raise FileFormatError(f"{self.path} is no text in UTF-8: {error}") from error


def _separator(lines: list[str]) -> str | None:
    """Return what cuts all lines into as many cells, None for white space."""
    for separator in _SEPARATORS:
        counts = {len(_cells(line, separator)) for line in lines}
        if len(counts) == 1 and counts.pop() > 1:
            return separator
    most = max(_SEPARATORS, key=lines[0].count)
    return most if most in lines[0] or " " not in lines[0].strip() else None


def _cells(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    return next(csv.reader([line], delimiter=separator, strict=False), [""])


def _is_header(cells: list[str], kinds: list[str]) -> bool:
    """Tell whether the first line names the columns: words above numbers, or 0, 1, 2, …"""
    if not cells[0] or any(
        kind != "other" and _kind([cell]) == "other"
        for cell, kind in zip(cells, kinds, strict=True)
    ):
        return True
    return cells == [str(i) for i in range(len(cells))] and "float" in kinds


def _check_unmixed(path: Path, rows: list[list[str]]) -> None:
    """Refuse columns without a name that hold numbers and words: one of them is damaged."""
    for column in zip(*rows, strict=False):
        words = [number for number, cell in enumerate(column) if _kind([cell]) == "other"]
        if 0 < len(words) < len(column):
            raise FileFormatError(
                f"{path} must have columns of numbers or of words; one holds numbers and words "
                f"(line {words[0] + 1}: {column[words[0]]!r}). Give the columns names in a first "
                "line if that is meant."
            )


def _kind(cells: list[str]) -> str:
    """Return what all cells are: "int", "float" or "other"."""
    kinds = {_kind_of_one(cell.strip()) for cell in cells}
    return "other" if "other" in kinds else "float" if "float" in kinds else "int"


def _kind_of_one(cell: str) -> str:
    for kind, read in (("int", int), ("float", float)):
        try:
            read(cell)
        except ValueError:
            continue
        return kind if "_" not in cell else "other"
    return "other"


def _n_records(path: Path, separator: str | None) -> int:
    """Count lines that are not blank, or records, where quoted cells may hold line breaks."""
    with access_errors(path), path.open("rb") as file:
        has_quotes = any(b'"' in block for block in iter(partial(file.read, 2**20), b""))
    with _lines(path) as lines:
        if not has_quotes:
            return sum(1 for line in lines if line.strip())
        return sum(1 for record in csv.reader(lines, delimiter=separator or " ") if record)


def _numbers_or_text(cells: Any) -> Array:
    """Return a label as numbers, if that is what it holds; what is missing is NaN."""
    texts = [str(cell).strip() for cell in cells]
    kind = _kind([text or "nan" for text in texts])
    if set(texts) <= {"True", "False"}:
        return np.array([text == "True" for text in texts])
    if kind == "other":
        return np.array(texts)
    return np.array([text or "nan" for text in texts]).astype(np.int64 if kind == "int" else float)


def _metadata(path: Path, n_rows: int) -> dict[str, Item]:
    """Return the columns of the projector's metadata; a single column has no header."""
    with _lines(path) as lines:
        try:
            records = list(csv.reader(lines, delimiter="\t"))
        except csv.Error as error:
            raise FileFormatError(f"{path} cannot be read as a table: {error}") from error
    names = records.pop(0) if records and len(records[0]) > 1 else ["label"]
    widths = {len(record) for record in records if record}
    if len(records) != n_rows or widths - {len(names)}:
        raise DataError(
            f"{path} must hold one line per row of the vectors, {n_rows:,}, with {len(names)} "
            f"cells each; got {len(records):,} lines of {sorted(widths)} cells. Rename it if it "
            "belongs to another file."
        )
    found = {}
    for position, name in enumerate(names):
        cells = [record[position] if record else "" for record in records]
        values = _numbers_or_text(cells)
        found[name] = Item((n_rows,), dtype_name(values.dtype), partial(_same, values))
    return found


def _same(values: Array) -> Array:
    return values


def write(path: Path, latents: Latents) -> None:
    """Write a .csv table with a header, or the projector's pair of .tsv files."""
    beside = metadata_path(path)
    if beside is None:
        _write_table(path, latents, "," if path.suffix.lower() != ".tsv" else "\t")
        return
    warn_of_what_is_left_out(path, [name for name in latents.arrays if name != "z"])
    if latents.labels or latents.ids is not None:
        _write_metadata(beside, latents)
    _write_table(path, Latents(latents.z), "\t", has_header=False)


def _write_table(path: Path, latents: Latents, separator: str, *, has_header: bool = True) -> None:
    matrices = {name: as_matrix(name, rows) for name, rows in latents.arrays.items()}
    known = _known(latents)
    header = [*known, *(f"{name}{i}" for name, m in matrices.items() for i in range(m.n_cols))]
    run = min(matrix.run for matrix in matrices.values())
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        if has_header:
            writer.writerow(header)
        for start in range(0, latents.n_points, run):
            stop = min(start + run, latents.n_points)
            cells = [_written(matrix.read(start, stop)) for matrix in matrices.values()]
            for row in range(stop - start):
                first = [column[start + row] for column in known.values()]
                writer.writerow([*first, *itertools.chain.from_iterable(c[row] for c in cells)])


def _written(rows: Array) -> list[list[str]]:
    digits = _DIGITS[rows.dtype.itemsize]
    return [[digits % number for number in row] for row in rows.tolist()]


def _known(latents: Latents) -> dict[str, Any]:
    """Return ids and labels as columns."""
    ids = {} if latents.ids is None else {"id": texts("ids", latents.ids[:])}
    return ids | {name: list(values) for name, values in columns(latents.labels).items()}


def _write_metadata(path: Path, latents: Latents) -> None:
    known = _known(latents)
    if len(known) == 1:  # the projector takes a single column for one without a header
        known = {"row": list(range(latents.n_points)), **known}
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(known)
        writer.writerows(zip(*known.values(), strict=True))
