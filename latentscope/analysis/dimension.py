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
from latentscope._table import Table, sentence
from latentscope._types import Array, FloatArray, IntArray
from latentscope._validate import generator, integer, one_of
from latentscope._warn import warn
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.statistics.dimension_scales import (
    METHODS,
    TWO_SIDED,
    Curve,
    Method,
    at_zero,
    over_scales,
)
from latentscope.statistics.draws import gaussian_like
from latentscope.statistics.moments import Covariance, refuse_overflow, varying_axes

_MIN_POINTS = 128  # distinct points, below which nothing is reported
_MAX_DISTANCE = 1e6  # of the usual distance from the median: beyond, the others look like one point
_MAX_TIES = 0.05  # share of equal distances, above which the coordinates are too coarse
_THIN, _FEWER, _LIKE, _ABOVE = 1 / 3, 0.75, 0.9, 1.1  # of the Gaussian's dimension
_CURVE = 1.5  # dimensions, below which points lie along curves


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
        Rows used that repeat another row, and were left out.
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
        """Half-width of a 95 % interval about `dimension`, including the bias seen over the scales.

        The estimates of the five finest scales are extrapolated to scale 0 along a line in the
        squared scale; the interval reaches as far as the 95 % interval of the extrapolated value.
        """
        if not len(self.dimensions):
            return None
        end, spread = at_zero(
            (self.scales / self.scales[0]) ** 2, self.dimensions, self.errors / TWO_SIDED
        )
        by_chance = max(TWO_SIDED * spread, float(self.errors[0]))  # scales share their points
        return abs(end - float(self.dimensions[0])) + by_chance

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
        """The answer in two sentences, with its uncertainty."""
        if not len(self.dimensions):
            return sentence(self._reason())
        return f"{sentence(f'{self._number()}; {self._comparison()}')} {self._meaning()}".rstrip()

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
            "error": self.error,
            "of the Gaussian": self.null_dimension,
            "its error": self.null_error,
            "directions": self.n_directions,
        }

    def _reason(self) -> str:
        """Return why there is no estimate."""
        if self.n_used - self.n_duplicates < _MIN_POINTS:
            distinct = self.n_used - self.n_duplicates
            return f"cannot tell: {_MIN_POINTS} distinct points are needed; there are {distinct:,}"
        return "cannot tell: the coordinates are so coarse that neighbours lie at equal distances"

    def _number(self) -> str:
        dimension, error = float(self.dimensions[0]), self.error or 0.0
        what = (
            "the intrinsic dimension (number of directions along which near neighbours differ) is"
        )
        if error <= dimension / 2:
            return f"{what} about {_with_error(dimension, error)} at the finest scale"
        found = f"{dimension:.3g} ± {error:.2g}"
        return f"{what} {found} at the finest scale (not settled: it changes with the scale)"

    @property
    def _has_gaussian(self) -> bool:
        """Return True if there are enough points for a Gaussian of the same covariance."""
        return self.n_used - self.n_duplicates > self.n_directions + 1

    def _comparison(self) -> str:
        if not self._has_gaussian:
            return (
                "it cannot be compared with that of a Gaussian, because there are too few points "
                f"to estimate the covariance along {self.n_directions:,} directions"
            )
        null = _with_error(float(self.null_dimensions[0]), float(self.null_errors[0]))
        return f"for a Gaussian of the same covariance, the estimate is {null}"

    def _meaning(self) -> str:
        """Return a sentence on what the comparison means; empty if there is none."""
        if not self._has_gaussian:
            return ""
        shares, errors = self.shares
        highest = shares + errors
        is_thin = (highest < _THIN) | (
            (self.dimensions + self.errors < _CURVE) & (highest < _FEWER)
        )
        if is_thin[0]:
            return "The points lie on a thin structure, such as a curve or a sheet."
        if is_thin.any():
            return self._thin_beyond(int(np.where(is_thin, highest, np.inf).argmin()))
        if highest[0] < _LIKE:
            return (
                "The dimension is lower than the Gaussian's, as in a cloud that is bent or denser "
                "in places, but the points do not lie on a thin structure."
            )
        if shares[0] - errors[0] > _ABOVE:
            return (
                "The dimension is higher than the Gaussian's, so the points do not lie on a thin "
                "structure."
            )
        return "The dimension is like that of the Gaussian."

    def _thin_beyond(self, coarse: int) -> str:
        found = _with_error(float(self.dimensions[coarse]), float(self.errors[coarse]))
        return (
            f"The points are not thin at that scale, but at a distance of "
            f"{self.scales[coarse]:.3g} between neighbours the dimension is {found}, where the "
            f"Gaussian's is {self.null_dimensions[coarse]:.3g}: a thin structure blurred by noise, "
            "or small clumps."
        )


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
        If rows repeat others, or coordinates are so coarse that neighbours lie at equal distances.

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
    integer("n_points", n_points, low=_MIN_POINTS, why="points for an estimate")
    rows = as_rows(z)
    random = generator(rng)
    indices, _ = sample_rows(rows, n_points, random)
    sample = take(rows, indices)
    points, unit = _distinct(sample)
    n_duplicates = len(sample) - len(points)
    if n_duplicates:
        warn(f"{n_duplicates:,} of {len(sample):,} rows repeat others and were left out.")
    covariance = Covariance(rows.z_dim)
    covariance.add(points)
    data = null = Curve.empty()
    if len(points) >= _MIN_POINTS:
        with one_blas_thread():
            like = gaussian_like(covariance, len(points), random)
        data, null = _curves(method, (random.permutation(points), like))
    return IntrinsicDimension(
        n_used=len(sample),
        n_total=rows.n_total,
        method=method,
        z_dim=rows.z_dim,
        n_directions=_n_directions(covariance, sample),
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


def _distinct(sample: Array) -> tuple[FloatArray, float]:
    """Return the rows that differ, about their mean, in units of the largest deviation from it."""
    rows = np.unique(sample + 0.0, axis=0).astype(np.float64)  # −0 is 0
    with np.errstate(over="ignore", invalid="ignore"):
        away = rows - rows[0]
        away -= away.mean(axis=0)
    refuse_overflow(np.abs(away).max(axis=0))
    unit = float(np.abs(away).max()) or 1.0
    points = away / unit
    _refuse_outliers(np.abs(points - np.median(points, axis=0)).max(axis=1))
    return points, unit


def _refuse_outliers(distance: FloatArray) -> None:
    usual = float(np.median(distance))
    n_far = int((distance > _MAX_DISTANCE * usual).sum())
    if len(distance) >= _MIN_POINTS and n_far:
        raise DataError(
            f"no point may lie {_MAX_DISTANCE:.0e} times farther out than most; {n_far} of "
            f"{len(distance):,} distinct points do. Remove the outliers."
        )


def _n_directions(covariance: Covariance, sample: Array) -> int:
    return len(varying_axes(covariance.covariance, sample.dtype)[0]) if covariance.n > 1 else 0


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


def _with_error(value: float, error: float) -> str:
    """Return value ± error, with as many decimals as show the error's first digit."""
    digits = int(np.clip(-np.floor(np.log10(max(1.05 * error, 1e-9))), 0, 3))
    return f"{value:.{digits}f} ± {error:.{digits}f}"
