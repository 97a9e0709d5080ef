"""Where do filaments run, how precisely are they located, and which would not arise by chance?

A ridge is a line where the density of the points is a maximum across the line but not along it: the
centre line of a filament. Every scatter of points has ridges, even pure noise. They are found by
climbing from every point (subspace-constrained mean shift), and the uncertainty of their position
by resampling the points. A ridge counts only if it stands out from both its sides more than any
ridge does in 95 % of the sets drawn from a null model without structure.

References
----------
U. Ozertem, D. Erdogmus (2011), Locally defined principal curves and surfaces, Journal of Machine
Learning Research 12, 1249–1286.
C. R. Genovese, M. Perone-Pacifico, I. Verdinelli, L. Wasserman (2014), Nonparametric ridge
estimation, Annals of Statistics 42, 1511–1545. doi:10.1214/14-AOS1218
Y.-C. Chen, C. R. Genovese, L. Wasserman (2015), Asymptotic theory for density ridges, Annals of
Statistics 43, 1896–1928 (the bootstrap, section 4). doi:10.1214/15-AOS1329
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.threads import with_bar
from latentscope._table import Table
from latentscope._types import BoolArray, FloatArray, IntArray
from latentscope._validate import generator, integer, one_of, positive
from latentscope.analysis._plane_words import axes_in_words, null_in_words
from latentscope.analysis._views import Space, checked_center, refuse_flat, view_of
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import collect
from latentscope.rows.source import Points, as_rows
from latentscope.statistics import ALPHA
from latentscope.statistics.moments import Covariance
from latentscope.statistics.patterns.nulls import NULLS, NullName, WindowNull, window_null
from latentscope.statistics.patterns.ridge_points import RidgePoints
from latentscope.statistics.patterns.window import Window, window_about, without_copies

_MIN_POINTS = {2: 30, 3: 150}  # by the number of axes: with fewer, a window is all edge
_COMMON = 0.1  # share of the null sets' ridge points that are above the level of a piece
_WIDEST = 0.25  # of the side: a wider bandwidth leaves no room between the edges
_NARROWEST = {2: 1 / 500, 3: 1 / 60}  # of the side, by axes: cells must fit in memory
_MIN_SETS = 19  # with which the data can be the most extreme of twenty sets, p = 0.05


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Ridges(OnePanel):
    """Density ridges of a window, compared with those of a null model.

    Attributes
    ----------
    space : str
        "pca" (components of all rows, centred on the mean) or "latent" (original axes).
    axes : int64 array of shape (n_axes,)
        The two or three axes, counted from 0.
    center : float64 array of shape (n_axes,)
        Centre of the window.
    half_width : float
        Half the side of the window, unit of z.
    bandwidth : float
        Standard deviation of the Gaussian kernel of the density, unit of z.
    n_window : int
        Points in the window; the ridges are computed from `n_used` of them.
    null : str
        The null model.
    n_boot : int
        Resamplings from which the uncertainty is estimated.
    points : float64 array of shape (n_used, n_axes)
        The points.
    ridge : float64 array of shape (n_ridge, n_axes)
        Points on ridges, about a quarter of a bandwidth apart.
    links : int64 array of shape (n_links, 2)
        Pairs of neighbouring ridge points, to draw a line between.
    contrast : float64 array of shape (n_ridge,)
        How far the density on the ridge exceeds that on both sides, in standard errors.
    uncertainty : float64 array of shape (n_ridge,)
        Root mean square distance to the ridges of resampled points, unit of z.
    level : float
        Contrast that one ridge point in ten exceeds in the null sets.
    piece : int64 array of shape (n_ridge,)
        The connected piece of ridge above the level to which each ridge point belongs, counted from
        0; −1 for points below the level.
    null_contrast : float64 array of shape (n_null,)
        Largest contrast of all ridges in each null set.
    """

    space: Space
    axes: IntArray
    center: FloatArray
    half_width: float
    bandwidth: float
    n_window: int
    null: NullName
    n_boot: int
    points: FloatArray
    ridge: FloatArray
    links: IntArray
    contrast: FloatArray
    uncertainty: FloatArray
    level: float
    piece: IntArray
    null_contrast: FloatArray

    _plot: ClassVar[str] = "plot_ridges"

    @property
    def n_null(self) -> int:
        """Number of null sets."""
        return len(self.null_contrast)

    @property
    def critical_contrast(self) -> float:
        """Contrast that one null set in twenty exceeds anywhere."""
        rank = int(ALPHA * (self.n_null + 1) + 1e-9)
        return float(np.sort(self.null_contrast)[-rank])

    @property
    def is_significant(self) -> BoolArray:
        """True for the ridge points of pieces that exceed the critical contrast somewhere.

        If the null model is true, such pieces are found in 5 % of all cases. The claim is about
        each piece as a whole; its ends may reach somewhat beyond the filament.
        """
        found = self.piece[self.contrast > self.critical_contrast]
        return np.isin(self.piece, found[found >= 0])

    @property
    def p_value(self) -> float:
        """Share of all sets, data included, with a largest contrast of at least the data's."""
        as_large = int((self.null_contrast >= self.contrast.max(initial=0.0)).sum())
        return (1 + as_large) / (1 + self.n_null)

    @property
    def significant_links(self) -> IntArray:
        """Links between significant ridge points, of shape (n, 2)."""
        return self.links[self.is_significant[self.links].all(axis=1)]

    @property
    def n_pieces(self) -> int:
        """Number of connected pieces of significant ridge points."""
        return len(np.unique(self.piece[self.is_significant]))

    @property
    def length(self) -> float:
        """Total length of the significant ridges, unit of z."""
        first, second = self.ridge[self.significant_links.T]
        return float(np.linalg.norm(first - second, axis=1).sum())

    @property
    def typical_uncertainty(self) -> float:
        """Median uncertainty of the significant ridge points; 0 if there are none."""
        found = self.uncertainty[self.is_significant]
        return float(np.median(found)) if len(found) else 0.0

    @property
    def verdict(self) -> str:
        """The answer in one or two sentences, with its p-value."""
        axes = axes_in_words(self.space, self.axes.tolist())
        place = (
            f"among {self.n_used:,} points of {axes} within ±{self.half_width:.3g} of the window's "
            "centre"
        )
        test = (
            f"more than expected by chance, compared with {self.n_null} sets drawn from "
            f"{null_in_words(self.null)}: p = {self.p_value:.2g}"
        )
        if not self.n_pieces:
            return f"No ridge (line of locally highest density) {place} stands out {test}."
        if self.n_pieces == 1:
            found, them = "One ridge (a line of locally highest density)", "It is"
            out = "stands out"
        else:
            found = f"{self.n_pieces} pieces of ridges (lines of locally highest density)"
            out, them = "stand out", "Together they are"
        return (
            f"{found} {place} {out} {test}. {them} {self.length:.3g} long, with a typical "
            f"uncertainty in position of ±{self.typical_uncertainty:.2g}."
        )

    def table(self) -> Table:
        """Return the answer and the numbers behind it."""
        return Table(
            quantity=[
                "ridge points", "significant points", "pieces", "length", "largest contrast",
                "critical contrast", "uncertainty (median)", "bandwidth",
            ],
            value=[
                len(self.ridge), int(self.is_significant.sum()), self.n_pieces, self.length,
                float(self.contrast.max(initial=0.0)), self.critical_contrast,
                self.typical_uncertainty, self.bandwidth,
            ],
        )  # fmt: skip

    def headline(self) -> dict[str, Any]:
        """Return the answer."""
        return {
            "p": self.p_value,
            "pieces": self.n_pieces,
            "length": self.length,
            "uncertainty": self.typical_uncertainty,
            "null": self.null,
            "half-width": self.half_width,
            "bandwidth": self.bandwidth,
        }


def ridges(
    z: Points,
    *,
    axes: Sequence[int] = (0, 1),
    half_width: float | None = None,
    null: NullName = "gaussian",
    n_null: int = 99,
    n_boot: int = 50,
    n_points: int = 2000,
    bandwidth: float | None = None,
    space: Space = "pca",
    center: Sequence[float] | None = None,
    rng: int | np.random.Generator = 0,
) -> Ridges:
    """Find the density ridges of a window, and which of them stand out from a null model.

    Parameters
    ----------
    z : array-like of shape (n_rows, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes. Their two or three coordinates
        must fit in memory.
    axes : two or three int
        Axes to look along, counted from 0.
    half_width : float, optional
        Half the side of the window (a square or a cube), same unit as z; ``inf`` for the window
        that holds all points. By default the window that holds the 1,000 points nearest to its
        centre, or half of the points if there are fewer than 2,000.
    null : {"gaussian", "elliptical", "copula", "independent", "smooth", "uniform"}
        What "without structure" means, as in `latentscope.plane_structure`. Along three axes only
        "gaussian" or "uniform".
    n_null : int
        Null sets to draw, at least 19. The smallest possible p-value is 1 / (n_null + 1).
    n_boot : int
        Resamplings for the uncertainty.
    n_points : int
        Points from which the ridges are computed, chosen at random if the window holds more.
    bandwidth : float, optional
        Standard deviation of the Gaussian kernel, same unit as z. By default the mean spacing of
        the points: side / n^(1/2), or side / n^(1/3) along three axes.
    space : {"pca", "latent"}
        Principal components of all rows, or original axes.
    center : two or three float, optional
        Centre of the window; by default the mean.
    rng : int or numpy.random.Generator
        Seed.

    Returns
    -------
    Ridges
        Ridge points with contrast and uncertainty, and which of them are significant.

    Raises
    ------
    DataError
        If the window holds fewer than 30 points (150 along three axes), its points share their
        coordinates, they do not vary along all axes, the bandwidth is above a quarter of the side,
        or the null model puts hardly any points into the window.

    Notes
    -----
    Neighbouring ridge points whose contrast is above the level are joined into pieces. A piece
    counts if its largest contrast exceeds the critical contrast, which one null set in twenty
    exceeds anywhere; the family-wise error for all ridges of this window is therefore 5 %. Testing
    several windows needs a further correction.

    The uncertainty is that of the ridge of the smoothed density. Smoothing moves the ridge: that of
    a circle of radius R moves inwards by about h² / 2R for the bandwidth h. Ridges closer to each
    other than about two bandwidths merge into one. Ridges within a bandwidth of the window's edge
    are left out. A round clump is crossed by a short ridge of high contrast;
    `latentscope.plane_structure` distinguishes clumps from filaments.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.uniform(-1, 1, (500, 2))
    >>> ridges(noise, half_width=1, null="uniform", space="latent", center=(0, 0)).n_pieces
    0
    >>> angle = rng.uniform(0, 2 * np.pi, 300)
    >>> circle = 0.6 * np.column_stack([np.cos(angle), np.sin(angle)])
    >>> z = np.vstack([noise, circle + 0.02 * rng.standard_normal((300, 2))])
    >>> result = ridges(z, half_width=1, null="uniform", space="latent", center=(0, 0))
    >>> found = np.linalg.norm(result.ridge[result.is_significant], axis=1)
    >>> print(np.median(found).round(2))
    0.59
    """
    rows = as_rows(z)
    random = generator(rng)
    one_of("null", null, NULLS)
    integer("n_null", n_null, low=_MIN_SETS)
    integer("n_boot", n_boot, low=2)
    integer("n_points", n_points, low=min(_MIN_POINTS.values()))
    view = view_of(rows, axes, space, sizes=[2, 3])
    cloud = collect(rows, view.project, progress="projecting").astype(np.float64)
    moments = Covariance(len(view.axes))
    moments.add(cloud)
    refuse_flat(moments.covariance, view, len(cloud), "ridges")
    window = window_about(checked_center(center, cloud, space), cloud, half_width)
    inside = cloud[window.holds(cloud)]
    _check_points(inside, window)
    n = min(n_points, len(inside))
    points = without_copies(
        random.choice(inside, n, replace=False, shuffle=False), window, view.axes
    )
    n = len(points)
    side = _side(bandwidth, window, n, len(view.axes))
    model = window_null(null, cloud, window, n)
    scaled = window.to_unit(points).clip(0, 1) * side
    with one_blas_thread():
        found = RidgePoints.of(scaled, side).thinned()
        beside = _of_null(model, side, random.spawn(n_null))
        uncertainty = _uncertainty(found, scaled, side, random.spawn(n_boot))
    pooled = np.concatenate(beside)
    level = float(np.quantile(pooled, 1 - _COMMON)) if len(pooled) else 0.0
    links = found.links()
    unit = 2 * window.half_width / side
    return Ridges(
        n_used=n,
        n_total=rows.n_total,
        space=space,
        axes=np.array(view.axes),
        center=window.center,
        half_width=window.half_width,
        bandwidth=unit,
        n_window=len(inside),
        null=null,
        n_boot=n_boot,
        points=points,
        ridge=window.from_unit(found.places / side),
        links=links,
        contrast=found.contrast,
        uncertainty=uncertainty * unit,
        level=level,
        piece=found.pieces(links, level),
        null_contrast=np.array([contrast.max(initial=0.0) for contrast in beside]),
    )


def _check_points(inside: FloatArray, window: Window) -> None:
    """Raise if there are so few points that ridges would be those of single points."""
    n_axes = inside.shape[1]
    least = _MIN_POINTS[n_axes]
    if len(inside) < least:
        raise DataError(
            f"{window.name} must hold at least {least} points for ridges along {n_axes} axes; it "
            f"holds {len(inside):,}.",
            parameter="half_width",
            remedy="Choose a larger `half_width`.",
        )


def _side(bandwidth: float | None, window: Window, n: int, n_axes: int) -> float:
    """Return the window's side in bandwidths."""
    if bandwidth is None:
        return float(n ** (1 / n_axes))
    side = 2 * window.half_width
    low, high = _NARROWEST[n_axes] * side, _WIDEST * side
    if not low <= positive("bandwidth", bandwidth) <= high:
        raise DataError(
            f"bandwidth must be from {low:.4g} to {high:.4g} in this window, up to a quarter of "
            f"its side; got {bandwidth!r}.",
            parameter="bandwidth",
        )
    return side / bandwidth


def _of_null(
    model: WindowNull, side: float, streams: Sequence[np.random.Generator]
) -> list[FloatArray]:
    """Return the contrasts of all ridge points in each null set."""

    def contrasts(stream: np.random.Generator) -> FloatArray:
        drawn = model.window.to_unit(model.draw(stream)).clip(0, 1) * side
        return RidgePoints.of(drawn, side).thinned().contrast

    return list(with_bar(contrasts, streams, "null sets", "set"))


def _uncertainty(
    found: RidgePoints, points: FloatArray, side: float, streams: Sequence[np.random.Generator]
) -> FloatArray:
    """Return the root mean square distance of each ridge point to the ridges of resamplings."""

    def squares(stream: np.random.Generator) -> FloatArray:
        again = stream.integers(len(points), size=len(points))
        return np.square(found.displacement(points[again], side))

    found_squares = list(with_bar(squares, streams, "resampling", "set"))
    return np.sqrt(np.mean(found_squares, axis=0))
