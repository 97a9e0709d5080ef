"""Decoded pictures for the page: sheets of images, with where their points lie."""

import base64
import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from latentscope._types import Array
from latentscope.backend.protocols import Model
from latentscope.errors import LatentscopeError
from latentscope.images import Images, as_unit
from latentscope.pictures import Album, Pictures
from latentscope.reporting.study import STANDS_OUT, Study, noted
from latentscope.rows.reduction import sample_rows, take

N_RANDOM, N_HEADLINE = 8, 4  # images of each kind; kinds at the top of the page
_N_DIRECTIONS = 3
_FACTORS = (-2, -1, 0, 1, 2)
_GAP = 2  # pixels between images


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


class Gallery(NamedTuple):
    """All pictures of one model."""

    random: list[Sheet]
    uniform: list[Sheet]
    between: list[Sheet]
    along: list[Sheet]
    originals: str  # an image, empty if there are none
    reconstructions: list[Sheet]


def gallery(study: Study, model: Model, images: Images | None, rng: int) -> Gallery:
    """Decode what the page shows of one model."""
    album = Album(model, study.rows, rng=rng)
    some, _ = sample_rows(album.rows, 4, np.random.default_rng(rng))
    points = take(album.rows, some)
    strong = [one for one in study.directions if one.times_chance > STANDS_OUT][:_N_DIRECTIONS]
    originals, reconstructions = "", []
    if images is not None:
        shown = images[np.linspace(0, len(images) - 1, N_RANDOM).astype(np.int64)]
        originals = png(as_unit(shown.take(slice(None))), N_RANDOM)
        reconstructions = [Sheet.of(album.reconstruct(shown), N_RANDOM)]
    return Gallery(
        random=[Sheet.of(one, N_RANDOM // 2) for one in album.random(N_RANDOM)],
        uniform=[Sheet.of(one, 4) for one in album.uniform(4)],
        between=[
            Sheet.of(album.between(points[0], points[1], N_RANDOM), N_RANDOM),
            Sheet.of(album.between(points[-2], points[-1], N_RANDOM), N_RANDOM),
        ],
        along=[
            Sheet.of(album.along(one, points[0], factors=_FACTORS), len(_FACTORS)) for one in strong
        ],
        originals=originals,
        reconstructions=reconstructions,
    )


def tried_gallery(study: Study, model: Model, images: Images | None, rng: int) -> Gallery | None:
    """Return the gallery, or None with the reason in the study."""
    try:
        with noted(study.remarks):
            return gallery(study, model, images, rng)
    except LatentscopeError as error:
        study.left_out["pictures"] = str(error)
        return None


def png(images: Array, n_columns: int) -> str:
    """Return images in rows, as a data URI."""
    n, height, width, channels = images.shape
    n_rows = -(-n // n_columns)
    sheet = np.zeros((n_rows * (height + _GAP), n_columns * (width + _GAP), channels + 1), np.uint8)
    for k, image in enumerate((images * 255).round().astype(np.uint8)):
        top, left = k // n_columns * (height + _GAP), k % n_columns * (width + _GAP)
        sheet[top : top + height, left : left + width, :channels] = image
        sheet[top : top + height, left : left + width, channels] = 255  # gaps stay transparent
    file = io.BytesIO()
    Image.fromarray(sheet[:-_GAP, :-_GAP]).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
