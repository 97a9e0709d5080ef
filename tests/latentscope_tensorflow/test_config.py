"""Configs are checked when made, frozen, and travel as JSON."""

import json

import numpy as np
import pytest
from latentscope_tensorflow import PRESETS, Config, preset

from latentscope.errors import DataError, DataTypeError


@pytest.mark.parametrize("name", PRESETS)
def test_presets_travel_as_json(name):
    config = preset(name)
    assert Config(**json.loads(json.dumps(config.to_dict()))) == config


def test_numbers_of_numpy_travel_too():
    config = preset("celeba-vae", z_dim=np.int64(8), fact=np.float32(2), filters=np.arange(1, 5))
    assert Config(**json.loads(json.dumps(config.to_dict()))) == config


def test_published_settings():
    vae = preset("celeba-vae")
    assert (vae.learning_rate, vae.batch_size, vae.fact) == (5e-4, 128, 5.0)
    assert (vae.filters, vae.kernels, vae.strides) == ((32, 64, 128, 256), (3,) * 4, (2,) * 4)
    assert vae.map_shape == (6, 6, 256)
    assert vae.beta == 15.0
    assert preset("celeba-vae-tiny-kl") == preset("celeba-vae", fact=1e-5)
    wide = preset("celeba-ae-1600")
    assert (wide.z_dim, wide.filters, wide.kernels) == (1600, (64, 64, 128, 128), (5, 5, 3, 3))
    assert not preset("celeba-ae").batch_norm


def test_changes_are_checked_too():
    assert preset("celeba-ae", z_dim=512).z_dim == 512
    with pytest.raises(
        DataError, match=r"field must be one of .*got 'zdim'\. Did you mean 'z_dim'"
    ):
        preset("celeba-ae", zdim=512)


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"kind": "gan"}, DataError, "kind must be one of 'ae', 'vae'; got 'gan'"),
        ({"image_shape": (90, 96, 3)}, DataError, r"multiple of 16, .*; got \(90, 96, 3\)"),
        ({"image_shape": (96, 96)}, DataError, r"must be \(height, width, channels\)"),
        ({"image_shape": (96, 96, 4)}, DataError, "1 or 3 channels"),
        ({"z_dim": 0}, DataError, "z_dim must be an integer at least 1; got 0"),
        ({"filters": (8, 16)}, DataError, "one entry per convolution; got"),
        ({"filters": 8}, DataTypeError, "filters must be a tuple of integers; got 8"),
        ({"kernels": (3, 3, 3, 0)}, DataError, "each of kernels must be an integer"),
        ({"fact": -1}, DataError, "fact must be a number from 0 on"),
        ({"kind": "ae"}, DataError, "fact must be .* 0 for kind 'ae'; got 5.0"),
        ({"fact": float("nan")}, DataError, "fact must be"),
        ({"dropout": 1.0}, DataError, "dropout must be a share from 0 to below 1; got 1.0"),
        ({"task": "paint"}, DataError, "task must be one of .*; got 'paint'"),
        ({"task_strength": 0}, DataError, "task_strength must lie between 0 and 1; got 0"),
        ({"task": "recolour", "image_shape": (96, 96, 1)}, DataError, "recolour needs .* 3 chan"),
        ({"reconstruction": "l1"}, DataError, "reconstruction must be one of 'bce', 'mse'"),
        ({"learning_rate": 0}, DataError, "learning_rate must be a finite number above 0"),
        ({"batch_norm": "no"}, DataTypeError, "batch_norm must be a bool; got 'no'"),
        ({"activation": "relo"}, DataError, "activation must be one of .*Did you mean 'relu'"),
        ({"batch_size": 1.5}, DataTypeError, "batch_size must be an integer at least 1; got 1.5"),
    ],
)
def test_refusals(changes, error, match):
    with pytest.raises(error, match=match):
        preset("celeba-vae", **changes)


def test_unknown_preset():
    with pytest.raises(DataError, match=r"got 'celeba-va'\. Did you mean 'celeba-vae'"):
        preset("celeba-va")
