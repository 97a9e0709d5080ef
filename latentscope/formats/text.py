"""Tables of text: .csv, .tsv, and the pair of files of the TensorBoard projector.

The projector's metadata, one line per point, is in a second file beside the one called vectors,
tensors or vecs.
"""

import csv
import itertools
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from latentscope._disk.atomic import replacing
from latentscope._types import Array
from latentscope.errors import DataError, FileFormatError
from latentscope.formats._contents import Contents, Item, dtype_name
from latentscope.formats._names import is_id_name
from latentscope.formats._storable import known, runs, warn_of_what_is_left_out
from latentscope.formats._table_columns import named
from latentscope.formats._text_table import TextTable, lines_of, numbers_or_text
from latentscope.latents import Latents
from latentscope.rows.matrix import as_matrix

_METADATA = {"vectors": "metadata", "tensors": "metadata", "vecs": "meta"}
_DTYPES = {"int": "int64", "float": "float64", "other": "text"}
_DIGITS = {4: "%.9g", 8: "%.17g"}  # enough digits to read back exactly the same number


def is_text(start: bytes) -> bool:
    """Return True if a file that starts with these bytes can be a table of text."""
    return bool(start) and not any(byte < 9 or 13 < byte < 32 for byte in start)


def contents(path: Path) -> Contents:
    """Return what the table holds, and what the projector's metadata beside it hold."""
    table = TextTable.of(path)
    names, arrays = table.names, table.sorted_out.arrays
    among = set(itertools.chain.from_iterable(arrays.values()))
    items = {
        name: Item(
            (table.n_rows, len(at)),
            "float64",
            partial(table.array, name),
            read_from=named(names, at),
            note=table.sorted_out.note,
        )
        for name, at in arrays.items()
    }
    for position, name in enumerate(names):
        if position not in among:
            label = partial(table.label, position)
            dtype = "text" if is_id_name(name or "index") else _DTYPES[table.kinds[position]]
            items[name or "index"] = Item((table.n_rows,), dtype, label)
    beside = metadata_path(path)
    if beside is not None and beside.is_file():
        items = _metadata(beside, table.n_rows) | items
    return Contents(path, "table of text", items)


def metadata_path(path: Path) -> Path | None:
    """Return the path of the projector's metadata for a file of vectors, None for other files.

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


def _metadata(path: Path, n_rows: int) -> dict[str, Item]:
    """Return the columns of the projector's metadata; a single column has no header."""
    with lines_of(path) as lines:
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
        values = np.array(cells) if is_id_name(name) else numbers_or_text(cells)
        found[name] = Item((n_rows,), dtype_name(values.dtype), partial(_same, values))
    return found


def _same(values: Array) -> Array:
    return values


def write(path: Path, latents: Latents) -> None:
    """Write a .csv table with a header, or the projector's pair of .tsv files."""
    beside = metadata_path(path)
    if beside is None:
        with replacing(path) as part:
            _write_table(part, latents, "," if path.suffix.lower() != ".tsv" else "\t")
        return
    warn_of_what_is_left_out(path, [name for name in latents.arrays if name != "z"])
    columns = known(latents, ids="id", labels="")
    with replacing(path) as vectors:
        _write_table(vectors, Latents(latents.z), "\t", has_header=False)
        if columns:
            with replacing(beside) as metadata:
                _write_metadata(metadata, columns, latents.n_points)
        else:
            beside.unlink(missing_ok=True)  # it would be taken as metadata of the new vectors


def _write_table(path: Path, latents: Latents, separator: str, *, has_header: bool = True) -> None:
    matrices = {name: as_matrix(name, rows) for name, rows in latents.arrays.items()}
    columns = known(latents, ids="id", labels="")
    header = [*columns, *(f"{name}{i}" for name, m in matrices.items() for i in range(m.n_cols))]
    run = min(matrix.run for matrix in matrices.values())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        if has_header:
            writer.writerow(header)
        for start, stop in runs(latents.n_points, run, path.name):
            cells = [_written(matrix.read(start, stop)) for matrix in matrices.values()]
            for row in range(stop - start):
                first = [column[start + row] for column in columns.values()]
                writer.writerow([*first, *itertools.chain.from_iterable(c[row] for c in cells)])


def _written(rows: Array) -> list[list[str]]:
    digits = _DIGITS[rows.dtype.itemsize]
    return [[digits % number for number in row] for row in rows.tolist()]


def _write_metadata(path: Path, columns: dict[str, Any], n_points: int) -> None:
    if len(columns) == 1:  # the projector expects a single column to have no header
        columns = {"row": np.arange(n_points), **columns}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
