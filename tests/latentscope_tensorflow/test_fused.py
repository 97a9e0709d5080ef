"""Fused batch normalisation gives the numbers of Keras' layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from latentscope_tensorflow.fused import FusedBatchNormalization
from numpy.testing import assert_allclose, assert_array_equal

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 5, 4, 3)).astype(np.float32) * [1, 4, 9] + [0, 5, 2]
DIRECTION = RNG.standard_normal(X.shape).astype(np.float32)  # of the gradient that comes back


def pair(**options):
    """Return both layers with the same weights, none of which is what it starts as."""
    layers = [cls(**options) for cls in (keras.layers.BatchNormalization, FusedBatchNormalization)]
    rng = np.random.default_rng(1)
    weights = rng.random((4, 3)) + 0.5
    for layer in layers:
        layer.build(X.shape)
        layer.set_weights(weights)
    return layers


def step(layer, x, training):
    x = tf.constant(x, tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = layer(x, training=training)
        loss = tf.reduce_sum(y * DIRECTION)
    return [y, *tape.gradient(loss, [x, layer.gamma, layer.beta]), *layer.get_weights()]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_outputs_gradients_and_moving_averages_are_equal(training, scale):
    keras_layer, fused_layer = pair()
    expected, found = (step(layer, X * scale, training) for layer in (keras_layer, fused_layer))
    for one, other in zip(found, expected, strict=True):
        assert_allclose(one, other, rtol=2e-4, atol=2e-4 * np.abs(other).max())


def test_outside_training_it_is_keras_layer():
    keras_layer, fused_layer = pair()
    assert_array_equal(fused_layer(X, training=False), keras_layer(X, training=False))


def test_mixed_precision_keeps_the_type():
    keras_layer, fused_layer = pair(dtype="mixed_bfloat16")
    found, expected = (layer(X, training=True) for layer in (fused_layer, keras_layer))
    assert found.dtype == expected.dtype == tf.bfloat16
    assert_allclose(
        np.asarray(found, np.float32), np.asarray(expected, np.float32), atol=0.05, rtol=0.02
    )
