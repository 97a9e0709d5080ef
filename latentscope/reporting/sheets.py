"""Decoded pictures for the page: sheets of images, with the places of their points."""

import base64
import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from latentscope._types import Array
from latentscope.pictures import Pictures

_MARGIN = 2  # pixels between images


class Sheet(NamedTuple):
    """Images of one kind, as the page shows them."""

    title: str
    uri: str
    n_columns: int
    distance: float  # medians
    radius: float
    score: float

    @classmethod
    def of(cls, pictures: Pictures, n_columns: int) -> "Sheet":
        """Lay the images out in rows."""
        return cls(
            pictures.name,
            png(pictures.images, n_columns),
            n_columns,
            float(np.median(pictures.distance)),
            float(np.median(pictures.radius)),
            float(pictures.score.mean()),
        )


def png(images: Array, n_columns: int) -> str:
    """Return images in rows, as a data URI."""
    n, height, width, channels = images.shape
    n_rows = -(-n // n_columns)
    sheet = np.zeros(
        (n_rows * (height + _MARGIN), n_columns * (width + _MARGIN), channels + 1), np.uint8
    )
    for k, image in enumerate((images * 255).round().astype(np.uint8)):
        top, left = k // n_columns * (height + _MARGIN), k % n_columns * (width + _MARGIN)
        sheet[top : top + height, left : left + width, :channels] = image
        sheet[top : top + height, left : left + width, channels] = 255  # margins stay transparent
    file = io.BytesIO()
    Image.fromarray(sheet[:-_MARGIN, :-_MARGIN]).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
