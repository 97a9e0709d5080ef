"""Rows of a zarr array in a folder; missing chunks, which zarr reads as zeros, are errors.

Any process finds the folder by its absolute path. Changes of the array's metadata are detected;
chunks that are overwritten in the meantime are not.
"""

from pathlib import Path
from typing import Any

import numpy as np

from latentscope._disk.read_errors import read_errors
from latentscope._types import Array
from latentscope.errors import IncompleteFileError
from latentscope.rows.files import FileRows, Seen

_MARKS = ("zarr.json", ".zarray")


class ZarrRows(FileRows):
    """Rows of a zarr array.

    Parameters
    ----------
    path : Path
        Folder of the array.
    """

    _array: Any = None  # not pickled

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        marks = [self.path / mark for mark in _MARKS if (self.path / mark).exists()]
        self.seen = Seen.of(marks[0] if marks else self.path / _MARKS[0])
        array = self._opened()
        self.shape, self.dtype = array.shape, array.dtype
        self.chunk_rows = _pieces(array)[0]

    def read(self, start: int, stop: int) -> Array:
        self.seen.check()
        with read_errors(f"rows {start:,} to {stop - 1:,} of {self.path}"):
            rows = np.asarray(self._opened()[start:stop])
        if stop > start:
            self._check_chunks(start, stop)
        return rows

    def _opened(self) -> Any:
        import zarr

        if self._array is None:
            with read_errors(str(self.path)):
                self._array = zarr.open_array(str(self.path), mode="r")
        return self._array

    def _check_chunks(self, start: int, stop: int) -> None:
        array = self._opened()
        first, *others = _pieces(array)
        grid = [-(-size // piece) for size, piece in zip(self.shape[1:], others, strict=True)]
        for place in np.ndindex(-(-stop // first) - start // first, *grid):
            key = array.metadata.encode_chunk_key((place[0] + start // first, *place[1:]))
            if not (self.path / key).exists():
                raise IncompleteFileError(
                    f"{self.path} has no chunk {key}: it was removed or never written. Its rows "
                    f"would read as {array.fill_value}."
                )


def n_stored_rows(array: Any, folder: Path) -> int:
    """Return the number of leading rows of an array that are stored.

    Chunks are checked one by one only if some are missing. Within shards, missing chunks are not
    detected.
    """
    if not array.shape or array.nchunks_initialized == array.nchunks or not array.size:
        return array.shape[0] if array.shape else 0
    pieces = _pieces(array)
    grid = [-(-size // piece) for size, piece in zip(array.shape, pieces, strict=True)]
    for place in np.ndindex(*grid):
        if not (folder / array.metadata.encode_chunk_key(place)).exists():
            return min(place[0] * pieces[0], array.shape[0])
    return array.shape[0]


def _pieces(array: Any) -> tuple[int, ...]:
    """Return the shape of the piece that is stored as one file."""
    return getattr(array, "shards", None) or array.chunks
