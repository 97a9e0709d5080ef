"""Decoding of one image file: checked, cropped to its central square, resized.

A file that would not come out as it looks (CMYK, 16 bits, transparency), that holds several images
or that is broken is rejected rather than converted.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from latentscope._disk.paths import looks_like
from latentscope._types import Array

CUT = "centre square, bicubic"
MIN_SIDE = 8  # pixels; less is an icon or a tracking pixel
_MAX_PIXELS = 1024**3 // 12  # Pillow's own limit, even if a caller has lifted it
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"}
_DEEP = re.compile(r"(RGB[AaX]?|LA?);16")  # raw modes; "BGR;16" is 16 bits for all three


class BadImageError(Exception):
    """An image that cannot be used; the text completes "a.jpg …"."""


def decode(content: bytes, size: int, channels: int) -> Array:
    """Return the image in `content` as bytes of shape (size, size, channels).

    The resampling is bicubic: its filter widens with the reduction, so that nothing aliases, and it
    rings less than Lanczos where photographs are slightly enlarged. Pillow's shortcuts `draft` and
    `reducing_gap` are not used, because both change the result.

    Raises
    ------
    BadImageError
        If it is broken or of a kind that is not supported.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            _check_header(image)
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            return _cut(_plain(image, channels), size)
    except (BadImageError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImageError(f"is gigantic: over {_MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise BadImageError(
            f"is not recognised as an image; it {looks_like(content[:64])}"
        ) from error
    except Exception as error:  # Pillow's readers raise whatever a broken file leads to
        raise BadImageError(f"is corrupt or truncated ({error})") from error


@contextmanager
def strict_pillow() -> Iterator[None]:
    """Turn Pillow's warning of gigantic images into an error, and silence those about metadata.

    Warning filters belong to the process, so use this around the threads that decode, not in them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _check_header(image: Image.Image) -> None:
    """Reject what can be rejected before any pixel is decoded."""
    width, height = image.size
    if width * height > _MAX_PIXELS:
        raise BadImageError(f"is gigantic: {width:,}×{height:,} pixels")
    if min(width, height) < MIN_SIDE:
        raise BadImageError(f"is {width}×{height} pixels, less than {MIN_SIDE} across")
    # Phones store a depth map or the like as second frame of an MPO, which otherwise is a JPEG.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise BadImageError("is animated or has several pages")
    raw_modes = str([tile[3] for tile in getattr(image, "tile", [])])
    if image.mode.startswith(("I", "F")) or _DEEP.search(raw_modes):
        raise BadImageError("has more than 8 bits per channel")
    if image.mode not in _MODES:
        raise BadImageError(f"has the colour mode {image.mode}, which has no exact RGB")


def _plain(image: Image.Image, channels: int) -> Image.Image:
    """Return the image as grey or RGB."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema() != (255, 255):
            raise BadImageError("is partly transparent")
    return image.convert("L" if channels == 1 else "RGB")


def _cut(image: Image.Image, size: int) -> Array:
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    square = image.crop((left, top, left + side, top + side))
    pixels = np.asarray(square.resize((size, size), Image.Resampling.BICUBIC))
    return pixels.reshape(size, size, -1)
