"""What would this cloud look like without structure? Null models of a whole cloud.

Each keeps something of the data and leaves everything else to chance: the mean and covariance, the
shape and the distances from the centre, the marginals and their correlation, or the marginals
alone. What the data show and draws from a model do not is not explained by what the model keeps.

References
----------
T. P. Hettmansperger, R. H. Randles (2002), Biometrika 89, 851–860 (centre and shape).
doi:10.1093/biomet/89.4.851
R. B. Nelsen (2006), An Introduction to Copulas, chapter 2.
K.-T. Fang, S. Kotz, K.-W. Ng (1990), Symmetric Multivariate and Related Distributions, chapter 2.
"""

from abc import ABC, abstractmethod
from typing import Literal, get_args

import numpy as np

from latentscope._types import Array
from latentscope._validate import generator, integer, one_of
from latentscope.errors import DataError
from latentscope.rows.reduction import reduce, sample_rows, take
from latentscope.rows.source import Points, Rows, as_rows
from latentscope.statistics.draws import gaussian_like, in_order_of, normal_scores
from latentscope.statistics.elliptical_shape import centre_and_shape, polar
from latentscope.statistics.moments import Covariance, varying_axes

Null = Literal["gaussian", "elliptical", "copula", "independent"]
MODELS: tuple[Null, ...] = get_args(Null)


class NullModel(ABC):
    """A model of the data without structure, from which clouds are drawn.

    Attributes
    ----------
    n_points : int
        Number of points of each draw.
    n_total : int
        Number of rows of the data.
    """

    def __init__(self, rows: Rows, n_points: int, random: np.random.Generator) -> None:
        self.n_points, self.n_total = n_points, rows.n_total
        self.dtype = rows.matrices["z"].dtype
        self.fit(rows, random)

    def draw(self, *, rng: int | np.random.Generator = 0) -> Array:
        """Draw one cloud from the model, of shape (n_points, z_dim), in the data's precision.

        Parameters
        ----------
        rng : int or numpy.random.Generator
            Seed; the same seed gives the same points.
        """
        return self.points(generator(rng)).astype(self.dtype, copy=False)

    @abstractmethod
    def fit(self, rows: Rows, random: np.random.Generator) -> None:
        """Store what the model keeps of the data."""

    @abstractmethod
    def points(self, random: np.random.Generator) -> Array:
        """Return one cloud."""


class _Gaussian(NullModel):
    """Mean and covariance of all rows, exactly."""

    def fit(self, rows: Rows, random: np.random.Generator) -> None:  # noqa: ARG002
        (self.covariance,) = reduce(rows, Covariance(rows.z_dim), progress="covariance")
        self.n_points = min(self.n_points, self.covariance.n)

    def points(self, random: np.random.Generator) -> Array:
        return gaussian_like(self.covariance, self.n_points, random)


class _OfRows(NullModel):
    """A model that keeps rows of the data, in memory."""

    def fit(self, rows: Rows, random: np.random.Generator) -> None:
        indices, _ = sample_rows(rows, self.n_points, random)
        self.n_points = len(indices)
        self.learn(take(rows, indices))

    @abstractmethod
    def learn(self, z: Array) -> None:
        """Store what the model keeps of these rows."""


class _Independent(_OfRows):
    """Each axis as it is, permuted separately."""

    def learn(self, z: Array) -> None:
        self.z = z

    def points(self, random: np.random.Generator) -> Array:
        return random.permuted(self.z, axis=0)


class _Elliptical(_OfRows):
    """Radii of the rows, measured in their shape's metric, in random directions."""

    def learn(self, z: Array) -> None:
        found = Covariance(z.shape[1])
        found.add(z.astype(np.float64))
        variance, axes = varying_axes(found, self.dtype)
        if not len(variance):
            raise DataError("the points of z must differ from each other; all of them coincide.")
        white = (z - found.mean) @ (axes.T / np.sqrt(variance))
        centre, shape = np.zeros(len(axes)), np.eye(len(axes))
        if len(z) > 2 * len(axes):  # else mean and covariance: fewer may have no shape
            centre, shape = centre_and_shape(white)
        unwhite = np.sqrt(variance)[:, None] * axes
        self.mean, self.root = found.mean + centre @ unwhite, shape.T @ unwhite
        self.radii, _ = polar(white, centre, shape)

    def points(self, random: np.random.Generator) -> Array:
        direction = random.standard_normal((self.n_points, len(self.root)))
        direction *= (self.radii / np.linalg.norm(direction, axis=1))[:, None]
        return np.asarray(direction @ self.root + self.mean)


class _Copula(_OfRows):
    """Each axis as it is, correlated by a Gaussian copula."""

    def learn(self, z: Array) -> None:
        self.z = np.sort(z, axis=0)
        self.covariance = Covariance(z.shape[1])
        self.covariance.add(normal_scores(z))

    def points(self, random: np.random.Generator) -> Array:
        return in_order_of(gaussian_like(self.covariance, self.n_points, random), self.z)


_MODELS: dict[Null, type[NullModel]] = {
    "gaussian": _Gaussian,
    "elliptical": _Elliptical,
    "copula": _Copula,
    "independent": _Independent,
}


def null_model(
    z: Points,
    null: Null = "gaussian",
    *,
    n_points: int | None = None,
    rng: int | np.random.Generator = 0,
) -> NullModel:
    """Return a null model of the cloud, from which clouds without structure are drawn.

    Parameters
    ----------
    z : array-like of shape (n_rows, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes. "gaussian" reads them in blocks,
        the others hold `n_points` rows in memory.
    null : {"gaussian", "elliptical", "copula", "independent"}
        What is kept: mean and covariance, exactly (if there are more points than axes); centre,
        shape and the radii in its metric, whatever the tails (if there are more than twice as many
        points as axes; else mean and covariance); the marginals of all axes, exactly, and their
        rank correlation; the marginals alone.
    n_points : int, optional
        Points of each draw; by default as many as there are rows. If fewer, the rows are chosen at
        random.
    rng : int or numpy.random.Generator
        Seed of that choice.

    Returns
    -------
    NullModel
        Its method ``draw(rng=…)`` returns an array of shape (n_points, z_dim).

    Raises
    ------
    DataError
        If the name is none of these, `n_points` is not from 2 to the number of rows, or
        "elliptical" is requested for points that have no shape because most lie on a plane.

    Notes
    -----
    The models are nested in what they explain, not in what they keep: a Gaussian has no heavy
    tails, an elliptical cloud has the same in all directions, a copula different ones in each axis.

    Examples
    --------
    >>> z = np.random.default_rng(0).standard_t(3, size=(2000, 4))
    >>> draw = null_model(z, "copula").draw(rng=1)
    >>> bool((np.sort(draw, axis=0) == np.sort(z, axis=0)).all())  # each axis is as it was
    True
    """
    rows = as_rows(z)
    model = _MODELS[one_of("null", null, MODELS)]
    random = generator(rng)
    if n_points is None:
        n_points = rows.n_total
    integer("n_points", n_points, low=2, high=rows.n_total, why="the rows of z")
    return model(rows, n_points, random)
