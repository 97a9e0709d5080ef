"""Rows of a memory-mapped array, read from its file without the mapping.

Pages that are read through a mapping count towards the memory of this process, and each causes a
page fault.
"""

from mmap import ALLOCATIONGRANULARITY
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from latentscope.errors import DataError
from latentscope.rows.files import RawRows, Seen


def is_mapped(array: Any) -> bool:
    """Return True if an array maps a file, even if it differs from it because of copy-on-write."""
    return isinstance(array, np.memmap) and isinstance(array.filename, str | PathLike)


def unmapped(array: Any) -> RawRows | None:
    """Return the rows of a read-only mapped file; None if they must be read through the mapping.

    They must if the rows are not contiguous, or if the path now belongs to another file.
    """
    if not is_mapped(array) or array.mode != "r":
        return None
    is_plain = array.ndim == 2 and array.flags.c_contiguous and array.dtype.kind in "biuf"
    if not (is_plain and array.size and Path(array.filename).is_file()):
        return None
    rows = RawRows(Path(array.filename), _offset(array), array.shape, array.dtype.str)
    return rows if rows[:1].tobytes() == array[:1].tobytes() else None


def seen_if_read_only(array: Any) -> Seen | None:
    """Return the state of a memory-mapped file, or None if this process may write it."""
    return Seen.of(array.filename) if is_mapped(array) and array.mode == "r" else None


def mapped_rows(name: str, array: Any) -> RawRows:
    """Return the rows of the file that a memory-mapped array maps.

    Raises
    ------
    DataError
        If they are not contiguous.
    """
    if not array.flags.forc:
        raise DataError(
            f"{name} must be all of a memory-mapped file, or contiguous rows of it, so that "
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
