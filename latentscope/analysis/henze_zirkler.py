"""Is a cloud of few dimensions a multivariate Gaussian, by the test of Henze and Zirkler?

The test compares the empirical characteristic function of the standardised points with that of
N(0, I), weighted by a Gaussian. In few dimensions it is consistent against every alternative. In
many dimensions it detects nothing: all pairs of points are so far apart that their part of the
statistic vanishes, and what remains is 1 for any cloud.

References
----------
N. Henze, B. Zirkler (1990), Communications in Statistics, Theory and Methods 19, 3595–3617.
doi:10.1080/03610929008830400
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.stats import lognorm

from latentscope._types import Array, FloatArray
from latentscope._validate import generator, integer
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce, sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.statistics.moments import DoubleCovariance, varying_axes

_MAX_DIRECTIONS = 10
_MIN_ROWS = 10  # rows, and two per direction: with fewer the distribution is different
_AT_ONCE = 1_000  # rows whose distances to all others are held at once


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class HenzeZirkler(OnePanel):
    """Statistic of the Henze-Zirkler test, and its distribution for a Gaussian.

    Attributes
    ----------
    n_directions : int
        Number of directions along which the data vary, at most 10.
    n_points : int
        Rows used by the test.
    smoothing : float
        The parameter β of the weight, by the rule of Henze and Zirkler.
    statistic : float
        HZ; the larger, the less the cloud is like a Gaussian.
    null_mean, null_std : float
        Its mean and standard deviation for a Gaussian, in the limit of large n.
    """

    n_directions: int
    n_points: int
    smoothing: float
    statistic: float
    null_mean: float
    null_std: float

    _plot: ClassVar[str] = "plot_henze_zirkler"

    @property
    def law(self) -> Any:
        """Log-normal distribution of that mean and standard deviation, a frozen one of SciPy."""
        spread = np.log1p((self.null_std / self.null_mean) ** 2)
        scale = self.null_mean * np.exp(-spread / 2)
        return lognorm(np.sqrt(spread), scale=scale)

    @property
    def p_value(self) -> float:
        """Probability that a Gaussian has a statistic at least as large."""
        return float(self.law.sf(self.statistic))

    def headline(self) -> dict[str, Any]:
        """Return the statistic and its p-value."""
        return {
            "statistic": self.statistic,
            "a Gaussian's, mean": self.null_mean,
            "std": self.null_std,
            "p": self.p_value,
        }


def henze_zirkler(
    z: Points, *, n_points: int = 5_000, rng: int | np.random.Generator = 0
) -> HenzeZirkler:
    """Test whether a cloud of at most ten dimensions is a multivariate Gaussian.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points that vary along at most ten directions.
    n_points : int
        Rows to use, chosen at random; their distances to each other are computed. Of rows that are
        the same, only one counts.
    rng : int or numpy.random.Generator
        Seed of the choice.

    Returns
    -------
    HenzeZirkler
        Statistic and p-value.

    Raises
    ------
    DataError
        If the points vary along more than ten directions, along none, or are too few.

    Notes
    -----
    With β = (n (2p + 1) / 4)^(1 / (p + 4)) / √2 and standardised points y::

        HZ = (1/n) Σ exp(−β² |yᵢ − yⱼ|² / 2) − 2 (1 + β²)^(−p/2) Σ exp(−β² |yᵢ|² / (2 (1 + β²)))
             + n (1 + 2β²)^(−p/2)

    For a Gaussian it is approximately log-normal.

    Above ten directions use `latentscope.normality`: with 256, the statistic is 1.000000 for a
    Gaussian, an elliptical t with 5 degrees of freedom, a cube and two clusters alike.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((2000, 3))
    >>> henze_zirkler(z).p_value > 0.05, henze_zirkler(np.exp(z)).p_value < 1e-6
    (True, True)
    """
    rows, random = as_rows(z), generator(rng)
    indices, n_used = sample_rows(rows, integer("n_points", n_points, low=3), random)
    sample = take(rows, indices)
    distinct = np.unique(sample, axis=0)
    white = _white(distinct if len(distinct) > 1 else sample)
    n, p = white.shape
    beta = float((n * (2 * p + 1) / 4) ** (1 / (p + 4)) / np.sqrt(2))
    mean, std = _null_moments(p, beta)
    return HenzeZirkler(
        n_used=n_used,
        n_total=rows.n_total,
        n_directions=p,
        n_points=n,
        smoothing=beta,
        statistic=_statistic(white, beta),
        null_mean=mean,
        null_std=std,
    )


def _white(points: Array) -> FloatArray:
    """Return the points with mean 0 and covariance I, with n in the denominator."""
    (found,) = reduce(points, DoubleCovariance(points.shape[1]))
    variance, axes = varying_axes(found, points.dtype)
    rank = len(variance)
    if rank > _MAX_DIRECTIONS:
        raise DataError(
            f"z must vary along at most {_MAX_DIRECTIONS} directions for the Henze-Zirkler test; "
            f"it varies along {rank}. In so many, all points are far from each other, and the "
            "statistic tends to 1 for any cloud. Use latentscope.normality(z), or test a few "
            "principal components, latentscope.pca(z, n_components=5).transform(z)."
        )
    if not rank or found.n < max(_MIN_ROWS, 2 * rank):
        raise DataError(
            f"z must vary, and have at least {_MIN_ROWS} different rows and two per direction; its "
            f"{found.n} rows (copies left out) vary along {rank} directions."
        )
    std = np.sqrt(variance * (1 - 1 / found.n))
    return (points - found.mean) @ (axes / std[:, None]).T


def _statistic(white: FloatArray, beta: float) -> float:
    n, p = white.shape
    square = np.einsum("ij,ij->i", white, white)
    pairs = 0.0
    for start in range(0, n, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        apart = square[part, None] + square - 2 * white[part] @ white.T
        pairs += float(np.exp(-(beta**2) / 2 * np.maximum(apart, 0)).sum())
    single = np.exp(-(beta**2) * square / (2 * (1 + beta**2))).sum()
    one, two = (1 + beta**2) ** (-p / 2), (1 + 2 * beta**2) ** (-p / 2)
    return float(pairs / n - 2 * one * single + n * two)


def _null_moments(p: int, beta: float) -> tuple[float, float]:
    """Return mean and standard deviation for a Gaussian (Henze and Zirkler, theorem 3.2)."""
    b2 = beta**2
    a, w = 1 + 2 * b2, (1 + b2) * (1 + 3 * b2)
    mean = 1 - a ** (-p / 2) * (1 + p * b2 / a + p * (p + 2) * b2**2 / (2 * a**2))
    variance = (
        2 * (1 + 4 * b2) ** (-p / 2)
        + 2 * a**-p * (1 + 2 * p * b2**2 / a**2 + 3 * p * (p + 2) * b2**4 / (4 * a**4))
        - 4 * w ** (-p / 2) * (1 + 3 * p * b2**2 / (2 * w) + p * (p + 2) * b2**4 / (2 * w**2))
    )
    return float(mean), float(np.sqrt(variance))
