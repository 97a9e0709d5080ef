"""Checks of an ONNX file before ONNX Runtime opens it: sizes it declares, files it refers to."""

from collections.abc import Iterator
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message

from latentscope.backend import check_weights
from latentscope.backend.files import existing, first_bytes, looks_like
from latentscope.errors import FileFormatError, TooLargeError, UnsafeFileError

_MAX_BYTES, _MAX_PACKED = 4 * 2**30, 1000  # bytes, and times the stored bytes
_FIRST = b"\x08"  # first byte of an ONNX file, the tag of its version
_INVALID = (
    onnx.checker.ValidationError,
    onnx.shape_inference.InferenceError,
    UnicodeDecodeError,  # raised for a message that quotes a damaged name
)
_NOT_ONNX = {
    b"PK": "is a zip archive, perhaps of PyTorch or Keras: export it as ONNX",
    b"\x80": "is a pickle: export the model as ONNX",
    b"ORTM": "is in ONNX Runtime's own format: pass the .onnx file from which it was made",
}


def checked_bytes(name: str, value: str | PathLike[str]) -> bytes:
    """Return the bytes of an ONNX file that contains all its weights; messages call it `name`.

    Raises
    ------
    MissingFileError, FileFormatError
        If the file does not exist, is damaged, or is not an ONNX file.
    UnsafeFileError
        If it refers to other files for its weights.
    TooLargeError
        If it declares an array of more than 4 GiB and more than 1000 times the bytes stored.
    BackendError
        If weights are not finite.
    """
    path = existing(value, name)
    if not path.is_file():
        raise FileFormatError(f"{name} must be an ONNX file; {path} is a folder.")
    content = path.read_bytes()
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise _not_onnx(name, path, "it ends early or contains wrong bytes") from error
    tensors = list(_tensors(model))
    _check_tensors(tensors, path)
    try:
        onnx.checker.check_model(model)
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except _INVALID as error:
        raise _not_onnx(name, path, str(error).strip().partition("\n")[0].rstrip(".")) from error
    _check_arrays(inferred, path)
    initial = ((one.name, onnx.numpy_helper.to_array(one)) for one in model.graph.initializer)
    check_weights(name, ((key, x) for key, x in initial if x.dtype.kind not in "biuOSU"))
    return content


def _not_onnx(name: str, path: Path, reason: str) -> FileFormatError:
    others = {**_NOT_ONNX, _FIRST: f"is damaged or not valid: {reason}"}
    text = looks_like(first_bytes(path), others)
    return FileFormatError(f"{name} must be an ONNX file; {path} {text}.")


def _tensors(message: Message) -> Iterator[Any]:
    """Yield every tensor of a model: weights and constants, also in subgraphs and functions."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for inner in value if isinstance(value, list) or hasattr(value, "add") else [value]:
            if isinstance(inner, onnx.TensorProto):
                yield inner
            yield from _tensors(inner)


def _check_tensors(tensors: list[Any], path: Path) -> None:
    for tensor in tensors:
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            places = ", ".join(repr(one.value) for one in tensor.external_data)
            raise UnsafeFileError(
                f"{path} would read {tensor.name!r} from another file ({places}). If you trust "
                "it, move the weights into the file: "
                "onnx.save_model(onnx.load_model(path), other_path), or export with "
                "external_data=False, or pass your own onnxruntime.InferenceSession."
            )
        _check_size(tensor.name, tensor.dims, tensor.ByteSize(), path)


def _check_arrays(model: Any, path: Path) -> None:
    """Refuse absurdly large results of operators, as far as their shapes can be inferred."""
    for one in (*model.graph.value_info, *model.graph.output):
        shape = one.type.tensor_type.shape
        _check_size(one.name, [size.dim_value or 1 for size in shape.dim], 1, path)


def _check_size(name: str, dims: Any, stored: int, path: Path) -> None:
    declared = prod(map(int, dims)) * np.float32().itemsize
    if declared > _MAX_BYTES and declared > _MAX_PACKED * stored:
        raise TooLargeError(f"{path} declares {name!r} of shape {tuple(dims)}, {declared:,} bytes.")
