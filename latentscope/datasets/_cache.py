"""Cache of decoded images on disk, so that they are decoded once and never fill the memory.

Each source, size and number of channels has two files: first the pixels as a memory-mapped
``.npy``, then a ``.json`` with the names, the images left out and the size of the ``.npy``. Both
file names contain a hash of the source and one of its state, which changes when its images do. So a
file that exists is the right one, and a killed writer leaves none that looks complete.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
import platformdirs

from latentscope._disk.atomic import replacing
from latentscope._types import Array
from latentscope.datasets._decode import strict_pillow
from latentscope.datasets._entries import SUFFIXES, Entry, Read, Source
from latentscope.datasets._pool import Found, decoded
from latentscope.errors import DataError, DataTypeError, LatentscopeError

_FORMAT = 1  # of the files and of the cropping: with a new number, all images are decoded again
_VARIABLE = "LATENTSCOPE_CACHE"
_REMEDY = f"Pass cache= another folder, or name one in the environment variable {_VARIABLE}."
_ABANDONED_SECONDS = 24 * 3600
_KEPT = 8  # characters of a family's hash that remain in the names of temporary files

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pixels of shape (n, size, size, channels), names, and (name, reason) of images left out."""

    pixels: Array
    names: list[str]
    skipped: list[tuple[str, str]]


def cache_folder(cache: str | os.PathLike[str] | None) -> Path:
    """Return the cache folder given by the caller, the environment or the system."""
    chosen = cache if cache is not None else os.environ.get(_VARIABLE)
    try:
        return Path(chosen or platformdirs.user_cache_dir("latentscope", appauthor=False))
    except TypeError as error:
        raise DataTypeError(
            f"cache must be a folder or None; got {cache!r}.", parameter="cache"
        ) from error


def open_or_decode(
    source: Source, *, size: int, channels: int, is_strict: bool, folder: Path
) -> Decoded:
    """Return the images of a source from the cache; decode them first if they are not there."""
    index = folder / f"{_name(source, size, channels)}.json"
    found = _stored(index)
    if found is None:
        _decode_into(index, source, (size, size, channels), is_strict)
        found = _stored(index)
    if found is None:
        raise DataError(f"the files just written to {folder} are gone. {_REMEDY}")
    if is_strict and found.skipped:
        raise refusal(source, *found.skipped[0])
    return found


def refusal(source: Source, name: str, reason: str) -> DataError:
    """Return the error about one image."""
    return DataError(
        f"{name} of {source.path} {reason}. Replace or remove it, or pass on_error='skip' to leave "
        "such images out."
    )


def _name(source: Source, size: int, channels: int) -> str:
    """Return ``<source>-<hash of its identity>-<hash of its state>``."""
    path = source.path.resolve()
    label = re.sub(r"\W", "_", path.stem, flags=re.ASCII)[:16]
    return f"{label}-{_hash([_FORMAT, str(path), size, channels])}-{_hash(source.stamp())}"


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def _stored(index: Path) -> Decoded | None:
    """Return what the cache holds, or None if that is missing, truncated or unreadable."""
    pixels_path = index.with_suffix(".npy")
    try:
        about = json.loads(index.read_bytes())
        if pixels_path.stat().st_size != about["n_bytes"]:
            return None
        pixels = np.load(pixels_path, mmap_mode="r")
        if list(pixels.shape) != about["shape"] or len(about["names"]) != len(pixels):
            return None
        return Decoded(pixels, about["names"], [(name, why) for name, why in about["skipped"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _decode_into(index: Path, source: Source, shape: Shape, is_strict: bool) -> None:
    with source.opened() as (entries, read):
        if not entries:
            raise DataError(f"{source.path} has no images ({', '.join(SUFFIXES)}).")
        with _cache_errors(index.parent):
            _check_space(index.parent, len(entries), prod(shape))
            _write(index, source, entries, read, shape, is_strict)
    _remove_older(index)


@contextmanager
def _cache_errors(folder: Path) -> Iterator[None]:
    """Create the folder; add the remedy to every error of the system that follows."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except LatentscopeError:
        raise
    except OSError as error:
        raise DataError(f"cannot write to the cache folder {folder}: {error}. {_REMEDY}") from error


def _check_space(folder: Path, n: int, n_bytes: int) -> None:
    if shutil.disk_usage(folder).free < n * n_bytes:
        raise DataError(
            f"{n:,} images take {n * n_bytes / 2**30:.2g} GiB, more than is free on the disk of "
            f"the cache folder {folder}. {_REMEDY}"
        )


def _write(
    index: Path, source: Source, entries: list[Entry], read: Read, shape: Shape, is_strict: bool
) -> None:
    """Write the pixels, then the file that marks them as complete."""
    with (
        replacing(index.with_suffix(".npy")) as part,
        part.open("wb") as file,
        strict_pillow(),
        closing(decoded(entries, read, shape[0], shape[2])) as images,
    ):
        _write_header(file, (len(entries), *shape))
        names, skipped = _write_pixels(file, images, source, is_strict)
        file.seek(0)
        _write_header(file, (len(names), *shape))
    about = {
        "n_bytes": index.with_suffix(".npy").stat().st_size,
        "shape": [len(names), *shape],
        "names": names,
        "skipped": skipped,
    }
    with replacing(index) as part:
        part.write_text(json.dumps(about), encoding="ascii")


def _write_pixels(
    file: BinaryIO, images: Iterable[Found], source: Source, is_strict: bool
) -> tuple[list[str], list[tuple[str, str]]]:
    """Write pixels; return the names of the images written, and (name, reason) of the others."""
    names: list[str] = []
    skipped: list[tuple[str, str]] = []
    for entry, found in images:
        if not isinstance(found, str):
            file.write(found.data)  # not through a memory map, which crashes on a full disk
            names.append(entry.name)
        elif is_strict:
            raise refusal(source, entry.name, found)
        else:
            skipped.append((entry.name, found))
    if not names:
        raise DataError(
            f"none of the {len(skipped):,} images of {source.path} can be used; the first, "
            f"{skipped[0][0]}, {skipped[0][1]}."
        )
    return names, skipped


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write a header whose length does not depend on the number of images (NumPy pads it)."""
    np.lib.format.write_array_header_1_0(
        file, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )


def _remove_older(index: Path) -> None:
    """Remove cached files of earlier states of the source, and leftovers of killed writers."""
    family = index.stem.rpartition("-")[0]
    for path in index.parent.glob(f"{family}-*"):
        if path.stem != index.stem:
            with suppress(OSError):  # Windows cannot remove a file that is still mapped
                path.unlink()
    for kind in ("part", "lock"):
        for path in index.parent.glob(f".*.{kind}.*{family[-_KEPT:]}-*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    path.unlink()
