"""A model of two parts with unknown output shapes, which are found by running each part once.

For backends whose encoders and decoders are functions of one array, in either layout of images.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from latentscope._types import Array
from latentscope.backend.outputs import (
    Role,
    Shape,
    matched,
)
from latentscope.backend.pair import Pair, check_decoder
from latentscope.errors import BackendError, LatentscopeError

_N_TRIED = 2


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parts(Pair):
    """An encoder and a decoder that are run as functions.

    Attributes
    ----------
    encoder, decoder, outputs, factor, pixel_range, meta
        As in every `Pair`, which also describes the latent dimensions and the shape of images.
    channels_first : bool
        Whether the parts take and return (n, channels, height, width).
    """

    z_dim: int = field(kw_only=True)
    image_shape: tuple[int, int, int] = field(kw_only=True)
    channels_first: bool = field(kw_only=True)

    @staticmethod
    @abstractmethod
    def _run(part: Any, batch: Array) -> list[tuple[str, Array]]:
        """Return the outputs of a part for a batch, as pairs of name and array."""

    def _encode_batch(self, pixels: Array) -> Sequence[Array]:
        images = pixels.transpose(0, 3, 1, 2) if self.channels_first else pixels
        return [array for _, array in self._run(self.encoder, images)]

    def _decode_batch(self, z: Array) -> Array:
        ((_, images),) = self._run(self.decoder, z)
        return images.transpose(0, 2, 3, 1) if self.channels_first else images


_Made = TypeVar("_Made", bound=Parts)


def fitted(
    made: type[_Made],
    encoder: Any,
    decoder: Any,
    *,
    images: Shape,
    points: Shape | None = None,
    dtype: str = "float32",
    outputs: Role | Sequence[Role] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    channels_first: bool | None = None,
    meta: Mapping[str, Any] | None = None,
) -> _Made:
    """Return a model, if the two parts fit together and the decoder returns images.

    Parameters
    ----------
    made : type
        The subclass of `Parts`.
    encoder, decoder : object
        The parts that its `_run` accepts.
    images, points : tuple
        Shapes that encoder and decoder take, with None for the number of rows; points may be
        unknown.
    dtype : str
        Name of the type that the encoder takes.
    outputs, pixel_range, channels_first
        As specified by the user, or None to recognise them by names and shapes.
    meta : mapping, optional
        What the model is, for the record.

    Raises
    ------
    DataError
        If the user's specification is impossible.
    BackendError
        If a part cannot be run, shapes do not fit, or the decoder does not return images.

    Examples
    --------
    >>> class Functions(Parts):
    ...     @staticmethod
    ...     def _run(part, batch):
    ...         return [("z", part(batch))]
    >>> def repeated(z):
    ...     return np.tile(1 / (1 + np.exp(-z[:, None, None])), (1, 8, 8, 1))
    >>> fitted(Functions, lambda x: x.mean(axis=(1, 2)), repeated, images=(None, 8, 8, 1))
    <Functions: AE of 8×8×1 images, z_dim 1>
    """
    parts = {"encoder": encoder, "decoder": decoder}
    match = matched(
        lambda name, shape: _tried(made, name, parts[name], shape),
        images=(None, *images[1:]),
        points=points,
        dtype=dtype,
        outputs=outputs,
        pixel_range=pixel_range,
        channels_first=channels_first,
    )
    model = made(
        encoder,
        decoder,
        match.outputs,
        pixel_range=match.pixel_range,
        meta=dict(meta or {}),
        z_dim=match.z_dim,
        image_shape=match.image_shape,
        channels_first=match.channels_first,
    )
    check_decoder(model)
    return model


def _tried(made: type[Parts], name: str, part: Any, shape: Shape) -> list[tuple[str, Shape]]:
    """Return the names and shapes of a part's outputs for a batch of zeros."""
    zeros = np.zeros((_N_TRIED, *(size or 0 for size in shape[1:])), np.float32)
    try:
        found = made._run(part, zeros)
    except LatentscopeError:
        raise
    except Exception as error:  # users must see whatever a part raises
        raise BackendError(
            f"the {name} cannot take an array of shape {shape}: {type(error).__name__}: {error}"
        ) from error
    return [(key, (None if len(x) == _N_TRIED else len(x), *x.shape[1:])) for key, x in found]
