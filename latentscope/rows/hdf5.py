"""Reading the rows of an HDF5 file in several threads at once.

The HDF5 library serves one read at a time, copies each chunk once more than necessary, and makes
all other threads wait while it computes checksums. Chunks that no filter has changed are stored
with the same layout as in memory: the library reports where they are, and this module reads and
checks them. Through the library, `radius_density` of 1.3 GB of checksummed chunks in the page cache
takes 1.5 times the processor time on two cores, and `overview` 1.15 times. All other chunks are
left to the library.
"""

import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from latentscope._compute.kernels import REORDER, compiled
from latentscope._disk.read_errors import access_errors
from latentscope._types import Array, IntArray
from latentscope.errors import FileFormatError
from latentscope.rows.files import FileRows, Seen

_MAX_CHUNK_BYTES = 64 * 2**20  # a run that needs part of a chunk reads all of it
_MIN_CHUNK_BYTES = 2**16  # below, one call per chunk takes longer than the library
_CHECKSUM = 4  # bytes after each chunk


class ChunkRows(FileRows):
    """Rows of an HDF5 dataset whose chunks hold plain numbers.

    Parameters
    ----------
    dataset : h5py.Dataset
        A dataset that `plain_chunks` accepts.
    places : int64 array of shape (n_chunks,)
        The byte of the file at which each chunk begins.
    """

    def __init__(self, dataset: h5py.Dataset, places: IntArray) -> None:
        self.path, self.places = Path(dataset.file.filename), places
        self.shape, self.dtype, self.chunk_rows = dataset.shape, dataset.dtype, dataset.chunks[0]
        self.name = dataset.name
        self.is_checked = bool(dataset.fletcher32)
        self.seen = Seen.of(self.path)

    def read(self, start: int, stop: int) -> Array:
        rows = np.empty((stop - start, self.shape[1]), self.dtype)
        with access_errors(self.path), self.path.open("rb", buffering=0) as file:
            for number in range(start // self.chunk_rows, -(-stop // self.chunk_rows)):
                first = number * self.chunk_rows
                low, high = max(first, start), min(first + self.chunk_rows, stop)
                if high - low == self.chunk_rows:
                    self._fill(file, number, rows[low - start : high - start])
                else:
                    chunk = np.empty((self.chunk_rows, self.shape[1]), self.dtype)
                    self._fill(file, number, chunk)
                    rows[low - start : high - start] = chunk[low - first : high - first]
        self.seen.check()
        return rows

    def _fill(self, file: Any, number: int, chunk: Array) -> None:
        """Read one chunk from the file, and compare its checksum with the stored one."""
        file.seek(self.places[number])
        stored = np.empty(_CHECKSUM, np.uint8)
        for part in (chunk.reshape(-1).view(np.uint8), stored)[: 1 + self.is_checked]:
            view = part.data
            while view:
                n_read = file.readinto(view)
                if not n_read:
                    raise FileFormatError(f"{self.path} was truncated while it was read.")
                view = view[n_read:]
        if self.is_checked and not _is_sum(stored, chunk):
            raise FileFormatError(
                f"{self.path}: {self.name} is damaged: the checksum of its rows from "
                f"{number * self.chunk_rows:,} on differs from the stored one. Copy or create the "
                "file again."
            )


def _is_sum(stored: Array, chunk: Array) -> bool:
    """Return True if a checksum belongs to a chunk, by the library's version of Fletcher-32.

    The library swaps the bytes of each word before it sums them, which multiplies the sums by 256.
    Before version 1.6.3 it did not swap them; it still accepts those checksums.
    """
    expected = np.array(fletcher_sums(chunk.reshape(-1).view(np.uint16)))
    found = stored.view("<u2").astype(np.int64)
    return any(bool(((found - expected * swap) % 65535 == 0).all()) for swap in (256, 1))


def plain_chunks(dataset: Any) -> ChunkRows | None:
    """Return the rows of a dataset if its chunks can be read without the library, else None."""
    if not (isinstance(dataset, h5py.Dataset) and dataset.chunks and _is_plain(dataset)):
        return None
    n_chunks = -(-dataset.shape[0] // dataset.chunks[0])
    n_bytes = _n_bytes(dataset)
    places = np.full(n_chunks, -1, dtype=np.int64)

    def place(chunk: Any) -> None:
        if chunk.size == n_bytes and not chunk.filter_mask:
            places[chunk.chunk_offset[0] // dataset.chunks[0]] = chunk.byte_offset

    dataset.id.chunk_iter(place)
    return None if (places < 0).any() else ChunkRows(dataset, places)


def _n_bytes(dataset: h5py.Dataset) -> int:
    """Return the stored size of a chunk."""
    n_numbers = dataset.chunks[0] * dataset.chunks[1]
    return int(n_numbers * dataset.dtype.itemsize + _CHECKSUM * bool(dataset.fletcher32))


def _is_plain(dataset: h5py.Dataset) -> bool:
    """Return True if the chunks are whole rows of floats, unfiltered except for a checksum."""
    plist = dataset.id.get_create_plist()
    dtype = dataset.dtype
    return bool(
        sys.byteorder == "little"
        and dataset.ndim == 2
        and dataset.chunks[1] == dataset.shape[1]
        and plist.get_nfilters() == bool(dataset.fletcher32)
        and dtype.kind == "f"
        and dtype.itemsize <= 8
        and dataset.id.get_type() == h5py.h5t.py_create(dtype)
        and _MIN_CHUNK_BYTES <= _n_bytes(dataset) <= _MAX_CHUNK_BYTES
        and not dataset.file.userblock_size
        and not dataset.file.swmr_mode
    )


@compiled(fastmath=REORDER)
def fletcher_sums(words: Array) -> tuple[int, int]:
    """Return Fletcher's two sums of uint16 words, modulo 65535: Σ wᵢ and Σ (n − i) wᵢ.

    They are whole numbers below 2⁵³, so float64 is exact whatever the order of the additions.
    """
    once, twice = 0.0, 0.0
    for start in range(0, words.shape[0], 65_536):
        part = words[start : start + 65_536]
        n = part.shape[0]
        first, second = 0.0, 0.0
        for i in range(n):
            word = np.float64(part[i])
            first += word
            second += word * np.float64(n - i)
        twice = (twice + n * once + second) % 65_535.0
        once = (once + first) % 65_535.0
    return int(once), int(twice)
