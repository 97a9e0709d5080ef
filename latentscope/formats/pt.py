"""PyTorch's .pt files of tensors, read with `weights_only`, which runs no code."""

import itertools
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from latentscope._disk.limits import check_declared, check_memory
from latentscope._disk.read_errors import access_errors, read_errors
from latentscope._disk.zips import is_zip, unzipped
from latentscope._optional import import_optional
from latentscope._types import Array
from latentscope.errors import (
    FileFormatError,
    LatentscopeError,
    TooLargeError,
    UnsafeFileError,
)
from latentscope.formats._contents import REFUSED, Contents, Item, dtype_name
from latentscope.formats._names import as_label

LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # signature of PyTorch's files before 1.6
_DEEPEST, _MAX_TENSORS = 8, 10_000  # levels, and tensors


def is_archive(names: list[str]) -> bool:
    """Return True if the members of a zip archive are those of a .pt file."""
    return any(name.endswith("/data.pkl") or name == "data.pkl" for name in names)


def contents(path: Path) -> Contents:
    """Return the tensors of the file, which are read into memory."""
    torch = import_optional("torch", purpose="Reading .pt files", extra="torch")
    check_memory(path, "the file", path.stat().st_size)
    if is_zip(path):
        _verify(path)
    try:
        with access_errors(path):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except (LatentscopeError, MemoryError):
        raise
    except Exception as error:  # PyTorch's parsers raise various exceptions
        raise _refusal(path, error) from error
    with read_errors(str(path)):
        walked = itertools.islice(_walk(torch, found, "", 0), _MAX_TENSORS + 1)
        items = {name: _item(path, torch, value) for name, value in walked}
    if len(items) > _MAX_TENSORS:
        raise TooLargeError(
            f"{path} holds over {_MAX_TENSORS:,} tensors. Save only those that are needed."
        )
    return Contents(path, "PyTorch", items)


def _verify(path: Path) -> None:
    """Verify the checksums, which PyTorch does not do."""
    with unzipped(path, "a zip archive") as archive:
        damaged = archive.testzip()
    if damaged:
        raise FileFormatError(f"{path} is damaged: the checksum of {damaged} is wrong.")


def _refusal(path: Path, error: Exception) -> LatentscopeError:
    text = str(error).partition("\n")[0][:200]
    if "weights_only" in str(error) or "Unsupported" in str(error) or "GLOBAL" in str(error):
        return UnsafeFileError(
            f"{path} holds more than tensors: reading it would run code ({text}). If you trust "
            "it, load it yourself and save the tensors with safetensors.torch.save_file."
        )
    return FileFormatError(f"{path} cannot be read as a PyTorch file: {text}")


def _walk(torch: Any, value: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield tensors and lists of text or numbers, with their paths."""
    if isinstance(value, torch.Tensor):
        yield place or "tensor", value
    elif isinstance(value, Mapping) and depth < _DEEPEST:
        for name, inner in value.items():
            yield from _walk(torch, inner, f"{place}/{name}".lstrip("/"), depth + 1)
    elif isinstance(value, list | tuple) and value:
        if isinstance(value[0], str | int | float):
            yield place or "list", as_label(list(value))
        elif depth < _DEEPEST:
            for number, inner in enumerate(value):
                yield from _walk(torch, inner, f"{place}/{number}".lstrip("/"), depth + 1)


def _item(path: Path, torch: Any, value: Any) -> Item:
    if not isinstance(value, torch.Tensor):
        return Item(value.shape, dtype_name(value.dtype), partial(np.asarray, value))
    name = str(value.dtype).removeprefix("torch.")
    is_plain = not (value.is_sparse or value.is_quantized or value.layout != torch.strided)
    dtype = name if is_plain and not name.startswith("float8") else REFUSED
    return Item(tuple(value.shape), dtype, partial(_array, path, torch, value))


def _array(path: Path, torch: Any, tensor: Any) -> Array:
    """Return a tensor as an array that shares its memory; bfloat16 as float32."""
    try:
        declared = tensor.numel() * tensor.element_size()
        check_declared(path, "a tensor", declared, tensor.untyped_storage().nbytes())
        check_memory(path, "a tensor", declared)
        plain = tensor.detach()
        return np.asarray((plain.float() if plain.dtype == torch.bfloat16 else plain).numpy())
    except (TypeError, RuntimeError) as error:
        raise FileFormatError(
            f"{path} holds a tensor that is not a plain array: {error}"
        ) from error
