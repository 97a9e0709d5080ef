"""Is a cloud normal along the directions that look least normal in one half of its rows?

FastICA, started along the eigenvectors of the fourth moments (FOBI), looks for directions with
heavy or light tails or several modes; power iterations on the third moments look for skewed ones.
Both use one half of the whitened rows. The other half is compared with a normal distribution along
the directions found, so that nothing is tested on the rows that suggested it.

References
----------
A. Hyvärinen (1999), IEEE Transactions on Neural Networks 10, 626–634 (FastICA).
doi:10.1109/72.761722
J.-F. Cardoso (1989), ICASSP 1989, 2109–2112 (FOBI). doi:10.1109/ICASSP.1989.266878
"""

import numpy as np

from latentscope._types import Array, FloatArray
from latentscope.statistics.gaussianity.marginals import MarginalSums

_N_STARTS, _N_KEPT = 32, 16  # directions that FastICA follows, and those of them that are tested
_ICA_STEPS = 12
_N_SKEWED, _SKEW_STEPS = 16, 12  # random starts for skewed directions
_HALVED, _MAX_SPLITS = 8000, 4  # rows in all splits together, and splits, at most
_CLIP = 3.0  # standard deviations beyond which a point pulls a skewed direction no further
_LOG_COSH = 0.374567207491438  # mean of log cosh of a standard normal variable


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
    square = np.einsum("ij,ij->i", rows, rows)
    return np.vstack([_independent(rows, square), _skewed(rows, square, random)])


def _independent(rows: Array, square: Array) -> Array:
    """Return the directions of FastICA (symmetric, tanh) whose mean log cosh is least normal."""
    fourth = (rows * (square - square.mean())[:, None]).T @ rows / len(rows)
    values, vectors = np.linalg.eigh(fourth)
    order = np.argsort(-np.abs(values - np.median(values)), kind="stable")
    found = vectors.T[order[:_N_STARTS]].astype(rows.dtype)
    for _ in range(_ICA_STEPS):
        bent = np.tanh(rows @ found.T)
        slope = 1 - np.square(bent).mean(axis=0)
        found = _orthonormal(bent.T @ rows / len(rows) - slope[:, None] * found)
    contrast = np.abs(_log_cosh(rows @ found.T).mean(axis=0) - _LOG_COSH)
    return found[np.argsort(-contrast, kind="stable")[:_N_KEPT]]


def _orthonormal(vectors: Array) -> Array:
    """Return the orthonormal rows that are nearest to some vectors."""
    left, _, right = np.linalg.svd(vectors, full_matrices=False)
    return left @ right


def _log_cosh(values: Array) -> Array:
    size = np.abs(values)
    return size + np.log1p(np.exp(-2 * size)) - np.float32(np.log(2))


def _skewed(rows: Array, square: Array, random: np.random.Generator) -> Array:
    """Return directions of large third moments: u ← E[x clip(u · x, ±3)²], repeated.

    The starts are random, but for the last one, E[x |x|²].
    """
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
