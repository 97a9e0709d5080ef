"""Zarr groups and arrays: folders of chunks, read in runs of rows."""

import json
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from latentscope._disk.atomic import replacing_folder
from latentscope._disk.limits import check_declared
from latentscope._disk.read_errors import access_errors, read_errors
from latentscope._optional import import_optional
from latentscope.errors import (
    DataError,
    FileFormatError,
    IncompleteFileError,
    LatentscopeError,
    UnsafeFileError,
)
from latentscope.formats import _anndata
from latentscope.formats._contents import REFUSED, Contents, Item, dtype_name
from latentscope.formats._storable import json_of, known, meta_of, runs
from latentscope.latents import Latents
from latentscope.rows.matrix import as_matrix
from latentscope.rows.zarr import ZarrRows, n_stored_rows

_MARKS = ("zarr.json", ".zgroup", ".zarray")
_CHUNK_BYTES = 2**20


def is_zarr(path: Path) -> bool:
    """Return True if a folder is a zarr group or array."""
    return any((path / mark).is_file() for mark in _MARKS)


def contents(path: Path, *, allow_incomplete: bool = False, trust_links: bool = False) -> Contents:
    """Return what the folder holds."""
    library = import_optional("zarr", purpose="Reading zarr", extra="formats")
    if not trust_links:
        _check_links(path)
    try:
        with access_errors(path):
            found = library.open(str(path), mode="r")
            is_array = isinstance(found, library.Array)
            arrays = {"z": found} if is_array else dict(_arrays(library, found))
            items = {name: _item(path, array, allow_incomplete) for name, array in arrays.items()}
            attributes = {} if is_array else dict(found.attrs)
            is_anndata = attributes.get("encoding-type") == "anndata"
            cells = _anndata.items(found, items) if is_anndata else None
    except (LatentscopeError, MemoryError):
        raise
    except Exception as error:  # zarr's parsers raise various exceptions
        raise FileFormatError(f"{path} cannot be read as zarr: {error!r}") from error
    meta = meta_of(path, json.dumps(attributes.get("latentscope", {})))
    if cells is not None:
        return Contents(path, "AnnData in zarr", cells, label_folder="obs", is_cut=allow_incomplete)
    is_ours = "latentscope" in attributes
    return Contents(path, "zarr", items, meta, is_ours=is_ours, is_cut=allow_incomplete)


def _arrays(library: Any, group: Any) -> Any:
    """Yield the arrays of a group and of all its subgroups, by path."""
    for name, member in sorted(group.members(max_depth=None), key=itemgetter(0)):
        if isinstance(member, library.Array):
            yield name, member


def _check_links(path: Path) -> None:
    """Refuse symbolic links, which may lead out of the folder."""
    for entry in path.rglob("*"):
        if entry.is_symlink():
            raise UnsafeFileError(
                f"{path} contains the link {entry.name}, whose data are elsewhere.",
                parameter="trust_links",
                remedy="Pass `trust_links=True` if you trust it.",
            )


def _item(path: Path, array: Any, allow_incomplete: bool) -> Item:
    described = array.metadata.to_dict()
    codecs = [described.get(name) for name in ("codecs", "filters", "compressor")]
    if "pickle" in str(codecs) or array.dtype.kind == "O":
        return Item(array.shape, REFUSED, partial(_refuse, path, array))
    dtype = "text" if array.dtype.kind == "T" else dtype_name(array.dtype)
    return Item(array.shape, dtype, partial(_rows, path, array, allow_incomplete))


def _refuse(path: Path, array: Any) -> None:
    raise UnsafeFileError(
        f"{array.path or 'the array'} of {path} is stored as pickled objects, which are never "
        "loaded because loading runs code. Store numbers, or text of fixed width."
    )


def _rows(path: Path, array: Any, allow_incomplete: bool) -> Any:
    """Return an array, after checking that all of its chunks exist."""
    stored = array.nbytes_stored()
    check_declared(path, array.path or "the array", array.size * array.dtype.itemsize, stored)
    folder = Path(array.store.root) / array.path
    n_rows = n_stored_rows(array, folder)
    if array.shape and n_rows < array.shape[0] and not allow_incomplete:
        raise IncompleteFileError(
            f"{path} declares {array.shape[0]:,} rows of {array.path or 'the array'}, of which "
            f"only the first {n_rows:,} were written; the rest would read as {array.fill_value}.",
            parameter="allow_incomplete",
            remedy="Pass `allow_incomplete=True` to use the rows that exist. (zarr also omits "
            "chunks in which every number is the fill value: write with "
            "write_empty_chunks=True.)",
        )
    if array.ndim == 1:
        values = np.asarray(array[:n_rows])
        return np.array(values.tolist(), dtype=str) if array.dtype.kind == "T" else values
    return array[:n_rows] if allow_incomplete else ZarrRows(folder)


def _is_ours(library: Any, path: Path) -> bool:
    """Return True if a folder is a group that this module wrote."""
    if not is_zarr(path):
        return False
    with read_errors(str(path)):
        found = library.open(str(path), mode="r")
    return not isinstance(found, library.Array) and "latentscope" in found.attrs


def write(path: Path, latents: Latents) -> None:
    """Stream the arrays, with ids and labels, into a group of zarr format 3."""
    library = import_optional("zarr", purpose="Writing zarr", extra="formats")
    columns = known(latents)
    json_of(latents.meta)
    checked = {
        "compressors": [library.codecs.Crc32cCodec()],
        "config": {"write_empty_chunks": True},
    }
    if path.exists() and not _is_ours(library, path):
        raise DataError(
            f"{path} must not exist yet, or be a zarr folder written by latentscope; it is "
            "something else, which would be lost. Remove it first, or choose another name."
        )
    with replacing_folder(path) as part:
        group = library.open_group(str(part), mode="w")
        group.attrs["latentscope"] = dict(latents.meta)
        for name, rows in latents.arrays.items():
            matrix = as_matrix(name, rows)
            step = max(1, _CHUNK_BYTES // (matrix.n_cols * matrix.dtype.itemsize))
            array = group.create_array(
                name,
                shape=(matrix.n_rows, matrix.n_cols),
                dtype=matrix.dtype,
                chunks=(min(step, matrix.n_rows), matrix.n_cols),
                **checked,
            )
            run = -(-matrix.run // step) * step
            for start, stop in runs(matrix.n_rows, run, name):
                array[start:stop] = matrix.read(start, stop)
        for name, values in columns.items():
            is_text = isinstance(values, list)
            cells = np.array(values, dtype=object) if is_text else np.asarray(values)
            dtype = str if is_text else cells.dtype
            column = group.create_array(name, shape=cells.shape, dtype=dtype, **checked)
            column[:] = cells
