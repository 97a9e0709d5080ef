"""Encoder, decoder, and the model that trains the two, built only from Keras 3 layers."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from latentscope_tensorflow import losses
from latentscope_tensorflow.config import Config

METRICS = ("total_loss", "reco_loss", "kl_loss", "z_radius")
_SLOPE = 0.3  # as in Keras' layer LeakyReLU; the activation function of that name has 0.2


def encoder(config: Config, **options: Any) -> keras.Model:
    """Return the model image → z of an AE, or image → (mu, logvar) of a VAE.

    Parameters
    ----------
    config : Config
        What to build.
    **options
        ``dtype``: Keras dtype policy of all layers except the heads, such as "mixed_bfloat16".
        ``seed``: seed of the initial weights, by default 0. ``batch_norm``: class of the layers for
        batch normalisation, by default Keras' own.

    Returns
    -------
    keras.Model
        With an input called "image", and outputs called "z", or "mu" and "logvar".

    Examples
    --------
    >>> encoder(Config(kind="vae", batch_norm=True)).count_params()
    5109440
    """
    make = _Layers(config, part=0, **options)
    x = image = keras.Input(config.image_shape, name="image")
    convolutions = zip(config.filters, config.kernels, config.strides, strict=True)
    for number, (filters, kernel, stride) in enumerate(convolutions, 1):
        x = make.block(make.conv(x, filters, kernel, stride, number), number)
    x = layers.Flatten(dtype=make.dtype)(x)
    if config.extra_dense:
        x = make.activation(make.dense(x, config.extra_dense, "extra_dense"))
    names = ("z",) if config.kind == "ae" else ("mu", "logvar")
    heads = [make.dense(x, config.z_dim, name, dtype="float32") for name in names]
    return keras.Model(image, heads[0] if config.kind == "ae" else heads, name="encoder")


def decoder(config: Config, **options: Any) -> keras.Model:
    """Return the model z → image in [0, 1]; see `encoder` for the options.

    Examples
    --------
    >>> decoder(Config(kind="vae", batch_norm=True)).count_params()
    2757571
    """
    make = _Layers(config, part=1, **options)
    z = keras.Input((config.z_dim,), name="z")
    height, width, maps = config.map_shape
    x = make.dense(z, height * width * maps, "dense")
    x = layers.Reshape(config.map_shape, dtype=make.dtype)(x)
    filters = [*config.filters[-2::-1], config.image_shape[2]]
    stages = zip(filters, config.kernels[::-1], config.strides[::-1], strict=True)
    for number, (wanted, kernel, stride) in enumerate(stages, 1):
        x = make.upscaling_conv(x, wanted, kernel, stride, number)
        if number < len(filters):
            x = make.block(x, number)
    image = layers.Activation("sigmoid", dtype="float32", name="image")(x)
    return keras.Model(z, image, name="decoder")


class _Layers:
    """Applies layers of one dtype policy, with initial weights determined by one seed."""

    def __init__(
        self,
        config: Config,
        *,
        part: int,
        dtype: str = "float32",
        seed: int = 0,
        batch_norm: type[layers.BatchNormalization] = layers.BatchNormalization,
    ) -> None:
        self.config, self.dtype, self.batch_norm = config, dtype, batch_norm
        self._random = np.random.default_rng([seed, part])

    def conv(self, x: Any, filters: int, kernel: int, stride: int, number: int) -> Any:
        options = {"padding": "same", "dtype": self.dtype, "kernel_initializer": self._weights()}
        return layers.Conv2D(filters, kernel, stride, name=f"conv_{number}", **options)(x)

    def upscaling_conv(self, x: Any, filters: int, kernel: int, stride: int, number: int) -> Any:
        if self.config.upsampling:
            x = layers.UpSampling2D(stride, dtype=self.dtype)(x)
            return self.conv(x, filters, kernel, 1, number)
        options = {"padding": "same", "dtype": self.dtype, "kernel_initializer": self._weights()}
        return layers.Conv2DTranspose(filters, kernel, stride, name=f"conv_{number}", **options)(x)

    def dense(self, x: Any, units: int, name: str, dtype: str | None = None) -> Any:
        options = {"dtype": dtype or self.dtype, "kernel_initializer": self._weights()}
        return layers.Dense(units, name=name, **options)(x)

    def block(self, x: Any, number: int) -> Any:
        """Apply what follows a convolution: batch norm, activation, dropout."""
        if self.config.batch_norm:
            x = self.batch_norm(dtype=self.dtype, name=f"batch_norm_{number}")(x)
        x = self.activation(x)
        if self.config.dropout:
            x = layers.Dropout(self.config.dropout, dtype=self.dtype, seed=self._seed())(x)
        return x

    def activation(self, x: Any) -> Any:
        if self.config.activation == "leaky_relu":
            return layers.LeakyReLU(_SLOPE, dtype=self.dtype)(x)
        return layers.Activation(self.config.activation, dtype=self.dtype)(x)

    def _weights(self) -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=self._seed())

    def _seed(self) -> int:
        return int(self._random.integers(2**31))


class Autoencoder(keras.Model):
    """Encoder and decoder, joined for training.

    The input is an image or, for a VAE, a pair (image, noise) with standard normal noise of shape
    (n, z_dim): noise that is part of the data makes training reproducible on any devices.

    The metrics are means over the images of an epoch's batches, while the weights change:
    ``total_loss`` = ``reco_loss`` + ``kl_loss`` (weighted by `fact`), and ``z_radius``, the L2 norm
    of z. The options are those of `encoder`.
    """

    def __init__(self, config: Config, **options: Any) -> None:
        super().__init__(name="autoencoder")
        self.config = config
        self.encoder = encoder(config, **options)
        self.decoder = decoder(config, **options)
        self.reconstruction = losses.bce if config.reconstruction == "bce" else losses.mse
        self._means = [keras.metrics.Mean(name=name) for name in METRICS]
        self._batch_mean = _BatchMean(name="batch_mean")
        self.built = True  # because its parts are built

    def call(self, inputs: Any, training: bool = False) -> dict[str, Any]:
        """Return the decoded images, z, and the weighted KL divergence of each image."""
        if self.config.kind == "ae":
            z = self.encoder(inputs, training=training)
            divergence = ops.zeros_like(z[:, 0])
        else:
            image, noise = inputs
            mu, logvar = self.encoder(image, training=training)
            z = losses.draw(mu, logvar, noise)
            divergence = self.config.fact * losses.kl(mu, logvar)
        return {"image": self.decoder(z, training=training), "z": z, "kl": divergence}

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> Any:
        """Return the mean total loss of a batch, and update the metrics."""
        reco, divergence = self.reconstruction(y, y_pred["image"]), y_pred["kl"]
        radius = ops.sqrt(ops.sum(ops.square(y_pred["z"]), axis=-1))
        for mean, values in zip(
            self._means, (reco + divergence, reco, divergence, radius), strict=True
        ):
            mean.update_state(values)
        return self._batch_mean(y, reco + divergence)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The four means, without Keras' own `loss`, which would repeat `total_loss`."""
        return self._means


class _BatchMean(keras.losses.Loss):
    """Mean of losses per image, taken by Keras over the batches of all devices."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return y_pred
