"""What a model must offer to be analysed here, how its backend is found, and how it is checked.

A *model* encodes images to latents and decodes latents to images: NumPy in, NumPy out. A *backend*
loads models, and may train them. Backends are found by name: the built-in ones, and those that
other distributions announce with an entry point of the group ``latentscope.backends``.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

import numpy as np

from latentscope._conformance import failures
from latentscope._optional import import_optional
from latentscope._types import Array
from latentscope._validate import one_of
from latentscope.errors import BackendError, MissingDependencyError
from latentscope.latents import Latents

__all__ = ["Backend", "Model", "check", "get", "names"]

GROUP = "latentscope.backends"
_BUILT_IN = {  # name, which is also the extra: what it needs, and the backend's module
    "onnx": ("onnxruntime", "latentscope_onnx"),
    "tensorflow": ("tensorflow", "latentscope_tensorflow"),
    "torch": ("torch", "latentscope_torch"),
}


@runtime_checkable
class Model(Protocol):
    """An encoder and a decoder, of whatever framework.

    Attributes
    ----------
    kind : {"ae", "vae"}
        Whether `encode` gives z alone, or mu and logvar too.
    z_dim : int
        Latent dimensions.
    image_shape : tuple of int
        Height, width and channels of the images.
    meta : mapping
        What the model is, for the record; anything that JSON holds.

    Notes
    -----
    What `check` checks: the same seed gives the same z; each image and each point is treated by
    itself, whatever its batch; bytes from 0 to 255 mean floats from 0 to 1; arguments stay as they
    are; images of another shape and z of another width raise a `LatentscopeError`, such as
    `DataError`; z lies where mu and logvar say.
    """

    kind: str
    z_dim: int
    image_shape: tuple[int, int, int]
    meta: Mapping[str, Any]

    def encode(self, images: Any, *, rng: int | np.random.Generator = 0) -> Latents:
        """Return the latents of images, in memory.

        Parameters
        ----------
        images : array of shape (n, height, width, channels), or Images
            uint8, or floats in [0, 1].
        rng : int or numpy.random.Generator
            Seed of the draw of z; the same seed gives the same z.
        """
        ...

    def decode(self, z: Any) -> Array:
        """Return images as float32 array of shape (n, height, width, channels) in [0, 1].

        Parameters
        ----------
        z : array-like of shape (n, z_dim)
        """
        ...


@runtime_checkable
class Backend(Protocol):
    """What brings models: a module or an object with these attributes.

    Attributes
    ----------
    can : tuple of str
        What it offers, of "load" and "train".
    """

    can: tuple[str, ...]

    def load(self, *args: Any, **options: Any) -> Model:
        """Return a model from what the backend saved, or from files of its framework."""
        ...


def names() -> tuple[str, ...]:
    """Return the names of all backends, installed or built in.

    Examples
    --------
    >>> {"onnx", "tensorflow", "torch"} <= set(names())
    True
    """
    found = {point.name for point in entry_points(group=GROUP)}
    return tuple(sorted(found | set(_BUILT_IN)))


def get(name: str) -> Backend:
    """Return a backend by name, importing it.

    Parameters
    ----------
    name : str
        "tensorflow", "torch", "onnx", or the name under which a distribution announces its backend.

    Returns
    -------
    Backend
        With `load`, and with `train` if it ``can`` train.

    Raises
    ------
    DataError
        If there is no such backend.
    MissingDependencyError
        If its framework is not installed.
    BackendError
        If what was found is no backend.

    Examples
    --------
    >>> get("tensorflow").can
    ('load', 'train')
    """
    if name in _BUILT_IN:
        needed, module = _BUILT_IN[name]
        import_optional(needed, purpose=f"the backend {name!r}", extra=name)
        return _checked(name, import_module(module))
    one_of("name", name, names())
    (point, *_) = entry_points(group=GROUP, name=name)
    try:
        found = point.load()
    except ImportError as error:
        raise MissingDependencyError(
            f"the backend {name!r} ({point.value}) cannot be imported: {error}. Reinstall the "
            "distribution that brings it, with what it needs."
        ) from error
    return _checked(name, found)


def check(model: Model, *, images: Any = None, rng: int | np.random.Generator = 0) -> None:
    """Check that a model keeps the contract that all analyses rely on.

    As scikit-learn's ``check_estimator``: for the tests of a backend, and for a first look at a
    model of somebody else.

    Parameters
    ----------
    model : Model
        What to check.
    images : array of shape (n, height, width, channels), or Images, optional
        At least four images like those that it was made for; by default random pixels.
    rng : int or numpy.random.Generator
        Seed of those pixels.

    Raises
    ------
    BackendError
        With every promise that the model breaks.

    Examples
    --------
    >>> check("model.keras")
    Traceback (most recent call last):
        ...
    latentscope.errors.BackendError: 'model.keras' breaks what a model must keep:
    - kind must be 'ae' or 'vae'; got None
    ...
    """
    found = failures(model, images, rng)
    if found:
        listed = "\n".join(f"- {failure}" for failure in found)
        raise BackendError(f"{model!r} breaks what a model must keep:\n{listed}")


def _checked(name: str, found: Any) -> Backend:
    can = getattr(found, "can", None)
    missing = [verb for verb in ("load", *(can or ())) if verb not in dir(found)]
    if can is None or missing:
        lacks = ", ".join(missing) or "can"
        raise BackendError(f"the backend {name!r} must have can, load and what it can; no {lacks}.")
    return found
