"""Backends are found by name; a model fulfils the contract, or the violations are listed."""

import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import latentscope_onnx
import latentscope_tensorflow
import latentscope_torch
import numpy as np
import pytest
from numpy.testing import assert_allclose

from latentscope import backend
from latentscope.backend import discovery
from latentscope.errors import BackendError, DataError, MissingDependencyError
from latentscope.images import Images
from latentscope.latents import Latents


def test_probabilistic_pca_keeps_the_contract(linear_model, blobs):
    assert isinstance(linear_model, backend.Model)
    backend.check(linear_model)
    backend.check(linear_model, images=blobs)


def test_probabilistic_pca_is_right(linear_model, blobs):
    """Σ over the data of (posterior variance + mu²) is n: the prior N(0, I) is matched."""
    latents = linear_model.encode(blobs)
    assert_allclose(np.exp(latents.logvar[0]) + np.var(latents.mu, axis=0), 1, rtol=1e-4)


class Broken:
    """A model that keeps the contract but for what a test replaces."""

    def __init__(self, model, **changes):
        self._model = model
        self.__dict__.update(changes)

    def __getattr__(self, name):
        return getattr(self._model, name)


def encoding(change):
    """Return a broken `encode`, made of a change to the latents of a good one."""
    return lambda model: {"encode": lambda images, rng=0: change(model.encode(images, rng=rng))}


def shifted(model):
    """Normalise by the batch, as batch normalisation in training mode does."""

    def encode(images, rng=0):
        latents = model.encode(images, rng=rng)
        mu = latents.mu - latents.mu.mean(axis=0)
        return Latents(latents.z, mu, latents.logvar)

    return {"encode": encode}


def overwriting(model):
    def encode(images, rng=0):
        latents = model.encode(images, rng=rng)
        images.pixels[:] = 0 if isinstance(images, Images) else images
        return latents

    return {"encode": lambda x, rng=0: encode(x, rng) if isinstance(x, Images) else model.encode(x)}


def encoding_of_bytes(model):
    """Divide by 255 whatever comes."""
    return {"encode": lambda x, rng=0: model.encode(
        x if isinstance(x, Images) or x.dtype == np.uint8 else x / 255, rng=rng
    )}  # fmt: skip


def contrasting(model):
    """Stretch the batch to the full range, as for display."""

    def decode(z):
        images = model.decode(z)
        return (images - images.min()) / np.ptp(images)

    return {"decode": decode}


def unseeded(model):
    seeds = iter(range(100))
    return {"encode": lambda images, rng=0: model.encode(images, rng=next(seeds))}


def crashing(model):
    def decode(z):
        raise ZeroDivisionError("no pixels")

    return {"decode": decode}


BREAKS = {
    "kind": (lambda model: {"kind": "gan"}, "kind must be 'ae' or 'vae'; got 'gan'"),
    "z_dim": (lambda model: {"z_dim": 0}, "z_dim must be an integer from 1 on; got 0"),
    "shape": (lambda model: {"image_shape": (8, 8)}, r"image_shape must be .*; got \(8, 8\)"),
    "no encode": (lambda model: {"encode": None}, "encode must be a method; got None"),
    "array": (encoding(lambda x: x.z), "encode must return Latents; got ndarray"),
    "no mu": (encoding(lambda x: Latents(x.z)), r"encode must return \['logvar', 'mu', 'z'\]"),
    "nan": (
        encoding(lambda x: Latents(x.z * np.nan, x.mu, x.logvar)),
        "z must be finite; got 12 NaN",
    ),
    "width": (
        encoding(lambda x: Latents(x.z[:, :2], x.mu[:, :2], x.logvar[:, :2])),
        r"z must have shape \(4, 3\); got \(4, 2\)",
    ),
    "variance as logvar": (
        encoding(lambda x: Latents(x.z + 99, x.mu, x.logvar)),
        "standard deviations away. Is logvar a variance",
    ),
    "unsaveable": (
        lambda model: {"meta": {"a": np.zeros(3)}},
        "meta must be a mapping that JSON can represent",
    ),
    "vandal": (overwriting, "encode must not change the images"),
    "bytes": (encoding_of_bytes, "encode must treat bytes from 0 to 255 like floats"),
    "batch of points": (contrasting, "decode must treat each point independently"),
    "batch": (shifted, "encode must treat each image independently"),
    "unseeded": (unseeded, "encode must return the same z for the same rng"),
    "crash": (crashing, "decoding raised ZeroDivisionError: no pixels"),
    "logits": (
        lambda model: {"decode": lambda z: model.decode(z) * 9 - 4},
        r"decoded images must lie in \[0, 1\]; got -[0-9.]+ …",
    ),
    "dtype": (
        lambda model: {"decode": lambda z: model.decode(z).astype(float)},
        "decode must return float32 images .*; got float64",
    ),
    "lax": (
        lambda model: {"decode": lambda z: model.decode(np.asarray(z)[:, :3])},
        "decode must refuse z of another width; it accepted them",
    ),
    "unclear": (
        lambda model: {"decode": lambda z: model.decode(np.asarray(z) @ np.eye(3))},
        "decode must refuse z of another width with a LatentscopeError; got ValueError",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_model_is_told_what_it_breaks(linear_model, name):
    changes, match = BREAKS[name]
    with pytest.raises(BackendError, match=match):
        backend.check(Broken(linear_model, **changes(linear_model)))


def test_all_breaks_are_listed(linear_model):
    with pytest.raises(BackendError, match=r"(?s)kind must be.*z_dim must be"):
        backend.check(Broken(linear_model, kind="", z_dim=None))


def test_images_that_do_not_fit(linear_model, blobs):
    with pytest.raises(BackendError, match=r"needs 4 images of shape .* got <Images: 3"):
        backend.check(linear_model, images=blobs[:3])


def test_names_hold_the_built_in_backends():
    assert {"onnx", "tensorflow", "torch"} <= set(backend.names())


def announce(monkeypatch, value):
    point = EntryPoint(name="mine", value=value, group="latentscope.backends")
    monkeypatch.setattr(
        discovery, "entry_points", lambda group, name="mine": [point] if name == "mine" else []
    )


def test_a_backend_is_found_by_its_entry_point(monkeypatch):
    mine = SimpleNamespace(can=("load",), load=lambda path: path)
    monkeypatch.setitem(sys.modules, "my_backend", mine)
    announce(monkeypatch, "my_backend")
    assert backend.names() == ("mine", "onnx", "tensorflow", "torch")
    assert backend.get("mine") is mine
    assert isinstance(backend.get("mine"), backend.Backend)


@pytest.mark.parametrize(
    ("found", "match"),
    [
        (
            SimpleNamespace(load=print),
            "'mine' must have .can., .load. and all functions that .can. lists; missing: can",
        ),
        (SimpleNamespace(can=("load", "train"), load=print), "missing: train"),
        (SimpleNamespace(can=()), "missing: load"),
    ],
)
def test_what_is_no_backend_is_refused(monkeypatch, found, match):
    monkeypatch.setitem(sys.modules, "my_backend", found)
    announce(monkeypatch, "my_backend")
    with pytest.raises(BackendError, match=match):
        backend.get("mine")


def test_a_backend_that_cannot_be_imported(monkeypatch):
    announce(monkeypatch, "no_such_module")
    match = r"'mine' \(no_such_module\) cannot be imported.*Reinstall"
    with pytest.raises(MissingDependencyError, match=match):
        backend.get("mine")


def test_an_unknown_backend_is_named_with_its_neighbour():
    with pytest.raises(DataError, match=r"got 'tensorflwo'. Did you mean 'tensorflow'"):
        backend.get("tensorflwo")


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("onnx", "onnxruntime", latentscope_onnx),
        ("tensorflow", "tensorflow", latentscope_tensorflow),
        ("torch", "torch", latentscope_torch),
    ],
)
def test_a_missing_framework_is_named_with_its_install_line(monkeypatch, name, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    match = rf"needs {module}, .*: pip install 'latentscope-analysis\[{name}\]'"
    with pytest.raises(MissingDependencyError, match=match):
        backend.get(name)
    with pytest.raises(MissingDependencyError, match=match):
        package.load  # noqa: B018
