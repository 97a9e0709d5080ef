"""Directions along which a cloud looks least normal, by FastICA.

It starts along the eigenvectors of the fourth moments (FOBI), which makes it repeatable, and takes
a fixed number of steps: the directions suggest where to look, and need not have converged.

References
----------
A. Hyvärinen (1999), IEEE Transactions on Neural Networks 10, 626–634 (FastICA).
doi:10.1109/72.761722
J.-F. Cardoso (1989), ICASSP 1989, 2109–2112 (FOBI). doi:10.1109/ICASSP.1989.266878
"""

import numpy as np

from latentscope._types import Array

_N_STARTS, _N_KEPT = 32, 16  # directions that it follows, and those of them that are returned
_STEPS = 12
_LOG_COSH = 0.374567207491438  # mean of log cosh of a standard normal variable


def independent(rows: Array) -> Array:
    """Return unit vectors, as rows, along which points look least normal.

    They are the directions of FastICA (symmetric, tanh) whose mean log cosh is least normal.

    Parameters
    ----------
    rows : array of shape (n, n_directions)
        Points with mean 0 and covariance I.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.standard_normal((1000, 4))
    >>> rows[:, 2] = np.where(rng.random(1000) < 0.5, -1, 1)
    >>> np.abs(independent(rows)[0]).argmax()
    np.int64(2)
    """
    square = np.einsum("ij,ij->i", rows, rows)
    fourth = (rows * (square - square.mean())[:, None]).T @ rows / len(rows)
    values, vectors = np.linalg.eigh(fourth)
    order = np.argsort(-np.abs(values - np.median(values)), kind="stable")
    found = vectors.T[order[:_N_STARTS]].astype(rows.dtype)
    for _ in range(_STEPS):
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
