"""Checks of what every model must do; each check yields a sentence per violation."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np

from latentscope._types import Array
from latentscope._validate import generator
from latentscope.backend.protocols import Model
from latentscope.errors import BackendError, LatentscopeError
from latentscope.images import Images, Pixels, as_images, as_unit
from latentscope.latents import Kind, Latents

_N = 4
_RELATIVE, _ABSOLUTE = 1e-3, 1e-4  # tolerances: kernels may differ with the size of a batch
_MAX_DEVIATION = 8.0  # of z from mu, in standard deviations, among a few thousand numbers


def check(
    model: Model, *, images: Pixels | None = None, rng: int | np.random.Generator = 0
) -> None:
    """Check that a model fulfils the contract that all analyses rely on.

    Like scikit-learn's ``check_estimator``: for the tests of a backend, and to check a model from
    someone else.

    Parameters
    ----------
    model : Model
        What to check.
    images : array of shape (n, height, width, channels), or Images, optional
        At least four images of the kind that the model is made for; by default random pixels.
    rng : int or numpy.random.Generator
        Seed of those pixels.

    Raises
    ------
    BackendError
        If the model violates the contract; the message lists every violation.

    Examples
    --------
    >>> check("model.keras")
    Traceback (most recent call last):
        ...
    latentscope.errors.BackendError: 'model.keras' violates the contract of a model:
    - kind must be 'ae' or 'vae'; got None
    ...
    """
    found = failures(model, images, rng)
    if found:
        listed = "\n".join(f"- {failure}" for failure in found)
        raise BackendError(f"{model!r} violates the contract of a model:\n{listed}")


def failures(model: Model, images: Pixels | None, rng: int | np.random.Generator) -> list[str]:
    """Return the violations as sentences, up to the first that prevents further checks."""
    found = list(described(model, "encode", "decode"))
    if found:
        return found
    random = generator(rng)
    shape = (_N, *model.image_shape)
    pixels = random.integers(256, size=shape, dtype=np.uint8) if images is None else images
    sample = as_images(pixels)
    if len(sample) < _N or sample.image_shape != tuple(model.image_shape):
        return [f"the check needs {_N} images of shape {tuple(model.image_shape)}; got {sample!r}"]
    sample = Images(sample[:_N].take(slice(None)))
    for part in (_encoding, _decoding):
        try:
            found += part(model, sample)
        except Exception as error:  # users must see whatever a model raises
            found.append(f"{part.__name__[1:]} raised {type(error).__name__}: {error}")
    return found


def described(model: object, *methods: str) -> Iterator[str]:
    """Yield what is wrong with the attributes of a model, and which methods it lacks."""
    if getattr(model, "kind", None) not in get_args(Kind):
        yield f"kind must be 'ae' or 'vae'; got {getattr(model, 'kind', None)!r}"
    z_dim = getattr(model, "z_dim", None)
    if not isinstance(z_dim, int | np.integer) or z_dim < 1:
        yield f"z_dim must be an integer from 1 on; got {z_dim!r}"
    shape = getattr(model, "image_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 3 or shape[2] not in (1, 3):
        yield f"image_shape must be (height, width, channels) with 1 or 3 channels; got {shape!r}"
    try:
        json.dumps(dict(getattr(model, "meta", ())), allow_nan=False)
    except (TypeError, ValueError) as error:
        yield f"meta must be a mapping that JSON can represent: {error}"
    for name in methods:
        if not callable(getattr(model, name, None)):
            yield f"{name} must be a method; got {getattr(model, name, None)!r}"


def _encoding(model: Model, sample: Images) -> Iterator[str]:
    before = sample.pixels.copy()
    latents = model.encode(sample, rng=0)
    yield from encoded(model, latents, _N)
    if not isinstance(latents, Latents) or set(latents.arrays) != _names(model):
        return
    if not np.array_equal(before, sample.pixels):
        yield "encode must not change the images; it did"
    if not np.array_equal(latents.z, model.encode(sample, rng=0).z):
        yield "encode must return the same z for the same rng; it does not"
    noiseless = "z" if model.kind == "ae" else "mu"
    whole = latents.arrays[noiseless]
    one = model.encode(sample.pixels[:1], rng=0).arrays[noiseless]
    if not _are_close(one, whole[:1]):
        yield (
            "encode must treat each image independently; the latents of an image alone and in a "
            "batch differ. Is batch normalisation in training mode?"
        )
    floats = model.encode(as_unit(sample.pixels), rng=0).arrays[noiseless]
    if not _are_close(floats, whole):
        yield (
            "encode must treat bytes from 0 to 255 like floats from 0 to 1; their latents differ"
        )
    if model.kind == "vae":
        yield from _draws(latents)
    yield from _refusal(model.encode, sample.pixels[:, 1:], "encode", "images of another shape")


def _draws(latents: Latents) -> Iterator[str]:
    spread = np.abs(latents.z - latents.mu) / np.exp(latents.logvar / 2)
    rounding = 1e-5 * np.abs(latents.mu) / np.exp(latents.logvar / 2)
    if (spread > _MAX_DEVIATION + rounding).any():
        yield (
            f"z must be drawn from N(mu, exp(logvar)); it lies {spread.max():.3g} standard "
            "deviations away. Is logvar a variance or a standard deviation?"
        )


def _decoding(model: Model, sample: Images) -> Iterator[str]:
    z = np.random.default_rng(0).standard_normal((len(sample), model.z_dim), np.float32)
    images = model.decode(z)
    yield from decoded(model, images, _N)
    if not _are_close(model.decode(z[:1]), images[:1]):
        yield (
            "decode must treat each point independently; the images of a point alone and in a "
            "batch differ"
        )
    yield from _refusal(
        model.decode, np.zeros((2, model.z_dim + 1)), "decode", "z of another width"
    )


def _are_close(one: Array, other: Array) -> bool:
    return bool(np.allclose(one, other, rtol=_RELATIVE, atol=_ABSOLUTE))


def _refusal(method: Any, value: Any, name: str, what: str) -> Iterator[str]:
    """Report if a method accepts invalid input, or refuses it with an error from elsewhere."""
    try:
        method(value)
    except LatentscopeError:
        return
    except Exception as error:
        yield f"{name} must refuse {what} with a LatentscopeError; got {type(error).__name__}"
        return
    yield f"{name} must refuse {what}; it accepted them"


def encoded(model: Model, latents: object, n: int) -> Iterator[str]:
    """Yield what is wrong with the latents of n images."""
    if not isinstance(latents, Latents):
        yield f"encode must return Latents; got {type(latents).__name__}"
        return
    if set(latents.arrays) != _names(model):
        yield f"encode must return {sorted(_names(model))} (kind {model.kind!r}); got {latents!r}"
    for name, array in latents.arrays.items():
        if np.shape(array) != (n, model.z_dim):
            yield f"{name} must have shape {(n, model.z_dim)}; got {np.shape(array)}"
        elif not np.isfinite(array).all():
            yield f"{name} must be finite; got {np.count_nonzero(~np.isfinite(array)):,} NaN or inf"


def decoded(model: Model, images: Any, n: int) -> Iterator[str]:
    """Yield what is wrong with n decoded images."""
    shape = (n, *model.image_shape)
    if not isinstance(images, np.ndarray) or images.dtype != np.float32 or images.shape != shape:
        got = f"{getattr(images, 'dtype', type(images).__name__)} {np.shape(images)}"
        yield f"decode must return float32 images of shape {shape}; got {got}"
    elif not (images.min() >= 0 and images.max() <= 1):  # NaN fails too
        yield f"decoded images must lie in [0, 1]; got {images.min():.4g} … {images.max():.4g}"


def _names(model: Model) -> set[str]:
    return {"z"} if model.kind == "ae" else {"z", "mu", "logvar"}
