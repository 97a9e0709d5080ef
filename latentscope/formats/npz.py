"""NumPy's .npz files: several arrays in a zip archive, one of which is z.

Arrays written by `numpy.savez` are stored uncompressed, and are read from the archive in runs of
rows once their checksum has been verified; compressed arrays are unpacked in memory. The directory
of the archive is read once, whatever the number of arrays.
"""

import errno
import io
import os
import struct
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from latentscope._disk.atomic import replacing
from latentscope._disk.limits import check_declared, check_memory
from latentscope._disk.read_errors import access_errors
from latentscope._disk.zips import text_in
from latentscope._types import Array
from latentscope.errors import FileFormatError, LatentscopeError, UnsafeFileError
from latentscope.formats import npy
from latentscope.formats._contents import REFUSED, Contents, Item, dtype_name
from latentscope.formats._storable import json_of, known, meta_of
from latentscope.latents import Latents
from latentscope.rows.files import Seen

_META = "meta.json"
_AT_ONCE = 8 * 2**20
_LOCAL_HEADER = 30  # bytes before the name of a member
_ERRORS = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError,
           struct.error, OverflowError)  # fmt: skip


def contents(path: Path) -> Contents:
    """Return what the archive holds."""
    with access_errors(path):
        archive = _archive(path)
        members = [one for one in archive.infolist() if one.filename.endswith(".npy")]
        items = {one.filename.removesuffix(".npy"): _item(path, archive, one) for one in members}
        meta = _meta(path, archive)
        is_ours = _META in archive.namelist()
    return Contents(path, "NumPy .npz", items, meta, is_ours=is_ours)


def names(path: Path) -> list[str]:
    """Return the names of the members of an archive."""
    with access_errors(path):
        return _archive(path).namelist()


class _ClosedFile(io.RawIOBase):
    """A file that is open only during each read, so that its archive need not be closed."""

    def __init__(self, path: Path) -> None:
        self.path, self.at = path, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = self.path.stat().st_size if whence == os.SEEK_END else 0
        at = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: size}[whence] + offset
        if at < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self.at = at
        return at

    def readinto(self, buffer: Any) -> int:
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.at)
            n_read = file.readinto(buffer) or 0
        self.at += n_read
        return n_read


def _archive(path: Path) -> zipfile.ZipFile:
    """Read the directory of an archive."""
    try:
        return zipfile.ZipFile(_ClosedFile(path))
    except _ERRORS as error:
        raise FileFormatError(f"{path} cannot be read as a zip archive: {error}") from error


def _item(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Item:
    check_declared(path, member.filename, member.file_size, member.compress_size)
    try:
        with archive.open(member) as file:
            shape, _, dtype = npy.header(path, file)  # type: ignore[arg-type]
    except LatentscopeError:
        raise
    except _ERRORS as error:
        raise FileFormatError(f"{path} cannot be read: {member.filename}: {error}") from error
    name = REFUSED if dtype.hasobject else dtype_name(dtype)
    return Item(shape, name, partial(_rows, path, archive, member, Seen.of(path)))


def _rows(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, seen: Seen) -> Any:
    """Return an array of the archive: as rows of the file or, if compressed, unpacked."""
    seen.check()
    if member.compress_type == zipfile.ZIP_STORED:
        if member.compress_size != member.file_size:
            raise FileFormatError(
                f"{member.filename} of {path} is stored uncompressed, so that its two sizes must "
                f"agree; got {member.compress_size:,} and {member.file_size:,} bytes."
            )
        _verify(path, archive, member)
        start = _start(path, member)
        rows = npy.rows_at(path, start)
        ends = rows.offset + rows.stored.itemsize * int(np.prod(rows.shape, dtype=object))
        if ends != start + member.file_size:
            raise FileFormatError(
                f"{member.filename} of {path} must end with its numbers; {ends - start:,} bytes "
                f"are declared, {member.file_size:,} stored."
            )
        return rows[:] if rows.ndim == 1 else rows
    check_memory(path, member.filename, member.file_size)
    try:
        with access_errors(path):
            raw = archive.read(member)
            return _array(path, io.BytesIO(raw))
    except _ERRORS as error:
        if isinstance(error, LatentscopeError):
            raise
        raise FileFormatError(f"{path} cannot be read: {member.filename}: {error}") from error


def _array(path: Path, file: io.BytesIO) -> Array:
    shape, is_fortran, dtype = npy.header(path, file)
    if dtype.hasobject:
        raise UnsafeFileError(
            f"{path} holds Python objects, which are never loaded because loading runs code. Save "
            "only the numbers."
        )
    count = int(np.prod(shape, dtype=object))
    rest = file.getbuffer()[file.tell() :]
    if len(rest) != count * dtype.itemsize:
        raise FileFormatError(
            f"{path} must hold {count:,} numbers of {dtype}, {count * dtype.itemsize:,} bytes; it "
            f"holds {len(rest):,} bytes."
        )
    array = np.frombuffer(rest, dtype, count)
    return array.reshape(shape, order="F" if is_fortran else "C")


def _start(path: Path, member: zipfile.ZipInfo) -> int:
    """Return the byte at which an uncompressed member begins."""
    with access_errors(path), path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(_LOCAL_HEADER)
    n_name, n_extra = struct.unpack("<HH", header[26:30])
    return member.header_offset + _LOCAL_HEADER + n_name + n_extra


def _verify(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a member once, which verifies its checksum."""
    bar = tqdm(
        total=member.file_size, desc=f"verifying {path.name}", unit="B", unit_scale=True, delay=2
    )
    try:
        with access_errors(path), archive.open(member) as file, bar:
            while block := file.read(_AT_ONCE):
                bar.update(len(block))
    except _ERRORS as error:
        raise FileFormatError(f"{path} is damaged: {member.filename}: {error}") from error


def _meta(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    if _META not in archive.namelist():
        return {}
    try:
        return meta_of(path, text_in(archive, _META, path, "a zip archive"))
    except _ERRORS as error:
        if isinstance(error, LatentscopeError):
            raise
        raise FileFormatError(f"{path} cannot be read: {_META}: {error}") from error


def write(path: Path, latents: Latents) -> None:
    """Stream the arrays, uncompressed, into an archive together with ids and labels."""
    columns = known(latents)
    meta = json_of(latents.meta)
    with replacing(path) as part, zipfile.ZipFile(part, "w") as archive:
        for name, rows in latents.arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                npy.write_rows(file, name, rows)
        for name, values in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(values), allow_pickle=False)
        archive.writestr(_META, meta)
