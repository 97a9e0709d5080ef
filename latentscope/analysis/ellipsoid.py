"""Which ellipse would hold 95 % of the points of a plane, and how many does it really hold?

The mean and the covariance along two or three axes define ellipses (ellipsoids) of equal
Mahalanobis distance. A Gaussian has a known share of its mass in each; this is compared with the
share of the points in it. Both refer to these axes only: in many dimensions an ellipsoid of the
same radius holds almost nothing.

References
----------
P. C. Mahalanobis (1936), On the generalised distance in statistics, Proc. Natl. Inst. Sci. India 2,
49–55.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.stats import chi, chi2

from latentscope._table import Table
from latentscope._types import FloatArray, IntArray
from latentscope._validate import generator, integer, numbers
from latentscope.analysis._views import Space, View, refuse_flat, view_of
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce, sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.rows.summaries import Block, Summary
from latentscope.statistics.moments import Covariance, principal_axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Ellipsoid(OnePanel):
    """Ellipses (two axes) or ellipsoids (three) around the mean of the points.

    Attributes
    ----------
    space : str
        "pca" (principal components of all rows, centred on the mean) or "latent" (original axes).
    axes : int64 array of shape (n_axes,)
        The two or three axes, counted from 0.
    z_dim : int
        Number of axes of the whole space.
    center : float64 array of shape (n_axes,)
        Mean of all points along the axes.
    directions : float64 array of shape (n_axes, n_axes)
        Directions of the semi-axes: orthonormal rows, that of the longest first. The entry of
        largest magnitude is positive.
    std : float64 array of shape (n_axes,)
        Standard deviation along each direction, with n − 1 in the denominator, unit of z.
    radius : float64 array of shape (n_levels,)
        Mahalanobis radius of each level, increasing: semi-axes in standard deviations.
    share : float64 array of shape (n_levels,)
        Share of all points inside each level, boundary included.
    points : float64 array of shape (n_points, n_axes)
        Some of the points, chosen at random without repetition, for plotting.
    indices : int64 array of shape (n_points,)
        Indices of their rows in z.
    """

    space: Space
    axes: IntArray
    z_dim: int
    center: FloatArray
    directions: FloatArray
    std: FloatArray
    radius: FloatArray
    share: FloatArray
    points: FloatArray
    indices: IntArray

    _plot: ClassVar[str] = "plot_ellipsoid"

    @property
    def semi_axes(self) -> FloatArray:
        """Lengths of the semi-axes of each level, of shape (n_levels, n_axes), unit of z."""
        return self.radius[:, None] * self.std

    @property
    def gaussian_share(self) -> FloatArray:
        """Share of a Gaussian's mass inside each level."""
        return chi2.cdf(self.radius**2, len(self.axes))

    @property
    def whole_space_share(self) -> FloatArray:
        """Share of a Gaussian's mass inside the ellipsoid of that radius in all z_dim dimensions.

        An ellipse in a plane does not show this: for a radius of 3 in 256 dimensions it is 1e-134.
        """
        return chi2.cdf(self.radius**2, self.z_dim)

    def boundary(self, level: int, n_points: int = 100) -> FloatArray:
        """Return points of an ellipse or ellipsoid.

        Parameters
        ----------
        level : int
            Which level, counted from 0 as in `radius`.
        n_points : int
            Points along the ellipse, or along each meridian and each parallel.

        Returns
        -------
        float64 array of shape (n_points, 2) or (n_points, n_points, 3)
            Coordinates along the axes. The first point of an ellipse is also its last.
        """
        level = integer("level", level, low=0, high=len(self.radius) - 1, why="the levels")
        n_points = integer("n_points", n_points, low=2)
        angle = np.linspace(0, 2 * np.pi, n_points)
        unit = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        if len(self.axes) == 3:
            height = np.linspace(0, np.pi, n_points)[:, None, None]
            ring = np.sin(height) * unit
            unit = np.concatenate([ring, np.broadcast_to(np.cos(height), (*ring.shape[:2], 1))], 2)
        return self.center + unit * self.semi_axes[level] @ self.directions

    def table(self) -> Table:
        """Return one row per level."""
        return Table(
            radius=self.radius.tolist(),
            points_inside=self.share.tolist(),
            gaussian=self.gaussian_share.tolist(),
            gaussian_in_all_axes=self.whole_space_share.tolist(),
        )

    def headline(self) -> dict[str, Any]:
        """Return the radius of the outermost level and the shares inside it."""
        return {
            "space": self.space,
            "axes": "–".join(str(axis) for axis in self.axes),
            "levels": len(self.radius),
            "radius of the last": float(self.radius[-1]),
            "points inside": float(self.share[-1]),
            "a Gaussian's": float(self.gaussian_share[-1]),
        }


def ellipsoid(
    z: Points,
    *,
    axes: Sequence[int] = (0, 1),
    space: Space = "pca",
    shares: Sequence[float] = (0.5, 0.95),
    radii: Sequence[float] | None = None,
    n_points: int = 5000,
    rng: int | np.random.Generator = 0,
) -> Ellipsoid:
    """Compute ellipses, or ellipsoids, that hold given shares of a Gaussian fitted to the points.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes. Read at most four times.
    axes : two or three int
        Axes of the plane or space, counted from 0.
    space : {"pca", "latent"}
        Principal components of all rows, or original axes.
    shares : sequence of float
        Shares of a Gaussian's mass along these axes, between 0 and 1, with one level for each.
    radii : sequence of float, optional
        Mahalanobis radii (standard deviations) of the levels, instead of `shares`.
    n_points : int
        Points, chosen at random, that the result keeps for plotting; 0 for none. Everything else is
        computed from all points.
    rng : int or numpy.random.Generator
        Seed or generator of that choice.

    Returns
    -------
    Ellipsoid
        Centre, directions, semi-axes, and the share of the points inside.

    Raises
    ------
    DataError
        If an axis does not exist or is given twice, a share is not between 0 and 1, a radius is not
        above 0, or the points do not vary along as many directions as there are axes.

    Notes
    -----
    Along p axes the squared Mahalanobis distance of a Gaussian follows the chi-squared distribution
    with p degrees of freedom: a share s lies within the radius √χ²_p(s). In a plane, 95 % of the
    mass lie within a radius of 2.45, and a radius of 3σ holds 98.9 %.

    Ellipses say nothing about the whole space. In 256 dimensions the ellipsoid of radius 3 holds
    1e-134 of the mass, and a point inside all pairwise 3σ ellipses lies where there are no data.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((20_000, 256)) * np.linspace(2, 1, 256)
    >>> result = ellipsoid(z, axes=(0, 1), space="latent", shares=[0.95])
    >>> print(result.radius.round(2), result.share.round(2))
    [2.45] [0.95]
    >>> bool(result.whole_space_share[0] < 1e-100)
    True
    """
    rows = as_rows(z)
    random = generator(rng)
    count = integer("n_points", n_points, low=0)
    view = view_of(rows, axes, space, sizes=[2, 3])
    radius = _checked_radii(shares, radii, len(view.axes))
    (spread,) = reduce(rows, _Spread(view), progress="covariance")
    refuse_flat(spread.covariance, view, spread.n, "an ellipsoid")
    variance, directions = principal_axes(spread.covariance)
    std = np.sqrt(variance)
    indices, _ = sample_rows(rows, count, random)
    whitening = directions / std[:, None]
    (inside,) = reduce(rows, _Inside(view, spread.mean, whitening, radius), progress="counting")
    drawn = view.project(Block(indices, {"z": take(rows, indices)}))
    return Ellipsoid(
        n_used=spread.n,
        n_total=rows.n_total,
        space=space,
        axes=np.array(view.axes),
        z_dim=rows.z_dim,
        center=spread.mean,
        directions=directions,
        std=std,
        radius=radius,
        share=inside.counts / spread.n,
        points=drawn.astype(np.float64),
        indices=indices,
    )


def _checked_radii(
    shares: Sequence[float], radii: Sequence[float] | None, n_axes: int
) -> FloatArray:
    """Return increasing radii, without repetitions."""
    if radii is not None:
        values = numbers("radii", radii)
        if not values or not all(np.isfinite(value) and value > 0 for value in values):
            raise DataError(
                f"radii must be one or more finite numbers above 0; got {radii!r}.",
                parameter="radii",
            )
        return np.unique(values)
    values = numbers("shares", shares)
    if not values or not all(0 < value < 1 for value in values):
        raise DataError(
            f"shares must be one or more numbers between 0 and 1; got {shares!r}.",
            parameter="shares",
        )
    return np.asarray(chi.ppf(np.unique(values), n_axes))


class _Spread(Covariance):
    """Mean and covariance along the axes of a view, in float64."""

    def __init__(self, view: View) -> None:
        super().__init__(len(view.axes))
        self.view = view

    def empty(self) -> Self:
        return type(self)(self.view)

    def update(self, block: Block) -> None:
        self.add(np.ascontiguousarray(self.view.project(block), dtype=np.float64))


class _Inside(Summary):
    """Numbers of points within each radius of the centre."""

    def __init__(
        self, view: View, center: FloatArray, whitening: FloatArray, radius: FloatArray
    ) -> None:
        self.settings = view, center, whitening, radius
        self.counts: IntArray = np.zeros(len(radius), dtype=np.int64)

    def empty(self) -> Self:
        return type(self)(*self.settings)

    def update(self, block: Block) -> None:
        view, center, whitening, radius = self.settings
        white = (view.project(block).astype(np.float64) - center) @ whitening.T
        distance = np.sqrt((white**2).sum(axis=1))
        self.counts += np.searchsorted(np.sort(distance), radius, side="right")

    def merge(self, other: Self) -> None:
        self.counts += other.counts
