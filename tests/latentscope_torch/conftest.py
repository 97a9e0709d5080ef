"""Small convolutional pairs of modules."""

from types import SimpleNamespace

import numpy as np
import pytest

try:
    import torch
    from torch import nn
except ModuleNotFoundError:  # then each module of tests is skipped
    nn = SimpleNamespace(Module=object)

Z_DIM = 4


class Heads(nn.Module):
    """Two linear maps of the same features, returned by name."""

    def __init__(self, width):
        super().__init__()
        self.mu, self.logvar = nn.Linear(width, Z_DIM), nn.Linear(width, Z_DIM)

    def forward(self, x):
        return {"mu": self.mu(x), "logvar": self.logvar(x)}


def encoder(kind):
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 8, 3, stride=2, padding=1)
    head = nn.Linear(128, Z_DIM) if kind == "ae" else Heads(128)
    module = nn.Sequential(
        convolution, nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Flatten(), head
    )
    module(torch.rand(16, 3, 8, 8))  # moves the averages of the batch normalisation
    return module


def decoder():
    torch.manual_seed(1)
    up = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)
    return nn.Sequential(nn.Linear(Z_DIM, 128), nn.Unflatten(1, (8, 4, 4)), up, nn.Sigmoid())


@pytest.fixture(scope="session")
def make():
    return SimpleNamespace(encoder=encoder, decoder=decoder)


@pytest.fixture(scope="session", params=["ae", "vae"])
def kind(request):
    return request.param


@pytest.fixture(scope="session")
def pixels():
    return np.random.default_rng(0).integers(256, size=(20, 8, 8, 3), dtype=np.uint8)
