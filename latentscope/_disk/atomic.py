"""Writing a file so that a crash leaves either the old file or the new one, never half of one.

A new file or folder grows beside the old one, under a hidden name. Its writer holds a lock (flock)
on a file beside it, which the system gives up when the writer dies, however it dies. The next
writer of that name on that host removes what it can lock, and so never what a live one writes.
Where there are no such locks (Windows, some network file systems), nothing is removed.
"""

import hashlib
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from latentscope._disk.paths import writable
from latentscope.errors import DataError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success fsync it and rename it over `path`.

    On any exception the temporary file is removed and `path` stays as it was. If the process is
    killed, the next write to `path` from this host removes it.

    Raises
    ------
    DataError
        If `path` is a directory or its folder does not exist.
    """
    target = writable(path).resolve()  # a link stays; its target is replaced
    with _part_of(target) as part:
        part.touch(exist_ok=False)  # with the mode that the user's umask gives
        yield part
        _sync(part)
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
        _sync(target.parent)


@contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; on success rename it to `path`.

    Files in it are not synced one by one, and between two renames there is a moment without `path`:
    a crash then leaves the old folder under a hidden name, from which the next write brings it
    back. A folder of that name is moved away first and removed last; on any exception the temporary
    folder is removed and `path` stays as it was.

    Raises
    ------
    DataError
        If `path` is a file, or its parent does not exist.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_dir():
        raise DataError(f"path must name a folder; got the file {target}.", parameter="path")
    if not target.parent.is_dir():
        raise DataError(
            f"path must lie in an existing folder; {target.parent} does not exist.",
            parameter="path",
        )
    with _part_of(target) as part:
        part.mkdir()
        yield part
        if target.exists():
            target.rename(_old(part))
        part.rename(target)
        _sync(target.parent)


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` that only the caller writes, and remove what is there after."""
    start = f".{_mark(target)}."
    for lock in target.parent.glob(f"{start}{'?' * 8}.lock.*"):
        with suppress(OSError):  # its writer lives, or another removes it too
            _remove_left_over(lock, target)
    part, descriptor = _locked(target, start)
    try:
        yield part
    finally:
        with suppress(OSError):  # what cannot be removed now is left to the next writer
            _remove(part, target)
            _lock_of(part).unlink(missing_ok=True)
        if descriptor is not None:
            os.close(descriptor)


def _mark(target: Path) -> str:
    """Return what names of parts of a target begin with on this host: locks of others are theirs.

    Some network file systems keep locks on each host by itself.
    """
    place = f"{socket.gethostname()}/{target.name}"
    return hashlib.blake2b(os.fsencode(place), digest_size=4).hexdigest()


def _locked(target: Path, start: str) -> tuple[Path, int | None]:
    """Return a path that nobody else writes, and the descriptor of the file that is locked for it.

    That is None where files cannot be locked.
    """
    while True:
        part = target.parent / f"{start}{secrets.token_hex(4)}.part.{target.name[-40:]}"
        descriptor = os.open(_lock_of(part), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _lock(descriptor)
        except BlockingIOError:  # another writer took it for one that was left over
            os.close(descriptor)
            continue
        except OSError:  # no locks here
            os.close(descriptor)
            _lock_of(part).unlink(missing_ok=True)
            return part, None
        return part, descriptor


def _lock(descriptor: int) -> None:
    """Lock a file until its descriptor is closed.

    Raises
    ------
    BlockingIOError
        If another has locked it, or has removed it meanwhile.
    OSError
        If there are no such locks.
    """
    if fcntl is None:
        raise OSError("this system has no flock")
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if os.fstat(descriptor).st_nlink == 0:
        raise BlockingIOError


def _remove_left_over(lock: Path, target: Path) -> None:
    """Remove what a writer that died left, or raise an OSError."""
    descriptor = os.open(lock, os.O_RDWR)
    try:
        _lock(descriptor)
        _remove(lock.with_name(lock.name.replace(".lock.", ".part.", 1)), target)
        lock.unlink()
    finally:
        os.close(descriptor)


def _remove(part: Path, target: Path) -> None:
    """Remove a part, and the old folder that was moved away, unless it is all that there is."""
    old = _old(part)
    if old.exists() and not target.exists():
        old.rename(target)
    for path in (part, old):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _lock_of(part: Path) -> Path:
    return part.with_name(part.name.replace(".part.", ".lock.", 1))


def _old(part: Path) -> Path:
    return part.with_name(f"{part.name}.old")


def _sync(path: Path) -> None:
    """Flush a file, or a folder's list of entries, to disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders for this
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
