"""What a model and a backend must offer, whoever wrote them."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from latentscope._types import Array
from latentscope.images import Images
from latentscope.latents import Latents


@runtime_checkable
class Model(Protocol):
    """An encoder and a decoder, of whatever framework.

    Notes
    -----
    What `check` checks: the same seed gives the same z; each image and each point is treated by
    itself, whatever its batch; bytes from 0 to 255 mean floats from 0 to 1; arguments stay as they
    are; images of another shape and z of another width raise a `LatentscopeError`, such as
    `DataError`; z lies where mu and logvar say.
    """

    @property
    def kind(self) -> str:
        """Whether `encode` gives z alone ("ae"), or mu and logvar too ("vae")."""
        ...

    @property
    def z_dim(self) -> int:
        """Latent dimensions."""
        ...

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images."""
        ...

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the model is, for the record; anything that JSON holds."""
        ...

    def encode(self, images: Images | Array, *, rng: int | np.random.Generator = 0) -> Latents:
        """Return the latents of images, in memory.

        Parameters
        ----------
        images : array of shape (n, height, width, channels), or Images
            uint8, or floats in [0, 1].
        rng : int or numpy.random.Generator
            Seed of the draw of z; the same seed gives the same z.
        """
        ...

    def decode(self, z: Array) -> Array:
        """Return images as float32 array of shape (n, height, width, channels) in [0, 1].

        Parameters
        ----------
        z : array of shape (n, z_dim)
        """
        ...


@runtime_checkable
class Backend(Protocol):
    """What brings models: a module or an object with these attributes."""

    @property
    def can(self) -> tuple[str, ...]:
        """What it offers, of "load" and "train"."""
        ...

    def load(self, *args: Any, **options: Any) -> Model:
        """Return a model from what the backend saved, or from files of its framework."""
        ...
