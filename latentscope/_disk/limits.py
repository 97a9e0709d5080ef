"""How much a file may declare, before anything is allocated for it."""

import os
from pathlib import Path

from latentscope.errors import TooLargeError

SUSPECT_BYTES = 4 * 2**30
SUSPECT_RATIO = 1000


def check_declared(path: Path | str, what: str, declared: int, stored: int) -> None:
    """Refuse what declares over 4 GiB and over 1000 times what it stores."""
    if declared > SUSPECT_BYTES and declared > SUSPECT_RATIO * stored:
        raise TooLargeError(
            f"{what} of {path} declares {declared / 2**30:.3g} GiB and stores {stored:,} bytes: a "
            "file that would fill the memory, or one whose writer was stopped."
        )


def check_memory(path: Path | str, what: str, needed: int) -> None:
    """Refuse what must be read as one piece and is larger than this machine's memory."""
    memory = _memory()
    if memory and needed > memory:
        raise TooLargeError(
            f"{what} of {path} must be read as one piece of {needed / 2**30:.3g} GiB; the memory "
            f"is {memory / 2**30:.3g} GiB. Convert it to HDF5 on a larger machine, with "
            "`latentscope convert`."
        )


def _memory() -> int:
    """Return the bytes of memory, 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
