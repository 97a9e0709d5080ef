"""The real data, where the environment names them: LATENTSCOPE_CELEBA, LATENTSCOPE_MNIST."""

import gzip
import os
import time
from pathlib import Path

import numpy as np
import pytest

from latentscope import datasets

RATES = {  # of the first 10,000 photographs, counted apart from this package
    "Male": 0.422,
    "Smiling": 0.482,
    "Young": 0.777,
    "Black_Hair": 0.243,
    "Blond_Hair": 0.145,
    "Eyeglasses": 0.067,
    "Wearing_Hat": 0.048,
    "Bald": 0.025,
}


def given(variable):
    if not os.environ.get(variable):
        pytest.skip(f"the environment variable {variable} names no folder")
    return Path(os.environ[variable])


@pytest.fixture(scope="module")
def celeba(tmp_path_factory):
    """The path, a cache, and what the first opening gives."""
    path, cache = given("LATENTSCOPE_CELEBA"), tmp_path_factory.mktemp("photographs")
    return path, cache, datasets.celeba(path, cache=cache)


def test_ten_thousand_photographs(celeba):
    _, _, images = celeba
    assert images.pixels.shape == (10_000, 96, 96, 3)
    assert images.ids[[0, 1, -1]].tolist() == ["000001.jpg", "000002.jpg", "010000.jpg"]
    assert images.meta["n_skipped"] == 0
    assert len(images.labels) == 40
    for name, rate in RATES.items():
        assert round(images.labels[name].mean(), 3) == rate, name


def test_they_are_photographs(celeba):
    """No two alike among a hundred, none flat, and left is not far from right in the mean."""
    sample = celeba[2].take(slice(0, 10_000, 100))
    assert len({image.tobytes() for image in sample}) == 100
    assert sample.std(axis=(1, 2, 3)).min() > 10
    mean = sample.mean(axis=0)
    assert np.corrcoef(mean.ravel(), mean[:, ::-1].ravel())[0, 1] > 0.95


def test_the_second_opening_is_quick_and_decodes_nothing(celeba, no_decoding):
    path, cache, images = celeba
    no_decoding()
    start = time.perf_counter()
    again = datasets.celeba(path, cache=cache)
    assert time.perf_counter() - start < 1
    np.testing.assert_array_equal(again.pixels[-1], images.pixels[-1])


def test_ten_thousand_digits():
    folder = given("LATENTSCOPE_MNIST")
    labels = folder / "t10k-labels-idx1-ubyte.gz"
    images = datasets.mnist(folder / "t10k-images-idx3-ubyte.gz", labels=labels)
    expected = np.frombuffer(gzip.decompress(labels.read_bytes())[8:], np.uint8)
    assert images.pixels.shape == (10_000, 28, 28, 1)
    np.testing.assert_array_equal(images.labels["digit"], expected)
    counts = np.bincount(expected)  # the test part of MNIST, as everybody knows it
    assert counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(images.labels["digit"]).tolist() == counts.tolist()
