"""A Keras encoder and decoder as a model of latentscope: NumPy in, NumPy out."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from latentscope._atomic import replacing
from latentscope._sources import as_matrix
from latentscope._types import Array
from latentscope._validate import generator
from latentscope.errors import BackendError, DataError
from latentscope.images import as_images, as_unit
from latentscope.latents import Latents
from latentscope_tensorflow.losses import draw

_BATCH = 256


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class KerasModel:
    """An encoder and a decoder; made by `train` and `load`.

    Attributes
    ----------
    encoder, decoder : keras.Model
        image → z, or → (mu, logvar, …); z → image.
    outputs : tuple of str
        What the encoder's outputs are, in order: of "z", "mu", "logvar", and "" for any other.
    factor : float
        Of the noise in z = mu + exp(logvar / 2) · noise · factor: 1 draws from the posterior, 0
        takes its mean. ``dataclasses.replace(model, factor=0.0)`` turns the noise off.
    pixel_range : tuple of float
        Values that the encoder takes, and the decoder gives, for black and white.
    meta : mapping
        Config, history and more, for the record.

    Examples
    --------
    >>> from latentscope_tensorflow import models, preset
    >>> config = preset("digits-vae")
    >>> model = KerasModel(models.encoder(config), models.decoder(config), ("mu", "logvar"))
    >>> model
    <KerasModel: VAE of 28×28×1 images, z_dim 12>
    >>> model.decode(np.zeros((5, 12))).shape
    (5, 28, 28, 1)
    """

    encoder: keras.Model
    decoder: keras.Model
    outputs: tuple[str, ...]
    factor: float = 1.0
    pixel_range: tuple[float, float] = (0.0, 1.0)
    meta: Mapping[str, Any] = field(default_factory=dict)
    _encode: Any = field(init=False)
    _decode: Any = field(init=False)

    def __post_init__(self) -> None:
        """Compile both directions for batches of any size."""
        object.__setattr__(self, "_encode", _compiled(self.encoder))
        object.__setattr__(self, "_decode", _compiled(self.decoder))

    @property
    def kind(self) -> str:
        """Return "vae" if the encoder gives a log-variance, else "ae"."""
        return "vae" if "logvar" in self.outputs else "ae"

    @property
    def z_dim(self) -> int:
        """Number of latent dimensions."""
        return int(self.decoder.input_shape[1])

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        height, width, channels = self.encoder.input_shape[1:]
        return height, width, channels

    def encode(self, images: Any, *, rng: int | np.random.Generator = 0) -> Latents:
        """Return the latents of images, in memory; `latentscope.encode` writes files.

        z of a VAE is drawn here from mu and logvar, with noise kept within ±5, so that a seed
        repeats it; a z that the encoder itself draws is left out.

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
            self._encode(as_unit(source.take(slice(start, start + _BATCH))) * (high - low) + low)
            for start in range(0, len(source), _BATCH)
        ]
        columns = zip(*map(tf.nest.flatten, batches), strict=True)
        parts = {
            name: np.concatenate([np.asarray(x, np.float32) for x in column])
            for name, column in zip(self.outputs, columns, strict=True)
            if name
        }
        described = {"ids": source.ids, "labels": source.labels, "meta": {"model": dict(self.meta)}}
        if self.kind == "ae":
            return Latents(parts.get("z", parts.get("mu")), **described)
        mu, logvar = parts["mu"], parts["logvar"]
        noise = generator(rng).standard_normal(mu.shape, np.float32)
        z = np.asarray(draw(mu, logvar, noise, self.factor))
        return Latents(z, mu, logvar, **described)

    def decode(self, z: Any) -> Array:
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
            If z has another width, or is not finite.
        BackendError
            If the decoder gives what is no image.
        """
        points = as_matrix("z", z)
        if points.n_cols != self.z_dim:
            raise DataError(
                f"z must have {self.z_dim} columns, the model's z_dim; got {points.n_cols}."
            )
        low, high = self.pixel_range
        batches = []
        for start in range(0, points.n_rows, _BATCH):
            rows = points.read(start, min(start + _BATCH, points.n_rows)).astype(np.float32)
            if not np.isfinite(rows).all():
                raise DataError("z must be finite; got NaN, inf, or numbers beyond float32.")
            batches.append((np.asarray(self._decode(rows), np.float32) - low) / (high - low))
        images = np.concatenate(batches)
        if not (images.min() >= 0 and images.max() <= 1):
            raise BackendError(
                f"decoded images must lie in [0, 1]; got {images.min():.4g} … {images.max():.4g}. "
                "Does the decoder end without a sigmoid, or want another pixel_range?"
            )
        return images

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write encoder.keras, decoder.keras and model.json, which `load` reads.

        Parameters
        ----------
        folder : str or path-like
            Made if needed; files of these names are replaced.
        """
        target = Path(folder)
        settings = {
            "outputs": self.outputs,
            "factor": self.factor,
            "pixel_range": self.pixel_range,
            "meta": json.loads(json.dumps(dict(self.meta), allow_nan=False)),
        }
        target.mkdir(parents=True, exist_ok=True)
        for name, model in (("encoder", self.encoder), ("decoder", self.decoder)):
            with replacing(target / f"{name}.keras") as part:
                model.save(part)
        with replacing(target / "model.json") as part:
            part.write_text(json.dumps({**settings, "files": digests(target)}, indent=1))

    def __reduce__(self) -> tuple[Any, ...]:
        parts = self.encoder, self.decoder, self.outputs, self.factor, self.pixel_range
        return type(self), (*parts, dict(self.meta))

    def __repr__(self) -> str:
        shape = "×".join(map(str, self.image_shape))
        return f"<KerasModel: {self.kind.upper()} of {shape} images, z_dim {self.z_dim}>"


def digests(folder: Path) -> dict[str, str]:
    """Return the hash of each of the two files, by which `load` knows that they belong together."""
    return {
        name: hashlib.sha256((folder / f"{name}.keras").read_bytes()).hexdigest()
        for name in ("encoder", "decoder")
    }


def _compiled(model: keras.Model) -> Any:
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple):
        raise BackendError(f"encoder and decoder must take one input; {model.name} takes {shape}.")
    signature = [tf.TensorSpec((None, *shape[1:]), tf.float32)]
    return tf.function(lambda x: model(x, training=False), input_signature=signature)
