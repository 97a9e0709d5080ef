"""The published models, layer by layer: parameters, shapes, files, seeds."""

import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest
from latentscope_tensorflow import models
from latentscope_tensorflow.config import PRESETS, preset
from numpy.testing import assert_allclose, assert_array_equal

PUBLISHED = {  # trainable and other parameters, from the design of the reference experiments
    "VAE encoder, z 256": (models.encoder, "celeba-vae", {}, 5_109_440),
    "VAE encoder, extra 256": (models.encoder, "celeba-vae", {"extra_dense": 256}, 2_881_472),
    "VAE encoder, extra 384": (models.encoder, "celeba-vae", {"extra_dense": 384}, 4_126_784),
    "VAE encoder, z 512": (models.encoder, "celeba-vae", {"z_dim": 512}, 9_828_544),
    "VAE decoder, z 256": (models.decoder, "celeba-vae", {}, 2_757_571),
    "VAE decoder, z 512": (models.decoder, "celeba-vae", {"z_dim": 512}, 5_116_867),
    "AE encoder, z 256": (models.encoder, "celeba-ae", {}, 2_747_968),
    "AE decoder, z 256": (models.decoder, "celeba-ae", {}, 2_756_675),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_the_published_ones(name):
    build, base, changes, n_parameters = PUBLISHED[name]
    assert build(preset(base, **changes)).count_params() == n_parameters


def test_the_decoder_mirrors_the_encoder():
    """Kernels and strides in reverse: 5 and 4 stand first in the one and last in the other."""
    config = preset("celeba-ae", filters=(8, 16), kernels=(5, 3), strides=(4, 2))
    up = [x for x in models.decoder(config).layers if isinstance(x, keras.layers.Conv2DTranspose)]
    assert [layer.kernel_size for layer in up] == [(3, 3), (5, 5)]
    assert [layer.strides for layer in up] == [(2, 2), (4, 4)]
    assert [layer.filters for layer in up] == [8, 3]


def test_the_extra_dense_layer_has_an_activation():
    def slopes(config):
        layers = models.encoder(config).layers
        return sum(isinstance(layer, keras.layers.LeakyReLU) for layer in layers)

    assert slopes(preset("celeba-ae", extra_dense=16)) == slopes(preset("celeba-ae")) + 1


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("changes", [{}, {"upsampling": True, "dropout": 0.25}])
def test_encoder_and_decoder_fit_together(name, changes):
    config = preset(name, **changes)
    encoder, decoder = models.encoder(config), models.decoder(config)
    assert decoder.output_shape == encoder.input_shape == (None, *config.image_shape)
    assert {output.shape[1] for output in encoder.outputs} == {config.z_dim}
    assert encoder.output_names == (["z"] if config.kind == "ae" else ["mu", "logvar"])
    images = np.asarray(decoder(np.full((2, config.z_dim), 9.0)))
    assert images.dtype == np.float32
    assert 0 <= images.min() <= images.max() <= 1


def test_batch_norm_stands_after_all_convolutions_but_the_last_of_the_decoder():
    def norms(model):
        return sum(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers)

    vae, ae = preset("celeba-vae"), preset("celeba-ae")
    assert [norms(models.encoder(vae)), norms(models.decoder(vae))] == [4, 3]
    assert [norms(models.encoder(ae)), norms(models.decoder(ae))] == [0, 0]


def test_the_slope_is_that_of_the_layer():
    (layer, *_) = [x for x in models.encoder(preset("celeba-ae")).layers if "leaky" in x.name]
    assert_allclose(layer(np.array([-1.0, 2.0])), [-0.3, 2.0])


def test_files_hold_plain_layers_alone(small, tmp_path):
    """Anybody opens them in safe mode, without latentscope."""
    for build in (models.encoder, models.decoder):
        model = build(small)
        model.save(tmp_path / "model.keras")
        with zipfile.ZipFile(tmp_path / "model.keras") as archive:
            text = archive.read("config.json").decode()
        assert "latentscope" not in text
        assert "Lambda" not in text
        copy = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
        x = np.random.default_rng(0).random((2, *model.input_shape[1:]), dtype=np.float32)
        assert_array_equal(np.asarray(copy.predict_on_batch(x)), model.predict_on_batch(x))


def test_the_seed_sets_the_weights(small):
    def weights(seed):
        model = models.Autoencoder(small, seed=seed)
        return np.concatenate([np.ravel(x) for x in model.get_weights()])

    assert_array_equal(weights(3), weights(3))
    assert not np.array_equal(weights(3), weights(4))


def test_layers_start_with_different_weights():
    config = preset("celeba-ae", filters=(8,) * 4, kernels=(3,) * 4)
    kernels = [layer.kernel for layer in models.encoder(config).layers if "conv" in layer.name]
    assert not np.array_equal(kernels[1], kernels[2])


def test_the_means_are_those_of_the_images(small_vae):
    """total = reco + kl, each the mean over images; fact weighs the kl."""
    rng = np.random.default_rng(0)
    images = rng.random((6, 32, 32, 3), dtype=np.float32)
    noise = rng.standard_normal((6, 8), dtype=np.float32)
    found = {}
    for fact in (0.0, 5.0):
        model = models.Autoencoder(replace(small_vae, fact=fact))
        model.compile(optimizer="adam", jit_compile=False)
        found[fact] = model.evaluate((images, noise), images, verbose=0, return_dict=True)
    mu, logvar = (np.asarray(x) for x in model.encoder(images, training=False))
    kl = (0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)).sum(axis=1).mean()
    z = mu + np.exp(logvar / 2) * noise
    assert_allclose(found[5.0]["kl_loss"], 5 * kl, rtol=1e-5)
    assert found[0.0]["kl_loss"] == 0
    assert_allclose(found[5.0]["total_loss"] - found[0.0]["total_loss"], 5 * kl, rtol=1e-3)
    assert_allclose(found[0.0]["z_radius"], np.linalg.norm(z, axis=1).mean(), rtol=1e-5)
    assert found[0.0]["total_loss"] == found[0.0]["reco_loss"]
    assert list(found[0.0]) == sorted(models.METRICS)
