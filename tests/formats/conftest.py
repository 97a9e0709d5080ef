"""A small set of latents, in memory and in a file."""

import h5py
import numpy as np
import pytest

import latentscope
from latentscope import Latents


@pytest.fixture
def z():
    return np.random.default_rng(0).standard_normal((3000, 16), dtype=np.float32)


@pytest.fixture
def latents(z):
    return Latents(
        z,
        mu=z + 0.5,
        logvar=z - 4,
        ids=[f"{i:06d}.jpg" for i in range(len(z))],
        labels={"smiling": z[:, 0] > 0, "age": np.arange(len(z)), "name": ["é", "ß", "x"] * 1000},
        meta={"model": "vae", "fact": 5.0},
    )


@pytest.fixture
def path(tmp_path, latents):
    latentscope.save(tmp_path / "latents.h5", latents)
    return tmp_path / "latents.h5"


@pytest.fixture(scope="session")
def make():
    """Write a file by hand: `make(path, build)` calls `build` with the open file."""

    def make_file(path, build):
        with h5py.File(path, "w") as file:
            build(file)
        return path

    return make_file
