"""Safe reading of zip archives: sizes are checked before anything is unpacked."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentscope._disk.limits import check_declared
from latentscope._disk.read_errors import read_errors
from latentscope.errors import FileFormatError, TooLargeError

_MAX_TEXT = 64 * 2**20  # bytes


def is_zip(path: Path) -> bool:
    """Return True if a file is a zip archive.

    Raises
    ------
    FileFormatError
        If it is one of several disks.
    """
    with read_errors(str(path), " as a zip archive"):
        return zipfile.is_zipfile(path)


@contextmanager
def unzipped(path: Path, what: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive, after checking that its declared size is plausible.

    Raises
    ------
    TooLargeError
        If it, or a member, would unpack to more than 4 GiB and to more than 1000 times its size.
    FileFormatError
        If it is damaged; the message names `what` it should be.
    AccessError
        If the system does not allow it to be read.
    """
    with read_errors(str(path), f" as {what}"), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        whole = sum(member.file_size for member in members)
        check_declared(path, "the archive", whole, path.stat().st_size)
        for member in members:
            check_declared(path, member.filename, member.file_size, member.compress_size)
        yield archive


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
    with archive.open(name) as file:
        return file.read(declared)
