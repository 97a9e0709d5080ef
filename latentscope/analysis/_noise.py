"""The spectrum of a covariance matrix of pure noise, by the Marchenko-Pastur law.

References
----------
V. A. Marchenko, L. A. Pastur (1967), Mathematics of the USSR-Sbornik 1, 457–483.
doi:10.1070/SM1967v001n04ABEH001994
"""

import numpy as np

from latentscope._types import FloatArray

_N_ANGLES = 20_001


def noise_spectrum(n_points: int, z_dim: int) -> FloatArray:
    """Return the eigenvalues to expect of `n_points` draws of N(0, I), largest first.

    The law's quantiles at (i − ½) / rank; eigenvalues beyond the rank n_points − 1 are zero.

    Examples
    --------
    >>> noise_spectrum(1000, 5).round(3)
    array([1.099, 1.044, 0.998, 0.954, 0.904])
    """
    gamma = z_dim / (n_points - 1)
    angle = np.linspace(0, np.pi, _N_ANGLES)
    value = 1 + gamma - 2 * np.sqrt(gamma) * np.cos(angle)
    weight = np.sin(angle) ** 2 / np.maximum(value, 1e-12)
    share = np.concatenate([[0], np.cumsum(weight[1:] + weight[:-1])])
    rank = min(z_dim, n_points - 1)
    quantiles = np.interp((np.arange(rank) + 0.5) / rank, share / share[-1], value)
    return np.concatenate([quantiles[::-1], np.zeros(z_dim - rank)])


def noise_edge(n_points: int, z_dim: int) -> float:
    """Return the upper end of the law: noise alone gives no larger eigenvalue, to first order."""
    return float((1 + np.sqrt(z_dim / (n_points - 1))) ** 2)
