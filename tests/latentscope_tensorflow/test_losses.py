"""The losses against NumPy, closed forms and the published numbers."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from latentscope_tensorflow import losses
from latentscope_tensorflow.entropy import bce_floor
from numpy.testing import assert_allclose

from latentscope.images import Images

RNG = np.random.default_rng(0)
TARGET, IMAGE = RNG.random((2, 3, 5, 4, 3))


def test_bce_is_the_pixel_sum_of_the_channel_mean():
    terms = TARGET * np.log(IMAGE) + (1 - TARGET) * np.log(1 - IMAGE)
    assert_allclose(losses.bce(TARGET, IMAGE), -terms.mean(axis=3).sum(axis=(1, 2)), rtol=1e-5)


def test_bce_of_a_sigmoid_is_taken_from_its_logits():
    """Where probabilities round to 1, logits still tell how wrong they are."""
    logits = tf.constant([[[[40.0]]]])
    assert_allclose(losses.bce(tf.zeros((1, 1, 1, 1)), keras.ops.sigmoid(logits)), 40.0, rtol=1e-5)


def test_bce_stays_finite_where_the_decoder_is_sure_and_wrong():
    black, white = np.zeros((1, 1, 1, 1), np.float32), np.ones((1, 1, 1, 1), np.float32)
    assert_allclose(losses.bce(white, black), -np.log(1e-7), rtol=1e-3)


def test_mse_is_the_pixel_sum_of_the_channel_mean():
    expected = ((TARGET - IMAGE) ** 2).mean(axis=3).sum(axis=(1, 2))
    assert_allclose(losses.mse(TARGET, IMAGE), expected, rtol=1e-5)


def test_kl_is_what_sampling_gives():
    """E[log q(z) − log p(z)] over draws of q, within four standard errors."""
    mu, logvar = np.array([[0.5, -1.0]]), np.array([[-1.0, 0.5]])
    std = np.exp(logvar / 2)
    z = mu + std * RNG.standard_normal((200_000, 2))
    terms = scipy.stats.norm.logpdf(z, mu, std) - scipy.stats.norm.logpdf(z)
    error = terms.sum(axis=1).std() / np.sqrt(len(z))
    assert abs(float(losses.kl(mu, logvar)[0]) - terms.sum(axis=1).mean()) < 4 * error


def test_kl_of_the_published_tiny_kl_run():
    """Mean logvar −13.68 and mean radius 16.284 in 256 dimensions make 0.0176 with fact 1e-5."""
    mu, logvar = np.full((1, 256), 16.284 / 16), np.full((1, 256), -13.68)
    assert_allclose(1e-5 * losses.kl(mu, logvar), 0.01756, rtol=1e-3)


@pytest.mark.parametrize("logvar", [-800.0, 800.0])
def test_kl_and_draw_stay_finite_at_any_logvar(logvar):
    mu, logvar = np.zeros((1, 4), np.float32), np.full((1, 4), logvar, np.float32)
    assert np.isfinite(losses.kl(mu, logvar)).all()
    assert np.isfinite(losses.draw(mu, logvar, np.ones((1, 4), np.float32))).all()


def test_noise_is_kept_within_five():
    z = losses.draw(np.ones((1, 3)), np.zeros((1, 3)), np.array([[-7.0, 0.5, 7.0]]))
    assert_allclose(z, [[-4.0, 1.5, 6.0]])


def test_a_factor_of_zero_turns_the_noise_off():
    mu = RNG.random((4, 3))
    assert_allclose(losses.draw(mu, mu, mu, factor=0.0), mu)


def test_beta_is_three_times_fact():
    assert losses.fact_of_beta(15.0) == 5.0
    assert losses.fact_of_beta(1.0, channels=1) == 1.0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_floor_is_the_bce_of_a_perfect_decoder(dtype, channels):
    pixels = RNG.integers(256, size=(300, 6, 6, channels))
    pixels = pixels.astype(np.uint8) if dtype == np.uint8 else (pixels / 255).astype(np.float32)
    unit = pixels / 255 if dtype == np.uint8 else pixels
    expected = np.mean(losses.bce(unit, unit))
    assert_allclose(bce_floor(Images(pixels)), expected, rtol=1e-4)


def test_no_decoder_is_below_the_floor():
    images = Images(TARGET)
    for shift in (-0.05, 0.05):
        assert np.mean(losses.bce(TARGET, (TARGET + shift).clip(0, 1))) > bce_floor(images)
