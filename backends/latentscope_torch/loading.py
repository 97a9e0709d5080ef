"""Open any PyTorch encoder and decoder, given as two modules."""

import os
from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.export import ExportedProgram

from latentscope.backend import Role, check_weights, fitted
from latentscope.errors import DataError, DataTypeError, UnsafeFileError
from latentscope_torch.torch_model import TorchModel


def load(
    encoder: nn.Module | None = None,
    *,
    decoder: nn.Module | None = None,
    image_shape: tuple[int, int, int] | None = None,
    outputs: Role | Sequence[Role] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    channels_first: bool = True,
) -> TorchModel:
    """Return a model from any PyTorch encoder and decoder.

    Files are not opened, because loading one can run code from it: `torch.load` and
    `torch.export.load` unpickle objects, and the latter evaluates sizes as Python. Export the two
    modules as ONNX instead, or load a file that you trust yourself and pass its modules.

    Parameters
    ----------
    encoder, decoder : torch.nn.Module
        image → z, or → a tuple, dict or dataclass of tensors with mu and logvar; z → image.
    image_shape : tuple of int
        Height, width and channels of the images, which cannot be read from a module.
    outputs : sequence of str, optional
        What the encoder's tensors are, in order: "z", "mu", "logvar" (or "variance", "std" or
        "log_std"), or "" to leave one out. By default recognised by their number and the names of
        keys and fields.
    pixel_range : tuple of float
        Values that the encoder takes, and the decoder returns, for black and white: (−1, 1) for
        models that end with tanh.
    channels_first : bool
        Whether they take and return (n, channels, height, width).

    Returns
    -------
    TorchModel
        With finite weights, shapes that fit together and a decoder that returns images, all
        checked.

    Raises
    ------
    UnsafeFileError
        If a file or folder is given.
    DataError
        If the arguments do not fit together.
    BackendError
        If weights are not finite, shapes do not fit, or outputs are not recognised.

    Examples
    --------
    >>> encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    >>> decoder = nn.Sequential(nn.Linear(3, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))
    >>> load(encoder=encoder, decoder=decoder, image_shape=(8, 8, 1))
    <TorchModel: AE of 8×8×1 images, z_dim 3>
    """
    first, second = _module("encoder", encoder), _module("decoder", decoder)
    return fitted(
        TorchModel,
        first,
        second,
        images=_taken(image_shape, channels_first),
        outputs=outputs,
        pixel_range=pixel_range,
        channels_first=channels_first,
        meta={
            "backend": "torch",
            "encoder": type(first).__name__,
            "decoder": type(second).__name__,
        },
    )


def _module(name: str, value: Any) -> nn.Module:
    """Return a module whose weights are finite."""
    if isinstance(value, str | os.PathLike):
        raise UnsafeFileError(
            f"{name} must be a torch.nn.Module; got the path {os.fspath(value)!r}. This backend "
            "opens no file and no folder, because torch.load and torch.export.load can run code "
            "from a file (.pt, .pth, .pt2). Export the model as ONNX with torch.onnx.export(...) "
            "and use latentscope_onnx.load (on the command line, --backend onnx). Or, if you "
            "trust the file, load it yourself and pass the modules: "
            "latentscope_torch.load(encoder=module, decoder=module, image_shape=...)."
        )
    if isinstance(value, ExportedProgram):
        raise DataTypeError(f"{name} must be a module; got an ExportedProgram. Pass its .module().")
    if not isinstance(value, nn.Module):
        raise DataTypeError(f"{name} must be a torch.nn.Module; got {value!r}.")
    weights = [*value.named_parameters(), *value.named_buffers()]
    check_weights(
        name, ((path, x.detach().float().cpu()) for path, x in weights if x.is_floating_point())
    )
    return value


def _taken(image_shape: Any, is_first: bool) -> tuple[int | None, ...]:
    """Return the shape of images that the encoder takes, with None for their number."""
    if not isinstance(image_shape, tuple) or len(image_shape) != 3 or image_shape[2] not in (1, 3):
        raise DataError(
            "image_shape must be (height, width, channels) with 1 or 3 channels, as it cannot be "
            f"read from a module; got {image_shape!r}.",
            parameter="image_shape",
        )
    height, width, channels = image_shape
    return (None, channels, height, width) if is_first else (None, height, width, channels)
