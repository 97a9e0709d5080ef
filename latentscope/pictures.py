"""What do points of the latent space look like? Decoded images, with the place of each point.

An `Album` combines a model with the latents of its data. Whatever it decodes, from random points
to the line from one face to another, comes with the Mahalanobis distance of each point from the
data, its radius, and its meaningful-image score.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Self

import numpy as np
from PIL import Image, ImageEnhance

from latentscope._types import Array, FloatArray, Panels, Vector
from latentscope._validate import generator, integer, real
from latentscope.analysis.direction import Direction
from latentscope.analysis.round_trip import RoundTrip, Standard
from latentscope.backend.asking import decode, encode_mean, latents_of
from latentscope.backend.protocols import Model
from latentscope.errors import DataError
from latentscope.images import Pixels, as_images, as_unit
from latentscope.rows.reduction import row_numbers, take
from latentscope.rows.source import Points, as_rows
from latentscope.sample import axis_gaussian, core, gaussian, mixture, normal, uniform

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PRIOR, PER_AXIS, FULL = "N(0, I)", "Gaussian per axis", "full Gaussian"
HALF_WIDTHS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 5.0, 8.0)  # of the published cubes
HALF_WIDTH = 1.5  # half-width of the cube among the random points
_PER_COMPONENT = 4  # rows per axis and Gaussian of the mixture
_MAX_COMPONENTS = 10  # Gaussians of the mixture

__all__ = ["HALF_WIDTHS", "Album", "Pictures", "sharpened"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Pictures:
    """Decoded images of some points, with what is known about the points.

    Attributes
    ----------
    name : str
        What they show.
    images : float32 array of shape (n, height, width, channels)
        In [0, 1].
    trip : RoundTrip
        Where the points lie (`trip.start`), and how meaningful their images are (`trip.score`).
    """

    name: str
    images: Array
    trip: RoundTrip

    @property
    def distance(self) -> FloatArray:
        """Mahalanobis distance of each point from the data's mean."""
        return self.trip.start.distance

    @property
    def radius(self) -> FloatArray:
        """L2 norm of each point."""
        return self.trip.start.radius

    @property
    def score(self) -> FloatArray:
        """Meaningful-image score of each, from 0 to 1."""
        return self.trip.score

    def sharpened(self, factor: float) -> Self:
        """Return a copy with sharper images; see the function `sharpened`."""
        return replace(self, images=sharpened(self.images, factor))

    def plot(self, ax: "Axes | Sequence[Axes] | Panels | None" = None) -> Panels:
        """Draw the images in a row, with distance, radius and score below each."""
        panels: Panels = import_module("latentscope.plot").plot_pictures([self], ax=ax)
        return panels

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return (
            f"<Pictures of {self.name}: {len(self)}, distance {np.median(self.distance):.4g}, "
            f"radius {np.median(self.radius):.4g}, score {self.score.mean():.2f}>"
        )


class Album:
    """Images decoded by one model, judged against the latents of its data.

    Parameters
    ----------
    model : backend.Model
        With `encode` and `decode`.
    z : array-like of shape (n_points, z_dim), or Latents
        The latents of the data under this model.
    rng : int or numpy.random.Generator
        Seed of all draws, and of the choice of the data points that set the standard of the score.

    Raises
    ------
    DataError
        If z does not have the model's z_dim columns, or has too few rows for a covariance.
    BackendError
        If the model does not do what `backend.Model` requires.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from latentscope.latents import Latents
    >>> model = SimpleNamespace(kind="ae", z_dim=4, image_shape=(2, 2, 1), meta={})
    >>> model.decode = lambda z: (0.5 + z / 20).clip(0, 1).reshape(-1, 2, 2, 1).astype("f4")
    >>> model.encode = lambda x, rng=0: Latents(20 * (x.reshape(-1, 4) - 0.5))
    >>> album = Album(model, 3 + normal(1000, 4))
    >>> [pictures.name for pictures in album.random(5)][:2]
    ['N(0, I)', 'uniform ±1.5']
    >>> album.decode(np.zeros((1, 4)), "the origin").distance.round()
    array([6.])
    """

    def __init__(self, model: Model, z: Points, *, rng: int | np.random.Generator = 0) -> None:
        self.model, self.rows = model, latents_of(model, z)
        self._random = generator(rng)
        self._seed = int(self._random.integers(2**31))  # of `standard`, when that is needed

    @cached_property
    def standard(self) -> Standard:
        """Round trips of the data's own points, against which all others are judged."""
        return Standard.of(self.model, self.rows, rng=generator(self._seed))

    def decode(self, points: Points, name: str = "given points") -> Pictures:
        """Decode any points of the latent space.

        Parameters
        ----------
        points : array-like of shape (n, z_dim), or Latents
        name : str
            What the points are, for captions.
        """
        given = as_rows(points, least=1, name="points")
        array = take(given, row_numbers(given))
        trip = self.standard.judge(array)
        return Pictures(name=name, images=decode(self.model, array), trip=trip)

    def random(self, n: int = 8) -> tuple[Pictures, ...]:
        """Decode `n` random points of each kind, starting with the kind that uses the data least.

        The kinds are N(0, I), the cube ±1.5, a Gaussian per axis, the full Gaussian, its core, and
        a mixture of up to ten Gaussians, as many as leave four rows per axis to each.
        """
        n, d, rng, rows = integer("n", n, low=1), self.rows.z_dim, self._random, self.rows
        n_rows = len(row_numbers(rows))
        n_components = int(np.clip(n_rows // (_PER_COMPONENT * d), 1, _MAX_COMPONENTS))
        n_fit = min(n_rows, _PER_COMPONENT * d * _MAX_COMPONENTS)
        draws = {
            PRIOR: normal(n, d, rng=rng),
            f"uniform ±{HALF_WIDTH}": uniform(n, d, half_width=HALF_WIDTH, rng=rng),
            PER_AXIS: axis_gaussian(rows, n, rng=rng),
            FULL: gaussian(rows, n, rng=rng),
            "core of the Gaussian": core(rows, n, rng=rng),
            f"mixture of {n_components}": mixture(
                rows, n, n_components=n_components, n_fit=n_fit, rng=rng
            ),
        }
        return tuple(self.decode(points, name) for name, points in draws.items())

    def uniform(
        self, n: int = 8, *, half_widths: Iterable[float] = HALF_WIDTHS
    ) -> tuple[Pictures, ...]:
        """Decode `n` points from each of several cubes, by default the published ones."""
        n, d = integer("n", n, low=1), self.rows.z_dim
        return tuple(
            self.decode(
                uniform(n, d, half_width=half_width, rng=self._random),
                f"uniform ±{half_width:g}",
            )
            for half_width in half_widths
        )

    def reconstruct(self, images: Pixels) -> Pictures:
        """Encode images and decode them.

        Parameters
        ----------
        images : Images, or array of shape (n, height, width, channels)
            Not too many: all are held in memory.
        """
        given = as_images(images)
        if given.image_shape != tuple(self.model.image_shape):
            raise DataError(
                f"images must have the model's image shape, {tuple(self.model.image_shape)}; got "
                f"{given.image_shape}. Open them with another size.",
                parameter="images",
            )
        name = "reconstructions, of mu" if self.model.kind == "vae" else "reconstructions"
        pixels = as_unit(given.take(slice(None)))
        return self.decode(encode_mean(self.model, pixels), name)

    def between(self, start: Vector, end: Vector, n: int = 8) -> Pictures:
        """Decode `n` points on the straight line from one point to another, both included.

        In many dimensions the middle of such a line lies inside the shell, nearer to the mean.
        """
        ends = [self._point("start", start), self._point("end", end)]
        steps = np.linspace(0, 1, integer("n", n, low=2))[:, None]
        return self.decode((1 - steps) * ends[0] + steps * ends[1], "from one to another")

    def along(
        self, direction: Direction, start: Vector, *, factors: Iterable[float] = (-2, -1, 0, 1, 2)
    ) -> Pictures:
        """Decode a point to which multiples of a label's direction are added, one per factor."""
        weights = np.array([real("each factor", factor) for factor in factors])[:, None]
        vector = self._point("direction.vector", direction.vector)
        points = self._point("start", start) + weights * vector
        return self.decode(points, f"{direction.name}, added {_signed(weights.ravel())} times")

    def _point(self, name: str, value: Vector) -> FloatArray:
        point = np.asarray(value)
        if point.shape != (self.rows.z_dim,) or point.dtype.kind not in "biuf":
            raise DataError(
                f"{name} must be one point of shape ({self.rows.z_dim},); got {point.dtype} of "
                f"shape {point.shape}."
            )
        return point.astype(np.float64)


def sharpened(images: Pixels, factor: float) -> Array:
    """Sharpen images with Pillow; the published ones were sharpened by factors 3, 6 and 7.

    Parameters
    ----------
    images : array of shape (n, height, width, channels)
        uint8, or floats in [0, 1].
    factor : float
        0 blurs, 1 changes nothing, larger values sharpen. Images become crisper, not more accurate.

    Returns
    -------
    float32 array of the same shape
        In [0, 1], in steps of 1/255.

    Examples
    --------
    >>> blurred = np.linspace(0, 1, 64).reshape(1, 8, 8, 1)
    >>> bool(np.abs(sharpened(blurred, 1) - blurred).max() < 1 / 255)
    True
    """
    if not 0 <= real("factor", factor) < math.inf:
        raise DataError(
            f"factor must be a finite number of at least 0; got {factor!r}.", parameter="factor"
        )
    pixels = as_unit(as_images(images).take(slice(None)))
    bytes_ = (pixels * 255).round().astype(np.uint8)
    is_grey = pixels.shape[3] == 1
    pillow = (Image.fromarray(x[..., 0] if is_grey else x) for x in bytes_)
    enhanced = [np.asarray(ImageEnhance.Sharpness(image).enhance(factor)) for image in pillow]
    return as_unit(np.stack(enhanced).reshape(pixels.shape))


def _signed(weights: FloatArray) -> str:
    texts = (f"{weight:+g}" if weight else "0" for weight in weights)
    return ", ".join(texts).replace("-", "−")
