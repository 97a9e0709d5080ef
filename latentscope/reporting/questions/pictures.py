"""What do random points, lines between points, and directions of labels decode to?"""

from typing import Any, NamedTuple

import numpy as np

from latentscope.errors import DataError
from latentscope.images import Images, as_unit
from latentscope.pictures import Album
from latentscope.reporting.questions.labels import labels_of
from latentscope.reporting.questions.question import Analysis, Question, Words
from latentscope.reporting.sheets import Sheet, png
from latentscope.reporting.study import Study
from latentscope.rows.reduction import sample_rows, take

N_IMAGES, N_HEADLINE = 8, 4  # images of each kind; kinds shown at the top of the page
N_DIRECTIONS = 3  # of labels
FACTORS = (-2, -1, 0, 1, 2)  # times the direction


class Gallery(NamedTuple):
    """All pictures of one model."""

    random: list[Sheet]
    uniform: list[Sheet]
    between: list[Sheet]
    along: list[Sheet]
    originals: str  # an image, empty if there are none
    reconstructions: list[Sheet]

    @property
    def sheets(self) -> list[Sheet]:
        """All of them."""
        return [
            *self.random, *self.uniform, *self.between, *self.along, *self.reconstructions,
        ]  # fmt: skip


def _gallery(study: Study) -> Gallery:
    """Decode the pictures of one model that the page shows."""
    if study.model is None:
        raise DataError("no model was given to decode these latents.")
    album = Album(study.model, study.rows, rng=study.rng)
    some, _ = sample_rows(album.rows, 4, np.random.default_rng(study.rng))
    points = take(album.rows, some)
    originals, reconstructions = _reconstructed(album, study.images)
    return Gallery(
        random=[Sheet.of(one, N_IMAGES // 2) for one in album.random(N_IMAGES)],
        uniform=[Sheet.of(one, 4) for one in album.uniform(4)],
        between=[
            Sheet.of(album.between(points[0], points[1], N_IMAGES), N_IMAGES),
            Sheet.of(album.between(points[-2], points[-1], N_IMAGES), N_IMAGES),
        ],
        along=[
            Sheet.of(album.along(one, points[0], factors=FACTORS), len(FACTORS))
            for one in labels_of(study).clear[:N_DIRECTIONS]
        ],
        originals=originals,
        reconstructions=reconstructions,
    )


def _reconstructed(album: Album, images: Images | None) -> tuple[str, list[Sheet]]:
    if images is None:
        return "", []
    shown = images[np.linspace(0, len(images) - 1, N_IMAGES).astype(np.int64)]
    originals = png(as_unit(shown.take(slice(None))), N_IMAGES)
    return originals, [Sheet.of(album.reconstruct(shown), N_IMAGES)]


def _numbers(gallery: Gallery | None) -> Any:
    """Return the numbers shown below the images."""
    if gallery is None:
        return None
    return [
        {"title": one.title, "distance": one.distance, "radius": one.radius, "score": one.score}
        for one in gallery.sheets
    ]


PICTURES = Analysis(key="pictures", title="pictures", run=_gallery, numbers=_numbers)

HEADLINE = Words(
    title="What random points decode to",
    shows="Four kinds of random points, decoded by each model: two that use nothing of the data "
    "(the standard normal distribution N(0, I), and uniform points in a cube), a Gaussian with the "
    "data's mean and variance along each axis, and one with its mean and full covariance. The bar "
    "is the meaningful-image score: when an image is encoded and decoded again, does it come back, "
    "does it land among the data, and does it have as much contrast? A full bar means: like images "
    "of the data. Distance (Mahalanobis: from the mean of the data, in standard deviations) and "
    "radius (distance from the origin) are medians over the eight points shown; the score is "
    "their mean.",
)
GALLERY = Words(
    title="Pictures",
    shows="Below each picture: the meaningful-image score (mean), and the Mahalanobis distance "
    "from the data and the radius (medians).",
    misleads="The eye is lenient with blurred, familiar images. A sharp image need not be a true "
    "one, and a model that decodes everything to a few images scores well.",
)
QUESTION = Question(key="pictures", title=HEADLINE.title, computes=(PICTURES,))
