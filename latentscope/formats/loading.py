"""Open a file of latents: the reader is chosen by what the file holds, not by its name."""

import os
import zipfile
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from latentscope._disk.paths import existing, first_bytes, looks_like
from latentscope._disk.read_errors import access_errors
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
_SIGNATURES = {  # first bytes of files that are mistaken for latents
    b"PK\x03\x04": "is a zip archive without arrays of NumPy or PyTorch",
    b"\x1f\x8b": "is gzip-compressed: uncompress it first",
    b"{": "looks like JSON: a saved result is read by its class, like RadiusDensity.load(path)",
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
    """Open anybody's file of latents; most formats leave the rows in the file until they are read.

    Parameters
    ----------
    path : str or path-like
        A file of HDF5, NumPy (.npy, .npz), AnnData (.h5ad), zarr, Parquet, safetensors or PyTorch
        (.pt), or a table of text (.csv, .tsv, and the TensorBoard projector's pair of files).
        ``"path::key"`` names the key too.
    key : str, optional
        Array to take as z: its path in the file, or its last name if no other has it. By default
        ``z``, or the only array of two dimensions.
    flatten : bool
        True to take arrays of more dimensions, each point as one row of numbers.
    allow_incomplete : bool
        True to get the rows that exist (in memory) of HDF5 or zarr whose writer was stopped.
    trust_links : bool
        True to follow links out of the file, and virtual or external storage.
    isolated : bool
        True to read the file in another process, which may crash instead of this one, into a
        temporary file that lasts until the latents are closed: for files from strangers.

    Returns
    -------
    Latents
        With mu, logvar, ids, labels and meta where the file has them. Close it, or use it in a
        ``with`` statement, when done.

    Warns
    -----
    LatentscopeWarning
        If a variance was taken as logvar by its logarithm, or mu as z, or something was left out.

    Raises
    ------
    MissingFileError, AccessError, FileFormatError
        If there is no such file, or the system does not give it, or it is of no known kind, or
        damaged.
    IncompleteFileError
        If its writer was stopped: missing rows would read as zeros.
    UnsafeFileError
        If the data lie outside the file, or reading it would run code.
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
    """Say what a file holds, without reading its rows.

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
        raise FileFormatError(f"path must name a file or a zarr folder; {source} is a folder.")
    if not source.is_file():
        raise FileFormatError(f"path must name a file; {source} is a pipe or device.")
    with access_errors(source):
        start, size = first_bytes(source), source.stat().st_size
    if hdf5.is_hdf5(source):
        found = hdf5.contents(source, allow_incomplete=allow_incomplete, trust_links=trust_links)
        return h5ad.as_anndata(found)
    return _reader(source, start, size)(source)


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
    """Return what reads a file that begins so."""
    if start.startswith(npy.SIGNATURE):
        return npy.contents
    if start.startswith(parquet.SIGNATURE):
        return parquet.contents
    if start.startswith(pt.LEGACY):
        return pt.contents
    if zipfile.is_zipfile(path):
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
    raise FileFormatError(f"{path} is no file of latents that is known here; it {looks}.")
