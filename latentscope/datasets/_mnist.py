"""MNIST and other idx files: a magic number, the sizes, then the bytes.

Format: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits"; all
numbers big-endian. Sizes are checked against the file before anything is allocated.
"""

import gzip
import struct
import zlib
from math import prod
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np

from latentscope._disk.paths import existing, first_bytes, looks_like
from latentscope._types import Array
from latentscope.errors import DataError, FileFormatError, TooLargeError
from latentscope.images import Images

_GZIP = b"\x1f\x8b"
_UBYTE = 8  # the code of idx for bytes
_SUSPECT_BYTES, _SUSPECT_RATIO = 256 * 2**20, 100  # gzip shrinks digits to about a fifth
_KINDS = {3: "images (idx3-ubyte)", 1: "labels (idx1-ubyte)"}


def mnist(images: str | PathLike[str], *, labels: str | PathLike[str] | None = None) -> Images:
    """Open the images of an idx file, such as MNIST's digits.

    Parameters
    ----------
    images : str or path-like
        File in idx3-ubyte format, such as ``t10k-images-idx3-ubyte.gz``, compressed with gzip or
        not. An uncompressed file is memory-mapped.
    labels : str or path-like, optional
        File in idx1-ubyte format with one number per image.

    Returns
    -------
    Images
        One channel, at the size stored in the file. The numbers become the label "digit".

    Raises
    ------
    MissingFileError, FileFormatError
        If a file is missing, not idx, truncated or too long.
    TooLargeError
        If a file declares more than 256 MiB and more than 100 times what it stores.
    DataError
        If images and labels differ in number.

    Examples
    --------
    >>> import os, struct, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "images-idx3-ubyte")
    >>> with open(path, "wb") as file:
    ...     _ = file.write(struct.pack(">4I", 0x803, 2, 28, 28) + bytes(2 * 28 * 28))
    >>> mnist(path)
    <Images: 2 of 28×28 pixels, 1 channel>
    """
    path = existing(images, "images")
    pixels = _read(path, 3)[..., None]
    columns = {}
    if labels is not None:
        label_path = existing(labels, "labels")
        columns["digit"] = _read(label_path, 1).astype(np.int64)
        if len(columns["digit"]) != len(pixels):
            raise DataError(
                f"labels must have one number per image; {path} has {len(pixels):,} images, "
                f"{label_path} {len(columns['digit']):,} labels. Do they belong to another part?",
                parameter="labels",
            )
    meta = {"source": path.name, "size": list(pixels.shape[1:3]), "cut": "as stored"}
    return Images(pixels, labels=columns, meta=meta | {"n_skipped": 0})


def _read(path: Path, n_dims: int) -> Array:
    """Return the bytes of an idx file as an array of the shape that it declares."""
    if not path.is_file():
        raise FileFormatError(f"{path} must be an idx file; it is a folder, pipe or device.")
    if first_bytes(path).startswith(_GZIP):
        return _read_gzip(path, n_dims)
    with path.open("rb") as file:
        shape = _shape(path, file, n_dims)
        start = file.tell()
    n_there = path.stat().st_size - start
    _check_length(path, shape, n_there, f"{n_there:,}")
    return np.memmap(path, np.uint8, "r", start, shape)


def _read_gzip(path: Path, n_dims: int) -> Array:
    n_stored = path.stat().st_size
    try:
        with gzip.open(path) as file:
            shape = _shape(path, file, n_dims)
            n_bytes = prod(shape)
            if n_bytes > _SUSPECT_BYTES and n_bytes > _SUSPECT_RATIO * n_stored:
                raise TooLargeError(
                    f"{path} declares {n_bytes:,} bytes {shape} and stores {n_stored:,}: a file "
                    "that would fill the memory. Unpack it first if you trust it."
                )
            content = file.read(n_bytes + 1)  # one more byte shows that there are more
    except (EOFError, zlib.error, OSError) as error:
        raise FileFormatError(
            f"{path} is damaged or truncated: {error}. Download it again."
        ) from error
    there = f"{len(content):,}" if len(content) <= n_bytes else "more"
    _check_length(path, shape, len(content), there)
    return np.frombuffer(content, np.uint8).reshape(shape)


def _shape(path: Path, file: BinaryIO | gzip.GzipFile, n_dims: int) -> tuple[int, ...]:
    """Return the sizes that the header declares."""
    header = file.read(4)
    zero, kind, n_found = struct.unpack(">HBB", header) if len(header) == 4 else (1, 0, 0)
    if zero or kind != _UBYTE or n_found != n_dims:
        text = (
            f"holds {_KINDS[n_found]}: are images and labels swapped"
            if not zero and kind == _UBYTE and n_found in _KINDS
            else looks_like(header + file.read(60))
        )
        raise FileFormatError(f"{path} must hold {_KINDS[n_dims]}; it {text}.")
    sizes = file.read(4 * n_dims)
    if len(sizes) < 4 * n_dims:
        raise FileFormatError(f"{path} ends within its header: it is truncated.")
    shape = struct.unpack(f">{n_dims}I", sizes)
    if 0 in shape:
        raise DataError(f"{path} declares the shape {shape}, which is empty.")
    return shape


def _check_length(path: Path, shape: tuple[int, ...], n_there: int, there: str) -> None:
    if n_there != prod(shape):
        fault = "truncated" if n_there < prod(shape) else "too long"
        raise FileFormatError(
            f"{path} declares {shape}, {prod(shape):,} bytes, and holds {there}: it is {fault}."
        )
