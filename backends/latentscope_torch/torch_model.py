"""A PyTorch encoder and decoder as a model of latentscope: NumPy in, NumPy out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latentscope.backend import Parts
from latentscope.errors import BackendError


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TorchModel(Parts):
    """An encoder and a decoder; made by `load`.

    They run without gradients, in evaluation mode, on the device and in the precision of their
    weights; their own mode is restored after each batch.

    Attributes
    ----------
    encoder, decoder : torch.nn.Module
        image → z, or → (mu, logvar, …); z → image.
    outputs, pixel_range, channels_first
        As passed to `load`, or recognised by it.
    factor : float
        Factor of the noise in z; ``dataclasses.replace(model, factor=0.0)`` turns the noise off.
    z_dim, image_shape, meta
        As in every model.
    """

    encoder: nn.Module
    decoder: nn.Module

    @staticmethod
    def _run(part: nn.Module, batch: NDArray[Any]) -> list[tuple[str, NDArray[Any]]]:
        like = next((x for x in _weights(part) if x.is_floating_point()), torch.empty(0))
        x = torch.from_numpy(np.ascontiguousarray(batch)).to(like.device, like.dtype)
        with torch.inference_mode(), _evaluating(part):
            return [(name, x.float().cpu().numpy()) for name, x in _named(part(x))]


def _weights(module: nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Switch all submodules to evaluation mode, and restore the mode of each afterwards."""
    training = [part for part in module.modules() if part.training]
    try:
        for part in training:
            part.training = False
        yield
    finally:
        for part in training:
            part.training = True


def _named(found: Any, name: str = "output") -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors that a module returned, with the names of keys and fields."""
    if isinstance(found, torch.Tensor):
        yield name, found
        return
    if isinstance(found, Mapping):
        inner = list(found.items())
    elif is_dataclass(found) and not isinstance(found, type):
        inner = [(one.name, getattr(found, one.name)) for one in fields(found)]
    elif hasattr(found, "_fields"):
        inner = list(zip(found._fields, found, strict=True))
    elif isinstance(found, list | tuple):
        inner = [(f"{name}_{i}", one) for i, one in enumerate(found)]
    else:
        raise BackendError(
            "an encoder or decoder must return tensors, or a tuple, dict or dataclass of them; got "
            f"{type(found).__name__}. Wrap it in a module that returns its tensors."
        )
    for key, one in inner:
        if one is not None:
            yield from _named(one, str(key))
