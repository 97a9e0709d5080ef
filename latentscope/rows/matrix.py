"""Coordinates in arrays, files, frames and tensors, read as runs of rows.

A :class:`Matrix` has a shape and reads any run of rows as a C-contiguous float32 or float64 array
of native byte order. Nothing is read, converted or copied before it is needed, except DataFrames
and tensors, which are in memory anyway.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from os import PathLike
from threading import RLock
from typing import Any, ClassVar

import numpy as np

from latentscope._disk.read_errors import read_errors
from latentscope._types import Array
from latentscope._warn import warn
from latentscope.errors import DataError, DataTypeError
from latentscope.rows.dask_tree import checked
from latentscope.rows.files import FileRows, Seen, can_be_opened_again
from latentscope.rows.in_memory import in_memory, package_of
from latentscope.rows.mapped import seen_if_read_only, unmapped

READ_BYTES = 8 * 2**20  # rows are read in runs of about this size
_BAND_BYTES = 64 * 2**20  # stored bands of chunks up to this size are never read twice
_MAX_WHOLE = 2.0**53
_HDF5_LOCK = RLock()  # the HDF5 library serves one read at a time


class Matrix(ABC):
    """n_rows × n_cols numbers that can be read by runs of rows.

    Parameters
    ----------
    name : str
        What messages call the array.
    array : any with shape, dtype and slices of rows
        The source.
    chunk_rows : int
        Rows that are stored as one piece.

    Attributes
    ----------
    array : any
        The source.
    n_rows, n_cols : int
        Its shape.
    dtype : numpy.dtype
        Of what `read` returns: float32 if it represents the stored values exactly, else float64.
    run : int
        Rows per read: about 8 MiB, and whole chunks where the source is stored in chunks.
    is_stored : bool
        True if reading takes time and must be overlapped with computing.

    Raises
    ------
    DataTypeError
        If the array does not hold real numbers.
    DataError
        If its shape is not (n_points, z_dim), with at least one row and one column.
    """

    is_stored: ClassVar[bool] = True

    def __init__(self, name: str, array: Any, chunk_rows: int = 1) -> None:
        _check_dtype(name, array.dtype)
        _check_shape(name, array.shape)
        self.name, self.array = name, array
        self.n_rows, self.n_cols = array.shape
        dtype = np.result_type(array.dtype, np.float32)
        self.dtype = dtype if dtype.itemsize <= 8 else np.dtype(np.float64)
        self.run = self._whole_chunks(chunk_rows)

    def read(self, start: int, stop: int) -> Array:
        """Return rows start … stop − 1, without a copy where the source allows it."""
        rows = self._rows(start, stop)
        numbers = np.ascontiguousarray(rows, dtype=self.dtype)
        if rows.dtype.kind in "iu" and rows.dtype.itemsize == 8 and numbers.size:
            _check_whole_numbers(numbers)
        return numbers

    @abstractmethod
    def _rows(self, start: int, stop: int) -> Array:
        """Return rows start … stop − 1 as stored in the source."""

    def _whole_chunks(self, chunk_rows: int) -> int:
        """Return the rows per read; warn if this reads compressed chunks repeatedly."""
        row_bytes = self.n_cols * self.dtype.itemsize
        run = max(1, READ_BYTES // row_bytes)
        if chunk_rows * row_bytes <= _BAND_BYTES or getattr(self.array, "never_splits", False):
            return -(-run // chunk_rows) * chunk_rows
        if getattr(self.array, "compression", None):
            warn(
                f"{self.name} is stored in compressed chunks of {chunk_rows:,} rows, each of which "
                f"is read about {chunk_rows // run:,} times. Store it in chunks of fewer rows, or "
                "load it into memory first."
            )
        return run


class MatrixInMemory(Matrix):
    """Rows of a NumPy array."""

    is_stored = False

    def _rows(self, start: int, stop: int) -> Array:
        rows: Array = self.array[start:stop]
        return rows


class StoredMatrix(Matrix):
    """Rows of a file, which may be damaged, or may change while it is read.

    Parameters
    ----------
    name, array, chunk_rows
        See `Matrix`.
    lock : context manager or None
        Held while rows are read, for a library that serves only one read at a time.
    seen : Seen or None
        The state of the file, which is compared after each read.
    """

    def __init__(
        self,
        name: str,
        array: Any,
        chunk_rows: int = 1,
        *,
        lock: AbstractContextManager[Any] | None = None,
        seen: Seen | None = None,
    ) -> None:
        super().__init__(name, array, chunk_rows)
        self._lock: AbstractContextManager[Any] = lock or nullcontext()
        self._seen = seen

    def _rows(self, start: int, stop: int) -> Array:
        where = f"{self._seen.path}: " if self._seen else ""
        with self._lock, read_errors(f"{where}rows {start:,} to {stop - 1:,}"):
            rows: Array = self.array[start:stop]
        if self._seen is not None:
            self._seen.check()
        return rows


class DaskMatrix(Matrix):
    """Rows of a Dask array, whose chunks `rows.reduce` summarises where they are.

    Reading some of its rows computes them on Dask's scheduler; errors of the tasks are passed on.
    """

    def __init__(self, name: str, array: Any) -> None:
        in_memory(name, array._meta)  # refuses masked, sparse and other unsuitable chunks
        super().__init__(name, array)
        self.run = max(array.chunks[0])

    def _rows(self, start: int, stop: int) -> Array:
        return in_memory(self.name, self.array[start:stop].compute())


def as_matrix(name: str, value: Any) -> Matrix:
    """Return `value` as a `Matrix`; messages call it `name`.

    Raises
    ------
    DataTypeError
        For arrays that cannot be coordinates: objects, text, complex, masked, sparse.
    DataError
        For any shape other than (n_points, z_dim) with at least one row and one column.

    Examples
    --------
    >>> matrix = as_matrix("z", [[1, 2], [3, 4], [5, 6]])
    >>> matrix.read(1, 3)
    array([[3., 4.],
           [5., 6.]])
    """
    if isinstance(value, Matrix):
        return value
    if isinstance(value, str | PathLike):
        raise DataTypeError(
            f"{name} must be an array; got {value!r}. If it is a path, pass load(path)."
        )
    if isinstance(value, Mapping):
        raise DataTypeError(f"{name} must be an array; got a mapping. Pass Latents(**mapping).")
    package = package_of(value)
    if package == "h5py" and not value:
        raise DataError(f"{name} is a dataset of a closed HDF5 file. Keep the file open, or load.")
    if isinstance(value, FileRows) or (package in ("h5py", "zarr") and hasattr(value, "chunks")):
        return _stored(name, value)
    if package == "dask":
        return DaskMatrix(name, checked(name, value))
    array = in_memory(name, value)
    if (rows := unmapped(value)) is not None:
        return _stored(name, rows)
    if isinstance(value, np.memmap):
        return StoredMatrix(name, array, seen=seen_if_read_only(value))
    return MatrixInMemory(name, array)


def as_chunk(name: str, chunk: Any, shape: tuple[int, int], dtype: np.dtype[Any]) -> Matrix:
    """Return the result of a task of a Dask array, as rows of the dtype of the whole array."""
    matrix = as_matrix(name, chunk)
    if (matrix.n_rows, matrix.n_cols) != shape:
        raise DataError(
            f"each chunk of {name} must have the shape that the Dask array declares, here {shape}; "
            f"its task returned {(matrix.n_rows, matrix.n_cols)}. Correct its function, or the "
            "declared chunks."
        )
    matrix.dtype = dtype
    return matrix


def _stored(name: str, rows: Any) -> StoredMatrix:
    """Return an h5py dataset, a zarr array, or rows of another file."""
    chunk_rows = rows.chunk_rows if isinstance(rows, FileRows) else (rows.chunks or (1,))[0]
    base = rows
    while hasattr(base, "rows"):
        base = base.rows
    if package_of(base) != "h5py":
        return StoredMatrix(name, rows, chunk_rows)
    seen = None
    if can_be_opened_again(base.file):
        plain = import_module("latentscope.rows.hdf5").plain_chunks(rows)
        if plain is not None:
            return _stored(name, plain)
        seen = Seen.of(base.file.filename)
    return StoredMatrix(name, rows, chunk_rows, lock=_HDF5_LOCK, seen=seen)


def _check_whole_numbers(numbers: Array) -> None:
    largest = float(np.abs(numbers).max())
    if largest > _MAX_WHOLE:
        raise DataError(
            f"whole numbers must be at most 2**53, the limit of float64; got {largest:.17g}. "
            "If they are identifiers, leave them out; otherwise subtract an offset."
        )


def _check_dtype(name: str, dtype: np.dtype[Any]) -> None:
    if dtype.kind == "c":
        raise DataTypeError(
            f"{name} must hold real numbers; got dtype {dtype}. Convert it explicitly, for example "
            f"np.hstack([{name}.real, {name}.imag])."
        )
    if dtype.kind not in "biuf":
        raise DataTypeError(
            f"{name} must hold real numbers; got dtype {dtype}. "
            f"Convert it first, for example {name}.astype('float32')."
        )


def _check_shape(name: str, shape: tuple[int, ...] | None) -> None:
    required = f"{name} must have shape (n_points, z_dim); got {shape}."
    if not shape:  # None: an HDF5 dataset without a dataspace
        raise DataError(f"{required} A single number is not a set of points.")
    if len(shape) == 1:
        raise DataError(f"{required} If each point has one coordinate, pass {name}[:, None].")
    if len(shape) > 2:
        raise DataError(f"{required} Flatten each point: {name}.reshape(len({name}), -1).")
    if shape[1] == 0:
        raise DataError(f"{required} There are no axes.")
    if shape[0] == 0:
        raise DataError(f"{required} There are no points.")
