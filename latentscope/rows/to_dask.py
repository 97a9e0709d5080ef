"""Rows of files for other processes, which receive the path and open the file for themselves.

Dask's workers use this, and so does every process that unpickles latents stored in a file.
"""

import os
import pickle
import socket
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from latentscope._disk.read_errors import access_errors
from latentscope._optional import import_optional
from latentscope._types import Array
from latentscope.errors import DataError, MissingFileError
from latentscope.rows.files import DerivedRows, FileRows, Seen, can_be_opened_again
from latentscope.rows.in_memory import in_memory, package_of
from latentscope.rows.mapped import is_mapped, mapped_rows
from latentscope.rows.matrix import DaskMatrix, as_matrix
from latentscope.rows.zarr import ZarrRows

CHUNK_BYTES = 64 * 2**20


def dask_arrays(arrays: Mapping[str, Any], chunk_bytes: int) -> dict[str, Any]:
    """Return arrays as Dask arrays with identical row chunks; see `Latents.to_dask`."""
    da: Any = import_optional("dask.array", purpose="to_dask", extra="dask")
    matrices = {name: as_matrix(name, array) for name, array in arrays.items()}
    given = {name for name, matrix in matrices.items() if isinstance(matrix, DaskMatrix)}
    rows = {n: array if n in given else _movable(n, array) for n, array in arrays.items()}
    if given:
        chunks = next(rows[name].chunks[0] for name in rows if name in given)
    else:
        chunks = _rows_per_chunk(list(rows.values()), chunk_bytes)
    return {n: one if n in given else _dask_array(da, one, chunks) for n, one in rows.items()}


def _rows_per_chunk(arrays: list[Any], chunk_bytes: int) -> int:
    """Return the number of rows that make about one chunk, a multiple of the stored pieces."""
    row_bytes = max(array.shape[1] * array.dtype.itemsize for array in arrays)
    piece = max(getattr(array, "chunk_rows", 1) for array in arrays)
    return piece * max(1, chunk_bytes // (row_bytes * piece))


def _dask_array(da: Any, rows: Any, chunks: Any) -> Any:
    """Return rows as a Dask array; its name identifies the present state of its file, if any."""
    if not isinstance(rows, WorkerRows):
        return da.from_array(rows, chunks=(chunks, -1))
    from dask.base import tokenize

    return da.from_array(
        rows,
        chunks=(chunks, -1),
        name=f"rows-{tokenize(pickle.dumps(rows), chunks)}",
        meta=np.empty((0, 0), rows.dtype),
        inline_array=True,
    )


def _movable(name: str, array: Any) -> Any:
    """Return rows that other processes can read for themselves, or an array in memory."""
    package = package_of(array)
    if isinstance(array, FileRows):
        if array.owner is not None:
            raise DataError(
                f"{name} must be in a file that workers can open; isolated latents are in a "
                "temporary one. Save them, and load that file."
            )
        return WorkerRows(_from_anywhere(name, array), array.path)
    if package == "h5py":
        return WorkerRows(HDF5Rows(name, array), Path(array.file.filename))
    if package == "zarr":
        root = getattr(array.store, "root", None)  # of a folder; other stores are pickled as is
        return array if root is None else _zarr_rows(Path(root) / array.path)
    if is_mapped(array) and array.mode != "c":
        return WorkerRows(mapped_rows(name, array), Path(array.filename))
    return in_memory(name, array)


def picklable(name: str, value: Any) -> Any:
    """Return HDF5 datasets, which cannot be pickled, as rows that open their file by its path.

    Raises
    ------
    DataError
        If the file is closed, or not opened read-only.
    """
    if isinstance(value, DerivedRows):
        value = copy(value)
        value.rows = picklable(name, value.rows)
    if package_of(value) != "h5py":
        return value
    is_view = not hasattr(type(value), "file")  # such as dataset.asstr()
    return value[:] if is_view else HDF5Rows(name, value)


def _from_anywhere(name: str, rows: FileRows) -> FileRows:
    """Return rows that depend neither on the working directory nor on an open file."""
    rows = copy(rows)
    rows.path = rows.path.absolute()
    if isinstance(rows, DerivedRows):
        rows.rows = _movable(name, rows.rows)
    elif isinstance(seen := getattr(rows, "seen", None), Seen):
        vars(rows)["seen"] = replace(seen, path=seen.path.absolute())
    return rows


class WorkerRows(FileRows):
    """Rows of a file that workers open under the same path, and that must not have changed since.

    Parameters
    ----------
    rows : FileRows
    watched : Path
        The file that changes when the rows do.
    """

    def __init__(self, rows: FileRows, watched: Path) -> None:
        self.rows, self.path, self.seen = rows, rows.path, Seen.of(watched.absolute())
        self.shape, self.dtype = rows.shape, rows.dtype
        self.chunk_rows, self.never_splits = rows.chunk_rows, rows.never_splits

    def read(self, start: int, stop: int) -> Array:
        if not os.path.lexists(self.seen.path):
            raise MissingFileError(
                f"{self.path} must exist under the same path on every machine with Dask workers; "
                f"{socket.gethostname()} has no such file. Put it on shared storage."
            )
        self.seen.check()
        rows = self.rows.read(start, stop)
        self.seen.check()
        return rows


class HDF5Rows(FileRows):
    """A dataset that is opened for each read."""

    def __init__(self, name: str, dataset: Any) -> None:
        if not dataset:
            raise DataError(f"{name} is a dataset of a closed HDF5 file. Keep the file open.")
        if not can_be_opened_again(dataset.file):
            raise DataError(
                f"{name} must be in a file on disk that is opened read-only, by a name that still "
                f"leads to it, so that other processes can open it too; got {dataset.file.filename}"
                f", mode {dataset.file.mode!r}, driver {dataset.file.driver!r}. Close it, and pass "
                "latentscope.load(path)."
            )
        self.path, self.key = Path(dataset.file.filename).absolute(), dataset.name
        self.seen = Seen.of(self.path)
        self.shape, self.dtype = dataset.shape, dataset.dtype
        self.chunk_rows = dataset.chunks[0] if dataset.chunks else 1

    def read(self, start: int, stop: int) -> Array:
        import h5py

        self.seen.check()
        with access_errors(self.path), h5py.File(self.path, "r") as file:
            rows: Array = file[self.key][start:stop]
        return rows


def _zarr_rows(path: Path) -> WorkerRows:
    described = [path / name for name in ("zarr.json", ".zarray") if (path / name).exists()]
    return WorkerRows(ZarrRows(path), described[0] if described else path)
