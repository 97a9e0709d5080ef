"""Calls of `encode` and `decode` on models of any backend, with checked results."""

from collections.abc import Callable
from typing import Any

import numpy as np

from latentscope._types import Array
from latentscope.backend.conformance import decoded, described, encoded
from latentscope.backend.protocols import Model
from latentscope.errors import BackendError, DataError, LatentscopeError
from latentscope.rows.source import Points, Rows, as_rows


def checked(model: Model, *methods: str) -> Model:
    """Return the model if its attributes are valid and it has the methods, by default both."""
    for failure in described(model, *(methods or ("encode", "decode"))):
        raise BackendError(f"{model!r} is not a model: {failure}. Load it with its backend.")
    return model


def latents_of(model: Model, z: Points) -> Rows:
    """Return z as rows, if it has as many columns as the model has latent dimensions."""
    rows, z_dim = as_rows(z), checked(model).z_dim
    if rows.z_dim != z_dim:
        raise DataError(
            f"z must have {z_dim} columns, the model's z_dim; got {rows.z_dim}. Pass the latents "
            "of this model.",
            parameter="z",
        )
    return rows


def decode(model: Model, points: Array) -> Array:
    """Return the images of points, float32 of shape (n, height, width, channels)."""
    if np.abs(points).max() > np.finfo(np.float32).max:
        raise DataError(
            f"points to decode must fit in float32; the largest is {np.abs(points).max():.3g}."
        )
    images = _called(checked(model).decode, np.asarray(points, dtype=np.float32))
    for failure in decoded(model, images, len(points)):
        raise BackendError(f"{model!r}: {failure}.")
    return np.asarray(images)


def encode_mean(model: Model, images: Array) -> Array:
    """Return the latents of images without noise: z of an autoencoder, mu of a VAE."""
    latents = _called(checked(model).encode, images, rng=0)
    for failure in encoded(model, latents, len(images)):
        raise BackendError(f"{model!r}: {failure}.")
    return np.asarray(latents.z if latents.mu is None else latents.mu, dtype=np.float32)


def _called(method: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """Call a method of a model; turn errors that are not from latentscope into BackendError."""
    try:
        return method(*given, **options)
    except LatentscopeError:
        raise
    except Exception as error:
        name = getattr(method, "__name__", "the model")
        raise BackendError(f"{name} raised {type(error).__name__}: {error}") from error
