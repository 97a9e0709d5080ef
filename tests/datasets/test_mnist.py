"""idx files: read as they stand, refused if their sizes do not fit."""

import gzip
import os
import struct

import numpy as np
import pytest

from latentscope import datasets
from latentscope.errors import (
    DataError,
    DataTypeError,
    FileFormatError,
    MissingFileError,
    TooLargeError,
)

PIXELS = np.random.default_rng(0).integers(256, size=(20, 28, 28), dtype=np.uint8)
DIGITS = np.arange(20, dtype=np.uint8) % 10


def idx(array, shape=None, magic=0x800):
    shape = array.shape if shape is None else shape
    return struct.pack(f">{1 + len(shape)}I", magic + len(shape), *shape) + array.tobytes()


@pytest.fixture(params=["plain", "gzip"])
def write(request, tmp_path):
    """Write bytes, compressed or not; the name does not tell which."""

    def make(content, name="images"):
        path = tmp_path / name
        path.write_bytes(content if request.param == "plain" else gzip.compress(content))
        return path

    return make


class TestOpens:
    def test_images_and_labels(self, write):
        images = datasets.mnist(write(idx(PIXELS)), labels=write(idx(DIGITS), "labels"))
        np.testing.assert_array_equal(images.pixels, PIXELS[..., None])
        assert images.pixels.dtype == np.uint8
        assert images.labels["digit"].dtype == np.int64
        assert images.labels["digit"].tolist() == DIGITS.tolist()
        assert images.ids[:2].tolist() == ["0", "1"]
        assert images.meta == {
            "source": "images",
            "size": [28, 28],
            "cut": "as stored",
            "n_skipped": 0,
        }

    def test_without_labels_and_of_any_size(self, write):
        images = datasets.mnist(str(write(idx(PIXELS[:, :9, :7]))))
        assert images.pixels.shape == (20, 9, 7, 1)
        assert not images.labels

    def test_what_is_not_compressed_is_mapped(self, tmp_path):
        (tmp_path / "a").write_bytes(idx(PIXELS))
        pixels = datasets.mnist(tmp_path / "a").pixels
        assert isinstance(pixels, np.memmap)


FAULTS = {
    "empty": (b"", FileFormatError, "must hold images .*; it is empty"),
    "page": (b"<!DOCTYPE html>", FileFormatError, "HTML"),
    "pointer": (b"version https://git-lfs.github.com/spec", FileFormatError, "git lfs pull"),
    "garbage": (b"garbage", FileFormatError, "no known signature"),
    "labels": (idx(DIGITS), FileFormatError, "it holds labels .*: are images and labels swapped"),
    "floats": (idx(PIXELS, magic=0xD00), FileFormatError, "must hold images"),
    "header": (idx(PIXELS)[:10], FileFormatError, "ends within its header"),
    "no rows": (idx(PIXELS[:0]), DataError, r"\(0, 28, 28\), which is empty"),
    "truncated": (
        idx(PIXELS)[:-1],
        FileFormatError,
        r"declares \(20, 28, 28\), 15,680 bytes, and holds 15,679: it is truncated",
    ),
    "too long": (
        idx(PIXELS) + b"1",
        FileFormatError,
        r"15,680 bytes, .*: it is too long",
    ),
}


class TestRefusals:
    @pytest.mark.parametrize("kind", FAULTS)
    def test_faults(self, write, kind):
        content, error, match = FAULTS[kind]
        with pytest.raises(error, match=match):
            datasets.mnist(write(content))

    def test_declared_enormous(self, tmp_path, write):
        path = write(idx(PIXELS, (2**31, 28, 28)))
        error = TooLargeError if path.read_bytes().startswith(b"\x1f\x8b") else FileFormatError
        with pytest.raises(error, match=r"declares .*1,683,627,180,032 bytes"):
            datasets.mnist(path)

    def test_a_bomb_is_not_unpacked(self, tmp_path, monkeypatch):
        """Little is declared, much would come: no more is read than tells of it."""
        path = tmp_path / "a.gz"
        path.write_bytes(gzip.compress(idx(PIXELS) + bytes(50 * 2**20)))
        sizes = []
        usual = gzip.GzipFile.read

        def spy(self, size=-1):
            sizes.append(size)
            return usual(self, size)

        monkeypatch.setattr(gzip.GzipFile, "read", spy)
        with pytest.raises(FileFormatError, match="and holds more: it is too long"):
            datasets.mnist(path)
        assert sizes == [4, 12, PIXELS.size + 1]

    @pytest.mark.parametrize("n_end", [1, 9, 5000])
    def test_truncated_gzip(self, tmp_path, n_end):
        path = tmp_path / "a.gz"
        path.write_bytes(gzip.compress(idx(PIXELS))[:-n_end])
        with pytest.raises(FileFormatError, match="is damaged or truncated"):
            datasets.mnist(path)

    @pytest.mark.parametrize("seed", range(20))
    def test_damaged_gzip_is_noticed_by_its_checksum(self, tmp_path, seed):
        rng = np.random.default_rng(seed)
        content = bytearray(gzip.compress(idx(PIXELS)))
        content[rng.integers(10, len(content))] ^= int(rng.integers(1, 256))
        (tmp_path / "a.gz").write_bytes(content)
        with pytest.raises((FileFormatError, DataError, TooLargeError), match=r"a\.gz"):
            datasets.mnist(tmp_path / "a.gz")

    def test_numbers_must_match(self, write):
        labels = write(idx(DIGITS[:-1]), "labels")
        with pytest.raises(DataError, match=r"20 images, .*labels 19 labels"):
            datasets.mnist(write(idx(PIXELS)), labels=labels)

    def test_images_as_labels(self, write):
        path = write(idx(PIXELS))
        with pytest.raises(FileFormatError, match=r"must hold labels .* swapped"):
            datasets.mnist(path, labels=path)

    @pytest.mark.parametrize(
        ("path", "error", "match"),
        [
            (None, DataTypeError, "images must name a file; got None"),
            ("no/where", MissingFileError, "no such file"),
            (os.curdir, FileFormatError, "is a folder, pipe or device"),
        ],
    )
    def test_paths(self, path, error, match):
        with pytest.raises(error, match=match):
            datasets.mnist(path)
