"""One image file: checked, cut to a square about its centre, resized.

What would come out otherwise than it looks (CMYK, 16 bits, transparency) or stands for several
images is refused rather than converted, and so is what is broken.
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
_MAX_PIXELS = 1024**3 // 12  # Pillow's own limit, even where a caller has lifted that
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"}
_DEEP = re.compile(r"(RGB[AaX]?|LA?);16")  # raw modes; "BGR;16" is 16 bits for all three


class BadImageError(Exception):
    """An image that cannot be used; the text completes "a.jpg …"."""


def decode(content: bytes, size: int, channels: int) -> Array:
    """Return the image in `content` as bytes of shape (size, size, channels).

    The resampling is bicubic: its filter grows with the reduction, so that nothing aliases, and it
    rings less than Lanczos where photographs are slightly enlarged. Neither Pillow's `draft` nor
    `reducing_gap` shortens the way, because both change the result.

    Raises
    ------
    BadImageError
        If it is broken or odd.
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
    except Exception as error:  # the readers of Pillow raise whatever a broken file leads to
        raise BadImageError(f"is corrupt or truncated ({error})") from error


@contextmanager
def strict_pillow() -> Iterator[None]:
    """Make Pillow's warning of gigantic images an error, and silence what it says of metadata.

    Filters belong to the process, so this goes around the threads that decode, not into them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _check_header(image: Image.Image) -> None:
    """Refuse what can be refused before any pixel is decoded."""
    width, height = image.size
    if width * height > _MAX_PIXELS:
        raise BadImageError(f"is gigantic: {width:,}×{height:,} pixels")
    if min(width, height) < MIN_SIDE:
        raise BadImageError(f"is {width}×{height} pixels, less than {MIN_SIDE} across")
    # Phones keep a depth map or the like as second frame of an MPO, which is a JPEG otherwise.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise BadImageError("is animated or has several pages")
    raw_modes = str([tile[3] for tile in getattr(image, "tile", [])])
    if image.mode.startswith(("I", "F")) or _DEEP.search(raw_modes):
        raise BadImageError("has more than 8 bits per channel")
    if image.mode not in _MODES:
        raise BadImageError(f"has the colours {image.mode}, which have no exact RGB")


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
