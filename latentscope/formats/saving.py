"""Write latents, in the format given by the file's extension."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from latentscope.errors import DataError, DataTypeError
from latentscope.formats import h5ad, hdf5, npy, npz, parquet, safetensors, text, zarr
from latentscope.latents import Latents
from latentscope.results import Result
from latentscope.rows.source import Points

_WRITERS: dict[str, Callable[[Any, Latents], None]] = {
    ".h5": hdf5.write,
    ".hdf5": hdf5.write,
    ".safetensors": safetensors.write,
    ".npz": npz.write,
    ".npy": npy.write,
    ".zarr": zarr.write,
    ".parquet": parquet.write,
    ".h5ad": h5ad.write,
    ".csv": text.write,
    ".tsv": text.write,
}


def save(path: str | PathLike[str], latents: Points) -> None:
    """Write latents in the format given by the file's extension, completely or not at all.

    Rows are streamed, so latents that come from another file may be larger than memory. An existing
    file of this name is replaced only once the new one is complete. Prefer HDF5 (.h5, schema 1) or
    safetensors, which hold everything.

    Parameters
    ----------
    path : str or path-like
        File to write; its folder must exist. .h5, .safetensors, .npz, .npy, .zarr, .parquet,
        .h5ad, .csv, or .tsv (the TensorBoard projector's pair of files).
    latents : Latents, or array-like of shape (n_points, z_dim)
        What to save. Arrays keep single or double precision; other types become one of them.

    Raises
    ------
    DataError
        If the folder does not exist, the extension is not one of these, or a label cannot be
        stored.
    MissingDependencyError
        If the library that writes this kind of file is not installed.

    Warns
    -----
    LatentscopeWarning
        If the format cannot hold something, which is left out.

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
        raise DataTypeError(
            "save writes latents; got a result. Use its own method: result.save(path)."
        )
    if not isinstance(path, str | PathLike):
        raise DataTypeError(f"path must name a file; got {path!r}.", parameter="path")
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        hint = " .pt is a pickle, which is never written." if suffix in (".pt", ".pth") else ""
        raise DataError(
            f"path must end with one of {', '.join(_WRITERS)}; got {path}.{hint}", parameter="path"
        )
    _WRITERS[suffix](Path(path), latents if isinstance(latents, Latents) else Latents(latents))
