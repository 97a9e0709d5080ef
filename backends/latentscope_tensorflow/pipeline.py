"""Batches for training, read and prepared while the previous one is computed.

The order of the images and all noise depend only on the seed, the epoch and the step, so a stopped
run continues as if it had not been interrupted, on one device or on several.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from latentscope.images import Images
from latentscope_tensorflow import tasks
from latentscope_tensorflow.config import Config

_VALIDATION = 2**31 - 1  # the "epoch" of the validation noise, the same every time


def n_steps(images: Images, config: Config) -> int:
    """Return the number of steps per epoch, which includes every image.

    The last batch is filled up with the first images of the epoch.
    """
    return -(-len(images) // _batch_size(images, config))


def training(
    images: Images, config: Config, *, seed: int, first_epoch: int, last_epoch: int
) -> tf.data.Dataset:
    """Return the batches of some epochs, each with its own order of the images.

    Elements are (input, target), or ((input, noise), target) for a VAE: float32 in [0, 1] of shape
    (batch, height, width, channels), and standard normal noise of shape (batch, z_dim).
    """
    size, steps = _batch_size(images, config), n_steps(images, config)

    def positions() -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for epoch in range(first_epoch, last_epoch):
            order = np.random.default_rng([seed, epoch]).permutation(len(images))
            for step, batch in enumerate(np.resize(order, (steps, size))):
                yield batch, np.array([_folded(seed), epoch * steps + step])

    return _dataset(positions, images, config, size)


def validation(images: Images, config: Config) -> tf.data.Dataset:
    """Return every image once, in order, with the same noise in every call."""
    size = _batch_size(images, config)

    def positions() -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for start in range(0, len(images), size):
            yield np.arange(start, min(start + size, len(images))), np.array([_VALIDATION, start])

    return _dataset(positions, images, config, None).apply(
        tf.data.experimental.assert_cardinality(n_steps(images, config))
    )


def _batch_size(images: Images, config: Config) -> int:
    return min(config.batch_size, len(images))


def _folded(seed: int) -> int:
    """Reduce a seed of any size to one that TensorFlow accepts."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)


def _dataset(positions: Any, images: Images, config: Config, size: int | None) -> tf.data.Dataset:
    signature = tf.TensorSpec((size,), tf.int64), tf.TensorSpec((2,), tf.int64)
    stored = tf.as_dtype(images.dtype)
    shape = (size, *config.image_shape)

    def read(batch: Any, key: Any) -> tuple[Any, Any]:
        pixels = tf.ensure_shape(tf.numpy_function(images.take, [batch], stored), shape)
        target = tf.cast(pixels, tf.float32)
        target = target / 255.0 if stored == tf.uint8 else target
        image = tasks.inputs(target, config, tf.random.experimental.stateless_fold_in(key, 1))
        if config.kind == "ae":
            return image, target
        noise = tf.random.stateless_normal((tf.shape(batch)[0], config.z_dim), key)
        return (image, tf.ensure_shape(noise, (size, config.z_dim))), target

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    batches = tf.data.Dataset.from_generator(positions, output_signature=signature)
    return batches.map(read, num_parallel_calls=2).with_options(options).prefetch(2)
