"""An encoder and a decoder of any framework as a model: NumPy in, NumPy out, batch by batch.

A backend's subclass defines how one batch is encoded and decoded. What is the same for every model
is defined here: the range of pixels, the meaning of outputs, how z is drawn, and what is refused.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from latentscope._types import Array
from latentscope._validate import generator
from latentscope.backend.outputs import LOGVAR, Role, as_logvar
from latentscope.errors import BackendError, DataError
from latentscope.images import Pixels, as_images, as_unit
from latentscope.latents import Kind, Latents
from latentscope.rows.matrix import as_matrix
from latentscope.rows.source import Points

LOGVAR_RANGE = (-30.0, 20.0)  # outside, exp(logvar) is 0 or overflows in single precision
MAX_NOISE = 5.0
_BATCH = 256
_N_TRIED = 16


def draw(mu: Any, logvar: Any, noise: Any, factor: float = 1.0, *, ops: Any = np) -> Any:
    """Return z = mu + exp(logvar / 2) · noise · factor, with noise kept within ±5.

    Parameters
    ----------
    mu, logvar, noise : array or tensor of shape (n, z_dim)
        Noise is standard normal.
    factor : float
        1 to draw from the posterior, 0 for its mean.
    ops : module
        A module with `clip` and `exp` for these arrays.

    Returns
    -------
    array or tensor of shape (n, z_dim)

    Examples
    --------
    >>> draw(np.zeros((1, 2)), np.zeros((1, 2)), np.array([[-9.0, 1.0]]))
    array([[-5.,  1.]])
    """
    noise = ops.clip(noise, -MAX_NOISE, MAX_NOISE)
    return mu + ops.exp(ops.clip(logvar, *LOGVAR_RANGE) / 2) * noise * factor


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pair(ABC):
    """An encoder and a decoder; base class of `KerasModel`, `TorchModel` and `OnnxModel`.

    Attributes
    ----------
    encoder, decoder : object
        image → z, or → (mu, logvar, …); z → image.
    outputs : tuple of str
        What the encoder's outputs are, in order: of "z", "mu", one of "logvar", "variance", "std"
        and "log_std", and "" for any other.
    factor : float
        Factor of the noise in z = mu + exp(logvar / 2) · noise · factor: 1 draws from the
        posterior, 0 takes its mean. ``dataclasses.replace(model, factor=0.0)`` turns the noise off.
    pixel_range : tuple of float
        Values that the encoder takes, and the decoder returns, for black and white.
    meta : mapping
        What the model is, for the record.
    """

    _ops: ClassVar[ModuleType] = np  # module with which z is drawn

    encoder: Any
    decoder: Any
    outputs: tuple[Role, ...]
    factor: float = 1.0
    pixel_range: tuple[float, float] = (0.0, 1.0)
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    @abstractmethod
    def z_dim(self) -> int:
        """Number of latent dimensions."""

    @property
    @abstractmethod
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""

    @abstractmethod
    def _encode_batch(self, pixels: Array) -> Sequence[Any]:
        """Return all outputs for float32 pixels of shape (n, height, width, channels)."""

    @abstractmethod
    def _decode_batch(self, z: Array) -> Any:
        """Return images of shape (n, height, width, channels) for float32 z."""

    @property
    def kind(self) -> Kind:
        """Return "vae" if the encoder returns the width of the posterior, else "ae"."""
        return "vae" if set(LOGVAR) & set(self.outputs) else "ae"

    def encode(self, images: Pixels, *, rng: int | np.random.Generator = 0) -> Latents:
        """Return the latents of images, in memory; `latentscope.encode` writes files.

        z of a VAE is drawn here from mu and logvar, with noise kept within ±5, so that the same
        seed gives the same z; a z that the encoder itself draws is ignored.

        Parameters
        ----------
        images : Images, or array of shape (n, height, width, channels)
            uint8, or floats in [0, 1].
        rng : int or numpy.random.Generator
            Seed of the noise.

        Returns
        -------
        Latents
            With ids and labels of the images.

        Raises
        ------
        DataError
            If the images have another shape.
        BackendError
            If a variance or standard deviation is not above 0.
        """
        source = as_images(images)
        if source.image_shape != self.image_shape:
            raise DataError(
                f"the model encodes images of shape {self.image_shape}; got {source.image_shape}."
            )
        if not len(source):
            raise DataError("there must be at least one image to encode; got none.")
        low, high = self.pixel_range
        batches = [
            self._encode_batch(
                as_unit(source.take(slice(start, start + _BATCH))) * (high - low) + low
            )
            for start in range(0, len(source), _BATCH)
        ]
        parts: dict[Role, Array] = {
            name: np.concatenate([np.asarray(x, np.float32) for x in column])
            for name, column in zip(self.outputs, zip(*batches, strict=True), strict=True)
            if name
        }
        described = {"ids": source.ids, "labels": source.labels, "meta": {"model": dict(self.meta)}}
        if self.kind == "ae":
            return Latents(parts.get("z", parts.get("mu")), **described)
        mu, logvar = parts["mu"], _logvar(parts)
        noise = generator(rng).standard_normal(mu.shape, np.float32)
        z = np.asarray(draw(mu, logvar, noise, self.factor, ops=self._ops))
        return Latents(z, mu, logvar, **described)

    def decode(self, z: Points) -> Array:
        """Return the images of points.

        Parameters
        ----------
        z : array-like of shape (n, z_dim)

        Returns
        -------
        float32 array of shape (n, height, width, channels)
            In [0, 1].

        Raises
        ------
        DataError
            If the number of columns is not z_dim, or z is not finite.
        BackendError
            If the decoder returns something that is not an image.
        """
        points = as_matrix("z", z)
        if points.n_cols != self.z_dim:
            raise DataError(
                f"z must have {self.z_dim} columns, the model's z_dim; got {points.n_cols}.",
                parameter="z",
            )
        low, high = self.pixel_range
        batches = []
        for start in range(0, points.n_rows, _BATCH):
            rows = points.read(start, min(start + _BATCH, points.n_rows)).astype(np.float32)
            if not np.isfinite(rows).all():
                raise DataError(
                    "z must be finite; got NaN, inf, or numbers beyond float32.", parameter="z"
                )
            batches.append((np.asarray(self._decode_batch(rows), np.float32) - low) / (high - low))
        images = np.concatenate(batches)
        if not (images.min() >= 0 and images.max() <= 1):
            raise BackendError(
                f"decoded images must lie in [0, 1]; got {images.min():.4g} … {images.max():.4g}. "
                "Check whether the decoder lacks a final sigmoid, or needs another pixel_range."
            )
        return images

    def __reduce__(self) -> tuple[Any, ...]:
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return partial(type(self), **{**given, "meta": dict(self.meta)}), ()

    def __repr__(self) -> str:
        shape = "×".join(map(str, self.image_shape))
        return f"<{type(self).__name__}: {self.kind.upper()} of {shape} images, z_dim {self.z_dim}>"


def _logvar(parts: Mapping[Role, Array]) -> Array:
    """Return logvar, computed from the width of the posterior in whatever form it is given."""
    (name,) = set(LOGVAR) & set(parts)
    if name in ("variance", "std") and not (parts[name] > 0).all():
        raise BackendError(
            f"the encoder's {name} must be above 0; the smallest is {parts[name].min():.4g}. In "
            "outputs=, call the logarithm of a variance 'logvar', and the logarithm of a standard "
            "deviation (log sigma) 'log_std'."
        )
    return as_logvar(name, parts[name])


def check_decoder(model: Pair) -> None:
    """Decode points near 0, so that a decoder without valid images is refused on loading.

    Parameters
    ----------
    model : Pair

    Raises
    ------
    BackendError
        If the decoder returns something that is not an image.
    """
    model.decode(np.random.default_rng(0).standard_normal((_N_TRIED, model.z_dim)))


def both(folder: str | PathLike[str] | None, encoder: Any, decoder: Any, suffix: str) -> Any:
    """Return the encoder and decoder given, or the two files of these names in `folder`.

    Parameters
    ----------
    folder : str or path-like, optional
        Folder of the two files.
    encoder, decoder : object, optional
        Given instead of a folder.
    suffix : str
        Extension of the two files, such as ".onnx".

    Returns
    -------
    tuple of two
        Encoder and decoder.

    Raises
    ------
    DataError
        If only one of the two is given, or one of them together with a folder.

    Examples
    --------
    >>> [path.name for path in both("run", None, None, ".onnx")]
    ['encoder.onnx', 'decoder.onnx']
    """
    n_given = (encoder is not None) + (decoder is not None)
    if n_given != (2 if folder is None else 0):
        raise DataError(
            "load takes either only a folder, or both encoder= and decoder=; got "
            f"{folder=}, {encoder=}, {decoder=}."
        )
    if folder is None:
        return encoder, decoder
    return Path(folder) / f"encoder{suffix}", Path(folder) / f"decoder{suffix}"
