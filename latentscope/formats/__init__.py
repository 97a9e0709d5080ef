"""Files of latents: one module per kind of file, chosen by what the file holds, not by its name."""

from os import PathLike
from pathlib import Path
from typing import Any

from latentscope._paths import existing, first_bytes, looks_like
from latentscope.errors import DataTypeError, FileFormatError, UnsafeFileError
from latentscope.formats import hdf5
from latentscope.latents import Latents
from latentscope.results import Result

_SIGNATURES = {  # first bytes of files that are mistaken for HDF5
    b"\x93NUMPY": "is a NumPy .npy file: pass numpy.load(path)",
    b"PK\x03\x04": "is a zip archive (.npz, .zip, .pt): pass the array in it",
    b"\x1f\x8b": "is gzip-compressed: uncompress it first",
    b"PAR1": "is a Parquet file: pass pandas.read_parquet(path)",
    b"{": "looks like JSON: a saved result is read by its class, like RadiusDensity.load(path)",
}
_PICKLE = b"\x80"


def load(
    path: str | PathLike[str],
    *,
    key: str | None = None,
    allow_incomplete: bool = False,
    trust_links: bool = False,
) -> Latents:
    """Open a file of latents; rows stay in the file until an analysis reads them.

    Parameters
    ----------
    path : str or path-like
        HDF5 file, written by `save` or by anybody.
    key : str, optional
        Dataset to take as z. By default ``z``, or the only dataset of two dimensions.
    allow_incomplete : bool
        True to get the rows that exist (in memory) of a file whose writer was stopped.
    trust_links : bool
        True to follow links out of the file, and virtual or external storage.

    Returns
    -------
    Latents
        With mu, logvar, ids, labels and meta where the file has them. Close it, or use it in a
        ``with`` statement, when done.

    Raises
    ------
    MissingFileError, FileFormatError
        If there is no such file, or it is not HDF5, or damaged.
    IncompleteFileError
        If its writer was stopped: missing rows would read as zeros.
    UnsafeFileError
        If the data lie outside the file.
    TooLargeError
        If it declares over 4 GiB and over 1000 times what it stores.
    DataError
        If no dataset, or more than one, can be z.

    Examples
    --------
    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "latents.h5")
    >>> save(path, Latents([[0.0, 1.0], [2.0, 3.0]], ids=["a", "b"]))
    >>> with load(path) as latents:
    ...     print(latents.z[1], latents.ids[:])
    [2. 3.] ['a' 'b']
    """
    source = existing(path)
    if not source.is_file():
        raise FileFormatError(f"path must name a file; {source} is a folder, pipe or device.")
    if not hdf5.is_hdf5(source):
        raise FileFormatError(f"{source} is not an HDF5 file; it {_looks_like(source)}.")
    return hdf5.read(source, key=key, allow_incomplete=allow_incomplete, trust_links=trust_links)


def save(path: str | PathLike[str], latents: Latents | Any) -> None:
    """Write latents as HDF5 (schema 1), whole or not at all.

    Rows are streamed, so that latents of another file may be larger than memory. A file that
    existed under this name is replaced only when the new one is complete.

    Parameters
    ----------
    path : str or path-like
        File to write; its folder must exist.
    latents : Latents, or array-like of shape (n_points, z_dim)
        What to save. Arrays keep single or double precision; other types become one of them.

    Raises
    ------
    DataError
        If the folder does not exist, or a label cannot be stored.

    Examples
    --------
    >>> import h5py, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "latents.h5")
    >>> save(path, [[0.0, 1.0], [2.0, 3.0]])
    >>> with h5py.File(path) as file:
    ...     print(file["z"].shape, file.attrs["kind"])
    (2, 2) ae
    """
    if isinstance(latents, Result):
        raise DataTypeError("save writes latents; a result has its own: result.save(path).")
    hdf5.write(path, latents if isinstance(latents, Latents) else Latents(latents))


def _looks_like(path: Path) -> str:
    start = first_bytes(path)
    if start.startswith(_PICKLE):
        raise UnsafeFileError(
            f"{path} is a pickle, which is never loaded because loading runs code. Save the arrays "
            "as HDF5 or safetensors."
        )
    return looks_like(start, _SIGNATURES)
