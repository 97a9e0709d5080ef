"""Open any encoder and decoder in ONNX files."""

import os
from collections.abc import Sequence
from typing import Any

import onnxruntime

from latentscope.backend import Role, both, fitted
from latentscope.backend.arguments import one_of
from latentscope.errors import BackendError, DataTypeError
from latentscope_onnx.onnx_model import OnnxModel, dtype_of, shape_of
from latentscope_onnx.reading import checked_bytes

_ERRORS_ONLY = 3


def load(
    folder: str | os.PathLike[str] | None = None,
    *,
    encoder: str | os.PathLike[str] | onnxruntime.InferenceSession | None = None,
    decoder: str | os.PathLike[str] | onnxruntime.InferenceSession | None = None,
    outputs: Role | Sequence[Role] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    channels_first: bool | None = None,
    providers: Sequence[str] = ("CPUExecutionProvider",),
) -> OnnxModel:
    """Return a model from any ONNX encoder and decoder.

    An ONNX file contains no code, only a graph of known operators and their weights. It is checked
    before ONNX Runtime opens it, and no file to which it refers is opened.

    Parameters
    ----------
    folder : str or path-like, optional
        Folder of ``encoder.onnx`` and ``decoder.onnx``.
    encoder, decoder : str, path-like or onnxruntime.InferenceSession, optional
        Instead of `folder`: ONNX files that contain their weights, or existing sessions. Each takes
        one array, of any number of images or points, or of exactly one.
    outputs : sequence of str, optional
        What the encoder's outputs are, in order: "z", "mu", "logvar" (or "variance", "std" or
        "log_std"), or "" to leave one out. By default recognised by their number and names.
    pixel_range : tuple of float
        Values that the encoder takes, and the decoder returns, for black and white: (−1, 1) for
        models that end with tanh, (0, 255) for bytes.
    channels_first : bool, optional
        Whether they take and return (n, channels, height, width). By default recognised by the
        shape.
    providers : sequence of str
        Execution providers of ONNX Runtime for files, in order of preference.

    Returns
    -------
    OnnxModel
        With finite weights, shapes that fit together and a decoder that returns images, all
        checked.

    Raises
    ------
    MissingFileError, FileFormatError
        If a file does not exist, or is not an ONNX file.
    UnsafeFileError
        If a file refers to others for its weights.
    TooLargeError
        If a file declares far more than it stores.
    DataError
        If the arguments do not fit together.
    BackendError
        If weights are not finite, shapes do not fit, outputs are not recognised, or ONNX Runtime
        does not know an operator.

    Examples
    --------
    >>> load("nowhere")
    Traceback (most recent call last):
        ...
    latentscope.errors.MissingFileError: no such file: nowhere/encoder.onnx
    """
    for provider in providers:
        one_of("each of providers", provider, onnxruntime.get_available_providers())
    parts = both(folder, encoder, decoder, ".onnx")
    first, second = (
        _session(name, part, providers)
        for name, part in zip(("encoder", "decoder"), parts, strict=True)
    )
    return fitted(
        OnnxModel,
        first,
        second,
        images=(None, *shape_of(first)[1:]),
        points=(None, *shape_of(second)[1:]),
        dtype=dtype_of(first),
        outputs=outputs,
        pixel_range=pixel_range,
        channels_first=channels_first,
        meta={"backend": "onnx"},
    )


def _session(name: str, value: Any, providers: Sequence[str]) -> onnxruntime.InferenceSession:
    """Return a session that takes one array, of any number of rows or of exactly one."""
    if isinstance(value, onnxruntime.InferenceSession):
        session = value
    elif isinstance(value, str) or hasattr(value, "__fspath__"):
        session = _opened(name, value, providers)
    else:
        raise DataTypeError(
            f"{name} must be an ONNX file or an onnxruntime.InferenceSession; got {value!r}."
        )
    shapes = [tuple(one.shape) for one in session.get_inputs()]
    if len(shapes) != 1 or not shapes[0]:
        raise BackendError(f"the {name} must take one array; it takes {shapes}.")
    if shape_of(session)[0] not in (None, 1):
        raise BackendError(
            f"the {name} must take any number of rows, or one; it takes {shapes[0]}. Export it "
            "with an open first axis (dynamic_axes or dynamic_shapes of torch.onnx.export)."
        )
    return session


def _opened(
    name: str, path: str | os.PathLike[str], providers: Sequence[str]
) -> onnxruntime.InferenceSession:
    content = checked_bytes(name, path)  # exactly the bytes that were checked are run
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(content, options, providers=list(providers))
    except Exception as error:  # ONNX Runtime has one exception class per status
        raise BackendError(f"ONNX Runtime cannot run {path}: {error}") from error
