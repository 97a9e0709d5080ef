"""How are the points spread along each axis, and which axes dominate?

A histogram is computed for every axis, in bins that fit its own scale, and a Gaussian is fitted to
it by least squares. The model is the Gaussian's mean density over each bin (a difference of error
functions), so the bins do not widen the fit; its amplitude is free, so a tail or a small second
peak does not pull the centre along as it does with the moments. A fit that does not describe most
of the points is replaced by mean and standard deviation. All axes are fitted at once by
Levenberg-Marquardt steps.

References
----------
D. W. Marquardt (1963), Journal of the SIAM 11, 431–441. doi:10.1137/0111030
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from latentscope._table import Table
from latentscope._types import Array, BoolArray, FloatArray, IntArray
from latentscope._validate import integer, positive
from latentscope._warn import warn
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, Rows, as_rows
from latentscope.rows.summaries import Collected
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.extremes import Extremes
from latentscope.statistics.gaussian_fit import fit_gaussians, gaussian_curves
from latentscope.statistics.histogram_shapes import ATOMS, PLAIN, Repeats, Shape, shapes
from latentscope.statistics.histograms import Histograms, edges_of
from latentscope.statistics.moments import Moments, spread_rows
from latentscope.statistics.scaled_bins import ScaledCounts

FWHM = 2 * np.sqrt(2 * np.log(2))  # full width at half maximum of a Gaussian, in σ
_MANY_ROWS = 100  # with fewer, no histogram shows much
_WIDEST = 100  # σ in bins beyond which most of what a histogram shows is noise
_NARROWEST = 0.5  # σ in bins below which a histogram does not show the shape
_MIN_FITTED = 50  # rows
_AMPLITUDE = 0.75, 1.25  # of fits that describe the points
_MAX_SIGMA = 1.5  # of a fit, in standard deviations
_MIN_QUALITY = 0.5  # R² of a fit
_PRECISION = float(np.finfo(np.float32).eps)  # of an axis' largest coordinate: less is rounding
_SAMPLE_ROWS, _SAMPLE_CELLS = 4096, 2**22  # rows among which repeated values are counted


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class AxisDensity(OnePanel):
    """Histogram and fitted Gaussian of each axis.

    Attributes
    ----------
    z_dim : int
        Number of axes.
    bin_width : float64 array of shape (z_dim,)
        Width of each axis' bins, same unit as z.
    first_bin : int64 array of shape (z_dim,)
        Number of each axis' first bin: its left edge is ``first_bin * bin_width``.
    counts : int64 array of shape (z_dim, n_bins)
        Points per axis and bin; shorter axes end in empty bins.
    minimum, maximum, mean, std : float64 array of shape (z_dim,)
        Extremes and moments of each axis, exact.
    center, sigma, amplitude : float64 array of shape (z_dim,)
        The fitted Gaussian: its centre, its standard deviation, and the share of the points that
        it describes (1 for a perfect Gaussian). If `is_fitted` is False, these are the moments.
    fit_quality : float64 array of shape (z_dim,)
        R² of the curve over the bins from the axis' first point to its last:
        1 − Σ(density − fit)² / Σ(density − mean density)².
    is_fitted : bool array of shape (z_dim,)
        False if no Gaussian describes the axis: the fit has its centre outside the points, more
        than 1.5 times their standard deviation, an amplitude outside 0.75 to 1.25 or R² below 0.5,
        the axis is narrower than half a bin, its values repeat, or there are fewer than 50 rows.
    shape : tuple of str, of length z_dim
        What is plain to see: "constant", "few values" (at most √n different ones among n rows),
        "repeated value" (5 % of the rows or more hold the same), "several humps", "flat" (bounded
        and about evenly filled), "skewed", or "unremarkable" for an axis where none of these is
        plain. "unclear" for fewer than 100 rows, or where the bins are too wide to tell because of
        far outliers or a large `bin_width`.
    top_value, top_share : float64 array of shape (z_dim,)
        The most frequent value of each axis, and the share of the rows that hold it, among
        `n_examined` rows.
    n_examined : int
        Rows, spread over the source, among which repeated values were counted.
    """

    z_dim: int
    bin_width: FloatArray
    first_bin: IntArray
    counts: IntArray
    minimum: FloatArray
    maximum: FloatArray
    mean: FloatArray
    std: FloatArray
    center: FloatArray
    sigma: FloatArray
    amplitude: FloatArray
    fit_quality: FloatArray
    is_fitted: BoolArray
    shape: tuple[Shape, ...]
    top_value: FloatArray
    top_share: FloatArray
    n_examined: int

    _plot: ClassVar[str] = "plot_axes"

    @property
    def edges(self) -> FloatArray:
        """Edges of the bins, multiples of each axis' bin width, of shape (z_dim, n_bins + 1)."""
        return edges_of(self.bin_width, self.first_bin, self.counts.shape[1])

    @property
    def centers(self) -> FloatArray:
        """Middle of each bin, of shape (z_dim, n_bins)."""
        return (self.edges[:, :-1] + self.edges[:, 1:]) / 2

    @property
    def density(self) -> FloatArray:
        """Share of the points per unit of the axis, of shape (z_dim, n_bins)."""
        return self.counts / (self.n_used * self.bin_width[:, None])

    @property
    def fwhm(self) -> FloatArray:
        """Full width at half maximum of each axis' Gaussian, 2.355 σ (2.355 std if not fitted)."""
        return FWHM * self.sigma

    @property
    def offset(self) -> FloatArray:
        """Mean of each axis; 0 where it is rounding beside the largest coordinate of the axis."""
        return self._beyond_rounding(self.mean)

    @property
    def most_off_centre(self) -> float:
        """Centre, with its sign, of the axis whose centre lies farthest from 0."""
        center = self._beyond_rounding(self.center)
        return float(center[np.abs(center).argmax()])

    def _beyond_rounding(self, value: FloatArray) -> FloatArray:
        reach = np.maximum(np.abs(self.minimum), np.abs(self.maximum))
        return np.where(np.abs(value) <= _PRECISION * reach, 0.0, value)

    @property
    def weight(self) -> FloatArray:
        """Share of each axis in the mean squared radius: mean² + std², over their sum."""
        square = self.mean**2 + self.std**2
        return square / square.sum() if square.any() else np.full(self.z_dim, 1 / self.z_dim)

    def fitted(self, edges: FloatArray) -> FloatArray:
        """Return the fitted density of every axis over any bins, of shape (z_dim, n_bins).

        Parameters
        ----------
        edges : float64 array of shape (n_edges,) or (z_dim, n_edges)
            The same for all axes, or of each axis.
        """
        return gaussian_curves(edges, self.amplitude, self.center, self.sigma)

    @property
    def is_constant(self) -> BoolArray:
        """True for axes along which all points have the same coordinate."""
        return self.std == 0

    def dominant(self, n: int = 12) -> Table:
        """Return the `n` broadest and most off-centre axes (all, if there are fewer).

        The axis that contributes most to the mean squared radius comes first. `width` is the full
        width at half maximum, `fit` is R²; a dash means that width and centre are moments because
        no Gaussian describes the axis.
        """
        order = np.argsort(-self.weight, kind="stable")[: integer("n", n, low=1)]
        fits = zip(self.fit_quality[order].tolist(), self.is_fitted[order], strict=True)
        return Table(
            axis=order.tolist(),
            center=self.center[order].tolist(),
            width=self.fwhm[order].tolist(),
            weight=self.weight[order].tolist(),
            fit=[quality if is_fit else None for quality, is_fit in fits],
            shape=[self.shape[axis] for axis in order],
        )

    def table(self) -> Table:
        """Return all axes, the dominant ones first."""
        return self.dominant(self.z_dim)

    def headline(self) -> dict[str, Any]:
        """Return how similar the axes are."""
        return {
            "axes": self.z_dim,
            "median width (FWHM)": float(np.median(self.fwhm)),
            "widest": float(self.fwhm.max()),
            "centre farthest from 0": self.most_off_centre,
            "median fit quality": float(np.median(self.fit_quality)),
            "axes without a fit": int((~self.is_fitted).sum()),
            **{shape: n for shape in PLAIN if (n := self.shape.count(shape))},
        }


def axis_density(z: Points, *, bin_width: float | None = None) -> AxisDensity:
    """Count the points along each axis and fit a Gaussian to every curve.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes, in memory or not.
    bin_width : float, optional
        Width of the bins, same unit as z. By default each axis has the power of two that suits its
        own scale, about 0.3 of its standard deviation; the published figures use 0.25.

    Returns
    -------
    AxisDensity
        Counts, moments, fitted centres and widths. `dominant(n)` ranks the axes.

    Raises
    ------
    DataError
        If z holds NaN or infinity, has the wrong shape, or needs too many bins.

    Warns
    -----
    LatentscopeWarning
        If the bins are too wide or too fine for most axes, or no Gaussian fits most of them.

    Notes
    -----
    A good Gaussian fit along every axis does not make z a Gaussian: most projections of
    high-dimensional data look normal. Nor does it make the axes independent; see `latentscope.pca`.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((50_000, 3)) * [1.0, 4.0, 0.5] + [0, 0, 5]
    >>> print(axis_density(z).dominant(2)["axis"])
    (2, 1)
    >>> axis_density(z).sigma.round(1)
    array([1. , 4. , 0.5])
    """
    rows = as_rows(z)
    counts, moments, extremes, some = reduce(
        rows,
        axis_counts(rows, "bin_width", bin_width),
        Moments(rows.z_dim),
        Extremes(rows.z_dim),
        some_rows(rows),
        progress="axis density",
    )
    return axes_result(rows, counts, moments, extremes, some.array)


def axis_counts(rows: Rows, name: str, bin_width: float | None) -> AxisCounts | ScaledCounts:
    """Return an empty summary that counts in bins of the given width, or of widths that suit."""
    if bin_width is None:
        return ScaledCounts(rows.z_dim)
    return AxisCounts(rows.z_dim, positive(name, bin_width))


def some_rows(rows: Rows) -> Collected:
    """Return an empty summary that keeps rows spread over the source."""
    n = max(2, min(_SAMPLE_ROWS, _SAMPLE_CELLS // rows.z_dim))
    return Collected(partial(spread_rows, n / rows.n_total))


def axes_result(
    rows: Rows,
    counts: AxisCounts | ScaledCounts,
    moments: Moments,
    extremes: Extremes,
    some: Array,
) -> AxisDensity:
    """Fit the Gaussians and build the result from its summaries; `some` are a few of the rows."""
    fine, mean, std = counts.histograms(), moments.mean, moments.std
    shown = fine.suited(std) if isinstance(counts, ScaledCounts) else fine
    repeats = Repeats.of(some)
    named = np.where(std > 0, shapes(fine, shown, repeats), "constant")
    width, origin = shown.bin_width, shown.first * shown.bin_width
    fits, is_fitted = _fits(shown, (mean - origin) / width, std / width)
    within = (fits[1] >= (extremes.minimum - origin) / width) & (
        fits[1] <= (extremes.maximum - origin) / width
    )
    is_fitted &= within & ~np.isin(named, ATOMS)
    if shown.n >= _MANY_ROWS and std.any():
        _warn_of_bins(width[std > 0], std[std > 0], is_fitted[std > 0])
    moments_in_bins = np.stack([np.ones_like(std), (mean - origin) / width, std / width])
    amplitude, center, sigma = np.where(is_fitted, fits, moments_in_bins)
    return AxisDensity(
        n_used=shown.n,
        n_total=rows.n_total,
        z_dim=rows.z_dim,
        bin_width=width,
        first_bin=shown.first,
        counts=shown.counts,
        minimum=extremes.minimum,
        maximum=extremes.maximum,
        mean=mean,
        std=std,
        center=np.where(is_fitted, origin + center * width, mean),
        sigma=np.where(is_fitted, sigma * width, std),
        amplitude=amplitude,
        fit_quality=_fit_quality(shown, np.stack([amplitude, center, sigma])),
        is_fitted=is_fitted,
        shape=tuple(named.tolist()),
        top_value=repeats.value,
        top_share=repeats.share,
        n_examined=repeats.n,
    )


def _fits(shown: Histograms, mean: FloatArray, std: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return amplitude, centre and σ of each axis, and whether they describe its points.

    All are in bins from the axis' first, so that no scale overflows. Empty bins on both sides tell
    the fit that nothing lies there.
    """
    pad = int(shown.n_bins.max())
    share = np.pad(shown.counts, ((0, 0), (pad, pad))) / shown.n
    grid = np.arange(share.shape[1] + 1.0) - pad
    amplitude, center, sigma, converged = fit_gaussians(grid, share, center=mean, sigma=std)
    fits = np.stack([amplitude, center, sigma])
    describes = (amplitude > _AMPLITUDE[0]) & (amplitude < _AMPLITUDE[1])
    describes &= (sigma > 0.1) & (sigma < np.maximum(_MAX_SIGMA * std, 1))
    describes &= converged & (std >= _NARROWEST) & (_fit_quality(shown, fits) > _MIN_QUALITY)
    return fits, describes & (shown.n >= _MIN_FITTED)


def _fit_quality(shown: Histograms, fits: FloatArray) -> FloatArray:
    """Return R² of each curve over the bins from its first point to its last."""
    share, number = shown.counts / shown.n, np.arange(shown.counts.shape[1])
    fitted = gaussian_curves(np.arange(len(number) + 1.0), *fits)
    reach = number < shown.n_bins[:, None]
    mean = (share * reach).sum(axis=1) / reach.sum(axis=1)
    residual = ((share - fitted) ** 2 * reach).sum(axis=1)
    spread = ((share - mean[:, None]) ** 2 * reach).sum(axis=1)
    return 1 - np.divide(residual, spread, out=np.ones_like(spread), where=spread > 0)


def _warn_of_bins(bin_width: FloatArray, std: FloatArray, is_fitted: BoolArray) -> None:
    """Warn if the bins hide the shape of the axes that vary, or no Gaussian fits most of them."""
    width, n_bins = float(np.median(std)), float(np.median(std / bin_width))
    if n_bins < _NARROWEST:
        remedy = "Most are narrower than half a bin: choose a smaller bin_width."
    elif n_bins > _WIDEST:
        remedy = "The bins are so fine that counts are mostly noise: choose a wider bin_width."
    elif is_fitted.mean() < 0.5:
        remedy = "No Gaussian describes most of the axes: look at their shapes in the figure."
    else:
        return
    warn(
        f"{(~is_fitted).sum()} of {len(std)} axes have moments instead of a fit (median std "
        f"{width:.3g}, bin width {np.median(bin_width):g}). {remedy}"
    )
