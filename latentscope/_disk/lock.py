"""One writer at a time: a file lock that the system releases when its holder dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from latentscope.errors import DataError


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises
    ------
    DataError
        If another process, or another call in this one, holds it.
    """
    lock = filelock.FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise DataError(
            f"{folder} is being written by another run. Wait for it to end, or choose another path."
        ) from error
    try:
        yield
    finally:
        lock.release()
