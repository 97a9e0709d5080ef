"""Images in a zip archive, which is read without extracting it."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from latentscope._disk.paths import first_bytes, looks_like
from latentscope.datasets._decode import BadImageError
from latentscope.datasets._entries import (
    MAX_BYTES,
    Entry,
    Read,
    Source,
    is_image,
    raise_if_temporary,
)
from latentscope.errors import FileFormatError

_SUSPECT_BYTES, _SUSPECT_RATIO = 16 * 2**20, 200  # photographs do not shrink when zipped
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
_NOT_A_ZIP = {
    b"PK": "is a damaged or truncated zip: download it again",
    b"\x1f\x8b": "is gzip-compressed (.tar.gz?): unpack it and pass the folder",
    b"Rar!": "is a RAR archive: unpack it and pass the folder",
    b"7z\xbc\xaf": "is a 7z archive: unpack it and pass the folder",
    b"\xff\xd8\xff": "is a JPEG image: pass the folder that contains it",
    b"\x89PNG": "is a PNG image: pass the folder that contains it",
}


class ZipSource(Source):
    """A zip archive; its list of entries is read when the images are."""

    def stamp(self) -> object:
        status = self.path.stat()
        return [status.st_size, status.st_mtime_ns]

    @contextmanager
    def opened(self) -> Iterator[tuple[list[Entry], Read]]:
        try:
            archive = zipfile.ZipFile(self.path)
        except PermissionError as error:
            raise FileFormatError(f"{self.path} cannot be read: {error.strerror}.") from error
        except _ZIP_ERRORS as error:
            text = looks_like(first_bytes(self.path), _NOT_A_ZIP)
            raise FileFormatError(f"{self.path} cannot be read as a zip; it {text}.") from error
        with archive:
            lock = Lock()  # the file handle has one position for all threads
            yield (
                sorted(_zip_entries(archive)),
                lambda entry: _read_entry(archive, lock, entry.place),
            )


def _zip_entries(archive: zipfile.ZipFile) -> Iterator[Entry]:
    seen: set[str] = set()
    for info in archive.infolist():
        if is_image(info.filename):
            problem = "is in the zip twice" if info.filename in seen else _zip_problem(info)
            seen.add(info.filename)
            yield Entry(info.filename, info, problem)


def _zip_problem(info: zipfile.ZipInfo) -> str:
    """Return the reason not to read an entry that its header gives, or an empty text."""
    if info.filename.startswith("/") or ".." in info.filename.split("/"):
        return "has a name that leads out of the zip"  # callers may use ids as paths of files
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "has an unsupported compression: zip it as 'stored' or 'deflated'"
    is_bomb = (
        info.file_size > _SUSPECT_BYTES and info.file_size > _SUSPECT_RATIO * info.compress_size
    )
    if is_bomb or info.file_size > MAX_BYTES:
        return f"declares {info.file_size:,} bytes and stores {info.compress_size:,}"
    return ""


def _read_entry(archive: zipfile.ZipFile, lock: Lock, info: zipfile.ZipInfo) -> bytes:
    try:
        with lock, archive.open(info) as file:
            return file.read(info.file_size)  # read() alone would unpack everything there is
    except _ZIP_ERRORS as error:
        raise_if_temporary(error, archive.filename)
        raise BadImageError(f"cannot be unpacked ({error})") from error
