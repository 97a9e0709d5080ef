"""Parquet files: columns of numbers, or a column of vectors, read by row groups."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from latentscope._disk.atomic import replacing
from latentscope._disk.limits import check_declared
from latentscope._disk.read_errors import access_errors
from latentscope._optional import import_optional
from latentscope._types import Array
from latentscope.errors import DataError, FileFormatError, LatentscopeError
from latentscope.formats._contents import Contents, Item
from latentscope.formats._names import as_label
from latentscope.formats._storable import json_of, known, meta_of, runs
from latentscope.formats._table_columns import Columns, named, sorted_out
from latentscope.latents import Latents
from latentscope.rows.files import FileRows, Seen
from latentscope.rows.matrix import as_matrix

SIGNATURE = b"PAR1"
_META = b"latentscope"


def _pyarrow(module: str) -> Any:
    return import_optional(f"pyarrow{module}", purpose="Reading Parquet files", extra="formats")


@contextmanager
def _format_errors(path: Path) -> Any:
    """Turn the errors that pyarrow raises for damaged files into ours."""
    pyarrow = _pyarrow("")
    try:
        with access_errors(path):
            yield
    except LatentscopeError:
        raise
    except (pyarrow.ArrowException, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{path} cannot be read as Parquet: {error}") from error


def _opened(path: Path) -> Any:
    return _pyarrow(".parquet").ParquetFile(path, page_checksum_verification=True)


def contents(path: Path) -> Contents:
    """Return what the file holds."""
    with _format_errors(path), _opened(path) as file:
        schema, n_rows = file.schema_arrow, file.metadata.num_rows
        if len(set(schema.names)) < len(schema.names):
            raise FileFormatError(f"{path} must have columns with different names.")
        groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        if n_rows < 0 or min(groups, default=0) < 0 or sum(groups) != n_rows:
            raise FileFormatError(
                f"{path} declares {n_rows} rows in all, but {sum(groups)} in its row groups."
            )
        check_declared(path, "the table", 8 * n_rows * len(schema), path.stat().st_size)
        items = dict(_vectors(file, path, groups))
        names, kinds = schema.names, [_kind(field.type) for field in schema]
        found = Columns({}) if items else sorted_out(names, kinds)
        arrays = found.arrays
        for name, at in arrays.items():
            shape, kind = (n_rows, len(at)), _common([schema[i].type for i in at])
            rows = partial(ParquetRows, path, [names[i] for i in at], shape, groups)
            items[name] = Item(shape, kind, rows, read_from=named(names, at), note=found.note)
        among = {names[i] for at in arrays.values() for i in at} | set(items)
        for name in names:
            if name not in among:
                dtype = _label_type(schema.field(name).type)
                items[name] = Item((n_rows,), dtype, partial(_column, path, name))
        metadata = schema.metadata or {}
    meta = meta_of(path, metadata.get(_META, b"{}"))
    return Contents(path, "Parquet", items, meta, is_ours=_META in metadata)


def _vectors(file: Any, path: Path, groups: list[int]) -> Any:
    """Yield the columns whose cells are vectors."""
    types = _pyarrow("").types
    for field in file.schema_arrow:
        kind = field.type
        if types.is_fixed_size_list(kind):
            width = kind.list_size
        elif types.is_list(kind) or types.is_large_list(kind):
            some = next(file.iter_batches(1, columns=[field.name]), None)
            first = some[0][0].as_py() if some is not None and len(some) else None
            width = len(first or [])
        else:
            continue
        if _kind(kind.value_type) != "other":
            shape = sum(groups), width
            rows = partial(ParquetRows, path, [field.name], shape, groups)
            yield field.name, Item(shape, _common([kind.value_type]), rows)


def _kind(kind: Any) -> str:
    types = _pyarrow("").types
    if types.is_floating(kind):
        return "float"
    return "int" if types.is_integer(kind) or types.is_boolean(kind) else "other"


def _common(kinds: list[Any]) -> str:
    """Return the type that can hold the numbers of all columns."""
    return str(np.result_type(*(np.dtype(kind.to_pandas_dtype()) for kind in kinds)))


def _label_type(kind: Any) -> str:
    return "text" if _kind(kind) == "other" else _common([kind])


def _column(path: Path, name: str) -> Array:
    """Return one column as a label."""
    with _format_errors(path), _opened(path) as file:
        groups = [file.read_row_group(i, [name]) for i in range(file.num_row_groups)]
        found = _pyarrow("").concat_tables(groups).column(name)
        if _kind(found.type) == "other":
            return as_label(found.to_pylist())
        if found.null_count and _kind(found.type) == "int":  # missing values become NaN
            return np.array(found.to_pylist(), dtype=float)
        return np.asarray(found.to_numpy())


class ParquetRows(FileRows):
    """Columns of numbers, or one column of vectors; row groups are read as one piece.

    Parameters
    ----------
    path : Path
    columns : list of str
    shape : tuple of int
    groups : list of int
        Rows of each row group.
    """

    never_splits = True

    def __init__(
        self, path: Path, columns: list[str], shape: tuple[int, int], groups: list[int]
    ) -> None:
        self.path, self.columns, self.shape = path.absolute(), columns, shape
        self.chunk_rows = max(groups, default=1)
        self.bounds = np.concatenate([[0], np.cumsum(groups)])
        self.seen = Seen.of(self.path)
        with _format_errors(path), _opened(path) as file:
            fields = [file.schema_arrow.field(name).type for name in columns]
            kinds = [getattr(kind, "value_type", kind) for kind in fields]
        self.dtype = np.dtype(_common(kinds))

    def read(self, start: int, stop: int) -> Array:
        first = int(np.searchsorted(self.bounds, start, side="right")) - 1
        last = int(np.searchsorted(self.bounds, stop, side="left"))
        rows = np.empty((stop - start, self.shape[1]), self.dtype)
        with _format_errors(self.path), _opened(self.path) as file:
            for group in range(max(first, 0), last):
                low, high = self.bounds[group], self.bounds[group + 1]
                part = self._group(file.read_row_group(group, columns=self.columns), high - low)
                inside = slice(max(start - low, 0), stop - low)
                at = max(low - start, 0)
                rows[at : at + len(part[inside])] = part[inside]
        self.seen.check()
        return rows

    def _group(self, table: Any, n_rows: int) -> Array:
        if len(table) != n_rows:
            raise FileFormatError(
                f"{self.path} declares {n_rows:,} rows in a row group, which holds {len(table):,}."
            )
        self._check_missing(table)
        first = table.column(0)
        if not hasattr(first.type, "value_type"):
            parts = [np.asarray(one.to_numpy(), self.dtype) for one in table.columns]
            return np.stack(parts, axis=1)
        cells = first.combine_chunks()
        cells = cells.combine_chunks() if hasattr(cells, "chunks") else cells
        values = cells.flatten()
        if cells.null_count or len(values) != n_rows * self.shape[1] or not self._is_even(cells):
            raise DataError(
                f"{self.columns[0]} of {self.path} must hold vectors of {self.shape[1]} numbers in "
                "all rows; some are missing or of another length."
            )
        return np.asarray(values.to_numpy(zero_copy_only=False), self.dtype).reshape(n_rows, -1)

    def _check_missing(self, table: Any) -> None:
        """Refuse missing whole numbers, for which there is no NaN."""
        for name, column in zip(table.column_names, table.columns, strict=True):
            parts = column.chunks
            values = [one.flatten() if hasattr(one, "flatten") else one for one in parts]
            if any(one.null_count and _kind(one.type) == "int" for one in values):
                raise DataError(
                    f"{name} of {self.path} must hold whole numbers in all rows; some are missing. "
                    "Fill them, or store floats."
                )

    def _is_even(self, cells: Any) -> bool:
        offsets = getattr(cells, "offsets", None)
        return offsets is None or bool((np.diff(offsets.to_numpy()) == self.shape[1]).all())


def write(path: Path, latents: Latents) -> None:
    """Write vectors, ids and labels as columns, with checksums."""
    arrow, parquet = _pyarrow(""), _pyarrow(".parquet")
    matrices = {name: as_matrix(name, rows) for name, rows in latents.arrays.items()}
    columns = known(latents, ids="id", labels="")
    fields = [
        arrow.field(name, arrow.list_(arrow.from_numpy_dtype(matrix.dtype), matrix.n_cols))
        for name, matrix in matrices.items()
    ]
    fields += [arrow.field(name, arrow.array(values[:1]).type) for name, values in columns.items()]
    schema = arrow.schema(fields, metadata={_META: json_of(latents.meta)})
    run = min(matrix.run for matrix in matrices.values())
    options = {"write_page_checksum": True, "compression": "none", "use_dictionary": False}
    with replacing(path) as part, parquet.ParquetWriter(part, schema, **options) as writer:
        for start, stop in runs(latents.n_points, run, path.name):
            parts: list[Any] = [
                _vectors_of(arrow, matrix.read(start, stop)) for matrix in matrices.values()
            ]
            parts += [arrow.array(values[start:stop]) for values in columns.values()]
            writer.write_table(arrow.table(parts, schema=schema))


def _vectors_of(arrow: Any, rows: Array) -> Any:
    return arrow.FixedSizeListArray.from_arrays(arrow.array(rows.reshape(-1)), rows.shape[1])
