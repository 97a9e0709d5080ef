"""Tasks of a model: reconstruct, denoise, fill in or colour an image."""

from typing import Any

import tensorflow as tf

from latentscope_tensorflow.config import Config


def inputs(images: Any, config: Config, key: Any) -> Any:
    """Return the encoder's input for images; the target is the images themselves.

    Parameters
    ----------
    images : tensor of shape (n, height, width, channels)
        In [0, 1].
    config : Config
        Its `task`: "reconstruct" leaves images unchanged, "denoise" adds Gaussian noise (clipped to
        [0, 1]), "drop_pixels" sets whole pixels to 0, "recolour" removes the colours.
    key : tensor or sequence of two int
        Seed; the same key gives the same noise.

    Returns
    -------
    tensor of the same shape

    Examples
    --------
    >>> from latentscope_tensorflow.config import preset
    >>> config = preset("digits-ae", task="drop_pixels", task_strength=0.25)
    >>> image = inputs(tf.ones((1, 28, 28, 1)), config, (0, 0))
    >>> bool(0.7 < tf.reduce_mean(image) < 0.8)
    True
    """
    if config.task == "denoise":
        noise = tf.random.stateless_normal(tf.shape(images), key, stddev=config.task_strength)
        return tf.clip_by_value(images + noise, 0.0, 1.0)
    if config.task == "drop_pixels":
        shares = tf.random.stateless_uniform(tf.shape(images[..., :1]), key)
        return tf.where(shares < config.task_strength, 0.0, images)
    if config.task == "recolour":
        return tf.repeat(tf.image.rgb_to_grayscale(images), 3, axis=-1)
    return images
