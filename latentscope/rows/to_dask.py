"""How do rows of files become Dask arrays? By their path: each worker opens the file by itself."""

import os
import pickle
import socket
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from mmap import ALLOCATIONGRANULARITY
from pathlib import Path
from typing import Any

import numpy as np

from latentscope._disk.read_errors import access_errors
from latentscope._optional import import_optional
from latentscope._types import Array
from latentscope.errors import DataError, MissingFileError
from latentscope.rows.files import DerivedRows, FileRows, RawRows, Seen
from latentscope.rows.matrix import as_matrix, in_memory
from latentscope.rows.zarr import ZarrRows

CHUNK_BYTES = 64 * 2**20


def dask_arrays(arrays: Mapping[str, Any], chunk_bytes: int) -> dict[str, Any]:
    """Return arrays as Dask arrays whose rows are cut alike; see `Latents.to_dask`."""
    da: Any = import_optional("dask.array", purpose="to_dask", extra="dask")
    matrices = {name: as_matrix(name, array) for name, array in arrays.items()}
    given = [matrix.dask for matrix in matrices.values() if matrix.dask is not None]
    rows = {
        name: array if matrices[name].dask is not None else _movable(name, array)
        for name, array in arrays.items()
    }
    chunks = given[0].chunks[0] if given else _rows_per_chunk(list(rows.values()), chunk_bytes)
    return {
        name: array if matrices[name].dask is not None else _dask_array(da, array, chunks)
        for name, array in rows.items()
    }


def _rows_per_chunk(arrays: list[Any], chunk_bytes: int) -> int:
    """Return about as many rows as make a chunk, in whole pieces as they are stored."""
    row_bytes = max(array.shape[1] * array.dtype.itemsize for array in arrays)
    piece = max(getattr(array, "chunk_rows", 1) for array in arrays)
    return piece * max(1, chunk_bytes // (row_bytes * piece))


def _dask_array(da: Any, rows: Any, chunks: Any) -> Any:
    """Return rows as a Dask array; one of a file is named after the file as it is now."""
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
    package = type(array).__module__.partition(".")[0]
    if isinstance(array, FileRows):
        if array.owner is not None:
            raise DataError(
                f"{name} must lie in a file that workers see; isolated latents lie in a temporary "
                "one. Save them, and load that file."
            )
        return WorkerRows(_from_anywhere(name, array), array.path)
    if package == "h5py":
        return WorkerRows(HDF5Rows(name, array), Path(array.file.filename))
    if package == "zarr":
        root = getattr(array.store, "root", None)  # of a folder; others travel as they are
        return array if root is None else _zarr_rows(Path(root) / array.path)
    if _is_mapped_file(array):
        return WorkerRows(_mapped_rows(name, array), Path(array.filename))
    return in_memory(name, array, package)


def _from_anywhere(name: str, rows: FileRows) -> FileRows:
    """Return rows of a file that do not depend on the working folder, nor on an open file."""
    rows = copy(rows)
    rows.path = rows.path.absolute()
    if isinstance(rows, DerivedRows):
        rows.rows = _movable(name, rows.rows)
    elif isinstance(seen := getattr(rows, "seen", None), Seen):
        vars(rows)["seen"] = replace(seen, path=seen.path.absolute())
    return rows


class WorkerRows(FileRows):
    """Rows of a file that workers see under the same path, as it was when this was made.

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
                f"{self.path} must be where the Dask workers run, under the same path; "
                f"{socket.gethostname()} has no such file. Put it on storage that all share."
            )
        self.seen.check()
        rows = self.rows.read(start, stop)
        self.seen.check()
        return rows


class HDF5Rows(FileRows):
    """A dataset that is opened for each reading."""

    def __init__(self, name: str, dataset: Any) -> None:
        if dataset.file.mode != "r" or dataset.file.driver != "sec2":
            raise DataError(
                f"{name} must lie in a file on the disk that is open for reading alone, so that "
                f"workers can open it too; got mode {dataset.file.mode!r}, driver "
                f"{dataset.file.driver!r}. Close it, and pass latentscope.load(path)."
            )
        self.path, self.key = Path(dataset.file.filename).absolute(), dataset.name
        self.shape, self.dtype = dataset.shape, dataset.dtype
        self.chunk_rows = dataset.chunks[0] if dataset.chunks else 1

    def read(self, start: int, stop: int) -> Array:
        import h5py

        with access_errors(self.path), h5py.File(self.path, "r") as file:
            return file[self.key][start:stop]


def _zarr_rows(path: Path) -> WorkerRows:
    described = [path / name for name in ("zarr.json", ".zarray") if (path / name).exists()]
    return WorkerRows(ZarrRows(path), described[0] if described else path)


def _is_mapped_file(array: Any) -> bool:
    """Tell whether an array shows a file; one that is copied on write may differ from it."""
    is_file = isinstance(array, np.memmap) and isinstance(array.filename, str | os.PathLike)
    return is_file and array.mode != "c"


def _mapped_rows(name: str, array: Any) -> RawRows:
    """Return the rows that a memory-mapped array shows of its file."""
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    if not array.flags.forc:
        raise DataError(
            f"{name} must be all of a memory-mapped file, or rows that follow each other, so that "
            f"workers can find them; got strides {array.strides}. Pass a copy in memory."
        )
    start = array.offset - array.offset % ALLOCATIONGRANULARITY
    begin = np.frombuffer(array._mmap, np.uint8).ctypes.data
    offset = start + array.ctypes.data - begin
    path = Path(array.filename).absolute()
    return RawRows(path, offset, array.shape, array.dtype.str, is_fortran)
