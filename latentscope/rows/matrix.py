"""Whatever holds coordinates, read as blocks of rows: arrays, files, frames and tensors.

A :class:`Matrix` knows its shape and reads any run of rows as a C-contiguous float32 or float64
array of native byte order. Nothing is read, converted or copied before it is asked for, except
DataFrames and tensors, which live in memory anyway.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from os import PathLike
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from latentscope._disk.read_errors import read_errors
from latentscope._types import Array
from latentscope._warn import warn
from latentscope.errors import DataError, DataTypeError
from latentscope.rows.dask_tree import checked
from latentscope.rows.files import FileRows, RawRows, Seen

READ_BYTES = 8 * 2**20  # rows are read in runs of about this size
_BAND_BYTES = 64 * 2**20  # stored bands of chunks up to this size are never read twice
_MAX_WHOLE = 2.0**53
_HDF5_LOCK = RLock()  # the HDF5 library reads one thing at a time


@dataclass(frozen=True, slots=True)
class Matrix:
    """n_rows × n_cols numbers that can be read by runs of rows.

    Attributes
    ----------
    dtype : numpy.dtype
        What `read` returns: float32 where that holds the stored values exactly, else float64.
    run : int
        Rows per read: about 8 MiB, and whole chunks where the source is stored in chunks.
    is_stored : bool
        True if reading takes time and must be overlapped with computing.
    dask : dask.array.Array or None
        The Dask array that it is, whose chunks `rows.reduce` summarises where they are.
    """

    n_rows: int
    n_cols: int
    dtype: np.dtype[Any]
    run: int
    is_stored: bool
    _get: Callable[[int, int], Any]
    _lock: AbstractContextManager[Any]
    _seen: Seen | None
    dask: Any = None

    def read(self, start: int, stop: int) -> Array:
        """Return rows start … stop − 1, without a copy where the source allows it."""
        what = f"{self._where}rows {start:,} to {stop - 1:,}"
        with self._lock, nullcontext() if self.dask is not None else read_errors(what):
            rows = self._get(start, stop)
        if self._seen is not None:
            self._seen.check()
        numbers = np.ascontiguousarray(rows, dtype=self.dtype)
        if rows.dtype.kind in "iu" and rows.dtype.itemsize == 8 and numbers.size:
            _check_whole_numbers(numbers)
        return numbers

    @property
    def _where(self) -> str:
        return f"{self._seen.path}: " if self._seen else ""


def _check_whole_numbers(numbers: Array) -> None:
    largest = float(np.abs(numbers).max())
    if largest > _MAX_WHOLE:
        raise DataError(
            f"whole numbers must be at most 2**53, what float64 tells apart; got {largest:.17g}. "
            "Are they identifiers? Leave them out, or subtract an offset."
        )


def as_matrix(name: str, value: Any) -> Matrix:
    """Return `value` as a `Matrix`; `name` is what messages call it.

    Raises
    ------
    DataTypeError
        For kinds without a meaning as coordinates: objects, text, complex, masked, sparse.
    DataError
        For any shape but (n_points, z_dim) with at least one row and one column.

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
        raise DataTypeError(f"{name} must be an array; got {value!r}. A path? Pass load(path).")
    if isinstance(value, Mapping):
        raise DataTypeError(f"{name} must be an array; got a mapping. Pass Latents(**mapping).")
    package = type(value).__module__.partition(".")[0]
    if package == "h5py" and not value:
        raise DataError(f"{name} is a dataset of a closed HDF5 file. Keep the file open, or load.")
    if isinstance(value, FileRows) or (package in ("h5py", "zarr") and hasattr(value, "chunks")):
        return _stored(name, value)
    if package == "dask":
        return _lazy(name, checked(name, value))
    array = in_memory(name, value, package)
    if (rows := _unmapped(value)) is not None:
        return _stored(name, rows)
    is_mapped = isinstance(value, np.memmap)
    return _matrix(name, array, is_stored=is_mapped, seen=_mapped(value) if is_mapped else None)


def _stored(name: str, rows: Any) -> Matrix:
    """Wrap an h5py dataset, a zarr array, or rows of another file."""
    base = rows
    while hasattr(base, "rows"):
        base = base.rows
    if isinstance(rows, FileRows):
        chunk_rows = rows.chunk_rows
    else:
        chunk_rows = rows.chunks[0] if rows.chunks else 1
    lock = seen = None
    if type(base).__module__.startswith("h5py"):
        lock = _HDF5_LOCK
        if _is_read_only_file(base.file):
            plain = import_module("latentscope.rows.hdf5").plain_chunks(rows)
            if plain is not None:
                return _stored(name, plain)
            seen = Seen.of(base.file.filename)
    return _matrix(name, rows, is_stored=True, lock=lock, chunk_rows=chunk_rows, seen=seen)


def _lazy(name: str, array: Any) -> Matrix:
    """Wrap a Dask array; reading some of its rows computes them on Dask's own scheduler."""
    in_memory(name, array._meta, type(array._meta).__module__.partition(".")[0])
    matrix = _matrix(name, array, is_stored=True)

    def computed(start: int, stop: int) -> Array:
        rows = array[start:stop].compute()
        return in_memory(name, rows, type(rows).__module__.partition(".")[0])

    return replace(matrix, run=max(array.chunks[0]), _get=computed, dask=array)


def as_chunk(name: str, chunk: Any, shape: tuple[int, int], dtype: np.dtype[Any]) -> Matrix:
    """Return what a task of a Dask array made, as rows of the dtype that the whole array has."""
    matrix = as_matrix(name, chunk)
    if (matrix.n_rows, matrix.n_cols) != shape:
        raise DataError(
            f"each chunk of {name} must have the shape that the Dask array declares, here {shape}; "
            f"its task made {(matrix.n_rows, matrix.n_cols)}. Correct its function, or the chunks "
            "declared."
        )
    return replace(matrix, dtype=dtype)


def _is_read_only_file(file: Any) -> bool:
    """Tell whether an open HDF5 file is one on the disk that this process does not write."""
    return bool(file.mode == "r" and file.driver == "sec2")


def _unmapped(array: Any) -> RawRows | None:
    """Return the rows of a file that is mapped into memory to read, without the mapping.

    Pages that are read through a mapping count as memory of this process, and each costs a fault.
    """
    if not (isinstance(array, np.memmap) and array.ndim == 2 and array.flags.c_contiguous):
        return None
    whole = array
    while isinstance(whole.base, np.memmap):
        whole = whole.base
    path: Any = array.filename
    is_file = isinstance(path, str | PathLike) and array.mode == "r"
    if not is_file or not array.size or array.dtype.kind not in "biuf" or not Path(path).is_file():
        return None
    skipped = array.ctypes.data - whole.ctypes.data
    rows = RawRows(Path(path), whole.offset + skipped, array.shape, array.dtype.str)
    is_same = rows[:1].tobytes() == array[:1].tobytes()  # not another file of that name by now
    return rows if is_same else None


def _mapped(array: Any) -> Seen | None:
    """Return what a memory-mapped file was like, unless this process may write it."""
    is_file = isinstance(array.filename, str | PathLike) and array.mode == "r"
    return Seen.of(array.filename) if is_file else None


def _matrix(
    name: str,
    array: Any,
    *,
    is_stored: bool,
    lock: AbstractContextManager[Any] | None = None,
    chunk_rows: int = 1,
    seen: Seen | None = None,
) -> Matrix:
    _check_dtype(name, array.dtype)
    _check_shape(name, array.shape)
    n_rows, n_cols = array.shape
    dtype = np.result_type(array.dtype, np.float32)
    dtype = dtype if dtype.itemsize <= 8 else np.dtype(np.float64)
    row_bytes = n_cols * dtype.itemsize
    run = max(1, READ_BYTES // row_bytes)
    if chunk_rows * row_bytes <= _BAND_BYTES or getattr(array, "never_splits", False):
        run = -(-run // chunk_rows) * chunk_rows
    elif getattr(array, "compression", None):
        warn(
            f"{name} is stored in compressed chunks of {chunk_rows:,} rows, each of which is read "
            f"about {chunk_rows // run:,} times. Store it in chunks of fewer rows, or load it into "
            "memory first."
        )
    return Matrix(
        n_rows=n_rows,
        n_cols=n_cols,
        dtype=dtype,
        run=run,
        is_stored=is_stored,
        _get=lambda start, stop: array[start:stop],
        _lock=lock or nullcontext(),
        _seen=seen,
    )


def in_memory(name: str, value: Any, package: str) -> Array:
    """Return arrays, frames, tensors and nested lists as a NumPy array, without a copy if possible.

    Refuse what NumPy would convert into something of another meaning.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise DataTypeError(
            f"{name} must be a plain array; got a masked one. Choose what masked entries mean: "
            f"{name}.filled(value), or keep the rows without them."
        )
    if package == "scipy" and hasattr(value, "toarray"):
        raise DataTypeError(
            f"{name} must be dense; got {type(value).__name__}. Pass {name}.toarray()."
        )
    if hasattr(value, "columns") and hasattr(value, "dtypes"):
        return _from_frame(name, value)
    if package == "torch" and value.device.type != "cpu":
        raise DataError(f"{name} must be on the CPU; got device {value.device}. Pass {name}.cpu().")
    try:
        array = np.asarray(_from_torch(value) if package == "torch" else value)
    except (ValueError, TypeError) as error:
        raise DataTypeError(f"{name} cannot be read as an array of numbers: {error}") from error
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    return array


def _from_frame(name: str, frame: Any) -> Array:
    """Return a pandas or polars frame whose columns are all numbers."""
    if hasattr(frame, "collect"):
        raise DataTypeError(f"{name} must hold its rows; got a lazy frame. Pass {name}.collect().")
    columns = list(zip(frame.columns, frame.dtypes, strict=True))
    others = [str(column) for column, dtype in columns if not _is_number(dtype)]
    if others:
        raise DataTypeError(
            f"{name} must have columns of numbers only; {len(others)} of {len(columns)} hold "
            f"something else: {', '.join(others[:5])}. Select the coordinates first."
        )
    array = frame.to_numpy()
    if array.dtype == object:  # pandas' nullable columns
        array = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(array)


def _is_number(dtype: Any) -> bool:
    if hasattr(dtype, "is_numeric"):  # polars
        return bool(dtype.is_numeric()) or str(dtype) == "Boolean"
    return getattr(dtype, "kind", "O") in "biuf"


def _from_torch(tensor: Any) -> Any:
    """Return a CPU tensor as an array that shares its memory; bfloat16 as float32."""
    tensor = tensor.detach()
    return tensor.float().numpy() if str(tensor.dtype) == "torch.bfloat16" else tensor.numpy()


def _check_dtype(name: str, dtype: np.dtype[Any]) -> None:
    if dtype.kind == "c":
        raise DataTypeError(
            f"{name} must hold real numbers; got dtype {dtype}. Say which are meant, for example "
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
        raise DataError(f"{required} One number is no set of points.")
    if len(shape) == 1:
        raise DataError(f"{required} One coordinate per point? Pass {name}[:, None].")
    if len(shape) > 2:
        raise DataError(f"{required} Flatten each point: {name}.reshape(len({name}), -1).")
    if shape[1] == 0:
        raise DataError(f"{required} There are no axes.")
    if shape[0] == 0:
        raise DataError(f"{required} There are no points.")
