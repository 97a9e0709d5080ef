"""Zips that are none, damaged or hostile."""

import io
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from latentscope import datasets
from latentscope.errors import DataError, FileFormatError, LatentscopeError, LatentscopeWarning


@pytest.fixture
def png(noise):
    file = io.BytesIO()
    noise().save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def make(tmp_path, png):
    """A zip of a good image and of entries (name, content)."""

    def build(*entries, compression=zipfile.ZIP_DEFLATED):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", compression) as file:
            file.writestr("good.png", png, zipfile.ZIP_DEFLATED)
            for name, content in entries:
                file.writestr(name, content)
        return path

    return build


def patch(path, old, new, n=-1):
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, n))


class TestNoZip:
    @pytest.mark.parametrize(
        ("content", "match"),
        [
            (b"", "is empty"),
            (b"<!DOCTYPE html>", "HTML"),
            (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
            (b"PK\x03\x04 and so on", "damaged or truncated zip"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"Rar!", "RAR"),
            (b"\xff\xd8\xff\xe0", "is a JPEG image: pass the folder"),
            (b"something", "no known signature"),
        ],
    )
    def test_says_what_it_looks_like(self, tmp_path, content, match):
        (tmp_path / "a.zip").write_bytes(content)
        with pytest.raises(FileFormatError, match=f"cannot be read as a zip; it .*{match}"):
            datasets.folder(tmp_path / "a.zip")

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
    def test_truncated(self, make, share):
        path = make(("b.png", b"x" * 1000))
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        with pytest.raises(FileFormatError, match="damaged or truncated zip"):
            datasets.folder(path)

    def test_without_images(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
            file.writestr("a.txt", "text")
        with pytest.raises(DataError, match="has no images"):
            datasets.folder(tmp_path / "a.zip")

    def test_not_ours_to_read(self, make, monkeypatch):
        def fail(*_):
            raise PermissionError(13, "Permission denied")

        path = make()
        monkeypatch.setattr("zipfile.ZipFile", fail)
        with pytest.raises(FileFormatError, match="cannot be read: Permission denied"):
            datasets.folder(path)


def bomb(make):
    return make(("bad.png", bytes(20 * 2**20)))


def large(make):
    path = make(("bad.png", b"12345"), compression=zipfile.ZIP_STORED)
    old, new = struct.pack("<2I", 5, 5), struct.pack("<2I", 300 * 2**20, 300 * 2**20)
    patch(path, old, new)
    return path


def lying(make):
    """An entry that unpacks to far more than it declares: no more than declared is unpacked."""
    n = 16 * 2**20
    path = make(("bad.png", bytes(n)))
    patch(path, struct.pack("<I", n), struct.pack("<I", 1000))
    return path


def encrypted(make):
    path = make(("bad.png", b"secret"))
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def other_compression(make):
    return make(("bad.png", b"x"), compression=zipfile.ZIP_LZMA)


def damaged(make):
    path = make(("bad.png", b"0123456789"), compression=zipfile.ZIP_STORED)
    patch(path, b"0123456789", b"0123456780")
    return path


def twice(make):
    with pytest.warns(UserWarning, match="Duplicate name"):
        return make(("bad.png", b""), ("bad.png", b""))


def elsewhere(make):
    """An entry that points beyond the end of the file."""
    path = make(("bad.png", b"x"))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02") + 42
    content[place : place + 4] = struct.pack("<I", 10**9)
    path.write_bytes(content)
    return path


HOSTILE = {
    bomb: r"declares 20,971,520 bytes and stores 20,\d\d\d",
    large: "declares 314,572,800 bytes",
    lying: "cannot be unpacked",
    encrypted: "is encrypted",
    other_compression: "has an unsupported compression",
    damaged: "cannot be unpacked",
    twice: "is",
    elsewhere: "cannot be unpacked",
}


@pytest.mark.parametrize("build", HOSTILE)
def test_a_hostile_entry_is_a_bad_image(make, build):
    path = build(make)
    with pytest.raises(DataError, match=rf"bad\.png of .*{HOSTILE[build]}.*on_error='skip'"):
        datasets.folder(path)
    with pytest.warns(LatentscopeWarning, match=f"bad.png, {HOSTILE[build]}"):
        images = datasets.folder(path, on_error="skip")
    assert images.ids.tolist() == ["good.png"]


@pytest.mark.parametrize("build", [bomb, large, encrypted, other_compression])
def test_what_the_header_tells_is_not_unpacked(make, build, monkeypatch):
    path = build(make)
    opened = []
    usual = zipfile.ZipFile.open

    def spy(self, info, *rest, **options):
        opened.append(info.filename)
        return usual(self, info, *rest, **options)

    monkeypatch.setattr(zipfile.ZipFile, "open", spy)
    with pytest.warns(LatentscopeWarning, match="left out"):
        datasets.folder(path, on_error="skip")
    assert opened == ["good.png"]


def test_no_more_is_unpacked_than_declared(make):
    path = lying(make)
    tracemalloc.start()
    try:
        with pytest.warns(LatentscopeWarning, match="cannot be unpacked"):
            datasets.folder(path, on_error="skip")
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def test_the_second_of_a_name_is_left_out(make, png):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = make(("good.png", png))
    with pytest.warns(LatentscopeWarning, match=r"good\.png, is in the zip twice"):
        assert len(datasets.folder(path, on_error="skip")) == 1


def test_nothing_is_extracted(make, tmp_path, png):
    datasets.folder(make(("c/d.png", png)))
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("name", ["../../up.png", "/abs.png", "a/../../b.png"])
def test_names_that_lead_out_do_not_become_ids(make, png, name):
    with pytest.warns(LatentscopeWarning, match="has a name that leads out of the zip"):
        assert datasets.folder(make((name, png)), on_error="skip").ids.tolist() == ["good.png"]


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_give_images_or_our_error(make, png, seed):
    rng = np.random.default_rng(seed)
    path = make(("b.png", png), ("c/d.png", png))
    content = bytearray(path.read_bytes())
    n_end = 300 if seed % 2 else len(content)  # the list of entries, or anywhere
    for place in rng.integers(1, n_end, size=3):
        content[-place] ^= int(rng.integers(1, 256))
    path.write_bytes(content)
    with suppress(LatentscopeError):
        assert 1 <= len(datasets.folder(path)) <= 3
