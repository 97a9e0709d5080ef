"""Random points of the latent space to decode: from the prior, a cube, and fits to the data.

Whether random points decode to nonsense is a question of mean and covariance. N(0, I) and the cube
use neither, the per-axis Gaussian ignores correlations, the full Gaussian uses both, its core
leaves out the tails, and the mixture allows for several humps.
"""

import warnings
from contextlib import nullcontext

import numpy as np
from scipy.stats import chi2
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from tqdm import tqdm

from latentscope._compute.blas import one_blas_thread
from latentscope._types import Array, FloatArray, IntArray
from latentscope._validate import generator, integer, positive
from latentscope._warn import warn
from latentscope.errors import DataError
from latentscope.rows.reduction import reduce, sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.statistics.core import covariance_factor, fitted_core
from latentscope.statistics.moments import (
    Covariance,
    Moments,
    principal_frame,
    varying_axes,
)

__all__ = ["axis_gaussian", "core", "core_factor", "gaussian", "mixture", "normal", "uniform"]

_MAX_RADIUS = 1e6  # a Gaussian has no mass beyond it
_MAX_STEPS = 100
_MAX_FITTED = 100_000  # rows that a mixture is fitted to, unless n_fit asks for more
_REGULARISATION = 1e-6  # of each variance, which is 1: the default of GaussianMixture
_TINY_GROUP = 1e-12  # weight of a group that k-means left empty, where points coincide
_SMALL = 128  # axes, up to which one thread is faster than several


def normal(n_points: int, z_dim: int, *, rng: int | np.random.Generator = 0) -> Array:
    """Draw from N(0, I), the prior of a VAE.

    Parameters
    ----------
    n_points, z_dim : int
        Shape of the result.
    rng : int or numpy.random.Generator
        Seed; the same seed gives the same points.

    Returns
    -------
    float32 array of shape (n_points, z_dim)

    Examples
    --------
    >>> normal(2, 3).shape
    (2, 3)
    """
    shape = _checked_shape(n_points, z_dim)
    return generator(rng).standard_normal(shape, dtype=np.float32)


def uniform(
    n_points: int, z_dim: int, *, half_width: float, rng: int | np.random.Generator = 0
) -> Array:
    """Draw from the cube [−half_width, half_width)^z_dim.

    In many dimensions the points form a shell as well: their radii concentrate at
    half_width · √(z_dim / 3), with a standard deviation of half_width / √15.

    Parameters
    ----------
    n_points, z_dim : int
        Shape of the result.
    half_width : float
        Half the side of the cube, same unit as z.
    rng : int or numpy.random.Generator
        Seed.

    Returns
    -------
    float32 array of shape (n_points, z_dim)

    Examples
    --------
    >>> radius = np.linalg.norm(uniform(5000, 256, half_width=1.5), axis=1)
    >>> round(float(radius.mean()), 1)  # 1.5 · √(256 / 3) = 13.86
    13.9
    """
    shape = _checked_shape(n_points, z_dim)
    side = positive("half_width", half_width)
    return _as_float32(side * generator(rng).uniform(-1.0, 1.0, size=shape))


def axis_gaussian(z: Points, n_points: int, *, rng: int | np.random.Generator = 0) -> Array:
    """Draw each axis from a Gaussian with its mean and standard deviation, without correlations.

    Parameters
    ----------
    z : array-like of shape (n, z_dim), or Latents
        Points to imitate.
    n_points : int
        Points to draw.
    rng : int or numpy.random.Generator
        Seed.

    Returns
    -------
    float32 array of shape (n_points, z_dim)

    Examples
    --------
    >>> z = normal(1000, 2) * [1, 5] + [0, 20]
    >>> axis_gaussian(z, 10_000).std(axis=0).round()
    array([1., 5.], dtype=float32)
    """
    rows = as_rows(z)
    shape = _checked_shape(n_points, rows.z_dim)
    (moments,) = reduce(rows, Moments(rows.z_dim), progress="axis moments")
    draws = generator(rng).standard_normal(shape) * moments.std + moments.mean
    return _as_float32(draws)


def gaussian(z: Points, n_points: int, *, rng: int | np.random.Generator = 0) -> Array:
    """Draw from the Gaussian with the mean and covariance of the data.

    Parameters
    ----------
    z : array-like of shape (n, z_dim), or Latents
        Points to imitate.
    n_points : int
        Points to draw.
    rng : int or numpy.random.Generator
        Seed.

    Returns
    -------
    float32 array of shape (n_points, z_dim)

    Examples
    --------
    >>> x = normal(5000, 1)
    >>> both = gaussian(np.hstack([x, x]), 1000)  # two equal axes
    >>> bool(np.allclose(both[:, 0], both[:, 1], atol=1e-3))
    True
    """
    rows = as_rows(z)
    n_points, _ = _checked_shape(n_points, rows.z_dim)
    (covariance,) = reduce(rows, Covariance(rows.z_dim), progress="covariance")
    variance, axes = principal_frame(covariance)
    draws = generator(rng).standard_normal((n_points, len(axes))) * np.sqrt(variance) @ axes
    return _as_float32(draws + covariance.mean)


def core(
    z: Points,
    n_points: int,
    *,
    radius: float | None = None,
    rng: int | np.random.Generator = 0,
) -> Array:
    """Draw from the Gaussian core of the data, truncated at a Mahalanobis radius.

    The core is the Gaussian N(mean, Σ) that explains the rows within its own radius: their
    covariance is Σ times a known factor below 1, so Σ is found by iterating "rows within the radius
    of N(mean, Σ) → their mean and covariance / factor" until it converges. Tails and outliers
    beyond the radius have no influence. Draws lie within the radius.

    Parameters
    ----------
    z : array-like of shape (n, z_dim), or Latents
        Points to imitate.
    n_points : int
        Points to draw.
    radius : float, optional
        Mahalanobis radius of the truncation; by default the one that holds 90 % of a Gaussian. In
        256 dimensions a Gaussian has almost no mass within 13 and almost all within 18.
    rng : int or numpy.random.Generator
        Seed.

    Returns
    -------
    float32 array of shape (n_points, z_dim)

    Raises
    ------
    DataError
        If too few rows lie within the radius.

    See Also
    --------
    core_factor : the factor of the covariance, in closed form.

    Examples
    --------
    >>> z = np.vstack([normal(2000, 2), 50 + normal(100, 2)])  # a core and outliers
    >>> bool((core(z, 20_000).std(axis=0) < 1).all())
    True
    """
    rows = as_rows(z)
    random = generator(rng)
    n_points, _ = _checked_shape(n_points, rows.z_dim)
    if radius is not None and positive("radius", radius) > _MAX_RADIUS:
        raise DataError(
            f"radius must be at most {_MAX_RADIUS:g}; got {radius!r}.", parameter="radius"
        )
    found = fitted_core(rows, radius)
    variance = found.variance
    direction = random.standard_normal((n_points, len(variance)))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    inside = random.uniform(size=n_points) * chi2.cdf(found.radius**2, len(variance))
    distance = np.sqrt(chi2.ppf(inside, len(variance)))
    draws = (direction * distance[:, None]) * np.sqrt(variance) @ found.axes + found.mean
    return _as_float32(draws)


def core_factor(z_dim: int, radius: float) -> float:
    """Return the factor by which truncation at a Mahalanobis radius scales a covariance.

    For a Gaussian it is F(D²; p + 2) / F(D²; p), with the chi-squared distribution function F,
    p = z_dim and D = radius.

    Parameters
    ----------
    z_dim : int
        Number of axes.
    radius : float
        Mahalanobis radius of the truncation.

    References
    ----------
    G. M. Tallis (1963), Annals of Mathematical Statistics 34, 940–944 (elliptical truncation).
    doi:10.1214/aoms/1177704016

    Examples
    --------
    >>> round(core_factor(1, 1.0), 4)  # variance of a normal truncated at ±1
    0.2911
    """
    integer("z_dim", z_dim, low=1)
    return covariance_factor(z_dim, min(positive("radius", radius), _MAX_RADIUS))


def mixture(
    z: Points,
    n_points: int,
    *,
    n_components: int = 10,
    n_fit: int | None = None,
    rng: int | np.random.Generator = 0,
) -> Array:
    """Draw from a mixture of full Gaussians fitted to the data by expectation-maximisation.

    Parameters
    ----------
    z : array-like of shape (n, z_dim), or Latents
        Points to imitate.
    n_points : int
        Points to draw.
    n_components : int
        Number of Gaussians.
    n_fit : int, optional
        Number of rows to fit to, chosen at random and held in memory; by default all, but at most
        100,000. In 256 dimensions a fit of ten components to 20,000 rows takes minutes.
    rng : int or numpy.random.Generator
        Seed for choosing the rows, the fit and the draws.

    Returns
    -------
    float32 array of shape (n_points, z_dim)

    Raises
    ------
    DataError
        If there are fewer rows than components.

    Examples
    --------
    >>> z = np.vstack([normal(500, 2) - 10, normal(500, 2) + 10])
    >>> draws = mixture(z, 1000, n_components=2)
    >>> bool((np.abs(draws).min(axis=0) > 4).all())  # nothing between the two
    True
    """
    rows = as_rows(z)
    random = generator(rng)
    n_points, _ = _checked_shape(n_points, rows.z_dim)
    most = min(rows.n_total, _MAX_FITTED)
    wanted = most if n_fit is None else integer("n_fit", n_fit, low=2)
    integer("n_components", n_components, low=1, high=wanted, why="the number of rows to fit to")
    indices, _ = sample_rows(rows, wanted, random)
    n_rows = len(indices)
    integer("n_components", n_components, low=1, high=n_rows, why="the number of rows to fit to")
    sample = take(rows, indices)
    points, covariance = sample.astype(np.float64), Covariance(rows.z_dim)
    covariance.add(points)
    center = covariance.mean
    variance, axes = varying_axes(covariance, sample.dtype)
    if not len(variance):
        return _as_float32(np.tile(center, (n_points, 1)))
    root = np.sqrt(variance)[:, None] * axes
    with one_blas_thread() if rows.z_dim <= _SMALL else nullcontext():
        model = _fitted_mixture((points - center) @ axes.T, variance, n_components, _seed(random))
    draws, _ = model.sample(n_points)
    return _as_float32(random.permutation(draws) @ root + center)


def _seed(random: np.random.Generator) -> int:
    return int(random.integers(2**31))


def _fitted_mixture(
    scores: FloatArray, variance: FloatArray, n_components: int, seed: int
) -> GaussianMixture:
    """Run expectation-maximisation one step at a time, to show its progress.

    It sees every direction with variance 1, because scikit-learn adds a fixed 1e-6 to all
    variances. It starts from groups that k-means finds in z as it is, where directions of large
    variance count most.
    """
    std = np.sqrt(variance)
    last, white = -np.inf, scores / std
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one step does not converge
        groups = KMeans(n_components, n_init=1, random_state=seed).fit_predict(scores / std[0])
        model = GaussianMixture(
            n_components, max_iter=1, warm_start=True, random_state=seed,
            **_start(white, groups, n_components),
        )  # fmt: skip
        for _ in tqdm(range(_MAX_STEPS), desc="fitting the mixture", unit="step", delay=2):
            bound = model.fit(white).lower_bound_
            if abs(bound - last) < model.tol:
                return model
            last = bound
    warn(f"the mixture of {n_components} Gaussians did not converge within {_MAX_STEPS} steps.")
    return model


def _start(white: FloatArray, groups: IntArray, n_groups: int) -> dict[str, FloatArray]:
    """Return weights, means and precisions of groups of points, as a mixture takes them."""
    sizes = np.maximum(np.bincount(groups, minlength=n_groups), _TINY_GROUP)
    means, precisions = [], []
    for k, size in enumerate(sizes):
        points = white[groups == k]
        mean = points.sum(axis=0) / size
        products = (points - mean).T @ (points - mean) / size
        means.append(mean)
        precision = np.linalg.inv(products + _REGULARISATION * np.eye(white.shape[1]))
        precisions.append((precision + precision.T) / 2)  # exactly, as scikit-learn requires
    return {
        "weights_init": sizes / sizes.sum(),
        "means_init": np.array(means),
        "precisions_init": np.array(precisions),
    }


def _as_float32(draws: FloatArray) -> Array:
    """Return draws in single precision; raise if they are too large for it."""
    if np.abs(draws).max() > np.finfo(np.float32).max:
        raise DataError(
            f"draws must fit in float32; the largest is {np.abs(draws).max():.3g}. Rescale z."
        )
    return draws.astype(np.float32)


def _checked_shape(n_points: int, z_dim: int) -> tuple[int, int]:
    return integer("n_points", n_points, low=1), integer("z_dim", z_dim, low=1)
