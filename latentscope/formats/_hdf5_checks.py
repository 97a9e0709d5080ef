"""Checks of an HDF5 file before a byte of its data is read.

HDF5 reads chunks that were never written as zeros, follows links to other files without a word, and
lets a file of a kilobyte declare a terabyte. Nothing here follows or allocates.
"""

from typing import Any

import h5py
import numpy as np

from latentscope.errors import (
    DataError,
    FileFormatError,
    IncompleteFileError,
    TooLargeError,
    UnsafeFileError,
)

_SUSPECT_BYTES = 4 * 2**30
_SUSPECT_RATIO = 1000
_MAX_LINKS = 16  # soft links one after the other


def dataset(file: h5py.File, path: str, trust_links: bool) -> h5py.Dataset:
    """Return the dataset at `path` after checking every step on the way to it."""
    if not trust_links:
        _check_links(file, path)
    found = file.get(path)
    if not isinstance(found, h5py.Dataset):
        listed = ", ".join(f"{name} {shape}" for name, shape in candidates(file).items()) or "none"
        raise DataError(f"key must name a dataset of {file.filename} ({listed}); got {path!r}.")
    if not trust_links and (found.is_virtual or found.external):
        raise UnsafeFileError(
            f"{path} of {file.filename} keeps its data in other files, which may be missing or not "
            "meant to be read. Pass trust_links=True if you trust the file."
        )
    _check_size(found)
    return found


def path(key: object) -> str:
    """Return `key` if it can be a path inside a file."""
    if not isinstance(key, str) or not key or "\0" in key:
        raise DataError(f"key must be the path of a dataset in the file; got {key!r}.")
    return key


def is_hard(file: h5py.File, name: str) -> bool:
    """Tell whether every step to a dataset is a plain one, without following any link."""
    place: Any = file
    for step in filter(None, name.split("/")):
        if not isinstance(place, h5py.Group):
            return False
        if not isinstance(place.get(step, getlink=True), h5py.HardLink):
            return False
        place = place.get(step)
    return isinstance(place, h5py.Dataset)


def members(file: h5py.File, name: str) -> list[str]:
    """Return the names in a group, none if it is no group or not in this file."""
    is_in_file = name == "/" or isinstance(file.get(name, getlink=True), h5py.HardLink)
    group = file.get(name) if is_in_file else None
    return list(group) if isinstance(group, h5py.Group) else []


def is_there(file: h5py.File, name: str) -> bool:
    """Tell whether a group has a member of that name, be it a link, without following it."""
    folder, _, last = name.rpartition("/")
    return last in members(file, folder or "/")


def candidates(file: h5py.File) -> dict[str, tuple[int, ...]]:
    """Return name and shape of all datasets that can be coordinates."""
    found: dict[str, tuple[int, ...]] = {}

    def look(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 2 and item.dtype.kind in "biuf":
            found[name] = item.shape

    file.visititems(look)  # follows neither soft nor external links
    return found


def n_stored_rows(found: h5py.Dataset) -> int:
    """Return how many leading rows were really written.

    Datasets that are one piece are written or not; chunked ones are looked at chunk by chunk.
    """
    if found.is_virtual or found.external or found.size == 0:
        return len(found)
    if found.chunks is None:
        return len(found) if found.id.get_storage_size() else 0
    grid = [-(-size // chunk) for size, chunk in zip(found.shape, found.chunks, strict=True)]
    per_band = np.zeros(grid[0], dtype=np.int64)

    def count(chunk: Any) -> None:
        per_band[chunk.chunk_offset[0] // found.chunks[0]] += 1

    if found.id.get_num_chunks() == np.prod(grid):
        return len(found)
    found.id.chunk_iter(count)
    missing = np.flatnonzero(per_band < np.prod(grid[1:], dtype=int))
    return min(int(missing[0]) * found.chunks[0], len(found)) if len(missing) else len(found)


def _check_links(file: h5py.File, path: str, depth: int = 0) -> None:
    """Raise if a step of `path` leaves the file."""
    if depth > _MAX_LINKS:
        raise FileFormatError(f"{path!r} of {file.filename} is a circle of links.")
    place: Any = file
    for position, step in enumerate(parts := [part for part in path.split("/") if part]):
        link = place.get(step, getlink=True) if isinstance(place, h5py.Group) else None
        if isinstance(link, h5py.ExternalLink):
            raise UnsafeFileError(
                f"{path!r} of {file.filename} is a link to {link.filename!r}. Open that file, or "
                "pass trust_links=True if you trust this one."
            )
        if isinstance(link, h5py.SoftLink):
            rest = "/".join(parts[position + 1 :])
            base = link.path if link.path.startswith("/") else f"{place.name}/{link.path}"
            return _check_links(file, f"{base}/{rest}", depth + 1)
        if link is None:
            return None  # missing: the caller says so
        place = place.get(step)
    return None


def _check_size(found: h5py.Dataset) -> None:
    declared = found.size * found.dtype.itemsize if found.shape is not None else 0
    stored = found.id.get_storage_size()
    if declared <= _SUSPECT_BYTES or declared <= _SUSPECT_RATIO * stored:
        return
    if stored == 0:
        raise IncompleteFileError(
            f"{found.name} of {found.file.filename} declares {declared / 2**30:.3g} GiB and holds "
            "nothing: its writer was stopped."
        )
    raise TooLargeError(
        f"{found.name} of {found.file.filename} declares {declared / 2**30:.3g} GiB and stores "
        f"{stored:,} bytes: a file that would fill the memory, or one whose writer was stopped."
    )
