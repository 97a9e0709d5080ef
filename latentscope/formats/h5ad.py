"""AnnData's .h5ad files: HDF5 with latents in ``obsm``."""

from dataclasses import replace
from pathlib import Path

import h5py

from latentscope._disk.atomic import replacing
from latentscope._optional import import_optional
from latentscope.errors import DataError, FileFormatError, LatentscopeError, UnsafeFileError
from latentscope.formats import _anndata, hdf5
from latentscope.formats._contents import REFUSED, Contents
from latentscope.formats._storable import columns, json_of, meta_of, texts
from latentscope.latents import Latents

_PLACES = {"z": "X_latent", "mu": "mu", "logvar": "logvar"}


def as_anndata(found: Contents) -> Contents:
    """Return what an HDF5 file holds; if it is an AnnData file, as anndata reads it."""
    try:
        if found.file.attrs.get("encoding-type") != "anndata":
            return found
        for place in ("obs", "uns/latentscope"):
            _check_hard(found, place)
        _check_columns(found)
        items = _anndata.items(found.file, found.items)
        has_meta = "uns/latentscope" in found.items
        text = found.file["uns/latentscope"].asstr()[()] if has_meta else "{}"
        meta = meta_of(found.path, text)
    except BaseException as error:
        found.close()
        if isinstance(error, LatentscopeError) or not isinstance(error, Exception):
            raise
        raise FileFormatError(f"{found.path} cannot be read as AnnData: {error!r}") from error
    return replace(found, format="AnnData", items=items, meta=meta, label_folder="obs")


def _check_hard(found: Contents, place: str) -> None:
    """Refuse an object that is reached through a link."""
    at = found.file
    for step in place.split("/"):
        link = at.get(step, getlink=True)
        if link is not None and not isinstance(link, h5py.HardLink):
            raise UnsafeFileError(
                f"{place} of {found.path} is a link, whose data may be elsewhere. Copy the data "
                "into the file."
            )
        if link is None:
            return
        at = at[step]


def _check_columns(found: Contents) -> None:
    """Refuse columns of obs whose names, or categories, lead out of obs to data elsewhere."""
    attributes = found.file["obs"].attrs if "obs" in found.file else {}
    for name in [attributes.get("_index", ""), *attributes.get("column-order", ())]:
        text = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        if text.startswith("/"):
            raise UnsafeFileError(
                f"obs of {found.path} must name its own columns; got the path {text!r}, whose data "
                "may be elsewhere. Rename the column."
            )
    for place, item in found.items.items():
        if place.startswith("obs/") and item.dtype != REFUSED:
            reference = found.file[place].attrs.get("categories")  # as anndata 0.7 wrote them
            if isinstance(reference, h5py.Reference) and found.find is not None:
                found.find(found.file[reference].name or "")  # raises for data elsewhere


def write(path: Path, latents: Latents) -> None:
    """Write the cells with their labels, and stream the arrays into ``obsm``."""
    library = import_optional("anndata", purpose="Writing AnnData", extra="formats")
    pandas = import_optional("pandas", purpose="Writing AnnData", extra="formats")
    if "_index" in latents.labels:
        raise DataError(
            "AnnData cannot store a label called '_index', which is the name of its cell names. "
            "Rename it."
        )
    names = latents.ids[:] if latents.ids is not None else map(str, range(latents.n_points))
    cells = pandas.DataFrame(columns(latents.labels), index=texts("ids", names))
    about = {"latentscope": json_of(latents.meta)}
    with replacing(path) as part:
        library.AnnData(obs=cells, uns=about).write_h5ad(part)
        with hdf5.GuardedFile(part, "r+") as raw:
            with h5py.File(raw, "r+") as file:
                for name, rows in latents.arrays.items():
                    place = f"obsm/{_PLACES[name]}"
                    dataset = hdf5.write_rows(file, place, rows, raw.check)
                    dataset.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
            raw.check()
