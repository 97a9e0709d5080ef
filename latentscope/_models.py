"""Models of any backend, asked to encode and decode, with what they return checked."""

from typing import Any

import numpy as np

from latentscope._conformance import decoded, described, encoded
from latentscope._types import Array
from latentscope.errors import BackendError


def checked(model: Any) -> Any:
    """Return the model if it says what it is, and can encode and decode."""
    for failure in described(model, "encode", "decode"):
        raise BackendError(f"{model!r} is no model: {failure}. Does its backend load it?")
    return model


def decode(model: Any, points: Array) -> Array:
    """Return the images of points, float32 of shape (n, height, width, channels)."""
    images = checked(model).decode(np.asarray(points, dtype=np.float32))
    for failure in decoded(model, images, len(points)):
        raise BackendError(f"{model!r}: {failure}.")
    return np.asarray(images)


def encode_mean(model: Any, images: Array) -> Array:
    """Return where the encoder puts images: z of an autoencoder, mu of a VAE, without noise."""
    latents = checked(model).encode(images, rng=0)
    for failure in encoded(model, latents, len(images)):
        raise BackendError(f"{model!r}: {failure}.")
    return np.asarray(latents.z if latents.mu is None else latents.mu, dtype=np.float32)
