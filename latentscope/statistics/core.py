"""The Gaussian core of a cloud: the Gaussian that explains the rows within its own radius.

Truncation at a Mahalanobis radius multiplies the covariance of a Gaussian by a known factor below
1. So the core is found by iterating "rows within the radius of N(mean, Σ) → their mean and
covariance / factor" until it converges.

References
----------
G. M. Tallis (1963), Annals of Mathematical Statistics 34, 940–944 (elliptical truncation).
doi:10.1214/aoms/1177704016
"""

from typing import NamedTuple, Self

import numpy as np
from scipy.special import gammainc, hyp1f1
from scipy.stats import chi2

from latentscope._types import FloatArray
from latentscope._warn import warn
from latentscope.errors import DataError
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Rows
from latentscope.rows.summaries import Block, Summary
from latentscope.statistics.moments import DoubleCovariance, varying_axes, whitened

_CORE_MASS = 0.9  # share of a Gaussian inside the default radius of its core
_MAX_ITERATIONS = 100
_TINY_MASS = 1e-200  # share of a Gaussian inside a radius that is too small to divide by
_TOLERANCE = 1e-6  # relative change of the core's total variance that ends the search


class Core(NamedTuple):
    """A Gaussian, the Mahalanobis radius that truncates it, and how many rows lie within that.

    `axes` are unit vectors as rows, and `variance` is that along each of them; directions without
    variance are left out. `n_inside` of `n` rows lie within the radius.
    """

    mean: FloatArray
    variance: FloatArray
    axes: FloatArray
    radius: float
    n_inside: int
    n: int

    @property
    def share(self) -> float:
        """Rows within the radius, divided by those that a Gaussian of all rows would have there."""
        return self.n_inside / (self.n * float(chi2.cdf(self.radius**2, len(self.variance))))


def covariance_factor(n_directions: int, radius: float) -> float:
    """Return F(D²; p + 2) / F(D²; p), with F of the chi-squared law, p directions and radius D.

    Examples
    --------
    >>> round(covariance_factor(1, 1.0), 4)  # variance of a normal truncated at ±1
    0.2911
    """
    a, x = n_directions / 2, radius**2 / 2
    mass = float(gammainc(a, x))
    if mass > _TINY_MASS:
        return float(gammainc(a + 1, x)) / mass
    return x / (a + 1) * float(hyp1f1(1, a + 2, x) / hyp1f1(1, a + 1, x))


def fitted_core(rows: Rows, radius: float | None = None, *, tolerance: float = _TOLERANCE) -> Core:
    """Find the core of all rows, truncated at `radius` (by default that of 90 % of a Gaussian).

    The iteration has converged when a step changes the total variance by a share of at most
    `tolerance`.
    """
    (covariance,) = reduce(rows, DoubleCovariance(rows.z_dim), progress="covariance")
    found, factor, total, n_inside = covariance, 1.0, 0.0, 0
    for step in range(1, _MAX_ITERATIONS + 1):
        variance, axes = varying_axes(found, rows.matrices["z"].dtype)
        variance = variance / factor
        if not len(variance):
            raise DataError("the points of z must differ to have a core; all of them coincide.")
        if covariance.n <= len(variance) + 1:
            raise DataError(
                "z must have at least two rows more than directions to have a core; got "
                f"{covariance.n:,} rows that vary along {len(variance):,} directions. Pass a few "
                "principal components, latentscope.pca(z).transform(z).",
                parameter="z",
            )
        cut = _default_radius(len(variance)) if radius is None else float(radius)
        if abs(variance.sum() - total) <= tolerance * variance.sum():
            break
        total = variance.sum()
        whitening = axes / np.sqrt(variance)[:, None]
        (inside,) = reduce(rows, _Inside(found.mean, whitening, cut), progress=f"core, pass {step}")
        found, n_inside = inside.covariance, inside.covariance.n
        if n_inside <= len(variance):
            raise DataError(
                f"radius must hold more rows than axes; {n_inside:,} of {rows.n_total:,} lie "
                f"within {cut:.4g} (axes: {len(variance)}).",
                parameter="radius",
                remedy="Use a larger one.",
            )
        factor = covariance_factor(len(variance), cut)
    else:
        warn(
            f"the core did not converge within {_MAX_ITERATIONS} iterations; its covariance is "
            "approximate."
        )
    return Core(found.mean, variance, axes, cut, n_inside, covariance.n)


def _default_radius(rank: int) -> float:
    return float(np.sqrt(chi2.ppf(_CORE_MASS, rank)))


class _Inside(Summary):
    """Mean and covariance of the rows within a Mahalanobis radius."""

    def __init__(self, mean: FloatArray, whitening: FloatArray, radius: float) -> None:
        self.mean, self.whitening, self.radius = mean, whitening, radius
        self.covariance = DoubleCovariance(len(mean))

    def empty(self) -> Self:
        return type(self)(self.mean, self.whitening, self.radius)

    def update(self, block: Block) -> None:
        white = whitened(block.z, self.mean, self.whitening)
        inside = np.einsum("ij,ij->i", white, white) <= self.radius**2
        if inside.any():
            self.covariance.add(block.z[inside].astype(np.float64, copy=False))

    def merge(self, other: Self) -> None:
        self.covariance.merge(other.covariance)
