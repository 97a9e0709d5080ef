"""Writing a file so that a crash leaves either the old file or the new one, never half of one."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentscope._disk.paths import writable
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
    target = writable(path).resolve()  # a link stays, what it points to is replaced
    part = target.parent / f".{secrets.token_hex(4)}.part.{target.name[-40:]}"  # same ending
    part.touch(exist_ok=False)  # with the mode that the user's umask gives
    try:
        yield part
        _sync(part)
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
        _sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; on success rename it to `path`.

    Files in it are not synced one by one, and between two renames there is a moment without `path`:
    a crash then leaves the old folder under a hidden name. A folder of that name is moved away
    first and removed last; on any exception the temporary folder is removed and `path` stays as it
    was.

    Raises
    ------
    DataError
        If `path` is a file, or its parent does not exist.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_dir():
        raise DataError(f"path must name a folder; got the file {target}.")
    if not target.parent.is_dir():
        raise DataError(f"path must lie in an existing folder; {target.parent} does not exist.")
    part = target.parent / f".{secrets.token_hex(4)}.part.{target.name[-40:]}"
    old = part.with_name(f"{part.name}.old")
    part.mkdir()
    try:
        yield part
        if target.exists():
            target.rename(old)
        part.rename(target)
        _sync(target.parent)
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        for folder in (part, old):
            shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    """Ask the system to put the file, or the folder's entry of it, on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders for this
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
