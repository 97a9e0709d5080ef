"""Batches: every image each epoch, an order that seed and epoch set, noise that comes along."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from keras import tree
from latentscope_tensorflow import pipeline
from numpy.testing import assert_allclose, assert_array_equal

from latentscope.images import Images, as_unit


@pytest.fixture(scope="module")
def numbered():
    """Images whose every byte is their number."""
    return Images(np.arange(150, dtype=np.uint8)[:, None, None, None].repeat(3, 3)
                  * np.ones((1, 32, 32, 1), np.uint8))  # fmt: skip


def batches(images, config, first=0, last=1, seed=0):
    found = pipeline.training(images, config, seed=seed, first_epoch=first, last_epoch=last)
    return list(found.as_numpy_iterator())


def numbers(batch):
    return np.rint(batch[1][:, 0, 0, 0] * 255).astype(int)


def test_every_image_is_seen_and_the_last_batch_is_full(numbered, small):
    found = [numbers(batch) for batch in batches(numbered, small)]
    assert [len(x) for x in found] == [64, 64, 64]
    seen = np.concatenate(found)
    assert_array_equal(np.sort(seen[:150]), np.arange(150))
    assert_array_equal(seen[150:], seen[:42])  # filled up from the first
    assert pipeline.n_steps(numbered, small) == 3


def test_a_later_start_gives_what_an_earlier_one_would_have(numbered, small):
    whole, rest = batches(numbered, small, 0, 3), batches(numbered, small, 2, 3)
    for one, other in zip(whole[6:], rest, strict=True):
        for a, b in zip(tree.flatten(one), tree.flatten(other), strict=True):
            assert_array_equal(a, b)


def test_epochs_and_seeds_have_orders_of_their_own(numbered, small):
    first, second = (numbers(batches(numbered, small, epoch, epoch + 1)[0]) for epoch in (0, 1))
    other = numbers(batches(numbered, small, seed=1)[0])
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_noise_is_standard_normal_and_new_at_every_step(numbered, small_vae):
    noise = [batch[0][1] for batch in batches(numbered, small_vae, 0, 20)]
    values = np.concatenate(noise)
    assert_allclose(values.mean(), 0, atol=0.02)
    assert_allclose(values.std(), 1, atol=0.012)  # three standard errors
    assert scipy.stats.kstest(values.ravel(), "norm").pvalue > 0.001
    assert len(np.unique(values)) > 0.999 * values.size


def test_pixels_are_those_of_the_images(faces, small):
    image, target = batches(faces, small)[0]
    image = image if small.kind == "ae" else image[0]
    order = np.random.default_rng([0, 0]).permutation(len(faces))[:64]
    assert_allclose(target, as_unit(faces.take(order)), atol=1e-7)
    assert_array_equal(image, target)


def test_the_target_is_clean_where_the_input_is_not(faces, small):
    image, target = batches(faces, replace(small, task="denoise"))[0]
    image = image if small.kind == "ae" else image[0]
    assert np.abs(image - target).mean() > 0.05
    assert target.max() <= 1


def test_validation_sees_each_image_once_in_order(numbered, small):
    found = list(pipeline.validation(numbered, small).as_numpy_iterator())
    assert_array_equal(np.concatenate([numbers(batch) for batch in found]), np.arange(150))
    again = list(pipeline.validation(numbered, small).as_numpy_iterator())
    if small.kind == "vae":
        assert_array_equal(found[0][0][1], again[0][0][1])
        assert not np.array_equal(found[0][0][1], found[1][0][1])


def test_noise_of_the_input_and_of_the_latents_have_nothing_in_common(faces, small_vae):
    config = replace(small_vae, task="denoise", task_strength=0.05)
    correlations = []
    for (image, noise), target in batches(faces, config, 0, 8):
        added = (image - target).ravel()[: noise.size]
        correlations.append(np.corrcoef(added, noise.ravel())[0, 1])
    assert np.abs(correlations).max() < 5 / np.sqrt(noise.size)


def test_fewer_images_than_a_batch(numbered, small):
    (batch,) = batches(numbered[:5], small)
    assert_array_equal(np.sort(numbers(batch)), np.arange(5))
