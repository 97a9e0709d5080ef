"""Rows of a memory-mapped array, read from its file without the mapping.

Pages that are read through a mapping count as memory of this process, and each costs a fault.
"""

from mmap import ALLOCATIONGRANULARITY
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from latentscope.errors import DataError
from latentscope.rows.files import RawRows, Seen


def is_mapped(array: Any) -> bool:
    """Return True if an array shows a file, which it may differ from if it is copied on write."""
    return isinstance(array, np.memmap) and isinstance(array.filename, str | PathLike)


def unmapped(array: Any) -> RawRows | None:
    """Return the rows of a file that is mapped to be read, None where they must be read as mapped.

    That is so if they do not follow each other, or if the path names another file by now.
    """
    if not is_mapped(array) or array.mode != "r":
        return None
    is_plain = array.ndim == 2 and array.flags.c_contiguous and array.dtype.kind in "biuf"
    if not (is_plain and array.size and Path(array.filename).is_file()):
        return None
    rows = RawRows(Path(array.filename), _offset(array), array.shape, array.dtype.str)
    return rows if rows[:1].tobytes() == array[:1].tobytes() else None


def seen_if_read_only(array: Any) -> Seen | None:
    """Return what a memory-mapped file was like, unless this process may write it."""
    return Seen.of(array.filename) if is_mapped(array) and array.mode == "r" else None


def mapped_rows(name: str, array: Any) -> RawRows:
    """Return the rows that a memory-mapped array shows of its file.

    Raises
    ------
    DataError
        If they do not follow each other.
    """
    if not array.flags.forc:
        raise DataError(
            f"{name} must be all of a memory-mapped file, or rows that follow each other, so that "
            f"workers can find them; got strides {array.strides}. Pass a copy in memory."
        )
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    path = Path(array.filename).absolute()
    return RawRows(path, _offset(array), array.shape, array.dtype.str, is_fortran)


def _offset(array: Any) -> int:
    """Return the byte of the file at which the array begins."""
    start: int = array.offset - array.offset % ALLOCATIONGRANULARITY  # where the mapping does
    begin: int = np.frombuffer(array._mmap, np.uint8).ctypes.data
    return start + int(array.ctypes.data) - begin
