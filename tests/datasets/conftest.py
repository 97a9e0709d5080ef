"""Images that tests make themselves, and a cache that is theirs."""

import zipfile

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """The default cache of this test, never the user's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LATENTSCOPE_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def noise():
    """Make an image of noise, of a given size and mode."""

    def make(width=40, height=50, mode="RGB", seed=0):
        rng = np.random.default_rng(seed)
        return Image.fromarray(rng.integers(256, size=(height, width, 3), dtype=np.uint8)).convert(
            mode
        )

    return make


@pytest.fixture
def pictures(tmp_path, noise):
    """A folder of six pictures, two of them in a sub-folder."""
    top = tmp_path / "pictures"
    (top / "cats").mkdir(parents=True)
    for seed, name in enumerate(["b.png", "a.jpg", "c.bmp", "d.webp", "cats/z.JPG", "cats/e.tif"]):
        noise(40 + seed, 50 - seed, seed=seed).save(top / name)
    return top


@pytest.fixture(scope="session")
def zipped():
    """Zip a folder beside it, under a given name."""

    def make(folder, name="all.zip", compression=zipfile.ZIP_DEFLATED):
        path = folder.parent / name
        with zipfile.ZipFile(path, "w", compression) as file:
            for member in sorted(folder.rglob("*"), reverse=True):
                file.write(member, member.relative_to(folder))
        return path

    return make


@pytest.fixture
def no_decoding(monkeypatch):
    """From now on, decoding fails."""

    def start():
        def fail(*_):
            raise RuntimeError("decoded again")

        monkeypatch.setattr("latentscope.datasets._pool.decode", fail)

    return start
