"""At which distances from the origin do the points lie?

The L2 norm of every row is counted in bins of one width, on a grid from 0. The data are compared
with two distributions: the chi distribution of N(0, I), which the prior of a VAE follows, and that
of a Gaussian with the data's own mean and covariance, which shows whether mean and covariance
explain the radii.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from scipy.special import gammainc

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.kernels import radii
from latentscope._types import FloatArray, IntArray
from latentscope._validate import positive, real
from latentscope._warn import warn
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, Rows, as_rows
from latentscope.rows.summaries import Block, Collected, Summary
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.histograms import edges_of
from latentscope.statistics.moments import (
    Covariance,
    Moments,
    principal_frame,
    refuse_overflow,
    spread_rows,
)
from latentscope.statistics.quadratic import gaussian_radius_density, without_sampling_spread
from latentscope.statistics.scaled_bins import ScaledCounts

_NARROWEST, _WIDEST = 0.5, 100  # std of the radii in bins that a histogram shows well
_MIN_ROWS = 2048
_ROUNDING = 16  # times the precision of the rows: radii that differ by less are the same
_GAUSSIAN_ROWS = 4096  # rows that determine the Gaussian's curve to within the width of a line


class Misfit(NamedTuple):
    """How far radii are from a density.

    Attributes
    ----------
    share : float
        Share of the points that would have to change their radius to match the density, to within
        a bin (total variation distance).
    by_chance : float
        What as many points drawn from the density would have on average.
    """

    share: float
    by_chance: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RadiusDensity(OnePanel):
    """Counts of radii, with the curves of N(0, I) and of a Gaussian for comparison.

    Attributes
    ----------
    z_dim : int
        Number of axes.
    bin_width : float
        Width of the bins, same unit as z.
    edges : float64 array of shape (n_bins + 1,)
        Multiples of the bin width; bin k holds edges[k] ≤ radius < edges[k + 1].
    counts : int64 array of shape (n_bins,)
        Points per bin.
    minimum, mean, maximum, std : float
        Of the radii, exact.
    gaussian_variance, gaussian_offset : float64 array of shape (z_dim,)
        The Gaussian with the data's mean and covariance, in its principal frame: variances
        (corrected for the spread that a finite sample adds to them), and coordinates of the mean.
    n_gaussian : int
        Rows from which that Gaussian was estimated.
    """

    z_dim: int
    bin_width: float
    edges: FloatArray
    counts: IntArray
    minimum: float
    mean: float
    maximum: float
    std: float
    gaussian_variance: FloatArray
    gaussian_offset: FloatArray
    n_gaussian: int

    _plot: ClassVar[str] = "plot_radius"

    @property
    def centers(self) -> FloatArray:
        """Middle of each bin."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    @property
    def density(self) -> FloatArray:
        """Share of the points per unit of radius."""
        return self.counts / (self.n_used * self.bin_width)

    @property
    def chi_density(self) -> FloatArray:
        """Density of N(0, I) in `z_dim` dimensions, averaged over each bin."""
        below = gammainc(self.z_dim / 2, self.edges**2 / 2)  # the chi distribution function
        return np.diff(below) / self.bin_width

    @property
    def gaussian_density(self) -> FloatArray:
        """Density of a Gaussian with the data's mean and covariance, averaged over each bin.

        Notes
        -----
        Computed by numerical inversion of the characteristic function of the squared radius (Imhof
        1961). The distribution function is accurate to about 1e-7 from three axes on, to 1e-5 for
        two, and exact for one; the density to this accuracy divided by the bin width.
        """
        return self.gaussian_curve(self.edges)

    @property
    def peak(self) -> float:
        """Centre of the bin with the most points, clipped to the range of the radii."""
        center = self.centers[np.argmax(self.counts)]
        return float(np.clip(center, self.minimum, self.maximum))

    @property
    def prior_misfit(self) -> Misfit:
        """How far the radii are from those of N(0, I)."""
        return self.misfit(self.chi_density)

    def misfit(self, density: FloatArray) -> Misfit:
        """Return how far the radii are from a density over the bins."""
        expected, found = density * self.bin_width, self.counts / self.n_used
        outside = max(0.0, 1 - float(expected.sum()))
        chance = np.sqrt(2 * expected * (1 - expected) / (np.pi * self.n_used)).sum() / 2
        return Misfit(float(np.abs(found - expected).sum() + outside) / 2, float(chance))

    def gaussian_curve(self, edges: FloatArray) -> FloatArray:
        """Return `gaussian_density` over other bins, for example finer ones."""
        return gaussian_radius_density(edges, self.gaussian_variance, self.gaussian_offset)

    @property
    def _cumulated(self) -> tuple[FloatArray, FloatArray]:
        """Radii and the share of the points below them; the ends are the extremes."""
        knots = np.clip(self.edges, self.minimum, self.maximum)
        return knots, np.concatenate([[0], np.cumsum(self.counts)]) / self.n_used

    def share(self, low: float, high: float) -> float:
        """Return the share of points with low ≤ radius < high.

        Exact if both are bin edges; inside a bin, points are assumed to be evenly spread.

        Raises
        ------
        DataError
            If `low` exceeds `high`.
        """
        if not real("low", low) <= real("high", high):
            raise DataError(
                f"low must not exceed high; got low {low!r}, high {high!r}.", parameter="low"
            )
        knots, cumulated = self._cumulated
        below = [np.interp(r, knots, cumulated) if r <= self.maximum else 1.0 for r in (low, high)]
        return float(below[1] - below[0])

    def quantile(self, q: float) -> float:
        """Return the radius below which the share `q` of the points lies, to within a bin.

        Raises
        ------
        DataError
            If `q` is not in [0, 1].
        """
        if not 0 <= real("q", q) <= 1:
            raise DataError(f"q must lie in [0, 1]; got {q!r}.", parameter="q")
        knots, cumulated = self._cumulated
        return float(np.interp(q, cumulated, knots))

    def headline(self) -> dict[str, Any]:
        """Return the position and the width of the shell."""
        return {
            "dimensions": self.z_dim,
            "minimum": self.minimum,
            "mean": self.mean,
            "maximum": self.maximum,
            "std": self.std,
            "peak": self.peak,
        }


def radius_density(z: Points, *, bin_width: float | None = None) -> RadiusDensity:
    """Count the points by their distance from the origin (L2 norm).

    In high dimensions a Gaussian lies on a shell: the radii of N(0, I) have a mean near √z_dim and
    a standard deviation of about 0.7. A peak elsewhere, or a wider curve, shows that z is not
    N(0, I).

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes, in memory or not.
    bin_width : float, optional
        Width of the bins, same unit as z. By default the power of two that suits the radii, about
        0.3 of their standard deviation; the published figures use 0.5.

    Returns
    -------
    RadiusDensity
        Counts, extremes, mean, and the curves for comparison.

    Raises
    ------
    DataError
        If z holds NaN or infinity, has the wrong shape, or needs more bins than fit in memory.

    Warns
    -----
    LatentscopeWarning
        If the bins are too wide or too fine to show the shell.

    Notes
    -----
    The radius alone cannot distinguish a Gaussian from another cloud with the same radii: an
    off-centre or correlated cloud may have the peak of N(0, I) and lie elsewhere altogether.

    The Gaussian's mean and covariance are computed from about 4,096 rows spread over z (all rows if
    there are fewer); `n_gaussian` is their number. `latentscope.overview` uses all rows.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((10_000, 256))
    >>> radius = radius_density(z, bin_width=0.5)
    >>> radius.peak
    15.75
    >>> round(radius.share(15, 17), 2)
    0.85
    """
    rows = as_rows(z)
    counts, sample = reduce(
        rows,
        radius_counts("bin_width", bin_width),
        Collected(partial(spread_rows, _GAUSSIAN_ROWS / rows.n_total)),
        progress="radius density",
    )
    covariance = Covariance(rows.z_dim)
    if len(sample.array) < min(_MIN_ROWS, counts.moments.n):  # most rows were left out
        (covariance,) = reduce(rows, covariance, progress="covariance")
    else:
        with one_blas_thread():
            covariance.add(sample.array)
    return radius_result(rows, counts, covariance)


def radius_counts(name: str, bin_width: float | None) -> "RadiusCounts":
    """Return an empty summary that counts in bins of the given width, or of one that suits."""
    if bin_width is None:
        return RadiusCounts(ScaledCounts(1))
    return RadiusCounts(AxisCounts(1, positive(name, bin_width)))


def radius_result(rows: Rows, counts: "RadiusCounts", covariance: Covariance) -> RadiusDensity:
    """Build the result from its summaries."""
    variance, offset = _in_principal_frame(covariance)
    std = counts.moments.std
    bins = counts.counts.histograms()
    bins = bins.suited(std) if isinstance(counts.counts, ScaledCounts) else bins
    bin_width = float(bins.bin_width[0])
    _warn_of_bins(bin_width, float(std[0]), counts, rows.matrices["z"].dtype)
    return RadiusDensity(
        n_used=bins.n,
        n_total=rows.n_total,
        z_dim=rows.z_dim,
        bin_width=bin_width,
        edges=edges_of(bins.bin_width, bins.first, bins.counts.shape[1])[0],
        counts=bins.counts[0],
        minimum=counts.minimum,
        mean=float(counts.moments.mean[0]),
        maximum=counts.maximum,
        std=float(std[0]),
        gaussian_variance=without_sampling_spread(variance, covariance.n),
        gaussian_offset=offset,
        n_gaussian=covariance.n,
    )


def _in_principal_frame(covariance: Covariance) -> tuple[FloatArray, FloatArray]:
    """Return variances along all principal axes, and the coordinates of the mean along them.

    The axes along which the points do not vary can be chosen so that the first holds what is left
    of the mean.
    """
    found, axes = principal_frame(covariance)
    variance, offset = np.zeros(axes.shape[1]), np.zeros(axes.shape[1])
    n, along = len(axes), axes @ covariance.mean
    variance[:n], offset[:n] = found, along
    if n < len(offset):
        offset[n] = np.linalg.norm(covariance.mean - along @ axes)
    return variance, offset


def _warn_of_bins(
    bin_width: float, std: float, counts: "RadiusCounts", dtype: np.dtype[Any]
) -> None:
    """Warn if the bins hide the shape of the shell, or there is none to show."""
    precision = np.finfo(dtype if dtype.kind == "f" else float).eps
    if std > 0 and counts.maximum - counts.minimum <= _ROUNDING * precision * counts.maximum:
        warn(
            f"all rows have the same distance from the origin, {counts.maximum:.4g}, to within "
            "rounding, as normalised rows do: the distances show nothing else."
        )
        return
    if 0 < std < _NARROWEST * bin_width:
        remedy = "is narrower than half a bin: choose a smaller"
    elif std > _WIDEST * bin_width:
        remedy = "spans so many bins that counts are mostly noise: choose a larger"
    else:
        return
    warn(f"the shell (std of the radii {std:.3g}, bins of {bin_width:g}) {remedy} bin_width.")


class RadiusCounts(Summary):
    """Counts of radii on the grid of bins, with their moments and extremes."""

    def __init__(self, counts: AxisCounts | ScaledCounts) -> None:
        self.counts: Any = counts
        self.moments = Moments(1)
        self.minimum, self.maximum = np.inf, -np.inf

    def empty(self) -> Self:
        return type(self)(self.counts.empty())

    def update(self, block: Block) -> None:
        radius = radii(block.z)[:, None]
        refuse_overflow(radius, "row", block.rows)
        self.counts.add(radius)
        self.moments.add(radius)
        self.minimum = min(self.minimum, float(radius.min()))
        self.maximum = max(self.maximum, float(radius.max()))

    def merge(self, other: Self) -> None:
        self.counts.merge(other.counts)
        self.moments.merge(other.moments)
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
