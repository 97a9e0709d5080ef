"""A Keras pair as a model: NumPy in, NumPy out, batch by batch."""

from dataclasses import replace

import numpy as np
import pytest
from latentscope_tensorflow import KerasModel, load, models
from numpy.testing import assert_allclose, assert_array_equal

import latentscope
from latentscope.errors import DataError, DataTypeError
from latentscope.images import Images


@pytest.fixture(scope="module")
def model(small):
    outputs = ("z",) if small.kind == "ae" else ("mu", "logvar")
    return KerasModel(models.encoder(small), models.decoder(small), outputs, meta={"a": 1})


@pytest.fixture(scope="module")
def vae(small_vae):
    return KerasModel(models.encoder(small_vae), models.decoder(small_vae), ("mu", "logvar"))


def test_it_keeps_the_contract(model, faces):
    assert isinstance(model, latentscope.backend.Model)
    latentscope.backend.check(model, images=faces)


def test_batches_make_no_difference(model, faces, monkeypatch):
    whole = model.encode(faces), model.decode(np.zeros((200, 8)))
    monkeypatch.setattr("latentscope.backend.pair._BATCH", 7)
    parts = model.encode(faces), model.decode(np.zeros((200, 8)))
    assert_allclose(parts[0].z, whole[0].z, rtol=1e-4, atol=1e-5)
    assert_allclose(parts[1], whole[1], rtol=1e-4, atol=1e-5)


def test_what_is_known_of_images_travels(model, faces):
    latents = model.encode(faces[:3])
    assert_array_equal(latents.labels["skin"], faces.labels["skin"][:3])
    assert latents.ids.tolist() == ["0", "1", "2"]
    assert latents.meta == {"model": {"a": 1}}
    assert latents.z.dtype == np.float32


def test_z_is_mu_and_noise(vae, faces):
    latents = vae.encode(faces, rng=4)
    noise = np.random.default_rng(4).standard_normal((200, 8), np.float32)
    assert_allclose(latents.z, latents.mu + np.exp(latents.logvar / 2) * noise, rtol=1e-5)


def test_without_factor_z_is_mu(vae, faces):
    latents = replace(vae, factor=0.0).encode(faces)
    assert_array_equal(latents.z, latents.mu)


def test_noise_is_kept_within_five(vae, faces):
    class Extreme(np.random.Generator):
        def standard_normal(self, size, dtype):
            return np.full(size, 9, dtype)

    latents = vae.encode(faces[:2], rng=Extreme(np.random.PCG64(0)))
    assert_allclose(latents.z, latents.mu + 5 * np.exp(latents.logvar / 2), rtol=1e-5)


def test_another_range_of_pixels(model, faces):
    """A model of images in [−1, 1] sees 2x − 1, and what it gives is moved back."""
    moved = replace(model, pixel_range=(-1.0, 1.0))
    pixels = faces.pixels / np.float32(255)
    expected = model.encoder(pixels[:5] * 2 - 1, training=False)
    expected = expected[0] if model.kind == "vae" else expected
    found = moved.encode(faces[:5])
    assert_allclose(found.mu if model.kind == "vae" else found.z, expected, rtol=1e-4, atol=1e-5)
    images = moved.decode(np.zeros((1, 8)))
    assert_allclose(images, (model.decode(np.zeros((1, 8))) + 1) / 2, rtol=1e-5)


def test_saved_and_loaded(model, faces, tmp_path):
    replace(model, factor=0.0).save(tmp_path)
    copy = load(tmp_path)
    assert_array_equal(copy.encode(faces).z, replace(model, factor=0.0).encode(faces).z)
    assert (copy.factor, copy.meta, copy.outputs) == (0.0, {"a": 1}, model.outputs)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "decoder.keras",
        "encoder.keras",
        "model.json",
    ]


@pytest.mark.parametrize(
    ("verb", "value", "error", "match"),
    [
        ("encode", np.zeros((2, 16, 32, 3)), DataError, r"\(32, 32, 3\); got \(16, 32, 3\)"),
        ("encode", Images(np.zeros((2, 32, 32, 3)))[:0], DataError, "at least one image"),
        ("encode", np.full((2, 32, 32, 3), 7), DataTypeError, "got int64"),
        ("decode", np.zeros((2, 7)), DataError, "z must have 8 columns, the model's z_dim; got 7"),
        ("decode", np.zeros(8), DataError, r"z must have shape \(n_points, z_dim\)"),
        ("decode", np.full((2, 8), np.nan), DataError, "z must be finite; got NaN"),
    ],
)
def test_refusals(model, verb, value, error, match):
    with pytest.raises(error, match=match):
        getattr(model, verb)(value)
