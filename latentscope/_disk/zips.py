"""Safe reading of zip archives of models: sizes are checked before anything is unpacked."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentscope._disk.limits import check_declared
from latentscope.errors import FileFormatError, LatentscopeError, TooLargeError

_MAX_TEXT = 64 * 2**20  # bytes
_DAMAGES = (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError)


@contextmanager
def unzipped(path: Path, what: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive, after checking that its declared size is plausible.

    Raises
    ------
    TooLargeError
        If it would unpack to more than 4 GiB and to more than 1000 times its size.
    FileFormatError
        If it is damaged; the message names `what` it should be.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            whole = sum(member.file_size for member in archive.infolist())
            check_declared(path, "the archive", whole, path.stat().st_size)
            yield archive
    except _DAMAGES as error:
        if isinstance(error, LatentscopeError):
            raise
        raise FileFormatError(f"{path} cannot be read as {what}: {error}") from error


def text_in(archive: zipfile.ZipFile, name: str, path: Path, what: str) -> bytes:
    """Return the bytes of a text file in the archive, if it is there and of plausible size."""
    try:
        declared = archive.getinfo(name).file_size
    except KeyError as error:
        short = name.rpartition("/")[2]
        raise FileFormatError(f"{path} cannot be read as {what}: no {short} in it.") from error
    if declared > _MAX_TEXT:
        raise TooLargeError(
            f"{path} declares a {name} of {declared:,} bytes, more than any model has."
        )
    return content_of(archive, name)


def content_of(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member's bytes, at most as many as it declares."""
    with archive.open(name) as file:
        return file.read(archive.getinfo(name).file_size)
