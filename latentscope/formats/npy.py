"""NumPy's .npy files: one array, read directly from the file."""

from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy_format

from latentscope._disk.atomic import replacing
from latentscope._disk.read_errors import access_errors
from latentscope.errors import FileFormatError, UnsafeFileError
from latentscope.formats._contents import Contents, Item, dtype_name
from latentscope.formats._storable import runs, warn_of_what_is_left_out
from latentscope.latents import Latents
from latentscope.rows.files import RawRows
from latentscope.rows.matrix import as_matrix

SIGNATURE = npy_format.MAGIC_PREFIX
_MAX_HEADER = 10_000  # bytes, as NumPy's own limit


def contents(path: Path) -> Contents:
    """Return what the file holds: z."""
    with access_errors(path), path.open("rb") as file:
        shape, _, dtype = header(path, file)
        ends = file.tell() + int(np.prod(shape, dtype=object)) * dtype.itemsize
        rows = partial(rows_at, path, 0)
    if dtype.hasobject:
        rows()  # raises the reason why objects are not read
    if ends != path.stat().st_size:
        raise FileFormatError(
            f"{path} must end at byte {ends:,}, after numbers of shape {shape}; it ends at byte "
            f"{path.stat().st_size:,}: it is truncated, or something was appended."
        )
    return Contents(path, "NumPy .npy", {"z": Item(shape, dtype_name(dtype), rows)})


def rows_at(path: Path, at: int) -> RawRows:
    """Return the array whose header is at a byte of a file."""
    with access_errors(path), path.open("rb") as file:
        file.seek(at)
        shape, is_fortran, dtype = header(path, file)
        if dtype.hasobject:
            raise UnsafeFileError(
                f"{path} holds Python objects as a pickle, which is never loaded because loading "
                "runs code. Save only the numbers, for example as float32 or as safetensors."
            )
        return RawRows(path, file.tell(), shape, dtype.str, is_fortran)


def header(path: Path, file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, order and type; leave the position of `file` where the numbers begin."""
    try:
        version = npy_format.read_magic(file)
        _check_length(file, 2 if version == (1, 0) else 4)
        read = {
            (1, 0): npy_format.read_array_header_1_0,
            (2, 0): npy_format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read(file)
    except MemoryError:
        raise
    except Exception as error:  # NumPy's parsers raise various exceptions
        raise FileFormatError(f"{path} cannot be read as .npy: {error!r}") from error
    if min(shape, default=0) < 0:
        raise FileFormatError(f"{path} must declare a shape without negative sizes; got {shape}.")
    return shape, is_fortran, dtype


def _check_length(file: BinaryIO, n_bytes: int) -> None:
    """Refuse a header that is longer than NumPy accepts, before NumPy reads it whole."""
    start = file.tell()
    length = int.from_bytes(file.read(n_bytes), "little")
    if length > _MAX_HEADER:
        raise ValueError(f"its header declares {length:,} bytes; at most {_MAX_HEADER:,} are read")
    file.seek(start)


def write(path: Path, latents: Latents) -> None:
    """Write only z."""
    left_out = [name for name in latents.arrays if name != "z"]
    if latents.ids is not None:
        left_out.append("ids")
    left_out += [f"label {name}" for name in latents.labels]
    warn_of_what_is_left_out(path, left_out)
    with replacing(path) as part, part.open("wb") as file:
        write_rows(file, "z", latents.z)


def write_rows(file: Any, name: str, rows: Any) -> None:
    """Stream rows as one .npy array."""
    matrix = as_matrix(name, rows)
    described = {
        "shape": (matrix.n_rows, matrix.n_cols),
        "fortran_order": False,
        "descr": npy_format.dtype_to_descr(matrix.dtype),
    }
    npy_format.write_array_header_1_0(file, described)
    for start, stop in runs(matrix.n_rows, matrix.run, name):
        file.write(matrix.read(start, stop).data)
