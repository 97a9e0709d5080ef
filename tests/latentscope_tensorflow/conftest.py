"""Small configs and images, so that training takes seconds."""

import pytest
from latentscope_tensorflow.config import preset

from latentscope.datasets import drawn_faces

SMALL = {
    "image_shape": (32, 32, 3),
    "z_dim": 8,
    "filters": (8, 16),
    "kernels": (3, 3),
    "strides": (2, 2),
    "batch_size": 64,
}


@pytest.fixture(scope="session")
def faces():
    return drawn_faces(200, size=32)


@pytest.fixture(scope="session", params=["ae", "vae"])
def small(request):
    """The config of a small AE, and of a small VAE."""
    return preset(f"celeba-{request.param}", **SMALL)


@pytest.fixture(scope="session")
def small_vae():
    return preset("celeba-vae", **SMALL)
