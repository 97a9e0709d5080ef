"""Open anybody's PyTorch encoder and decoder: modules, or files of `torch.export`."""

import os
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.export import ExportedProgram

from latentscope.backend.outputs import Role, Shape, check_weights, layout
from latentscope.backend.pair import both
from latentscope.backend.parts import fitted
from latentscope.errors import DataError, DataTypeError
from latentscope_torch.exported import opened
from latentscope_torch.program import Program
from latentscope_torch.torch_model import TorchModel


def load(
    folder: str | os.PathLike[str] | None = None,
    *,
    encoder: str | os.PathLike[str] | nn.Module | None = None,
    decoder: str | os.PathLike[str] | nn.Module | None = None,
    image_shape: tuple[int, int, int] | None = None,
    outputs: Role | Sequence[Role] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    channels_first: bool | None = None,
) -> TorchModel:
    """Return a model from any PyTorch encoder and decoder.

    Files are not loaded by PyTorch, which would run code from them: their graph and their weights
    are read here, and only operators of layers and tensors are run.

    Parameters
    ----------
    folder : str or path-like, optional
        Folder of ``encoder.pt2`` and ``decoder.pt2``.
    encoder, decoder : torch.nn.Module, str or path-like, optional
        Instead of `folder`: modules, or ``.pt2`` files that `torch.export.save` wrote.
    image_shape : tuple of int, optional
        Height, width and channels of the images. Needed for modules; files know it.
    outputs : sequence of str, optional
        What the encoder's tensors are, in order: "z", "mu", "logvar" (or "variance", or "std"), or
        "" for one to leave out. By default told by their number and the names of keys and fields.
    pixel_range : tuple of float
        Values that the encoder takes, and the decoder gives, for black and white: (−1, 1) for
        models that end with tanh.
    channels_first : bool, optional
        Whether they take and give (n, channels, height, width). By default True for modules, and
        told by the shape for files.

    Returns
    -------
    TorchModel
        Checked: finite weights, shapes that fit together, a decoder that gives images.

    Raises
    ------
    MissingFileError, FileFormatError
        If a file is not there, or no file of `torch.export.save`.
    UnsafeFileError
        If the file holds pickles or code, or names what is no operator of a layer.
    TooLargeError
        If a file declares far more than it stores.
    DataError
        If the arguments do not fit together.
    BackendError
        If weights are NaN, shapes do not fit, outputs are not told apart, or a file was exported
        for one size of batch or in training mode.

    Examples
    --------
    >>> encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    >>> decoder = nn.Sequential(nn.Linear(3, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))
    >>> load(encoder=encoder, decoder=decoder, image_shape=(8, 8, 1))
    <TorchModel: AE of 8×8×1 images, z_dim 3>
    """
    parts = both(folder, encoder, decoder, ".pt2")
    first, second = map(_module, ("encoder", "decoder"), parts)
    is_first = _is_first(first, channels_first)
    return fitted(
        TorchModel,
        first,
        second,
        images=_taken(first, image_shape, is_first),
        points=getattr(second, "input_shape", None),
        dtype=str(getattr(first, "input_dtype", torch.float32)),
        outputs=outputs,
        pixel_range=pixel_range,
        channels_first=is_first,
        meta={
            "backend": "torch",
            "encoder": type(first).__name__,
            "decoder": type(second).__name__,
        },
    )


def _module(name: str, value: Any) -> nn.Module:
    """Return a module, of a file if need be, whose weights are finite."""
    if isinstance(value, ExportedProgram):
        raise DataTypeError(f"{name} must be a module; got an ExportedProgram. Pass its .module().")
    module = value if isinstance(value, nn.Module) else opened(name, value)
    weights = [*module.named_parameters(), *module.named_buffers()]
    check_weights(
        name, ((path, x.detach().float().cpu()) for path, x in weights if x.is_floating_point())
    )
    return module


def _is_first(encoder: nn.Module, channels_first: bool | None) -> bool | None:
    """Return where channels are: as said, as PyTorch has them, or None for what a file tells."""
    is_told = channels_first is not None or isinstance(encoder, Program)
    return channels_first if is_told else True


def _taken(encoder: nn.Module, image_shape: Any, is_first: bool | None) -> Shape:
    """Return the shape of images as the encoder takes it, with None for their number."""
    if isinstance(encoder, Program):
        found = encoder.input_shape
        if image_shape is not None and layout(found, is_first)[0] != tuple(image_shape):
            raise DataError(f"{image_shape=} must be that of the file, whose input is {found}.")
        return found
    if not isinstance(image_shape, tuple) or len(image_shape) != 3 or image_shape[2] not in (1, 3):
        raise DataError(
            "image_shape must be (height, width, channels) with 1 or 3 channels, which a module "
            f"does not tell; got {image_shape!r}."
        )
    height, width, channels = image_shape
    return (None, channels, height, width) if is_first else (None, height, width, channels)
