"""How would the points of a window be arranged without structure? Null models of two or three axes.

Each model is fitted to all points along these axes and draws as many as are requested inside the
window. If those are most of the points, the Gaussian and the elliptical model draw whole clouds and
give them exactly the mean and covariance, or the centre and shape, of the data: all sets then share
what was fitted, and the comparison is exact. Otherwise these are known almost exactly.
"""

import warnings
from abc import ABC, abstractmethod
from typing import Literal, get_args

import numpy as np
from sklearn.linear_model import PoissonRegressor

from latentscope._compute.blas import one_blas_thread
from latentscope._types import FloatArray
from latentscope._validate import one_of
from latentscope.errors import DataError
from latentscope.statistics.draws import in_order_of, normal_scores, standardised
from latentscope.statistics.elliptical_shape import balanced, centre_and_shape, polar
from latentscope.statistics.patterns.coarse_fit import corrected
from latentscope.statistics.patterns.window import Window

NullName = Literal["gaussian", "elliptical", "copula", "independent", "smooth", "uniform"]
NULLS: tuple[NullName, ...] = get_args(NullName)  # of a plane
_WHOLE_CLOUD_SHARE = 0.5  # share of the points compared, above which whole clouds are drawn
_MAX_ROUNDS = 1000  # of drawing candidates, until enough are inside the window
_CELLS = 32  # per side, for the fit of the smooth density
_FINE = 128  # per side, for its draws
_DEGREES = (0, 1, 2, 3, 4, 6, 8, 10)
_TOLERANCE = 1e-4  # gradient per cell and point of a cell, at which the fit has converged
_FINER = 0.1  # by which fine cells may differ in sum: a polynomial may rise between coarse ones
_RIDGE = 1e-6  # penalty that keeps the fit finite where most of the window is empty


class WindowNull(ABC):
    """A null model of points along two or three axes, seen through a window."""

    def __init__(self, points: FloatArray, window: Window, n: int) -> None:
        self.points, self.window, self.n = points, window, n
        self.fit()

    def draw(self, random: np.random.Generator) -> FloatArray:
        """Return n points inside the window, of shape (n, n_axes).

        If a few points of a whole cloud lie outside, only they are replaced: a mixture of two
        clouds would not have the data's own mean and covariance.
        """
        parts: list[FloatArray] = []
        missing = self.n
        for _ in range(_MAX_ROUNDS):
            candidates = self.candidates(random)
            inside = candidates[self.window.holds(candidates)]
            few = len(inside) <= missing
            parts.append(inside if few else random.permutation(inside)[:missing])
            missing -= len(parts[-1])
            if not missing:
                return np.concatenate(parts)
        raise DataError(
            f"the null model must put points into the window; it puts hardly any at "
            f"{self.window.center.tolist()} ± {self.window.half_width:.4g}.",
            parameter="null",
            remedy="Choose a window nearer to the data's mean or, in a plane, `null='smooth'`.",
        )

    def fit(self) -> None:  # noqa: B027 (some models have nothing to fit)
        """Fit the model to the points."""

    @abstractmethod
    def candidates(self, random: np.random.Generator) -> FloatArray:
        """Return some points, of which those inside the window are kept."""


class _Uniform(WindowNull):
    """Complete spatial randomness in the window."""

    def candidates(self, random: np.random.Generator) -> FloatArray:
        return self.window.from_unit(random.uniform(size=(self.n, self.points.shape[1])))


class _Independent(WindowNull):
    """The values of both coordinates, paired at random."""

    def fit(self) -> None:
        offset = np.abs(self.points - self.window.center) <= self.window.half_width
        self.columns = [self.points[offset[:, k], k] for k in (0, 1)]

    def candidates(self, random: np.random.Generator) -> FloatArray:
        size = min(self.n, *map(len, self.columns))
        drawn = [random.choice(column, size, replace=False) for column in self.columns]
        return np.stack(drawn, axis=1)


class _Radial(WindowNull):
    """Radii about a centre, in the metric of a shape, each in a random direction."""

    def fit(self) -> None:
        self.is_whole = self.n > _WHOLE_CLOUD_SHARE * len(self.points)
        self.mean = self.points.mean(axis=0)
        self.root = np.asarray(np.linalg.cholesky(np.cov(self.points.T)), dtype=float)
        self.fit_radii()

    @property
    def ends(self) -> FloatArray:
        """The smallest and the largest radius of the places in the window."""
        return _radial_ends(self.window, self.mean, self.root)

    def fit_radii(self) -> None:
        """Fit what the mean and the covariance do not describe."""

    def candidates(self, random: np.random.Generator) -> FloatArray:
        radii = self.candidate_radii(random)
        angle = random.uniform(0, 2 * np.pi, size=len(radii))
        white = radii[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        if self.is_whole:
            white = self.adjusted(white)
        return white @ self.root.T + self.mean

    @abstractmethod
    def candidate_radii(self, random: np.random.Generator) -> FloatArray:
        """Return the radii of some candidates."""

    @abstractmethod
    def adjusted(self, white: FloatArray) -> FloatArray:
        """Return a whole cloud, adjusted to exactly what was fitted to the data."""


class _Elliptical(_Radial):
    """The radii of the points in the metric of their shape, whatever their tails."""

    def fit_radii(self) -> None:
        white = np.linalg.solve(self.root, (self.points - self.mean).T).T
        centre, shape = centre_and_shape(white)
        self.radii, _ = polar(white, centre, shape)
        self.mean, self.root = self.mean + self.root @ centre, self.root @ shape
        if not self.is_whole:
            low, high = self.ends
            self.radii = self.radii[(self.radii >= low) & (self.radii <= high)]

    def candidate_radii(self, random: np.random.Generator) -> FloatArray:  # noqa: ARG002
        return self.radii

    def adjusted(self, white: FloatArray) -> FloatArray:
        return balanced(white)


class _Gaussian(_Radial):
    """The Gaussian with the mean and covariance of the points."""

    def candidate_radii(self, random: np.random.Generator) -> FloatArray:
        if self.is_whole:
            return np.sqrt(2 * random.exponential(size=len(self.points)))
        low, high = self.ends
        share = random.uniform(size=2 * self.n) * -np.expm1(0.5 * (low**2 - high**2))
        return np.sqrt(low**2 - 2 * np.log1p(-share))

    def adjusted(self, white: FloatArray) -> FloatArray:
        return standardised(white.T).T


class _Copula(WindowNull):
    """The values of both coordinates, ordered like draws from a Gaussian correlated as they are."""

    def fit(self) -> None:
        self.correlation = float(np.asarray(np.corrcoef(normal_scores(self.points).T))[0, 1])

    def candidates(self, random: np.random.Generator) -> FloatArray:
        scores = random.standard_normal(self.points.shape)
        scores[:, 1] *= np.sqrt(1 - self.correlation**2)
        scores[:, 1] += self.correlation * scores[:, 0]
        return in_order_of(scores, self.points)


class _Smooth(WindowNull):
    """A smooth density: the exponential of a polynomial, of the degree that AIC selects.

    Fitted to counts of cells by Poisson regression (J. Lindsey 1974, Journal of the Royal
    Statistical Society B 36, 38–47), over the rectangle that the points of the window span. Where
    it does not describe even the coarse distribution of the points, it is corrected.
    """

    def fit(self) -> None:
        inside = self.points[self.window.holds(self.points)]
        self.low, self.span = inside.min(axis=0), np.ptp(inside, axis=0)
        scaled = (inside - self.low) / self.span
        density = _fitted_density(_counts(scaled, _CELLS).ravel())
        density = corrected(density.reshape(_FINE, _FINE), _counts(scaled, _FINE)).ravel()
        self.cumulated = np.cumsum(density) / density.sum()

    def candidates(self, random: np.random.Generator) -> FloatArray:
        cell = np.searchsorted(self.cumulated, random.uniform(size=self.n))
        jitter = random.uniform(-0.5, 0.5, size=(self.n, 2)) / _FINE
        return self.low + (_cell_centers(_FINE)[cell] + jitter) * self.span


class _SpaceGaussian(WindowNull):
    """The Gaussian along three axes, drawn as clouds of as many points as the data have."""

    def fit(self) -> None:
        self.mean = self.points.mean(axis=0)
        self.root = np.linalg.cholesky(np.cov(self.points.T))

    def candidates(self, random: np.random.Generator) -> FloatArray:
        white = random.standard_normal((self.points.shape[1], len(self.points)))
        if self.n > _WHOLE_CLOUD_SHARE * len(self.points):
            white = standardised(white)
        return np.asarray((self.root @ white).T + self.mean)


_NULLS: dict[NullName, type[WindowNull]] = {
    "gaussian": _Gaussian,
    "elliptical": _Elliptical,
    "copula": _Copula,
    "independent": _Independent,
    "smooth": _Smooth,
    "uniform": _Uniform,
}
_SPACE_NULLS: dict[NullName, type[WindowNull]] = {"gaussian": _SpaceGaussian, "uniform": _Uniform}


def window_null(name: NullName, points: FloatArray, window: Window, n: int) -> WindowNull:
    """Return the null model of that name, fitted to all points along two or three axes.

    Parameters
    ----------
    name : str
        One of `NULLS` for two axes, "gaussian" or "uniform" for three.
    points : float64 array of shape (n_points, n_axes)
        All points, inside the window and outside.
    window : Window
        The draws lie inside it.
    n : int
        Points per draw.
    """
    if points.shape[1] == 2:
        return _NULLS[one_of("null", name, NULLS)](points, window, n)
    return _SPACE_NULLS[one_of("null, for three axes,", name, list(_SPACE_NULLS))](
        points, window, n
    )


def _radial_ends(window: Window, mean: FloatArray, root: FloatArray) -> FloatArray:
    """Return the smallest and the largest radius of the places in a window."""
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    corners = np.linalg.solve(root, (window.from_unit(square) - mean).T).T
    largest = np.hypot(*corners.T).max()
    if window.holds(mean[None])[0]:
        return np.array([0.0, largest])
    sides = np.roll(corners, -1, axis=0) - corners
    along = -(corners * sides).sum(axis=1) / (sides**2).sum(axis=1)
    nearest = corners + np.clip(along, 0, 1)[:, None] * sides
    return np.array([np.hypot(*nearest.T).min(), largest])


def _fitted_density(counts: FloatArray) -> FloatArray:
    """Return the density, in fine cells, of the polynomial with the least AIC of all degrees."""
    fits = [(*_fit(counts, degree), degree) for degree in _DEGREES]
    for _, coefficients, degree in sorted(fits, key=lambda fit: fit[0]):
        with np.errstate(over="ignore", invalid="ignore"):
            density = np.exp(_polynomials(_FINE, degree) @ coefficients)
        if abs(density.mean() / counts.mean() - 1) < _FINER:
            break
    return np.asarray(density)


def _fit(counts: FloatArray, degree: int) -> tuple[float, FloatArray]:
    """Return AIC and coefficients of a polynomial fitted to counts of cells."""
    terms = _polynomials(_CELLS, degree)
    model = PoissonRegressor(
        alpha=_RIDGE,
        fit_intercept=False,
        solver="newton-cholesky",
        tol=_TOLERANCE * max(1.0, float(counts.mean())),
    )
    quiet = np.errstate(over="ignore", invalid="ignore")
    with one_blas_thread(), quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that fails is left out below
        mean = model.fit(terms, counts).predict(terms)
    deviance = 2 * float(mean.sum() - counts @ np.log(np.maximum(mean, np.finfo(float).tiny)))
    criterion = deviance + 2 * terms.shape[1]
    return criterion if np.isfinite(criterion) else np.inf, model.coef_


def _counts(scaled: FloatArray, n_cells: int) -> FloatArray:
    """Return how many points of the unit square are in each cell."""
    edges = np.linspace(0, 1, n_cells + 1)
    return np.histogramdd(scaled, [edges, edges])[0]


def _cell_centers(n_cells: int) -> FloatArray:
    ticks = (np.arange(n_cells) + 0.5) / n_cells
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)


def _polynomials(n_cells: int, degree: int) -> FloatArray:
    """Return products of Legendre polynomials up to a total degree at the cells' centres."""
    x, y = np.polynomial.legendre.legvander(2 * _cell_centers(n_cells) - 1, degree).transpose(
        1, 0, 2
    )
    columns = [x[:, i] * y[:, j] for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack(columns, axis=1)
