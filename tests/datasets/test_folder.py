"""Any folder or zip: the same images either way, once and for all."""

import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from latentscope import datasets
from latentscope.errors import (
    DataError,
    DataTypeError,
    FileFormatError,
    LatentscopeWarning,
    MissingFileError,
)

NAMES = ["a.jpg", "b.png", "c.bmp", "cats/e.tif", "cats/z.JPG", "d.webp"]


class TestOpens:
    def test_names_labels_and_meta(self, pictures):
        images = datasets.folder(pictures, size=32)
        assert images.pixels.shape == (6, 32, 32, 3)
        assert images.ids.tolist() == NAMES
        assert images.labels["folder"].tolist() == ["", "", "", "cats", "cats", ""]
        assert images.meta == {
            "source": "pictures",
            "size": 32,
            "cut": "centre square, bicubic",
            "n_skipped": 0,
            "skipped": {},
        }

    def test_without_sub_folders_there_is_no_label(self, tmp_path, noise):
        noise().save(tmp_path / "a.png")
        assert not datasets.folder(tmp_path).labels

    def test_each_row_is_its_image(self, tmp_path):
        """More images than one task takes, on several threads: the order is kept."""
        for level in range(100):
            Image.new("L", (8, 8), level).save(tmp_path / f"{level:03}.png")
        images = datasets.folder(tmp_path, size=8, channels=1)
        np.testing.assert_array_equal(images.pixels[:, 0, 0, 0], np.arange(100))

    def test_pixels_are_mapped_not_in_memory(self, pictures):
        assert isinstance(datasets.folder(pictures).pixels, np.memmap)

    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_zip_equals_folder(self, pictures, zipped, compression, channels):
        one = datasets.folder(pictures, channels=channels)
        two = datasets.folder(zipped(pictures, compression=compression), channels=channels)
        np.testing.assert_array_equal(one.pixels, two.pixels)
        assert one.ids.tolist() == two.ids.tolist()
        assert one.labels["folder"].tolist() == two.labels["folder"].tolist()

    @pytest.mark.parametrize("kind", [str, os.fspath, lambda path: path])
    def test_kinds_of_path(self, pictures, kind):
        assert len(datasets.folder(kind(pictures), cache=kind(pictures.parent))) == 6

    def test_hidden_files_and_other_files_are_ignored(self, pictures, zipped):
        for name in ["._a.jpg", "__MACOSX/a.jpg", ".git/a.jpg", "read me.txt", "cats/.DS_Store"]:
            (pictures / name).parent.mkdir(exist_ok=True)
            (pictures / name).write_bytes(b"no image")
        assert datasets.folder(pictures).ids.tolist() == NAMES
        assert datasets.folder(zipped(pictures)).ids.tolist() == NAMES

    def test_a_circle_of_links_ends(self, pictures):
        (pictures / "cats" / "up").symlink_to(pictures)
        assert datasets.folder(pictures).ids.tolist() == NAMES

    def test_names_of_any_letters(self, tmp_path, noise):
        for name in ["ä ö.png", "图.png"]:
            noise().save(tmp_path / name)
        assert datasets.folder(tmp_path).ids.tolist() == ["ä ö.png", "图.png"]


class TestSkip:
    def test_counted_named_and_warned_of_each_time(self, pictures, no_decoding):
        (pictures / "bad.png").write_bytes(b"<html>")
        (pictures / "none.png").symlink_to(pictures / "nowhere")
        match = r"2 of 8 images of pictures are left out; the first, bad\.png, .*HTML"
        with pytest.warns(LatentscopeWarning, match=match) as warned:
            images = datasets.folder(pictures, on_error="skip")
        assert warned[0].filename == __file__
        assert images.ids.tolist() == NAMES
        assert images.meta["n_skipped"] == 2
        assert images.meta["skipped"]["none.png"] == "cannot be read (No such file or directory)"
        no_decoding()
        with pytest.warns(LatentscopeWarning, match=match):
            datasets.folder(pictures, on_error="skip")
        with pytest.raises(DataError, match=r"bad\.png of .*on_error='skip'"):
            datasets.folder(pictures)

    def test_the_rest_is_what_it_was(self, pictures):
        before = np.array(datasets.folder(pictures).pixels)
        (pictures / "bad.png").write_bytes(b"<html>")
        with pytest.warns(LatentscopeWarning, match="1 of 7"):
            after = datasets.folder(pictures, on_error="skip")
        np.testing.assert_array_equal(after.pixels, before)

    def test_meta_names_the_first_only(self, pictures):
        for number in range(30):
            (pictures / f"bad{number:02}.png").touch()
        with pytest.warns(LatentscopeWarning, match="30 of 36"):
            meta = datasets.folder(pictures, on_error="skip").meta
        assert meta["n_skipped"] == 30
        assert len(meta["skipped"]) == 10

    @pytest.mark.parametrize("policy", ["raise", "skip"])
    def test_nothing_left(self, tmp_path, policy, cache):
        (tmp_path / "a.png").touch()
        match = "on_error" if policy == "raise" else r"none of the 1 images .* a\.png, .* is empty"
        with pytest.raises(DataError, match=match):
            datasets.folder(tmp_path, on_error=policy)
        assert list(cache.iterdir()) == []

    def test_a_pipe_does_not_hang(self, pictures):
        os.mkfifo(pictures / "pipe.png")
        with pytest.raises(DataError, match=r"pipe\.png of .* is a pipe or device"):
            datasets.folder(pictures)

    def test_a_fault_of_the_disk_is_no_fault_of_the_image(self, pictures, monkeypatch):
        def fail(*_):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr("latentscope.datasets._tree.open", fail, raising=False)
        with pytest.raises(DataError, match=r"reading .*a\.jpg failed: .*Try again"):
            datasets.folder(pictures, on_error="skip")


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "error", "match"),
        [
            ({"size": 0}, DataError, "size must be an integer from 1 to 4096 .*; got 0"),
            ({"size": 5000}, DataError, "size must be .*; got 5000"),
            ({"size": 9.5}, DataTypeError, "size must be an integer"),
            ({"channels": 4}, DataError, "channels must be .*1 for grey, 3 for RGB.*; got 4"),
            ({"channels": True}, DataError, "channels must be"),
            ({"on_error": "skp"}, DataError, "Did you mean 'skip'"),
            ({"cache": 3}, DataTypeError, "cache must be a folder or None; got 3"),
        ],
    )
    def test_options(self, pictures, options, error, match):
        with pytest.raises(error, match=match):
            datasets.folder(pictures, **options)

    @pytest.mark.parametrize(
        ("path", "error", "match"),
        [
            (None, DataTypeError, "path must name a file; got None"),
            ("no/where", MissingFileError, "no such file: no/where"),
            (os.devnull, FileFormatError, "is a pipe or device"),
        ],
    )
    def test_paths(self, path, error, match):
        with pytest.raises(error, match=match):
            datasets.folder(path)

    def test_empty_folder(self, tmp_path):
        with pytest.raises(DataError, match=r"has no images \(\.jpg"):
            datasets.folder(tmp_path)

    def test_a_folder_that_cannot_be_listed(self, pictures, monkeypatch):
        def fail(top, onerror):
            onerror(PermissionError(13, "Permission denied"))

        monkeypatch.setattr("os.walk", fail)
        with pytest.raises(DataError, match=r"cannot be listed: .*Permission denied"):
            datasets.folder(pictures)
