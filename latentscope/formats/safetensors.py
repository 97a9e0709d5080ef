"""Safetensors files: named arrays with the same layout as in memory, read directly, without code.

The library checks the header. The format has no type for text: ids and labels of text are stored as
bytes, as wide as the longest, and the metadata list them.
"""

import json
import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from latentscope._disk.atomic import replacing
from latentscope._disk.read_errors import access_errors
from latentscope._optional import import_optional
from latentscope._types import Array
from latentscope.errors import DataError, FileFormatError
from latentscope.formats._contents import REFUSED, Contents, Item
from latentscope.formats._storable import json_of, known, meta_of, runs
from latentscope.latents import Latents
from latentscope.rows.files import BFLOAT16, RawRows
from latentscope.rows.matrix import as_matrix

_DTYPES = {  # NumPy's types, and bfloat16, which NumPy lacks
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": BFLOAT16, "BOOL": "|b1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1",
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_OURS = "latentscope"


def is_safetensors(start: bytes, size: int) -> bool:
    """Return True if a file can be safetensors: it starts with the length of a header, and JSON."""
    length = int.from_bytes(start[:8], "little")
    return len(start) > 9 and start[8:9] == b"{" and length + 8 <= size


def contents(path: Path) -> Contents:
    """Return what the file holds."""
    library = import_optional("safetensors", purpose="Reading .safetensors", extra="formats")
    try:
        with access_errors(path), library.safe_open(path, framework="numpy") as file:
            names, metadata = list(file.keys()), file.metadata() or {}
    except library.SafetensorError as error:
        raise FileFormatError(f"{path} cannot be read as safetensors: {error}") from error
    header, start = _header(path)
    ours = meta_of(path, metadata.get(_OURS, "{}"))
    text = ours.get("text", [])
    if not isinstance(text, list):
        raise FileFormatError(f"{path} must list its arrays of text; it holds {str(text)[:50]}.")
    items = {name: _item(path, header[name], start, name in text) for name in names}
    meta = meta_of(path, json.dumps(ours.get("meta", {})))
    return Contents(path, "safetensors", items, meta, is_ours=_OURS in metadata)


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the header's description of each array, and the byte at which the arrays begin."""
    with access_errors(path), path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length)), 8 + length


def _item(path: Path, described: dict[str, Any], start: int, is_text: bool) -> Item:
    shape, name = tuple(described["shape"]), described["dtype"]
    if name not in _DTYPES:
        return Item(shape, REFUSED, partial(_refuse, path, name))
    dtype, at = _DTYPES[name], start + described["data_offsets"][0]
    rows = partial(RawRows, path, at, shape, dtype)
    if is_text:
        return Item(shape[:1], "text", partial(_text, rows))
    named = dtype if dtype == BFLOAT16 else np.dtype(dtype).name
    return Item(shape, named, rows if len(shape) != 1 else partial(_all, rows))


def _all(rows: Any) -> Array:
    return np.asarray(rows())


def _refuse(path: Path, dtype: str) -> None:
    raise DataError(
        f"{path} holds numbers of the unsupported type {dtype}. Store them as float16 or float32."
    )


def _text(rows: Any) -> Array:
    """Return rows of zero-padded bytes as text."""
    stored = np.ascontiguousarray(rows()[:])
    return np.char.decode(stored.view(f"S{stored.shape[1]}")[:, 0], "utf-8")


def write(path: Path, latents: Latents) -> None:
    """Stream the arrays into a file, ids and labels after them."""
    matrices = {name: as_matrix(name, rows) for name, rows in latents.arrays.items()}
    columns = known(latents)
    text = [name for name, values in columns.items() if isinstance(values, list)]
    stored = {name: _bytes(values) for name, values in columns.items()}
    ours = json.dumps({"text": text, "meta": json.loads(json_of(latents.meta))})
    header: dict[str, Any] = {"__metadata__": {_OURS: ours}}
    shapes = {name: (matrix.n_rows, matrix.n_cols) for name, matrix in matrices.items()}
    shapes |= {name: array.shape for name, array in stored.items()}
    dtypes = {name: matrix.dtype for name, matrix in matrices.items()}
    dtypes |= {name: array.dtype for name, array in stored.items()}
    at = 0
    for name, shape in shapes.items():
        size = int(np.prod(shape)) * dtypes[name].itemsize
        kind = _NAMES[dtypes[name].newbyteorder("<").str]
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    described = json.dumps(header).encode()
    described += b" " * (-len(described) % 8)
    with replacing(path) as part, part.open("wb") as file:
        file.write(struct.pack("<Q", len(described)) + described)
        for name, matrix in matrices.items():
            for bounds in runs(matrix.n_rows, matrix.run, name):
                file.write(matrix.read(*bounds).data)
        for array in stored.values():
            file.write(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)


def _bytes(values: Any) -> Array:
    """Return text as rows of UTF-8 bytes, as wide as the longest; numbers unchanged."""
    if not isinstance(values, list):
        return np.asarray(values)
    encoded = np.array([text.encode() for text in values], dtype=bytes)
    return encoded.view(np.uint8).reshape(len(values), -1)
