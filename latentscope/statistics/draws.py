"""Random draws that have exactly the moments, or exactly the ranks, that were fitted to data."""

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from latentscope._types import Array, FloatArray
from latentscope.statistics.moments import Covariance, principal_frame


def gaussian_like(covariance: Covariance, n: int, random: np.random.Generator) -> FloatArray:
    """Return n draws of a Gaussian; their own mean and covariance are exactly those given.

    If n is at most the number of axes, that is impossible, and the draws are not adjusted. Nor are
    they if the covariance itself comes from so few points: then draws that have it would all lie at
    the same distance from each other, in standard deviations.
    """
    variance, axes = principal_frame(covariance)
    draws = random.standard_normal((n, len(axes)))
    if n > len(axes):
        draws = np.linalg.qr(draws - draws.mean(axis=0))[0] * np.sqrt(n - 1)
    return draws * np.sqrt(variance) @ axes + covariance.mean


def standardised(draws: FloatArray) -> FloatArray:
    """Return draws of shape (n_axes, n), adjusted to mean 0 and covariance I, exactly.

    Examples
    --------
    >>> draws = standardised(np.random.default_rng(0).standard_normal((2, 50)))
    >>> bool(np.allclose(np.cov(draws), np.eye(2)))
    True
    """
    centred = draws - draws.mean(axis=1, keepdims=True)
    return np.asarray(np.linalg.solve(np.linalg.cholesky(np.cov(centred)), centred))


def normal_scores(points: Array) -> FloatArray:
    """Return the quantiles of N(0, 1) at the ranks of each column.

    Examples
    --------
    >>> normal_scores(np.array([[7.0], [1.0], [3.0]])).ravel().round(3).tolist()
    [0.967, -0.967, 0.0]
    """
    return np.asarray(ndtri((rankdata(points, axis=0) - 0.5) / len(points)))


def in_order_of(scores: FloatArray, points: Array) -> Array:
    """Return the values of each column of `points` in the order of the same column of `scores`.

    Examples
    --------
    >>> in_order_of(np.array([[0.3], [0.1], [0.2]]), np.array([[7.0], [1.0], [3.0]])).ravel()
    array([7., 1., 3.])
    """
    ranks = scores.argsort(axis=0).argsort(axis=0)
    return np.take_along_axis(np.sort(points, axis=0), ranks, axis=0)
