"""The spectrum of a covariance matrix of pure noise, by the Marchenko-Pastur law.

References
----------
V. A. Marchenko, L. A. Pastur (1967), Mathematics of the USSR-Sbornik 1, 457–483.
doi:10.1070/SM1967v001n04ABEH001994
"""

import numpy as np

from latentscope._types import FloatArray

_TRACY_WIDOM_99 = 2.0234  # 99 % point of the law for real matrices
_N_ANGLES = 20_001


def noise_spectrum(n_points: int, z_dim: int) -> FloatArray:
    """Return the expected eigenvalues for `n_points` draws of N(0, I), largest first.

    They are the law's quantiles at (i − ½) / rank, and zero beyond the rank n_points − 1.

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


def noise_floor(variance: FloatArray, n_points: int, z_dim: int) -> tuple[float, int]:
    """Split a spectrum into noise and the components that stand out from it.

    Components above the value that the largest eigenvalue of noise exceeds once in a hundred times
    are removed, the variance of the noise is the mean of the others, and this is repeated until no
    component is removed.

    Parameters
    ----------
    variance : float64 array of shape (n,)
        All eigenvalues, largest first.
    n_points, z_dim : int
        Rows, and axes that vary.

    Returns
    -------
    level : float
        Variance of the noise along each axis.
    n_above : int
        Components above the noise.

    Examples
    --------
    >>> noise_floor(np.array([9.0, 1.02, 1.0, 0.98]), 10_000, 4)
    (1.0, 1)
    """
    n_above = 0
    for _ in range(z_dim):
        left = z_dim - n_above
        level = float(variance[n_above:z_dim].mean())
        edge = level * _largest_of_noise(n_points, left)
        stand_out = int((variance[n_above : z_dim - 1] > edge).sum())
        if not stand_out:
            break
        n_above += stand_out
    return level, n_above


def _largest_of_noise(n_points: int, z_dim: int) -> float:
    """Return the value that the largest eigenvalue of N(0, I) exceeds with a probability of 1 %.

    References
    ----------
    I. M. Johnstone (2001), Annals of Statistics 29, 295–327, theorem 1.1.
    doi:10.1214/aos/1009210544
    """
    root_n, root_d = np.sqrt(max(n_points - 2, 1)), np.sqrt(z_dim)
    center = (root_n + root_d) ** 2
    width = (root_n + root_d) * (1 / root_n + 1 / root_d) ** (1 / 3)
    return float((center + _TRACY_WIDOM_99 * width) / (n_points - 1))
