"""A folder in which the examples of the help texts make sense, and how commands are run there."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import anndata
import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import latentscope
from latentscope.cli import main
from latentscope.latents import Latents

N, D = 400, 6
FOLDERS = {"ae": "tensorflow", "vae": "tensorflow", "latents.pt": "torch"}  # by what made them


def cloud(kind):
    """Latents whose axes shrink and whose last is collapsed."""
    rng = np.random.default_rng(0)
    mu = rng.standard_normal((N, D)) * np.linspace(3, 0, D)
    if kind == "ae":
        return Latents(mu + 1)
    logvar = np.full_like(mu, -4.0)
    logvar[:, -1] = 0
    z = mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)
    labels = {"tilt": mu[:, 0], "name": ["a", "b"] * (N // 2)}
    meta = {"model": {"fact": 5.0, "history": {"total_loss": list(range(24))}}}
    return Latents(z, mu, logvar, [f"{i:03}.png" for i in range(N)], labels, meta)


@pytest.fixture(scope="session")
def whole_place(tmp_path_factory):
    """Files of latents, photographs of noise, and three models that learned nothing."""
    place = tmp_path_factory.mktemp("place")
    latentscope.save(place / "ae.h5", cloud("ae"))
    for name in ("vae.h5", "latents.h5"):
        latentscope.save(place / name, cloud("vae"))
    broken = np.array(cloud("ae").z)
    broken[3] = np.nan
    latentscope.save(place / "nan.h5", broken)
    cells = anndata.AnnData(obsm={"X_pca": np.ones((N, 2)), "X_scVI": np.asarray(cloud("ae").z)})
    cells.write_h5ad(place / "cells.h5ad")
    if find_spec("torch"):
        import torch

        torch.save(torch.from_numpy(np.asarray(cloud("ae").z)), place / "latents.pt")
    (place / "photos").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 16, 3), dtype=np.uint8)
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(place / "photos" / f"{number:02}.png")
    if find_spec("tensorflow"):
        save_keras(place / "ae", "celeba-ae", ("z",))
        save_keras(place / "vae", "celeba-vae", ("mu", "logvar"))
    (place / "theirs").mkdir()
    image, kinds = (3, 16, 16), ["MatMul", "Sigmoid", "Reshape"]
    save_onnx(place / "theirs/encoder.onnx", ["Flatten", "MatMul"], image, (768, D), (-1, D))
    save_onnx(place / "theirs/decoder.onnx", kinds, (D,), (D, 768), (-1, *image))
    return place


def save_keras(path, name, outputs):
    """Write a model of Keras: small, with weights drawn at random."""
    from latentscope_tensorflow import KerasModel, models, preset

    config = preset(name, image_shape=(16, 16, 3), z_dim=D, filters=(4, 8, 8, 8))
    KerasModel(models.encoder(config), models.decoder(config), outputs).save(path)


def save_onnx(path, kinds, taken, weights, shape):
    """Write a model in ONNX: operators in a row, small weights, and the shape that they give."""
    more = {"MatMul": ["weights"], "Reshape": ["shape"]}
    names = ["x", *kinds]
    nodes = [
        helper.make_node(kind, [before, *more.get(kind, [])], [kind])
        for before, kind in zip(names, kinds, strict=False)
    ]
    rng = np.random.default_rng(0)
    constants = {"weights": rng.normal(0, 0.02, weights).astype("f"), "shape": np.array(shape)}
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *taken])],
        [helper.make_tensor_value_info(kinds[-1], TensorProto.FLOAT, ["n", *shape[1:]])],
        [numpy_helper.from_array(array, key) for key, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save_model(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)


@pytest.fixture
def place(whole_place, tmp_path, monkeypatch):
    """A copy of that folder, as the current one."""
    shutil.copytree(whole_place, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LATENTSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def frameworks(arguments):
    """Yield the frameworks that a command needs."""
    yield from (FOLDERS.get(text.rpartition("=")[2], "") for text in arguments)
    if {"train", "encode"} & set(arguments[:1]) and "--backend" not in arguments:
        yield "tensorflow"
    if arguments[:1] == ["backends"]:  # fails where one cannot be imported
        yield from ("onnx", "tensorflow", "torch")


@pytest.fixture
def run(place, needed):
    """Run a command in this process, in that folder."""

    def invoke(*args):
        given = list(map(str, args))
        for package in frameworks(given):
            needed(package)
        return CliRunner().invoke(main, given, prog_name="latentscope")

    return invoke


@pytest.fixture
def good(run):
    """Run a command that must succeed; return what it writes to stdout."""

    def check(*args):
        done = run(*args)
        assert (done.exit_code, done.exception) == (0, None), done.output
        return done.stdout

    return check


@pytest.fixture
def process(place):
    """Run a command in a process of its own, with its streams apart."""

    def start(*args, **options):
        command = [sys.executable, "-m", "latentscope", *args]
        return subprocess.run(command, capture_output=True, text=True, check=False, **options)

    return start


@pytest.fixture
def pictures(monkeypatch):
    """Notes what `latentscope.pictures` is asked to decode."""
    asked = SimpleNamespace()
    decode = latentscope.pictures.Album.decode

    def noted(album, points, name="given points"):
        asked.__dict__.update(model=album.model, rows=album.rows, points=points, name=name)
        return decode(album, points, name)

    monkeypatch.setattr(latentscope.pictures.Album, "decode", noted)
    return asked


@pytest.fixture
def page(monkeypatch):
    """A stand-in for `latentscope.report` that notes what it is given."""
    given = SimpleNamespace()

    def report(path, *, models=None, images=None, rng=0, **named_latents):
        shapes = {name: np.shape(latents.z) for name, latents in named_latents.items()}
        shown = {"path": path, "models": models, "images": images, "rng": rng, "shapes": shapes}
        given.__dict__.update(shown)
        path.write_text("<html></html>")

    monkeypatch.setattr(latentscope, "report", report)
    return given


@pytest.fixture
def environment():
    """The environment of a user: with progress bars, and a buffer before stdout."""
    others = "TQDM_DISABLE", "PYTHONUNBUFFERED"
    return {name: value for name, value in os.environ.items() if name not in others}


@pytest.fixture(autouse=True)
def quick_reports(small_maps):
    """Reports of the command map few points too."""
