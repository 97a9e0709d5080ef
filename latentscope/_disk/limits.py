"""Limits on the sizes that a file may declare, checked before any memory is allocated."""

import os
from pathlib import Path

from latentscope.errors import TooLargeError

SUSPECT_BYTES = 4 * 2**30
SUSPECT_RATIO = 1000


def check_declared(path: Path | str, what: str, declared: int, stored: int) -> None:
    """Raise if more than 4 GiB are declared, and more than 1000 times what is stored."""
    if declared > SUSPECT_BYTES and declared > SUSPECT_RATIO * stored:
        raise TooLargeError(
            f"{what} of {path} declares {declared / 2**30:.3g} GiB and stores {stored:,} bytes: "
            "the file would fill the memory, or its writer was stopped."
        )


def check_memory(path: Path | str, what: str, needed: int) -> None:
    """Raise if data that must be read in one piece are larger than this machine's memory."""
    memory = _memory()
    if memory and needed > memory:
        raise TooLargeError(
            f"{what} of {path} must be read as one piece of {needed / 2**30:.3g} GiB; this "
            f"machine has {memory / 2**30:.3g} GiB of memory. Convert the file to HDF5 on a larger "
            "machine, with `latentscope convert`."
        )


def _memory() -> int:
    """Return the size of the memory in bytes, or 0 if the system does not report it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
