"""The meaning of arrays and columns by their names, and the conversion of labels."""

from pathlib import PurePosixPath
from typing import Any

import numpy as np

from latentscope._types import Array
from latentscope.backend.outputs import LOGVAR, NAMES, Role

WIDTHS: tuple[Role, ...] = tuple(LOGVAR)  # the first one found is used
_SCVI: dict[Role, tuple[str, ...]] = {"mu": ("qz_m",), "variance": ("qz_v",)}
_ENDS: dict[Role, str] = {"mu": "qzm", "variance": "qzv"}  # what others of its names end in
_ROLES: dict[Role, tuple[str, ...]] = {
    role: NAMES[role] + _SCVI.get(role, ()) for role in ("mu", *WIDTHS)
}
_IDS = {
    "id", "ids", "image_id", "filename", "filenames", "file_name", "barcode", "barcodes", "index",
    "obs_names", "__index_level_0__",
}  # fmt: skip


def role_of(path: str) -> Role:
    """Return which part of a posterior an array of this name is, "" if none.

    Examples
    --------
    >>> role_of("obsm/scvi_latent_qzv")
    'variance'
    """
    name = PurePosixPath(path).name.lower()
    for role, names in _ROLES.items():
        if name in names or (role in _ENDS and name.endswith(_ENDS[role])):
            return role
    return ""


def is_id_name(name: str) -> bool:
    """Return True if a column of this name identifies the rows.

    Examples
    --------
    >>> is_id_name("barcode"), is_id_name("age")
    (True, False)
    """
    return name.lower() in _IDS


def as_label(values: Any) -> Array:
    """Return values as numbers, bool or text; missing values become NaN or empty text."""
    array = np.asarray(values)
    if array.dtype.kind in "biuf":
        return array
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind in "UMm":
        return array.astype(str)
    return np.array([_text(value) for value in array.tolist()], dtype=str)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        is_missing = value is None or bool(value != value)  # NaN
    except TypeError:  # pandas.NA is neither
        is_missing = True
    return "" if is_missing else str(value)
