"""Is a cloud normal along the directions that look least normal in one half of its rows?

FastICA looks for directions with heavy or light tails or several modes; power iterations on the
third moments look for skewed ones. Both use one half of the whitened rows. The other half is
compared with a normal distribution along the directions found, so that nothing is tested on the
rows that suggested it.
"""

import numpy as np

from latentscope._types import Array, FloatArray
from latentscope.statistics.fast_ica import independent
from latentscope.statistics.gaussianity.marginals import MarginalSums

_N_SKEWED, _SKEW_STEPS = 16, 12  # random starts for skewed directions
_HALVED, _MAX_SPLITS = 8000, 4  # rows in all splits together, and splits, at most
_CLIP = 3.0  # standard deviations beyond which a point pulls a skewed direction no further


def searched_departures(cloud: Array, random: np.random.Generator) -> FloatArray:
    """Return the largest gap, skewness and excess kurtosis along directions that were searched for.

    Each half of the rows is tested along the directions found in the other; the sizes are means
    over the halves. Few rows are halved several times, at random, since one split says little.

    Parameters
    ----------
    cloud : float32 array of shape (n, n_directions)
        Rows with mean 0 and covariance I.

    Returns
    -------
    float64 array of shape (3,)
    """
    n_splits = int(np.clip(_HALVED // len(cloud), 1, _MAX_SPLITS))
    return np.mean([_halved(random.permutation(cloud), random) for _ in range(n_splits)], axis=0)


def _halved(cloud: Array, random: np.random.Generator) -> FloatArray:
    half = len(cloud) // 2
    one, other = cloud[:half], cloud[half:]
    sizes = [
        _largest(tested @ least_normal_directions(searched, random).T)
        for searched, tested in ((one, other), (other, one))
    ]
    return np.mean(sizes, axis=0)


def least_normal_directions(rows: Array, random: np.random.Generator) -> Array:
    """Return unit vectors of shape (n_found, n_directions) along which rows look least normal."""
    return np.vstack([independent(rows), _skewed(rows, random)])


def _skewed(rows: Array, random: np.random.Generator) -> Array:
    """Return directions of large third moments: u ← E[x clip(u · x, ±3)²], repeated.

    The starts are random, but for the last one, E[x |x|²].
    """
    square = np.einsum("ij,ij->i", rows, rows)
    starts = random.standard_normal((_N_SKEWED, rows.shape[1]), dtype=np.float32)
    found = _unit(np.vstack([starts, square @ rows / np.float32(len(rows))]))
    for _ in range(_SKEW_STEPS):
        along = np.clip(rows @ found.T, -_CLIP, _CLIP)
        found = _unit(np.square(along).T @ rows)
    return found


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def _largest(marginals: Array) -> FloatArray:
    """Return the largest gap, skewness and excess kurtosis of columns, each standardised."""
    values = marginals.astype(np.float64)
    std = values.std(axis=0, ddof=1)
    sums = MarginalSums(values.mean(axis=0), np.where(std > 0, std, 1))
    sums.add(values)
    return np.array([sums.gaps.max(), np.abs(sums.skewness).max(), np.abs(sums.excess).max()])
