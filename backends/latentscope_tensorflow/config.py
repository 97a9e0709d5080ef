"""The frozen config of a model and its training, and the published configs by name."""

from dataclasses import asdict, dataclass, replace
from math import prod
from typing import Any, Literal, get_args

import numpy as np

from latentscope.backend.arguments import integer, one_of, positive, real
from latentscope.errors import DataError, DataTypeError
from latentscope.latents import Kind

Reconstruction = Literal["bce", "mse"]
Activation = Literal["leaky_relu", "relu", "elu", "gelu", "selu", "silu", "tanh"]
Task = Literal["reconstruct", "denoise", "drop_pixels", "recolour"]
Preset = Literal[
    "celeba-ae", "celeba-ae-1600", "celeba-vae", "celeba-vae-tiny-kl", "digits-ae", "digits-vae"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A convolutional autoencoder (AE) or variational autoencoder (VAE), and its training.

    The decoder mirrors the encoder: its filters, kernels and strides are the encoder's in reverse.

    Attributes
    ----------
    kind : {"ae", "vae"}
        "ae" encodes to z, "vae" to mu and logvar from which z is drawn.
    image_shape : tuple of int
        Height, width and channels. Height and width must be multiples of the product of all
        strides.
    z_dim : int
        Latent dimensions.
    filters, kernels, strides : tuple of int
        Of the encoder's convolutions, first to last.
    extra_dense : int
        Units of one more Dense layer before the heads; 0 for none.
    activation : {"leaky_relu", "relu", "elu", "gelu", "selu", "silu", "tanh"}
        Between layers; "leaky_relu" has slope 0.3 for negative inputs.
    batch_norm : bool
        Batch normalisation after every convolution except the last one of the decoder.
    dropout : float
        Fraction of activations dropped after every block; 0 for none.
    upsampling : bool
        True for UpSampling2D and Conv2D in the decoder, False for Conv2DTranspose.
    reconstruction : {"bce", "mse"}
        Binary cross-entropy or squared error: mean over channels, sum over pixels, in nats or
        squared units.
    fact : float
        Weight of the KL loss relative to a reconstruction loss that is averaged over channels and
        summed over pixels; β = channels · fact. For images with nine times fewer pixels, use a nine
        times smaller one. Always 0 for an AE.
    task : {"reconstruct", "denoise", "drop_pixels", "recolour"}
        How `tasks.inputs` changes the input: not at all, adds noise, sets pixels to 0, or removes
        the colours. The target is the image itself.
    task_strength : float
        Standard deviation of the noise added ("denoise"), or fraction of pixels set to 0
        ("drop_pixels"); between 0 and 1.
    learning_rate : float
        Learning rate of Adam.
    batch_size : int
        Images per step, over all devices.

    Raises
    ------
    DataError
        If a value is out of range, or the shapes do not fit together.

    Examples
    --------
    >>> Config(kind="ae", image_shape=(28, 28, 1), filters=(32, 64), kernels=(3, 3), strides=(2, 2))
    Config(kind='ae', image_shape=(28, 28, 1), z_dim=256, filters=(32, 64), ...)
    """

    kind: Kind
    image_shape: tuple[int, int, int] = (96, 96, 3)
    z_dim: int = 256
    filters: tuple[int, ...] = (32, 64, 128, 256)
    kernels: tuple[int, ...] = (3, 3, 3, 3)
    strides: tuple[int, ...] = (2, 2, 2, 2)
    extra_dense: int = 0
    activation: Activation = "leaky_relu"
    batch_norm: bool = False
    dropout: float = 0.0
    upsampling: bool = False
    reconstruction: Reconstruction = "bce"
    fact: float = 0.0
    task: Task = "reconstruct"
    task_strength: float = 0.2
    learning_rate: float = 5e-4
    batch_size: int = 128

    def __post_init__(self) -> None:
        """Check every field, and that the layers fit together."""
        one_of("kind", self.kind, get_args(Kind))
        one_of("reconstruction", self.reconstruction, get_args(Reconstruction))
        one_of("task", self.task, get_args(Task))
        one_of("activation", self.activation, get_args(Activation))
        for name in ("image_shape", "filters", "kernels", "strides"):
            self._set(name, _whole_numbers(name, getattr(self, name)))
        for name, low in (("z_dim", 1), ("extra_dense", 0), ("batch_size", 1)):
            self._set(name, integer(name, getattr(self, name), low=low))
        for name in ("learning_rate", "dropout", "task_strength", "fact"):
            self._set(name, real(name, getattr(self, name)))
        for name in ("batch_norm", "upsampling"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise DataTypeError(f"{name} must be a bool; got {getattr(self, name)!r}.")
            self._set(name, bool(getattr(self, name)))
        positive("learning_rate", self.learning_rate)
        self._check_shapes()
        self._check_shares()
        if not 0 <= self.fact < float("inf") or (self.kind == "ae" and self.fact):
            raise DataError(
                f"fact must be a number from 0 on, and 0 for kind 'ae'; got {self.fact!r}. An AE "
                "has no KL loss: use kind 'vae'."
            )

    def _set(self, name: str, value: Any) -> None:
        """Replace a field by its checked value, of a type that JSON can represent."""
        object.__setattr__(self, name, value)

    def _check_shapes(self) -> None:
        if not len(self.filters) == len(self.kernels) == len(self.strides) > 0:
            raise DataError(
                "filters, kernels and strides must have one entry per convolution; got "
                f"{self.filters}, {self.kernels} and {self.strides}."
            )
        if len(self.image_shape) != 3 or self.image_shape[2] not in (1, 3):
            raise DataError(
                f"image_shape must be (height, width, channels) with 1 or 3 channels; got "
                f"{self.image_shape}."
            )
        step = prod(self.strides)
        if self.image_shape[0] % step or self.image_shape[1] % step:
            raise DataError(
                f"image_shape must be a multiple of {step}, the product of all strides, in height "
                f"and width; got {self.image_shape}. Resize the images or use smaller strides."
            )
        if self.task == "recolour" and self.image_shape[2] != 3:
            raise DataError(f"recolour needs images of 3 channels; got {self.image_shape}.")

    def _check_shares(self) -> None:
        if not 0 <= self.dropout < 1:
            raise DataError(f"dropout must be a share from 0 to below 1; got {self.dropout!r}.")
        if not 0 < self.task_strength < 1:
            raise DataError(f"task_strength must lie between 0 and 1; got {self.task_strength!r}.")

    @property
    def beta(self) -> float:
        """Weight of the KL loss relative to a reconstruction loss summed over channels too."""
        return self.fact * self.image_shape[2]

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the feature map between convolutions and Dense layers."""
        step = prod(self.strides)
        height, width, _ = self.image_shape
        return height // step, width // step, self.filters[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields in a form that JSON can represent; ``Config(**fields)`` reads them."""
        return asdict(self)


def _whole_numbers(name: str, values: Any) -> tuple[int, ...]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise DataTypeError(f"{name} must be a tuple of integers; got {values!r}.")
    return tuple(integer(f"each of {name}", value, low=1) for value in values)


_CELEBA_VAE = Config(kind="vae", batch_norm=True, fact=5.0)
_DIGITS = Config(
    kind="ae", image_shape=(28, 28, 1), z_dim=12, filters=(32, 64), kernels=(3, 3), strides=(2, 2)
)
PRESETS: dict[Preset, Config] = {
    "celeba-ae": Config(kind="ae"),
    "celeba-ae-1600": Config(
        kind="ae", z_dim=1600, filters=(64, 64, 128, 128), kernels=(5, 5, 3, 3)
    ),
    "celeba-vae": _CELEBA_VAE,
    "celeba-vae-tiny-kl": replace(_CELEBA_VAE, fact=1e-5),
    "digits-ae": _DIGITS,
    "digits-vae": replace(_DIGITS, kind="vae", batch_norm=True, fact=1.0),
}


def preset(name: Preset, **changes: Any) -> Config:
    """Return a published config by name, with changes.

    Parameters
    ----------
    name : str
        "celeba-ae" (z_dim 256, no batch norm), "celeba-ae-1600" (z_dim 1600, wider kernels),
        "celeba-vae" (z_dim 256, batch norm, fact 5), "celeba-vae-tiny-kl" (fact 1e-5), "digits-ae"
        and "digits-vae" (z_dim 12, 28×28 grey).
    **changes
        Fields of `Config` to change.

    Returns
    -------
    Config

    Raises
    ------
    DataError
        If there is no such preset or field.

    Examples
    --------
    >>> preset("celeba-vae", z_dim=512, extra_dense=384).fact
    5.0
    """
    config = PRESETS[one_of("name", name, get_args(Preset))]
    for field in changes:
        one_of("field", field, Config.__slots__)
    return replace(config, **changes)
