"""Checks of an HDF5 file before any of its data is read.

HDF5 reads chunks that were never written as zeros, silently follows links to other files, and lets
a file of one kilobyte declare a terabyte. The checks neither follow links nor allocate memory.
"""

from typing import Any

import h5py
import numpy as np

from latentscope._disk.limits import SUSPECT_BYTES, check_declared
from latentscope.errors import (
    DataError,
    FileFormatError,
    IncompleteFileError,
    UnsafeFileError,
)

_MAX_LINKS = 16  # soft links in a chain


def dataset(file: h5py.File, path: str, trust_links: bool) -> h5py.Dataset:
    """Return the dataset at `path`, after checking every step of the path."""
    if not trust_links:
        _check_links(file, path)
    found = file.get(path)
    if not isinstance(found, h5py.Dataset):
        listed = ", ".join(datasets(file)) or "none"
        raise DataError(
            f"key must name a dataset of {file.filename} ({listed}); got {path!r}.",
            parameter="key",
        )
    if not trust_links and (found.is_virtual or found.external):
        raise UnsafeFileError(
            f"{path} of {file.filename} keeps its data in other files, which may be missing or "
            "private.",
            parameter="trust_links",
            remedy="Pass `trust_links=True` if you trust the file.",
        )
    return found


def datasets(file: h5py.File) -> list[str]:
    """Return the paths of all datasets and of all links; no link is followed."""
    found: list[str] = []
    seen: set[int] = set()

    def look(group: h5py.Group, prefix: str) -> None:
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            return  # groups may contain each other
        seen.add(address)
        for name in group:
            is_hard = isinstance(group.get(name, getlink=True), h5py.HardLink)
            if is_hard and group.get(name, getclass=True) is h5py.Group:
                look(group[name], f"{prefix}{name}/")
            elif not is_hard or group.get(name, getclass=True) is h5py.Dataset:
                found.append(f"{prefix}{name}")

    look(file, "")
    return found


def n_stored_rows(found: h5py.Dataset) -> int:
    """Return the number of leading rows that were actually written.

    A contiguous dataset is either written or not; chunked datasets are checked chunk by chunk.
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
        raise FileFormatError(
            f"{path!r} of {file.filename} must not lead through more than {_MAX_LINKS} links; its "
            "links probably form a cycle."
        )
    place: Any = file
    for position, step in enumerate(parts := [part for part in path.split("/") if part]):
        link = place.get(step, getlink=True) if isinstance(place, h5py.Group) else None
        if isinstance(link, h5py.ExternalLink):
            raise UnsafeFileError(
                f"{path!r} of {file.filename} is a link to {link.filename!r}.",
                parameter="trust_links",
                remedy="Open that file, or pass `trust_links=True` if you trust this one.",
            )
        if isinstance(link, h5py.SoftLink):
            rest = "/".join(parts[position + 1 :])
            base = link.path if link.path.startswith("/") else f"{place.name}/{link.path}"
            return _check_links(file, f"{base}/{rest}", depth + 1)
        if link is None:
            return None  # missing: the caller reports it
        place = place.get(step)
    return None


def check_size(found: h5py.Dataset) -> None:
    """Refuse a dataset that declares far more than it stores."""
    declared = found.size * found.dtype.itemsize if found.shape is not None else 0
    stored = found.id.get_storage_size()
    if stored == 0 and declared > SUSPECT_BYTES:
        raise IncompleteFileError(
            f"{found.name} of {found.file.filename} declares {declared / 2**30:.3g} GiB but is "
            "empty: its writer was stopped."
        )
    check_declared(found.file.filename, found.name, declared, stored)
