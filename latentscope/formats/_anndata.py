"""AnnData in HDF5 or zarr: latents in ``obsm``, properties of the cells in ``obs``."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from latentscope._optional import import_optional
from latentscope._types import Array
from latentscope.formats._contents import Item, dtype_name
from latentscope.formats._names import as_label


def items(group: Any, stored: dict[str, Item]) -> dict[str, Item]:
    """Return obsm and obs: arrays as stored, columns as anndata reads them.

    Parameters
    ----------
    group : h5py.File or zarr.Group
        The opened file or folder.
    stored : dict of str to Item
        All arrays in it.
    """
    library = import_optional("anndata", purpose="Reading AnnData", extra="formats")
    found = {}
    for place, item in stored.items():
        if place.startswith("obs/"):
            item.open()  # raises for rows that were not written and for links that leave the file
        elif place.startswith("obsm/"):
            found[place] = item
        elif place.startswith(("X", "layers/")):
            found[place] = Item(item.shape, item.dtype, item.open, can_be_z=False)
    frame = library.io.read_elem(group["obs"])
    found["obs_names"] = _column(np.asarray(frame.index).astype(str))
    for name in frame.columns:
        found[f"obs/{name.replace('/', '_')}"] = _named(name, _column(_values(frame[name])))
    return found


def _named(name: str, item: Item) -> Item:
    """Return a column with a note if its name cannot be that of a label."""
    if "/" not in name:
        return item
    label = name.replace("/", "_")
    note = f"the column {name} is called {label}, because names of labels have no '/'."
    return replace(item, read_from=f"obs/{name}", note=note)


def _values(column: Any) -> Array:
    """Return a column of a frame as numbers or text; categories by their names."""
    if str(column.dtype) == "category":
        return as_label(column.astype(object).to_numpy())
    if column.dtype.kind in "biuf" and getattr(column.dtype, "na_value", None) is None:
        return np.asarray(column.to_numpy())
    if column.dtype.kind in "iuf":
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    return as_label(column.to_numpy())


def _column(values: Array) -> Item:
    return Item(values.shape, dtype_name(values.dtype), partial(np.asarray, values))
