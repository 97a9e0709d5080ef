"""The published models on real photographs and digits, small and short: the shapes of the results.

`docs/celeba.md` and `docs/digits.md` have the models at full size.
"""

import os

import numpy as np
import pytest
from latentscope_tensorflow import load, preset, train

import latentscope
from latentscope import datasets

pytestmark = pytest.mark.slow

SIZE, Z_DIM, N_TRAIN = 32, 64, 9_000


def folder_of(variable):
    if variable not in os.environ:
        pytest.skip(f"{variable} does not name the folder of the images")
    return os.environ[variable]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """The first 9,000 photographs to train on, the rest to validate."""
    cache = tmp_path_factory.mktemp("cache")
    images = datasets.celeba(folder_of("LATENTSCOPE_CELEBA"), size=SIZE, cache=cache)
    assert images.ids[N_TRAIN] == "009001.jpg"
    return images


def run(images, config, folder, epochs):
    """Train, export, reload; return the history with its floor, and the latents of the file."""
    model = train(images[:N_TRAIN], config, folder=folder, epochs=epochs,
                  validation=images[N_TRAIN:])  # fmt: skip
    latentscope.encode(load(folder), images, folder / "z.h5").close()
    return model, latentscope.load(folder / "z.h5")


@pytest.mark.parametrize("name", ["celeba-ae", "celeba-vae-tiny-kl", "celeba-vae"])
def test_celeba(photographs, name, tmp_path):
    config = preset(name, image_shape=(SIZE, SIZE, 3), z_dim=Z_DIM)
    model, file = run(photographs, config, tmp_path, epochs=5)
    losses = model.meta["history"]["val_total_loss"]
    assert (np.diff(losses) < 0).all()
    assert model.meta["val_reco_floor"] < losses[-1] < 650
    with file as latents:
        assert latents.n_points == len(photographs)
        assert latents.ids[0] == "000001.jpg"
        assert np.mean(latents.labels["Smiling"][:]) == pytest.approx(0.482, abs=0.001)
        radius = latentscope.radius_density(latents)
        if name == "celeba-vae-tiny-kl":  # z is nearly mu: the noise has all but gone
            found = latentscope.posterior(latents)
            assert found.logvar_maximum < -1
            assert found.logvar_mean < -4
            assert found.relative_difference[0] < 0.02
            assert found.collapsed.sum() == 0
        if name == "celeba-vae":  # z fills the shell of the prior, mu does not
            found = latentscope.posterior(latents)
            assert radius.mean == pytest.approx(np.sqrt(Z_DIM), rel=0.05)
            assert found.mu_radius[1] < radius.mean / 2
            assert found.collapsed.sum() > 5


@pytest.mark.parametrize("name", ["digits-ae", "digits-vae"])
def test_mnist(name, tmp_path):
    top = folder_of("LATENTSCOPE_MNIST")
    digits = datasets.mnist(
        f"{top}/t10k-images-idx3-ubyte.gz", labels=f"{top}/t10k-labels-idx1-ubyte.gz"
    )
    model, file = run(digits, preset(name), tmp_path, epochs=6)
    losses = model.meta["history"]["val_total_loss"]
    assert (np.diff(losses) < 0).all()
    assert model.meta["val_reco_floor"] < losses[-1] < 200  # the mean image costs 206
    with file as latents:
        assert latents.z_dim == 12
        z, digit = latents.z[:], latents.labels["digit"][:]
        z = z if latents.mu is None else latents.mu[:]
    centers = np.array([z[digit == number].mean(axis=0) for number in range(10)])
    nearest = ((z[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    assert np.mean(nearest == digit) > 0.6  # the code knows digits that it was never told
