"""How are the points spread along each axis, and which axes dominate?

A histogram is computed for every axis, on one common grid, and a Gaussian is fitted to it by least
squares. The model is the Gaussian's mean density over each bin (a difference of error functions),
so the bins do not widen the fit. Its amplitude is free, so a tail or a second peak does not pull
the centre along as it does with the moments. All axes are fitted at once by Levenberg-Marquardt
steps.

References
----------
D. W. Marquardt (1963), Journal of the SIAM 11, 431–441. doi:10.1137/0111030
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentscope._table import Table
from latentscope._types import BoolArray, FloatArray, IntArray
from latentscope._validate import integer, positive
from latentscope._warn import warn
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, Rows, as_rows
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.gaussian_fit import fit_gaussians, gaussian_curves
from latentscope.statistics.moments import Moments

FWHM = 2 * np.sqrt(2 * np.log(2))  # full width at half maximum of a Gaussian, in σ
_MANY_ROWS = 100  # with fewer, no histogram shows much
_WIDEST = 100  # σ in bins beyond which most of what a histogram shows is noise
_NARROWEST = 0.5  # σ in bins below which a histogram does not show the shape


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class AxisDensity(OnePanel):
    """Histogram and fitted Gaussian of each axis.

    Attributes
    ----------
    z_dim : int
        Number of axes.
    bin_width : float
        Width of the bins, same unit as z.
    edges : float64 array of shape (n_bins + 1,)
        Multiples of the bin width, common to all axes.
    counts : int64 array of shape (z_dim, n_bins)
        Points per axis and bin.
    mean, std : float64 array of shape (z_dim,)
        Moments of each axis, exact.
    center, sigma, amplitude : float64 array of shape (z_dim,)
        The fitted Gaussian: its centre, its standard deviation, and the share of the points that
        it describes (1 for a perfect Gaussian). If `is_fitted` is False, these are the moments.
    fit_quality : float64 array of shape (z_dim,)
        R² of the fitted curve over the bins from the axis' first point to its last:
        1 − Σ(density − fit)² / Σ(density − mean density)².
    is_fitted : bool array of shape (z_dim,)
        False if the axis is constant or narrower than half a bin, or no Gaussian fits it.
    """

    z_dim: int
    bin_width: float
    edges: FloatArray
    counts: IntArray
    mean: FloatArray
    std: FloatArray
    center: FloatArray
    sigma: FloatArray
    amplitude: FloatArray
    fit_quality: FloatArray
    is_fitted: BoolArray

    _plot: ClassVar[str] = "plot_axes"

    @property
    def centers(self) -> FloatArray:
        """Middle of each bin."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    @property
    def density(self) -> FloatArray:
        """Share of the points per unit of the axis, of shape (z_dim, n_bins)."""
        return self.counts / (self.n_used * self.bin_width)

    @property
    def fwhm(self) -> FloatArray:
        """Full width at half maximum of each axis' Gaussian, 2.355 σ."""
        return FWHM * self.sigma

    @property
    def weight(self) -> FloatArray:
        """Share of each axis in the mean squared radius of the fitted Gaussians: centre² + σ²."""
        square = self.center**2 + self.sigma**2
        return square / square.sum() if square.any() else np.full(self.z_dim, 1 / self.z_dim)

    def fitted(self, edges: FloatArray) -> FloatArray:
        """Return the fitted density of every axis over any bins, of shape (z_dim, n_bins)."""
        return gaussian_curves(edges, self.amplitude, self.center, self.sigma)

    @property
    def is_constant(self) -> BoolArray:
        """True for axes along which all points have the same coordinate."""
        return self.std == 0

    def dominant(self, n: int = 12) -> Table:
        """Return the `n` broadest and most off-centre axes (all, if there are fewer).

        The axis that contributes most to the mean squared radius comes first. `width` is the full
        width at half maximum, `fit` is R²; a dash means that width and centre are moments.
        """
        order = np.argsort(-self.weight, kind="stable")[: integer("n", n, low=1)]
        fits = zip(self.fit_quality[order].tolist(), self.is_fitted[order], strict=True)
        return Table(
            axis=order.tolist(),
            center=self.center[order].tolist(),
            width=self.fwhm[order].tolist(),
            weight=self.weight[order].tolist(),
            fit=[quality if is_fit else None for quality, is_fit in fits],
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
            "most off-centre": float(np.abs(self.center).max()),
            "median fit quality": float(np.median(self.fit_quality)),
            "axes without a fit": int((~self.is_fitted).sum()),
        }


def axis_density(z: Points, *, bin_width: float = 0.25) -> AxisDensity:
    """Count the points along each axis and fit a Gaussian to every curve.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes, in memory or not.
    bin_width : float
        Width of the bins, same unit as z.

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
    counts, moments = reduce(
        rows,
        AxisCounts(rows.z_dim, positive("bin_width", bin_width)),
        Moments(rows.z_dim),
        progress="axis density",
    )
    return axes_result(rows, counts, moments)


def axes_result(rows: Rows, counts: AxisCounts, moments: Moments) -> AxisDensity:
    """Fit the Gaussians and build the result from its summaries."""
    bins = counts.trimmed()
    width, std = bins.bin_width, moments.std
    grid, share = bins.edges / width, bins.counts / bins.n  # in bins, so that no scale overflows
    amplitude, center, sigma, converged = fit_gaussians(
        grid, share, center=moments.mean / width, sigma=std / width
    )
    is_fitted = (std >= _NARROWEST * width) & converged & (sigma > 0.1) & (amplitude > 0)
    if bins.n >= _MANY_ROWS and std.any():
        _warn_of_bins(width, std[std > 0], is_fitted[std > 0])
    amplitude, center, sigma = (
        np.where(is_fitted, fit, moment)
        for fit, moment in (
            (amplitude, 1.0),
            (center * width, moments.mean),
            (sigma * width, std),
        )
    )
    fitted = gaussian_curves(grid, amplitude, center / width, sigma / width)
    return AxisDensity(
        n_used=bins.n,
        n_total=rows.n_total,
        z_dim=rows.z_dim,
        bin_width=width,
        edges=bins.edges,
        counts=bins.counts,
        mean=moments.mean,
        std=std,
        center=center,
        sigma=sigma,
        amplitude=amplitude,
        fit_quality=_fit_quality(share, fitted),
        is_fitted=is_fitted,
    )


def _fit_quality(share: FloatArray, fitted: FloatArray) -> FloatArray:
    """Return R² of each curve over the bins from its first point to its last."""
    used = share > 0
    first, last = used.argmax(axis=1), used.shape[1] - 1 - used[:, ::-1].argmax(axis=1)
    number = np.arange(used.shape[1])
    reach = (number >= first[:, None]) & (number <= last[:, None])
    mean = (share * reach).sum(axis=1) / reach.sum(axis=1)
    residual = ((share - fitted) ** 2 * reach).sum(axis=1)
    spread = ((share - mean[:, None]) ** 2 * reach).sum(axis=1)
    return 1 - np.divide(residual, spread, out=np.ones_like(spread), where=spread > 0)


def _warn_of_bins(bin_width: float, std: FloatArray, is_fitted: BoolArray) -> None:
    """Warn if the bins hide the shape of the axes that vary, or no Gaussian fits most of them."""
    width = float(np.median(std))
    if width < _NARROWEST * bin_width:
        remedy = "Most are narrower than half a bin: choose a smaller bin_width."
    elif width > _WIDEST * bin_width:
        remedy = "The bins are so fine that counts are mostly noise: choose a wider bin_width."
    elif is_fitted.mean() < 0.5:
        remedy = "No Gaussian fits most densities: look at the figure before you use the fits."
    else:
        return
    warn(
        f"{(~is_fitted).sum()} of {len(std)} axes have moments instead of a fit (median std "
        f"{width:.3g}, bin width {bin_width:g}). {remedy}"
    )
