"""Along how many directions do points differ from their nearest neighbours?

Around a point, the share of points within a distance r grows like r to the power of the dimension.
So the distances to the nearest neighbours determine the dimension, whatever the overall shape: 1
for a curve, however it winds. TwoNN uses the ratio of the second nearest distance to the nearest,
the maximum likelihood more neighbours. Both are repeated over scales, and each is compared with the
estimate for a Gaussian of the same number of points and the same covariance.

References
----------
E. Facco, M. d'Errico, A. Rodriguez, A. Laio (2017), Scientific Reports 7, 12140 (TwoNN).
doi:10.1038/s41598-017-11873-y
E. Levina, P. J. Bickel (2004), NIPS 17, 777–784 (maximum likelihood, eq. 8).
D. J. C. MacKay, Z. Ghahramani (2005), Comments on "Maximum likelihood estimation of intrinsic
dimension" (averages the inverse).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from tqdm import tqdm

from latentscope._compute.blas import one_blas_thread
from latentscope._table import Table
from latentscope._types import Array, FloatArray, IntArray
from latentscope._validate import generator, integer, one_of
from latentscope._warn import warn
from latentscope.analysis import _dimension_words as words
from latentscope.results import OnePanel
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.statistics.dimension_scales import (
    METHODS,
    Curve,
    Method,
    interval_at_zero,
    over_scales,
)
from latentscope.statistics.distinct import MIN_POINTS, distinct
from latentscope.statistics.draws import gaussian_like
from latentscope.statistics.moments import Covariance, varying_axes

_MAX_TIES = 0.05  # share of equal distances, above which the coordinates are too coarse
_FALLEN = 2 / 3  # of the finest estimate, below which the coarsest shows a fall
_PAIRED = 0.5  # directions, below which the estimate is that of pairs of points
_CUT = 0.5  # of the estimate: the widest interval that settles it where the directions cut it
_MIN_SCALES = 3  # with which a fall is steady


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class IntrinsicDimension(OnePanel):
    """Dimension over scales, compared with that of a Gaussian of the same covariance.

    The first scale is the finest. Scales at which more than 5 % of the points have neighbours at
    equal distances are left out; if no scale is left, the dimension cannot be estimated.

    Attributes
    ----------
    method : str
        "two-nn" or "mle".
    z_dim : int
        Number of axes.
    n_directions : int
        Directions along which the points vary at all.
    n_duplicates : int
        Rows used that are copies of an earlier row, exactly or up to rounding; they were left out.
    n_neighbours : int64 array of shape (n_scales,)
        Neighbours that each estimate uses.
    n_subset : int64 array of shape (n_scales,)
        Points among which the neighbours were searched.
    scales : float64 array of shape (n_scales,)
        Mean distance to the last of these neighbours, same unit as z.
    dimensions : float64 array of shape (n_scales,)
        The estimates.
    errors : float64 array of shape (n_scales,)
        Half-widths of their 95 % intervals from chance alone; bias is not included.
    null_scales, null_dimensions, null_errors : float64 array of shape (n_scales,)
        The same for the Gaussian.
    """

    method: Method
    z_dim: int
    n_directions: int
    n_duplicates: int
    n_neighbours: IntArray
    n_subset: IntArray
    scales: FloatArray
    dimensions: FloatArray
    errors: FloatArray
    null_scales: FloatArray
    null_dimensions: FloatArray
    null_errors: FloatArray

    _plot: ClassVar[str] = "plot_dimension"

    @property
    def dimension(self) -> float | None:
        """The estimate at the finest scale; None if there is none."""
        return float(self.dimensions[0]) if len(self.dimensions) else None

    @property
    def error(self) -> float | None:
        """Half-width of the 95 % interval of `dimension` from chance alone; None if there is none.

        Bias is not included: see `interval`.
        """
        return float(self.errors[0]) if len(self.dimensions) else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """A 95 % interval for the intrinsic dimension; None if there is no estimate.

        It includes the bias that the estimates of the five finest scales show: it holds all of
        them, and reaches up to the highest of their extrapolations to scale 0, each with its error
        by chance, but neither end lies beyond `n_directions`. The upper limit is infinity if these
        scales span less than a factor of 1.25, as they do beyond about 12 dimensions: then nothing
        shows where the curve ends.
        """
        if not len(self.dimensions):
            return None
        low, high = self._uncapped
        most = float(self.n_directions)
        return min(max(low, 0.0), most), high if high == np.inf else min(high, most)

    @property
    def falls_steadily(self) -> bool:
        """True if the estimates fall from the finest scale to the coarsest by more than a third.

        Noise and narrow directions do so: they count at fine scales alone. No estimate may lie
        above the one before it by more than chance.
        """
        if len(self.dimensions) < _MIN_SCALES:
            return False
        low, high = self.dimensions - self.errors, self.dimensions + self.errors
        return bool((low[1:] <= high[:-1]).all() and high[-1] < _FALLEN * low[0])

    @property
    def is_paired(self) -> bool:
        """True if most points have one neighbour far nearer than the next, as near-copies have.

        The estimate at the finest scale is then below half a direction, and says nothing about the
        cloud.
        """
        return len(self.dimensions) > 0 and bool(self.dimensions[0] < _PAIRED)

    @property
    def is_settled(self) -> bool:
        """True if one number describes the dimension.

        The interval has an upper limit and is not wider than the estimate is large, or than half of
        it if the number of directions cuts the interval; and the estimates do not fall steadily
        with the scale. If it is not settled, nothing is concluded from the dimension at the finest
        scale.
        """
        if self.interval is None or self.falls_steadily or self.is_paired:
            return False
        low, high = self.interval
        is_cut = self._uncapped[1] > high
        return high - low <= self.dimensions[0] * (_CUT if is_cut else 1)

    @property
    def _uncapped(self) -> tuple[float, float]:
        """The interval as the estimates alone give it."""
        return interval_at_zero(self.scales, self.dimensions, self.errors)

    @property
    def null_dimension(self) -> float | None:
        """The estimate for the Gaussian at its finest scale."""
        return float(self.null_dimensions[0]) if len(self.dimensions) else None

    @property
    def null_error(self) -> float | None:
        """Half-width of the 95 % interval of `null_dimension` from chance alone.

        Bias is not included: the estimate serves for comparison, not as the Gaussian's dimension.
        """
        return float(self.null_errors[0]) if len(self.dimensions) else None

    @property
    def shares(self) -> tuple[FloatArray, FloatArray]:
        """Dimensions over the Gaussian's, with half-widths of their 95 % intervals from chance.

        Data and Gaussian have the same number of points, so the bias is similar in both.
        """
        shares = self.dimensions / self.null_dimensions
        parts = self.errors / self.dimensions, self.null_errors / self.null_dimensions
        return shares, shares * np.hypot(*parts)

    @property
    def verdict(self) -> str:
        """The answer in two or three sentences, with its uncertainty.

        If the dimension is not settled, nothing is concluded from it.
        """
        return words.verdict(self)

    def table(self) -> Table:
        """Return one row per scale, the finest first."""
        return Table(
            points=self.n_subset.tolist(),
            neighbours=self.n_neighbours.tolist(),
            scale=self.scales.tolist(),
            dimension=self.dimensions.tolist(),
            error=self.errors.tolist(),
            null_scale=self.null_scales.tolist(),
            null_dimension=self.null_dimensions.tolist(),
            null_error=self.null_errors.tolist(),
        )

    def headline(self) -> dict[str, Any]:
        """Return the dimension and its error, and those of the Gaussian."""
        if not len(self.dimensions):
            return {"method": self.method, "dimension": "cannot tell"}
        return {
            "method": self.method,
            "dimension": self.dimension,
            "error by chance": self.error,
            "interval": words.interval(self),
            "of the Gaussian": self.null_dimension,
            "its error": self.null_error,
            "directions": self.n_directions,
        }


def intrinsic_dimension(
    z: Points,
    *,
    method: Method = "two-nn",
    n_points: int = 20_000,
    rng: int | np.random.Generator = 0,
) -> IntrinsicDimension:
    """Estimate along how many directions the points differ from their nearest neighbours.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes.
    method : {"two-nn", "mle"}
        TwoNN on all points, a half of them, a quarter …; or the maximum likelihood of Levina and
        Bickel with the nearest 5, 10, 20 and 50 neighbours, averaging the inverse.
    n_points : int
        Rows to use, drawn at random; all, if there are fewer. The time grows with their square.
    rng : int or numpy.random.Generator
        Seed; the same seed gives the same result.

    Returns
    -------
    IntrinsicDimension
        Dimension over scales, with errors, for the data and for a Gaussian.

    Raises
    ------
    DataError
        If `method` is neither of the two, `n_points` is below 128, or a point lies a million times
        farther out than most.

    Warns
    -----
    LatentscopeWarning
        If rows are copies of others, exactly or up to rounding, or coordinates are so coarse that
        neighbours lie at equal distances.

    Notes
    -----
    With r₁ < r₂ < … the distances to the neighbours of a point, 1/d is the mean over the points of
    Σⱼ log(r_k / rⱼ) / (k − 1), j = 1 … k − 1. TwoNN is k = 2 in its maximum likelihood form, which
    uses all ratios; the published fit discards a tenth. Errors are those of n (k − 1) independent
    ratios, widened by a factor of 1.35 because neighbours share distances.

    Both estimates are too low in many dimensions: 96 for 20,000 points of N(0, I) in 256
    dimensions. Compare with `null_dimension`, not with `z_dim`.

    Examples
    --------
    >>> import numpy as np
    >>> angle = np.random.default_rng(1).uniform(0, 2 * np.pi, 4000)
    >>> z = np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(3 * angle)])
    >>> result = intrinsic_dimension(z)
    >>> round(result.dimension, 1), round(result.null_dimension, 1)
    (1.0, 4.4)
    """
    one_of("method", method, METHODS)
    integer("n_points", n_points, low=MIN_POINTS, why="points for an estimate")
    rows = as_rows(z)
    random = generator(rng)
    indices, _ = sample_rows(rows, n_points, random)
    sample = take(rows, indices)
    points, unit = distinct(sample)
    n_duplicates = len(sample) - len(points)
    if n_duplicates:
        warn(
            f"{n_duplicates:,} of {len(sample):,} rows are copies of an earlier row, exactly or up "
            "to rounding, and were left out."
        )
    covariance = Covariance(rows.z_dim)
    covariance.add(points)
    data = null = Curve.empty()
    if len(points) >= MIN_POINTS:
        with one_blas_thread():
            like = gaussian_like(covariance, len(points), random)
        data, null = _curves(method, (random.permutation(points), like))
    return IntrinsicDimension(
        n_used=len(sample),
        n_total=rows.n_total,
        method=method,
        z_dim=rows.z_dim,
        n_directions=_n_directions(covariance, sample, unit),
        n_duplicates=n_duplicates,
        n_neighbours=data.n_neighbours,
        n_subset=data.n_subset,
        scales=data.scales * unit,
        dimensions=data.dimensions,
        errors=data.errors,
        null_scales=null.scales * unit,
        null_dimensions=null.dimensions,
        null_errors=null.errors,
    )


def _n_directions(covariance: Covariance, sample: Array, unit: float) -> int:
    if covariance.n < 2:
        return 0
    offset = sample.mean(axis=0, dtype=np.float64) / unit
    return len(varying_axes(covariance, sample.dtype, offset)[0])


def _curves(method: Method, clouds: tuple[FloatArray, FloatArray]) -> list[Curve]:
    """Return the curves of data and Gaussian at the scales where the data have few ties."""
    with tqdm(total=2, desc="intrinsic dimension", unit="cloud", delay=2) as bar:
        curves = []
        for points in clouds:
            curves.append(over_scales(points, method))
            bar.update()
    is_fine = curves[0].ties <= _MAX_TIES
    if not is_fine.all():
        warn(
            f"the coordinates are coarse: up to {curves[0].ties.max():.0%} of the points have "
            "neighbours at equal distances. Scales at which more than 5 % do were left out. Pass z "
            "in full precision."
        )
    return [curve.where(is_fine) for curve in curves]
