"""The distribution of the radius of a Gaussian with any mean and covariance.

The squared radius is a quadratic form Q = Σ (b_i + √λ_i g_i)² of standard normal g. Its
distribution function is the inverse Fourier integral of the characteristic function, computed by
the trapezoidal rule. Davies bounds its error by the mass beyond 2π / step; the step is chosen so
that this is below rounding error.

References
----------
R. B. Davies (1973), Biometrika 60, 415–417, eq. 8. doi:10.1093/biomet/60.2.415
J. P. Imhof (1961), Biometrika 48, 419–426, eq. 3.2. doi:10.1093/biomet/48.3-4.419
"""

import numpy as np
from scipy.special import ndtr

from latentscope._types import FloatArray

_TAIL = 30.0  # standard deviations of Q about its mean, beyond which its mass is neglected
_MIN_CHARACTERISTIC = 1e-9  # the integral is cut where the characteristic function is below this
_MAX_STEPS = 20_000
_AT_ONCE = 64  # edges per sweep, which bounds the memory


def gaussian_radius_density(
    edges: FloatArray, variance: FloatArray, offset: FloatArray
) -> FloatArray:
    """Return the mean density of the radius over each bin.

    Parameters
    ----------
    edges : float64 array of shape (n_bins + 1,)
        Increasing and not negative.
    variance, offset : float64 array of shape (z_dim,)
        The Gaussian's variances and mean in its principal frame.

    Examples
    --------
    >>> edges = np.array([0.0, 1.0, 2.0])
    >>> gaussian_radius_density(edges, np.ones(2), np.zeros(2)).round(4)  # Rayleigh
    array([0.3935, 0.4712])
    """
    scale = np.sqrt(np.max(variance + offset**2))
    if scale == 0 or not variance.any():  # a single point
        below = (np.sqrt(np.sum(offset**2)) < edges).astype(float)
    elif len(variance) == 1:
        sd = np.sqrt(variance[0])
        below = ndtr((edges - offset[0]) / sd) - ndtr((-edges - offset[0]) / sd)
    else:
        unit = variance / scale / scale, (offset / scale) ** 2
        below = _distribution((edges / scale) ** 2, *unit)
    return np.maximum(np.diff(below), 0.0) / np.diff(edges)


def without_sampling_spread(variance: FloatArray, n_points: int) -> FloatArray:
    """Return a sample covariance's eigenvalues, drawn together so that Σλ² is that of the truth.

    For n draws of a Gaussian, E Σλ² = (1 + 1/n) tr Σ² + (tr Σ)²/n. The last term, which would widen
    the curve of the radius, is subtracted from the spread; 1/n is below the error of the estimate.
    """
    mean = variance.mean()
    if not mean:
        return variance
    spread = np.mean((variance / mean - 1) ** 2)
    noise = len(variance) / n_points
    return mean + (variance - mean) * np.sqrt(max(0.0, 1 - noise / spread) if spread else 0.0)


def _distribution(q: FloatArray, variance: FloatArray, offset: FloatArray) -> FloatArray:
    """Return P(Q ≤ q); `offset` holds squares."""
    mean = np.sum(variance + offset)
    sd = np.sqrt(np.sum(2 * variance**2 + 4 * variance * offset))
    low, top = max(mean - _TAIL * sd, 0.0), mean + _TAIL * sd
    step = 2 * np.pi / (top - low)
    t = step * (np.arange(_n_steps(step, variance)) + 0.5)
    angle = np.zeros_like(t)
    log_size = np.zeros_like(t)
    for value, square in zip(variance, offset, strict=True):
        x = 2 * value * t
        damping = 1 + x**2
        angle += 0.5 * np.arctan(x) + square * t / damping
        log_size -= 0.25 * np.log(damping) + value * square * 2 * t**2 / damping
    weight = np.exp(log_size) / (t / step)
    below = (q >= top).astype(float)
    inside = np.flatnonzero((q > low) & (q < top))
    for part in np.split(inside, range(_AT_ONCE, len(inside), _AT_ONCE)):
        sums = np.sin(angle - np.outer(q[part], t)) @ weight
        below[part] = np.clip(0.5 - sums / np.pi, 0.0, 1.0)
    return below


def _n_steps(step: float, variance: FloatArray) -> int:
    """Return the number of steps after which the characteristic function is negligible."""
    n = np.unique(np.geomspace(16, _MAX_STEPS, 60).astype(int))
    size = np.exp(-0.25 * np.log1p((2 * np.outer(n * step, variance)) ** 2).sum(axis=1))
    return (
        int(n[np.argmax(size < _MIN_CHARACTERISTIC)])
        if (size < _MIN_CHARACTERISTIC).any()
        else _MAX_STEPS
    )
