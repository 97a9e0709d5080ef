"""Decoded once, opened from then on; what a killed writer leaves never looks complete."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import platformdirs
import pytest

from latentscope import datasets
from latentscope.datasets import _cache, _pool
from latentscope.errors import DataError


@pytest.fixture(params=["folder", "zip"])
def source(request, pictures, zipped):
    return pictures if request.param == "folder" else zipped(pictures)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


class TestHit:
    def test_nothing_is_decoded_again(self, source, no_decoding):
        first = datasets.folder(source)
        no_decoding()
        second = datasets.folder(source)
        np.testing.assert_array_equal(first.pixels, second.pixels)
        assert first.ids.tolist() == second.ids.tolist()
        assert first.meta == second.meta

    def test_another_way_to_write_the_path(self, pictures, no_decoding, monkeypatch):
        datasets.folder(pictures)
        no_decoding()
        monkeypatch.chdir(pictures.parent)
        assert len(datasets.folder("pictures")) == 6

    @pytest.mark.parametrize("options", [{"size": 32}, {"channels": 1}])
    def test_other_options_have_files_of_their_own(self, source, cache, options, no_decoding):
        datasets.folder(source)
        datasets.folder(source, **options)
        assert len(files(cache)) == 4
        no_decoding()
        assert datasets.folder(source).pixels.shape == (6, 96, 96, 3)

    def test_the_policy_shares_them(self, source, no_decoding):
        datasets.folder(source, on_error="skip")
        no_decoding()
        datasets.folder(source, on_error="raise")

    def test_a_zip_is_not_even_opened(self, pictures, zipped, monkeypatch):
        path = zipped(pictures)
        datasets.folder(path)
        monkeypatch.delattr("zipfile.ZipFile")
        assert len(datasets.folder(path)) == 6


class TestPlace:
    def test_the_environment_names_it(self, source, cache):
        datasets.folder(source)
        assert [name.rpartition(".")[2] for name in files(cache)] == ["json", "npy"]

    def test_the_caller_names_it(self, source, cache, tmp_path):
        datasets.folder(source, cache=tmp_path / "new" / "cache")
        assert files(cache) == []
        assert len(files(tmp_path / "new" / "cache")) == 2

    @pytest.mark.parametrize("value", [None, ""])
    def test_by_default_the_systems(self, monkeypatch, value):
        monkeypatch.delenv("LATENTSCOPE_CACHE")
        if value is not None:
            monkeypatch.setenv("LATENTSCOPE_CACHE", value)
        usual = platformdirs.user_cache_dir("latentscope", appauthor=False)
        assert str(_cache.cache_folder(None)) == usual


def rewrite(pictures):
    content = (pictures / "c.bmp").read_bytes()
    (pictures / "c.bmp").write_bytes(content[:-30] + bytes(30))  # of the same size
    os.utime(pictures / "c.bmp", ns=(0, 0))


CHANGES = {
    "rewritten": rewrite,
    "removed": lambda pictures: (pictures / "c.bmp").unlink(),
    "renamed": lambda pictures: (pictures / "c.bmp").rename(pictures / "cc.bmp"),
    "added": lambda pictures: shutil.copy(pictures / "c.bmp", pictures / "c2.bmp"),
    "replaced": lambda pictures: shutil.copy(pictures / "b.png", pictures / "c.bmp"),
}


class TestMiss:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_a_change_of_the_folder(self, pictures, change, tmp_path, cache):
        datasets.folder(pictures)
        change(pictures)
        images = datasets.folder(pictures)
        fresh = datasets.folder(pictures, cache=tmp_path / "fresh")
        np.testing.assert_array_equal(images.pixels, fresh.pixels)
        assert images.ids.tolist() == fresh.ids.tolist()
        assert len(files(cache)) == 2  # what is out of date is gone

    def test_a_change_of_the_zip(self, pictures, zipped, cache):
        datasets.folder(zipped(pictures))
        (pictures / "b.png").unlink()
        assert len(datasets.folder(zipped(pictures))) == 5
        assert len(files(cache)) == 2

    def test_an_image_that_could_not_be_read_is_tried_again(self, pictures, cache):
        (pictures / "new.png").symlink_to(pictures / "later.bin")
        with pytest.warns(UserWarning, match=r"new\.png, cannot be read"):
            datasets.folder(pictures, on_error="skip")
        shutil.copy(pictures / "b.png", pictures / "later.bin")
        assert len(datasets.folder(pictures)) == 7

    @pytest.mark.parametrize(
        "harm",
        [
            lambda pixels, index: pixels.unlink(),
            lambda pixels, index: index.unlink(),
            lambda pixels, index: pixels.write_bytes(pixels.read_bytes()[:-1]),
            lambda pixels, index: pixels.write_bytes(bytes(pixels.stat().st_size)),
            lambda pixels, index: pixels.write_bytes(b""),
            lambda pixels, index: index.write_text(index.read_text()[:-5]),
            lambda pixels, index: index.write_text("[]"),
            lambda pixels, index: index.write_text("{}"),
            lambda pixels, index: index.write_bytes(b"\xff\xfe"),
            lambda pixels, index: index.write_text(index.read_text().replace("b.png", '", "')),
        ],
    )
    def test_damaged_files_are_made_again(self, source, cache, harm):
        before = np.array(datasets.folder(source).pixels)
        (pixels,) = cache.glob("*.npy")
        harm(pixels, pixels.with_suffix(".json"))
        again = datasets.folder(source)
        np.testing.assert_array_equal(again.pixels, before)
        assert again.ids.tolist()[:2] == ["a.jpg", "b.png"]

    def test_other_files_in_the_folder_stay(self, pictures, cache):
        (cache / "pictures-mine.npy").touch()
        datasets.folder(pictures)
        assert "pictures-mine.npy" in files(cache)

    def test_parts_of_killed_writers_go_after_a_day(self, pictures, cache):
        datasets.folder(pictures)
        family = files(cache)[0].rpartition("-")[0]
        for age, name in [(0, "young"), (2 * 24 * 3600, "old")]:
            path = cache / f".{name}.part.{family[-12:]}-x.npy"
            path.touch()
            os.utime(path, (time.time() - age,) * 2)
        (pictures / "b.png").unlink()
        datasets.folder(pictures)
        assert [name for name in files(cache) if "part" in name] == [
            f".young.part.{family[-12:]}-x.npy"
        ]


def _dumps_but(stop, usual):
    """Fail when the second file is written, not when its name is made."""
    return lambda value: stop(value) if isinstance(value, dict) else usual(value)


class TestKilled:
    @pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RuntimeError])
    @pytest.mark.parametrize("n_before", [0, 3])
    def test_an_end_within_decoding_leaves_nothing(
        self, source, cache, monkeypatch, error, n_before
    ):
        usual, calls = _pool.decode, []

        def stop(*rest):
            calls.append(rest)
            if len(calls) > n_before:
                raise error("stopped")
            return usual(*rest)

        monkeypatch.setattr(_pool, "decode", stop)
        with pytest.raises(error, match="stopped"):
            datasets.folder(source)
        assert files(cache) == []

    def test_an_interrupt_cancels_what_is_not_begun(self, tmp_path, monkeypatch):
        for number in range(10 * _pool._BATCH):
            (tmp_path / f"{number:03}.png").touch()
        calls = []

        def stop(*_):
            calls.append(1)
            if len(calls) == 1:
                raise KeyboardInterrupt("stopped")
            time.sleep(0.02)  # meanwhile the interrupt arrives
            return np.zeros((96, 96, 3), np.uint8)

        monkeypatch.setattr(_pool, "decode", stop)
        monkeypatch.setattr(_pool, "n_cores", lambda: 1)
        with pytest.raises(KeyboardInterrupt, match="stopped"):
            datasets.folder(tmp_path)
        assert len(calls) <= 1 + _pool._BATCH  # the task that raised, and the one begun since

    def test_an_end_between_the_two_files_is_a_miss(self, source, cache, monkeypatch):
        def stop(_):
            raise KeyboardInterrupt("stopped")

        monkeypatch.setattr(_cache.json, "dumps", _dumps_but(stop, json.dumps))
        with pytest.raises(KeyboardInterrupt, match="stopped"):
            datasets.folder(source)
        assert [name.rpartition(".")[2] for name in files(cache)] == ["npy"]
        monkeypatch.undo()
        assert len(datasets.folder(source, cache=cache)) == 6

    def test_killed_at_once(self, pictures, cache):
        code = (
            "import os, sys\n"
            "from latentscope import datasets\n"
            "from latentscope.datasets import _pool\n"
            "_pool.decode = lambda *_: os._exit(9)\n"
            "datasets.folder(sys.argv[1])\n"
        )
        done = subprocess.run([sys.executable, "-c", code, pictures], check=False)
        assert done.returncode == 9
        assert [name for name in files(cache) if not re.search(r"\.(part|lock)\.", name)] == []
        assert len(datasets.folder(pictures)) == 6

    def test_a_bad_image_leaves_nothing(self, pictures, cache):
        (pictures / "z.png").touch()
        with pytest.raises(DataError, match="on_error='skip'"):
            datasets.folder(pictures)
        assert files(cache) == []


class TestRefusals:
    def test_a_cache_that_is_a_file(self, source, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(DataError, match=r"cannot write to the cache folder .*file.*cache="):
            datasets.folder(source, cache=tmp_path / "file")

    @pytest.mark.parametrize("number", [13, 28, 30])  # not permitted, disk full, read-only
    def test_what_the_system_refuses(self, source, cache, monkeypatch, number):
        def fail(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(_cache, "_write_header", fail)
        match = rf"cache folder {cache}: .*{os.strerror(number)}.*LATENTSCOPE_CACHE"
        with pytest.raises(DataError, match=match):
            datasets.folder(source)
        assert files(cache) == []

    def test_too_little_space_is_said_before_decoding(
        self, source, cache, monkeypatch, no_decoding
    ):
        monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100))
        no_decoding()
        with pytest.raises(DataError, match=r"6 images take .* GiB, more than is free .*cache="):
            datasets.folder(source)
        assert files(cache) == []
