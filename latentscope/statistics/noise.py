"""The spectrum of a covariance matrix of pure noise, and the components that stand out from it.

For tails as light as a Gaussian's the spectrum has the Marchenko-Pastur law, and its largest
eigenvalue that of Tracy and Widom. A cloud with heavier tails has larger eigenvalues without any
direction of larger variance. Its components are counted by two halves of its rows: a direction that
one half finds must have more variance than the others in the other half, too.

References
----------
V. A. Marchenko, L. A. Pastur (1967), Mathematics of the USSR-Sbornik 1, 457–483.
doi:10.1070/SM1967v001n04ABEH001994
"""

from typing import Any, NamedTuple

import numpy as np

from latentscope._types import FloatArray

_TRACY_WIDOM_99 = 2.0234  # 99 % point of the law for real matrices
_N_ANGLES = 20_001
_LIMIT_99 = 2.3263  # 99 % point of the normal law
MIN_HALVED_ROWS = 32  # in two halves, whose variances can be compared
_ROUNDING, _LEAST = 4, 1e-12  # share of the largest variance: in units of eps, and at least
_CERTAIN = 3  # standard errors by which tails must be heavier than a Gaussian's


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


class Components(NamedTuple):
    """Components that stand out from noise.

    Attributes
    ----------
    level : float
        Variance of the noise along each axis.
    n_above : int
        Components above the noise.
    is_heavy : bool
        True if the tails are heavier than a Gaussian's, so that halves of the rows were compared.
    """

    level: float
    n_above: int
    is_heavy: bool


def components_above_noise(
    variance: FloatArray, n_points: int, z_dim: int, sample: FloatArray, dtype: np.dtype[Any]
) -> Components:
    """Count the components that stand out, by the way that the tails of the cloud allow.

    Parameters
    ----------
    variance : float64 array of shape (n,)
        All eigenvalues of the covariance, largest first.
    n_points, z_dim : int
        Rows, and axes that vary.
    sample : float64 array of shape (m, n)
        Some rows in the frame of the components, relative to the mean; the last components may be
        missing if their variance is 0.
    dtype : numpy.dtype
        Of the rows: variances that may be its rounding errors never stand out.
    """
    level, n_above = noise_floor(variance, n_points, z_dim)
    resolved = variance > max(_ROUNDING * float(np.finfo(dtype).eps), _LEAST) * variance[0]
    n_above = min(n_above, int(resolved.sum()))
    if not variance[0]:
        return Components(level, n_above, False)
    sample, unit = sample[:, :z_dim] / np.sqrt(variance[0]), variance[:z_dim] / variance[0]
    if not any(_has_heavy_tails(sample[:, k:], unit[k:], n_points) for k in {0, n_above}):
        return Components(level, n_above, False)
    n_above = min(n_above, _above_in_both_halves(sample))
    return Components(float(variance[n_above:z_dim].mean()), n_above, True)


def _has_heavy_tails(sample: FloatArray, variance: FloatArray, n_points: int) -> bool:
    """Return True if squared radii vary so much more than a Gaussian's that the edge moves.

    For a Gaussian, E r⁴ / (E r²)² = 1 + 2/d, where d = (Σλ)² / Σλ² is the participation ratio of
    its true spectrum (Σλ² of n points is larger by (Σλ)² / n). Tails heavier by a factor of 1 + κ
    move the edge of the spectrum by about √(d/n) κ, and the largest eigenvalue of noise spreads
    over about √(d/n) d^(−2/3).
    """
    total = float(variance.sum())
    if not total or n_points <= 2:
        return False
    share = float(variance @ variance) / total**2 - 1 / (n_points - 1)
    d, square = 1 / max(share, 1 / len(variance)), np.sum(sample**2, axis=1)
    heavier = np.mean(square**2) / np.mean(square) ** 2 / (1 + 2 / d) - 1
    chance = np.sqrt(8 / (len(sample) * d * (d + 2)))
    return bool(heavier > d ** (-2 / 3) / 2 + _CERTAIN * chance)


def _above_in_both_halves(sample: FloatArray) -> int:
    """Return how many components of either half have more variance than the rest in the other."""
    if len(sample) < MIN_HALVED_ROWS:
        return 0
    halves = sample[::2], sample[1::2]
    return min(_above_rest(*halves), _above_rest(*halves[::-1]))


def _above_rest(half: FloatArray, other: FloatArray) -> int:
    """Return how many leading components of one half have more variance than the rest in another.

    The squared coordinate of every row is compared with the mean of those along the components
    below. Rows of any scale agree in this, and as such differences are skewed to the right, their
    mean rarely exceeds the limit by chance.
    """
    axes = np.linalg.eigh(half.T @ half)[1][:, ::-1]
    square = ((other - other.mean(axis=0)) @ axes) ** 2
    below = np.cumsum(square[:, :0:-1], axis=1)[:, ::-1] / np.arange(square.shape[1] - 1, 0, -1)
    excess = square[:, :-1] - below
    error = excess.std(axis=0, ddof=1) / np.sqrt(len(excess))
    stands_out = excess.mean(axis=0) > _LIMIT_99 * error
    return int(np.argmin(stands_out)) if not stands_out.all() else len(stands_out)


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
