"""Tasks change the input and leave the target; the key sets the noise."""

import numpy as np
import pytest
from latentscope_tensorflow import tasks
from latentscope_tensorflow.config import preset
from numpy.testing import assert_allclose, assert_array_equal

IMAGES = np.random.default_rng(0).random((50, 28, 28, 3)).astype(np.float32)


def inputs(task, strength=0.2, key=(0, 0)):
    config = preset("digits-ae", image_shape=(28, 28, 3), task=task, task_strength=strength)
    return np.asarray(tasks.inputs(IMAGES, config, key))


def test_reconstruct_gives_the_image_itself():
    assert_array_equal(inputs("reconstruct"), IMAGES)


def test_denoise_adds_noise_of_the_given_strength_and_stays_in_range():
    noisy = inputs("denoise", 0.05)
    inside = (noisy > 0) & (noisy < 1)
    assert_allclose((noisy - IMAGES)[inside].std(), 0.05, rtol=0.05)
    assert (noisy.min(), noisy.max()) == (0, 1)


def test_drop_pixels_drops_whole_pixels():
    changed = inputs("drop_pixels", 0.3)
    is_dropped = (changed == 0).all(axis=-1)
    assert_allclose(is_dropped.mean(), 0.3, atol=0.01)
    assert_array_equal(changed[~is_dropped], IMAGES[~is_dropped])


def test_recolour_takes_the_colours_and_keeps_the_luminance():
    grey = inputs("recolour")
    luminance = IMAGES @ [0.2989, 0.587, 0.114]  # ITU-R BT.601
    for channel in range(3):
        assert_allclose(grey[..., channel], luminance, atol=1e-4)


@pytest.mark.parametrize("task", ["denoise", "drop_pixels"])
def test_the_key_sets_the_noise(task):
    assert_array_equal(inputs(task, key=(1, 2)), inputs(task, key=(1, 2)))
    assert not np.array_equal(inputs(task, key=(1, 2)), inputs(task, key=(1, 3)))
