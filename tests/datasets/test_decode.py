"""One image: cut about its centre, resized, and refused if it is odd."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from latentscope import datasets
from latentscope.datasets._decode import BadImageError, decode, strict_pillow
from latentscope.errors import DataError, LatentscopeWarning


def encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pattern(height, width):
    """A picture whose red is the column, green the row."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    return np.stack([columns, rows, np.zeros_like(rows)], axis=2)


class TestCut:
    @pytest.mark.parametrize(
        ("height", "width", "top", "left"),
        [(20, 20, 0, 0), (20, 30, 0, 5), (30, 20, 5, 0), (20, 31, 0, 5), (218, 178, 20, 0)],
    )
    def test_the_centre_is_kept_and_not_resized_if_it_has_the_size(self, height, width, top, left):
        side = min(height, width)
        pixels = decode(encoded(Image.fromarray(pattern(height, width))), side, 3)
        expected = pattern(height, width)[top : top + side, left : left + side]
        np.testing.assert_array_equal(pixels, expected)

    @pytest.mark.parametrize("size", [8, 89, 96, 300])
    def test_a_constant_stays_constant_at_any_size(self, size):
        image = Image.new("RGB", (89, 109), (10, 200, 77))
        pixels = decode(encoded(image), size, 3)
        assert pixels.shape == (size, size, 3)
        assert pixels.dtype == np.uint8
        assert (pixels == (10, 200, 77)).all()

    def test_reduction_averages_and_does_not_alias(self):
        """A chessboard of single pixels is grey from afar, not black or white."""
        board = 255 * (np.indices((64, 64)).sum(axis=0) % 2).astype(np.uint8)
        pixels = decode(encoded(Image.fromarray(board)), 16, 1)
        assert abs(pixels.astype(int) - 127).max() <= 2

    def test_a_ramp_is_resized_to_a_ramp(self):
        """Bicubic resampling is exact on lines, away from the border: x ↦ 2x + ½."""
        ramp = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
        pixels = decode(encoded(Image.fromarray(ramp)), 32, 1)[:, 4:-4, 0]
        np.testing.assert_allclose(pixels, np.tile(2 * np.arange(4, 28) + 0.5, (32, 1)), atol=0.5)


class TestKinds:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_exif_orientation_is_applied(self, orientation):
        """What a viewer shows: rows and columns as EXIF 2.3, table of tag 0x0112, says."""
        shown = pattern(20, 30)
        stored = {
            1: shown,
            2: shown[:, ::-1],
            3: shown[::-1, ::-1],
            4: shown[::-1],
            5: shown.transpose(1, 0, 2),
            6: np.rot90(shown),
            7: np.rot90(shown, 2).transpose(1, 0, 2),
            8: np.rot90(shown, -1),
        }[orientation]
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
        np.testing.assert_array_equal(decode(content, 20, 3), shown[:, 5:25])

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
    def test_grey_palette_and_opaque_images_become_rgb(self, mode):
        image = Image.new("RGB", (20, 20), "white").convert(mode)
        assert (decode(encoded(image), 20, 3) == 255).all()

    def test_grey_by_luma(self):
        """ITU-R 601-2: 0.299 R + 0.587 G + 0.114 B."""
        pixels = decode(encoded(Image.new("RGB", (9, 9), (200, 100, 50))), 9, 1)
        assert pixels.shape == (9, 9, 1)
        assert (pixels == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)).all()

    def test_the_first_picture_of_a_phone(self, noise):
        """An MPO is a JPEG with a depth map or the like behind it."""
        options = {"save_all": True, "append_images": [noise(seed=1)]}
        alone = decode(encoded(noise(), "JPEG"), 40, 3)
        np.testing.assert_array_equal(decode(encoded(noise(), "MPO", **options), 40, 3), alone)


def truncated(noise):
    content = encoded(noise(), "JPEG")
    return content[: len(content) // 2]


def deep_rgb(noise):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">2I5B", 10, 10, 16, 2, 0, 0, 0)
    rows = zlib.compress(bytes(10 * (1 + 10 * 6)))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def gigantic(width, height):
    content = bytearray(encoded(Image.new("L", (10, 10))))
    content[16:24] = struct.pack(">2I", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


def see_through(noise):
    image = noise(mode="RGBA")
    image.putpixel((0, 0), (1, 2, 3, 254))
    return encoded(image)


ODD = {
    "empty": (lambda noise: b"", "is empty"),
    "page": (lambda noise: b"<!DOCTYPE html>", "HTML"),
    "pointer": (lambda noise: b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
    "text": (lambda noise: b"no image", "is not recognised as an image"),
    "truncated": (truncated, "is corrupt or truncated"),
    "animated": (
        lambda noise: encoded(noise(), "GIF", save_all=True, append_images=[noise(seed=1)]),
        "is animated",
    ),
    "animated png": (
        lambda noise: encoded(noise(), save_all=True, append_images=[noise(seed=1)]),
        "is animated",
    ),
    "pages": (
        lambda noise: encoded(noise(), "TIFF", save_all=True, append_images=[noise(seed=1)]),
        "has several pages",
    ),
    "16 bits": (
        lambda noise: encoded(Image.fromarray(np.zeros((9, 9), np.uint16))),
        "more than 8 bits",
    ),
    "16 bits RGB": (deep_rgb, "more than 8 bits"),
    "float": (
        lambda noise: encoded(Image.fromarray(np.zeros((9, 9), np.float32)), "TIFF"),
        "more than 8 bits",
    ),
    "cmyk": (lambda noise: encoded(noise(mode="CMYK"), "JPEG"), "has the colour mode CMYK"),
    "lab": (lambda noise: encoded(noise(mode="LAB"), "TIFF"), "has the colour mode LAB"),
    "transparent": (see_through, "is partly transparent"),
    "transparent colour": (
        lambda noise: encoded(Image.new("P", (9, 9)), transparency=0),
        "is partly transparent",
    ),
    "large": (lambda noise: gigantic(10_000, 9_000), "is gigantic: over 89,478,485 pixels"),
    "enormous": (lambda noise: gigantic(60_000, 60_000), "is gigantic"),
    "small": (lambda noise: encoded(noise(7, 30)), "is 7×30 pixels, less than 8 across"),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_images_are_refused(kind, noise):
    make, match = ODD[kind]
    with strict_pillow(), pytest.raises(BadImageError, match=match):
        decode(make(noise), 16, 3)


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("policy", ["raise", "skip"])
def test_odd_images_in_a_folder(kind, policy, noise, tmp_path):
    make, match = ODD[kind]
    (tmp_path / "odd.png").write_bytes(make(noise))
    noise().save(tmp_path / "usual.png")
    if policy == "raise":
        with pytest.raises(DataError, match=f"odd.png of .*{match}.*on_error='skip'"):
            datasets.folder(tmp_path, size=16)
        return
    with pytest.warns(LatentscopeWarning, match=f"1 of 2 images .* odd.png, .*{match}"):
        images = datasets.folder(tmp_path, size=16, on_error="skip")
    assert images.ids.tolist() == ["usual.png"]
    assert images.meta["n_skipped"] == 1


def test_pillows_limit_may_be_lifted_and_ours_stays(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(BadImageError, match="is gigantic: 60,000×60,000 pixels"):
        decode(gigantic(60_000, 60_000), 16, 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes_give_an_image_or_our_error(kind, seed, noise):
    rng = np.random.default_rng(seed)
    content = bytearray(encoded(noise(), kind))
    for place in rng.integers(200 if seed % 2 else len(content), size=4):
        content[place] ^= int(rng.integers(1, 256))
    with strict_pillow(), suppress(BadImageError):
        assert decode(bytes(content), 16, 3).shape == (16, 16, 3)
