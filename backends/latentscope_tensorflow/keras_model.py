"""A Keras encoder and decoder as a model of latentscope: NumPy in, NumPy out."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import keras
import tensorflow as tf
from numpy.typing import NDArray

from latentscope.backend import Pair
from latentscope.backend.files import replacing
from latentscope.errors import BackendError


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class KerasModel(Pair):
    """An encoder and a decoder; made by `train` and `load`.

    Attributes
    ----------
    encoder, decoder : keras.Model
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
        Config, history and more, for the record.

    Examples
    --------
    >>> import numpy as np
    >>> from latentscope_tensorflow import models, preset
    >>> config = preset("digits-vae")
    >>> model = KerasModel(models.encoder(config), models.decoder(config), ("mu", "logvar"))
    >>> model
    <KerasModel: VAE of 28×28×1 images, z_dim 12>
    >>> model.decode(np.zeros((5, 12))).shape
    (5, 28, 28, 1)
    """

    _ops: ClassVar[Any] = keras.ops

    encoder: keras.Model
    decoder: keras.Model
    _encode: Any = field(init=False)
    _decode: Any = field(init=False)

    def __post_init__(self) -> None:
        """Compile encoder and decoder for batches of any size."""
        object.__setattr__(self, "_encode", _compiled(self.encoder))
        object.__setattr__(self, "_decode", _compiled(self.decoder))

    @property
    def z_dim(self) -> int:
        """Number of latent dimensions."""
        return int(self.decoder.input_shape[1])

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        height, width, channels = self.encoder.input_shape[1:]
        return height, width, channels

    def _encode_batch(self, pixels: NDArray[Any]) -> Sequence[Any]:
        return tf.nest.flatten(self._encode(pixels))

    def _decode_batch(self, z: NDArray[Any]) -> Any:
        return self._decode(z)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write encoder.keras, decoder.keras and model.json, which `load` reads.

        Parameters
        ----------
        folder : str or path-like
            Created if needed; files of these names are replaced.
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


def digests(folder: Path) -> dict[str, str]:
    """Return the hashes of the two files, with which `load` checks that they belong together."""
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
