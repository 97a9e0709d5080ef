"""Rows that stay in a file until they are needed, as every reader of files returns them.

Such rows behave like a read-only NumPy array: they have a shape and a dtype, and an index reads all
rows between the first and the last that it selects. They can be pickled, so another process can
open the file for itself. Nothing is mapped into memory: if a mapped file shrinks, the interpreter
crashes, whereas a short read is an error. Each read checks that the file has not changed since it
was opened.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from latentscope._disk.read_errors import access_errors, read_errors
from latentscope._types import Array
from latentscope.errors import FileFormatError

BFLOAT16 = "bfloat16"


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when it was opened."""

    path: Path
    size: int
    modified: int
    inode: int

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Self:
        """Return a file's present size, time of modification and inode."""
        with access_errors(path):
            status = os.stat(path)
        return cls(Path(path), status.st_size, status.st_mtime_ns, status.st_ino)

    def check(self) -> None:
        """Raise if the file is no longer the same."""
        if type(self).of(self.path) != self:
            raise FileFormatError(
                f"{self.path} changed while it was read, so its numbers may mix old and new ones. "
                "Wait until its writer has finished, and load it again."
            )


def can_be_opened_again(file: Any) -> bool:
    """Return True if an open HDF5 file is on disk, read-only, and its name still leads to it."""
    if file.mode != "r" or file.driver != "sec2":
        return False
    try:
        return os.path.samestat(os.stat(file.filename), os.fstat(file.id.get_vfd_handle()))
    except OSError:
        return False


class FileRows(ABC):
    """n_points × z_dim numbers in a file.

    Attributes
    ----------
    path : Path
        The file.
    shape : tuple of int
        (n_points, z_dim).
    dtype : numpy.dtype
        Type of the numbers as read.
    chunk_rows : int
        Rows stored as one piece; reading fewer takes as long.
    never_splits : bool
        True if a piece must be read as a whole.
    owner : object
        An object that must stay alive while this process uses the rows.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk_rows: int = 1
    never_splits: bool = False
    owner: Any = None

    def __getstate__(self) -> dict[str, Any]:
        state = vars(self).items()
        return {name: value for name, value in state if name != "owner" and name[0] != "_"}

    @abstractmethod
    def read(self, start: int, stop: int) -> Array:
        """Return rows start … stop − 1, as stored in the file."""

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        """Read all rows between the first and the last that are selected, and select from them."""
        if isinstance(index, int | np.integer):
            row = range(len(self))[index]
            return self.read(row, row + 1)[0]
        first, rest = (index[0], index[1:]) if isinstance(index, tuple) and index else (index, ())
        if isinstance(first, slice):  # without a list of all rows, and without a copy
            named = range(len(self))[first]
            low, high = sorted((named[0], named[-1])) if named else (0, -1)
            return self.read(low, high + 1)[(slice(None, None, named.step), *rest)]
        numbers = np.arange(len(self))[first]
        low, high = (int(numbers.min()), int(numbers.max()) + 1) if np.size(numbers) else (0, 0)
        rows = self.read(low, high)[numbers - low]
        if not rest:
            return rows
        return rows[rest] if np.ndim(numbers) == 0 else rows[(slice(None), *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.read(0, len(self)), dtype=dtype)

    def __repr__(self) -> str:
        shape = " × ".join(f"{n:,}" for n in self.shape)
        return f"<{type(self).__name__} {shape} {self.dtype} of {self.path.name}>"


class RawRows(FileRows):
    """Numbers stored in a file with the same layout as in memory.

    Parameters
    ----------
    path : Path
    offset : int
        Byte at which they begin.
    shape : tuple of int
    dtype : str
        In NumPy's notation, or "bfloat16".
    is_fortran : bool
        True if the numbers are stored column by column, not row by row.
    """

    def __init__(
        self, path: Path, offset: int, shape: tuple[int, ...], dtype: str, is_fortran: bool = False
    ) -> None:
        self.path, self.offset, self.shape = Path(path).absolute(), offset, shape
        self.stored = np.dtype(np.uint16 if dtype == BFLOAT16 else dtype)
        self.is_bfloat16 = dtype == BFLOAT16
        self.dtype = np.dtype(np.float32) if self.is_bfloat16 else self.stored
        self.is_fortran = is_fortran
        self.seen = Seen.of(self.path)
        if offset + self.stored.itemsize * int(np.prod(shape, dtype=object)) > self.seen.size:
            raise FileFormatError(
                f"{path} must hold {shape} numbers of {self.stored.itemsize} bytes from byte "
                f"{offset} on; it ends at byte {self.seen.size}: it is truncated."
            )

    def read(self, start: int, stop: int) -> Array:
        with access_errors(self.path), self.path.open("rb", buffering=0) as file:
            if self.is_fortran:
                rows = self._columns(file, start, stop)
            else:
                width = int(np.prod(self.shape[1:]))
                at = self.offset + start * width * self.stored.itemsize
                rows = self._numbers(file, at, (stop - start) * width)
                rows = rows.reshape(stop - start, *self.shape[1:])
        self.seen.check()
        return from_bfloat16(rows) if self.is_bfloat16 else rows

    def _columns(self, file: Any, start: int, stop: int) -> Array:
        """Read these rows column by column."""
        n, item = len(self), self.stored.itemsize
        n_columns = int(np.prod(self.shape[1:]))
        rows = np.empty((stop - start, n_columns), self.stored)
        for column in range(n_columns):
            at = self.offset + (column * n + start) * item
            rows[:, column] = self._numbers(file, at, stop - start)
        return rows.reshape(stop - start, *self.shape[1:], order="F")

    def _numbers(self, file: Any, at: int, count: int) -> Array:
        numbers = np.empty(count, self.stored)
        view = numbers.view(np.uint8).data
        file.seek(at)
        while view:
            n_read = file.readinto(view)
            if not n_read:
                raise FileFormatError(f"{self.path} was truncated while it was read.")
            view = view[n_read:]
        return numbers


def from_bfloat16(numbers: Array) -> Array:
    """Return float32 numbers exactly equal to bfloat16 numbers that are given as uint16."""
    return (numbers.astype(np.uint32) << 16).view(np.float32)


class DerivedRows(FileRows):
    """Rows of a file, transformed by a function when they are read.

    Parameters
    ----------
    path : Path
    rows : FileRows, h5py.Dataset or zarr array
        The stored rows.
    function : callable
        Turns each row into an array of shape ``shape[1:]``; must be picklable.
    shape : tuple of int
    dtype : numpy.dtype
    """

    def __init__(
        self,
        path: Path,
        rows: Any,
        function: Callable[[Array], Array],
        shape: tuple[int, ...],
        dtype: Any,
    ) -> None:
        self.path, self.rows, self.function = path, rows, function
        self.shape, self.dtype = shape, np.dtype(dtype)
        chunks = getattr(rows, "chunks", None)
        self.chunk_rows = chunks[0] if chunks else getattr(rows, "chunk_rows", 1)
        self.never_splits = getattr(rows, "never_splits", False)

    def read(self, start: int, stop: int) -> Array:
        with read_errors(f"rows {start:,} to {stop - 1:,} of {self.path}"):
            return self.function(self.rows[start:stop])
