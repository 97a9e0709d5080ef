"""Writing a file so that a crash leaves either the old file or the new one, never half of one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentscope.errors import DataError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success fsync it and rename it over `path`.

    On any exception the temporary file is removed and `path` stays as it was.

    Raises
    ------
    DataError
        If `path` is a directory or its folder does not exist.
    """
    target = Path(path)
    if target.is_dir():
        raise DataError(f"path must name a file; got the folder {target}. Add a file name.")
    if not target.parent.is_dir():
        raise DataError(f"path must lie in an existing folder; {target.parent} does not exist.")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _sync(part)
        part.chmod(_usual_mode(target))
        part.replace(target)
        _sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Ask the system to put the file, or the folder's entry of it, on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders for this
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _usual_mode(target: Path) -> int:
    """Return the mode of the file to be replaced, or what `open` would have given a new one."""
    if target.exists():
        return target.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
