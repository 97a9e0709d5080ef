"""Open a file of latents: the reader is chosen by the contents of the file, not by its name."""

import os
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from latentscope._disk.paths import existing, first_bytes, looks_like
from latentscope._disk.read_errors import access_errors
from latentscope._disk.zips import is_zip
from latentscope.errors import DataError, FileFormatError, UnsafeFileError
from latentscope.formats import (
    h5ad,
    hdf5,
    npy,
    npz,
    parquet,
    pt,
    safetensors,
    text,
    zarr,
)
from latentscope.formats._choice import latents_of
from latentscope.formats._contents import Contents
from latentscope.formats.isolated import load_isolated
from latentscope.latents import Latents

_TEXT = (".csv", ".tsv", ".txt", ".dat")
_SIGNATURES = {  # first bytes of files that users may mistake for latents
    b"PK\x03\x04": "is a zip archive without arrays of NumPy or PyTorch",
    b"\x1f\x8b": "is gzip-compressed: uncompress it first",
    b"{": "looks like JSON: load a saved result with its class, as in RadiusDensity.load(path)",
    b"\x80": "is a pickle",
}
_PICKLE = b"\x80"


def load(
    path: str | PathLike[str],
    *,
    key: str | None = None,
    flatten: bool = False,
    allow_incomplete: bool = False,
    trust_links: bool = False,
    isolated: bool = False,
) -> Latents:
    """Open a file of latents from any source; for most formats, rows stay in the file until needed.

    Parameters
    ----------
    path : str or path-like
        A file of HDF5, NumPy (.npy, .npz), AnnData (.h5ad), zarr, Parquet, safetensors or PyTorch
        (.pt), or a table of text (.csv, .tsv, and the TensorBoard projector's pair of files).
        ``"path::key"`` includes the key.
    key : str, optional
        Array to use as z: its path in the file, or the last part of the path if that is unique. By
        default ``z``, or the only two-dimensional array.
    flatten : bool
        True to accept arrays of more than two dimensions and flatten each point to one row.
    allow_incomplete : bool
        True to use the rows that exist (in memory) if the writer of an HDF5 or zarr file was
        stopped.
    trust_links : bool
        True to follow links that leave the file, and virtual or external storage.
    isolated : bool
        True to read a file that you do not trust in another process, which may crash instead of
        this one, into a temporary file that is kept until the latents are closed.

    Returns
    -------
    Latents
        With mu, logvar, ids, labels and meta where the file has them. Close it, or use it in a
        ``with`` statement, when done.

    Warns
    -----
    LatentscopeWarning
        If logvar was computed from a variance, mu is used as z, or something was left out.

    Raises
    ------
    MissingFileError, AccessError, FileFormatError
        If the file does not exist, cannot be accessed, is of an unknown kind, or is damaged.
    IncompleteFileError
        If its writer was stopped: missing rows would read as zeros.
    UnsafeFileError
        If data are stored outside the file, or reading it would run code.
    TooLargeError
        If it declares over 4 GiB and over 1000 times what it stores.
    DataError
        If no array, or more than one, can be z.
    MissingDependencyError
        If the library that reads this kind of file is not installed.

    Examples
    --------
    >>> import tempfile, os, latentscope
    >>> path = os.path.join(tempfile.mkdtemp(), "latents.h5")
    >>> latentscope.save(path, Latents([[0.0, 1.0], [2.0, 3.0]], ids=["a", "b"]))
    >>> with load(path) as latents:
    ...     print(latents.z[1], latents.ids[:])
    [2. 3.] ['a' 'b']
    """
    source, key = _split(path, key)
    _check_regular(source)
    if isolated:
        options = {"key": key, "flatten": flatten, "trust_links": trust_links}
        return load_isolated(source, {**options, "allow_incomplete": allow_incomplete})
    found = contents(source, allow_incomplete=allow_incomplete, trust_links=trust_links)
    try:
        return latents_of(found, key, flatten)
    except BaseException:
        found.close()
        raise


def contents(
    path: str | PathLike[str], *, allow_incomplete: bool = False, trust_links: bool = False
) -> Contents:
    """Return what a file holds, without reading its rows.

    Parameters
    ----------
    path : str or path-like
        See `load`.
    allow_incomplete, trust_links : bool
        See `load`.

    Returns
    -------
    Contents
        All arrays with their types and shapes; `load` chooses among them.

    Raises
    ------
    MissingFileError, AccessError, FileFormatError, UnsafeFileError
        As `load` does.

    Examples
    --------
    >>> import numpy as np, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "latents.npz")
    >>> np.savez(path, codes=np.zeros((5, 2)), age=np.arange(5))
    >>> contents(path).table()
    array  dtype    shape
    codes  float64  5 × 2
    age    int64    5
    """
    source = existing(path)
    if source.is_dir():
        if zarr.is_zarr(source):
            return zarr.contents(source, allow_incomplete=allow_incomplete, trust_links=trust_links)
        raise FileFormatError(
            f"path must name a file or a zarr folder; {source} is a folder.", parameter="path"
        )
    _check_regular(source)
    with access_errors(source):
        start, size = first_bytes(source), source.stat().st_size
    if hdf5.is_hdf5(source):
        found = hdf5.contents(source, allow_incomplete=allow_incomplete, trust_links=trust_links)
        return h5ad.as_anndata(found)
    return _reader(source, start, size)(source)


def _check_regular(source: Path) -> None:
    """Refuse a pipe or device, which would block whoever opens it."""
    if not (source.is_file() or source.is_dir()):
        raise FileFormatError(
            f"path must name a file; {source} is a pipe or device.", parameter="path"
        )


def _split(path: Any, key: str | None) -> tuple[Path, str | None]:
    """Return the file and the key of ``path::key``, unless a file has that name."""
    if key is not None and not isinstance(key, str):
        raise DataError(
            f"key must be the path of a dataset in the file; got {key!r}.", parameter="key"
        )
    name, colons, inner = str(path).rpartition("::")
    if not colons or os.path.exists(path):
        return existing(path), key
    if key is not None:
        raise DataError(f"key must be given once; got {key!r} and {path!r}.", parameter="key")
    return existing(name), inner


def _reader(path: Path, start: bytes, size: int) -> Callable[[Path], Contents]:
    """Return the reader for a file, by its first bytes."""
    if start.startswith(npy.SIGNATURE):
        return npy.contents
    if start.startswith(parquet.SIGNATURE):
        return parquet.contents
    if start.startswith(pt.LEGACY):
        return pt.contents
    if is_zip(path):
        members = npz.names(path)
        if pt.is_archive(members):
            return pt.contents
        if any(name.endswith(".npy") for name in members):
            return npz.contents
    if safetensors.is_safetensors(start, size):
        return safetensors.contents
    if start.startswith(_PICKLE):
        raise UnsafeFileError(
            f"{path} is a pickle, which is never loaded because loading runs code. Save the arrays "
            "as HDF5 or safetensors."
        )
    looks = looks_like(start, _SIGNATURES)
    if path.suffix.lower() in _TEXT and text.is_text(start) and looks == looks_like(b"?"):
        return text.contents
    raise FileFormatError(f"{path} is not a file of latents of any known format; it {looks}.")
