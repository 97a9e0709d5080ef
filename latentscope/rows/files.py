"""Rows that stay in a file until they are asked for: what every reader of files gives.

Such rows behave as a read-only array of NumPy: they have a shape and a dtype, and an index reads
the rows from the first to the last that it names. They can be pickled, so that another process
opens the file by itself. Nothing is mapped into memory: a file that shrinks under a mapping ends
the interpreter, a short read is an error. Each reading checks that the file is still the one that
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
        """Look at a file."""
        with access_errors(path):
            status = os.stat(path)
        return cls(Path(path), status.st_size, status.st_mtime_ns, status.st_ino)

    def check(self) -> None:
        """Raise if the file is no longer the same."""
        if type(self).of(self.path) != self:
            raise FileFormatError(
                f"{self.path} changed while it was read, so that its numbers may be of two kinds. "
                "Wait until its writer is done, and load it again."
            )


class FileRows(ABC):
    """n_points × z_dim numbers in a file.

    Attributes
    ----------
    path : Path
        The file.
    shape : tuple of int
        (n_points, z_dim).
    dtype : numpy.dtype
        Of what is read.
    chunk_rows : int
        Rows that are stored as one piece: reading fewer costs as much.
    never_splits : bool
        True if a piece must be read at once.
    owner : object
        What must live as long as the rows are in use, in this process.
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
        """Return rows start … stop − 1 as the file stores them."""

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        """Read the rows from the first to the last that are named, and take those."""
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
    """Numbers that lie in a file as they would in memory.

    Parameters
    ----------
    path : Path
    offset : int
        Byte at which they begin.
    shape : tuple of int
    dtype : str
        As NumPy writes it, or "bfloat16".
    is_fortran : bool
        True if columns follow each other, not rows.
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
                f"{offset} on; it ends at byte {self.seen.size}: it was cut off."
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
        """Read the part of each column that lies in these rows."""
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
                raise FileFormatError(f"{self.path} was cut off while it was read.")
            view = view[n_read:]
        return numbers


def from_bfloat16(numbers: Array) -> Array:
    """Return bfloat16, given as uint16, as float32 of the very same values."""
    return (numbers.astype(np.uint32) << 16).view(np.float32)


class DerivedRows(FileRows):
    """What a function makes of rows of a file, when they are read.

    Parameters
    ----------
    path : Path
    rows : FileRows, h5py.Dataset or zarr array
        What is read.
    function : callable
        Makes an array of ``shape[1:]`` of each row; it can be pickled.
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
