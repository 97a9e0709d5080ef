"""The interface that every model and every backend must provide."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from latentscope._types import Array
from latentscope.images import Images
from latentscope.latents import Latents


@runtime_checkable
class Model(Protocol):
    """An encoder and a decoder, of any framework.

    Notes
    -----
    `check` verifies that the same seed gives the same z; that each image and each point is treated
    independently of its batch; that bytes from 0 to 255 mean floats from 0 to 1; that arguments are
    not changed; that images of another shape and z of another width raise a `LatentscopeError`,
    such as `DataError`; and that z is compatible with a draw from mu and logvar.
    """

    @property
    def kind(self) -> str:
        """Whether `encode` returns only z ("ae"), or also mu and logvar ("vae")."""
        ...

    @property
    def z_dim(self) -> int:
        """Number of latent dimensions."""
        ...

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images."""
        ...

    @property
    def meta(self) -> Mapping[str, Any]:
        """A description of the model, for the record; anything that JSON can represent."""
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
    """A source of models: a module or an object with these attributes."""

    @property
    def can(self) -> tuple[str, ...]:
        """Which of "load" and "train" it offers."""
        ...

    def load(self, *args: Any, **options: Any) -> Model:
        """Return a model from what the backend saved, or from files of its framework."""
        ...
