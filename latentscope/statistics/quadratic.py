"""The distribution of the radius of a Gaussian with any mean and covariance.

The squared radius is a quadratic form Q = Σ (b_i + √λ_i g_i)² of standard normal g. Its
distribution function is the inverse Fourier integral of the characteristic function, computed by
the trapezoidal rule. Davies bounds its error by the mass beyond 2π / step; the step is chosen so
that this is below rounding error.

References
----------
R. B. Davies (1973), Biometrika 60, 415–417, eq. 8. doi:10.1093/biomet/60.2.415
J. P. Imhof (1961), Biometrika 48, 419–426, eq. 3.2. doi:10.1093/biomet/48.3-4.419
D. Kuonen (1999), Biometrika 86, 929–935, eq. 4 (the tail, by its saddlepoint).
doi:10.1093/biomet/86.4.929
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from latentscope._types import FloatArray

_TAIL = 30.0  # standard deviations of Q about its mean, beyond which its mass is neglected
_MIN_CHARACTERISTIC = 1e-9  # the integral is cut where the characteristic function is below this
_MAX_STEPS = 20_000
_AT_ONCE = 64  # edges per sweep, which bounds the memory
_NEGLIGIBLE = 1e-14  # share of the largest weight
_RANGE = (1e-9, 1e15)  # of a sum over its mean; the probability is 1 below and next to 0 beyond
_AT_MEAN = 1e-3  # standard deviations within which the saddlepoint's formula is 0 / 0


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


def sum_exceeds(weights: FloatArray, value: float, dof: float = np.inf) -> float:
    """Return the probability that Σ w χ²₁ exceeds `value`, or `value` times χ²_dof / dof.

    By the saddlepoint of Lugannani and Rice, so that its relative error is a few per cent however
    small the probability is.

    Parameters
    ----------
    weights : float64 array of shape (n,)
        Not negative.
    value : float
        Not negative.
    dof : float
        Degrees of freedom of an estimated scale of the weights; infinite if it is known.

    Examples
    --------
    >>> round(sum_exceeds(np.ones(10), 18.31), 2), round(sum_exceeds(np.ones(2), 8.2, 10), 2)
    (0.05, 0.05)
    """
    weights = weights[weights > _NEGLIGIBLE * weights.max(initial=0.0)]
    if not len(weights) or value == 0:
        return float(value == 0)
    w = weights / weights.max()
    x, rest = w.sum() * float(np.clip(value / weights.max() / w.sum(), *_RANGE)), 1 - w

    def slope(u: float) -> float:  # of the cumulant generating function, at t = (1 − u) / 2
        return float(np.sum(w / (rest + w * u)) - x / (1 + (1 - u) * x / dof))

    # At the lower bound the largest weight alone exceeds x; at the upper, all together do not.
    low, high = 1 / (2 * x + 2), 1.0
    if x < w.sum():
        low, high = 1.0, 1 + min(w.sum() / x, dof / x * (1 - 1e-9))
    u = brentq(slope, low, high, xtol=1e-300, rtol=1e-14) if slope(low) > 0 > slope(high) else high
    damping, pull = w / (rest + w * u), x / (1 + (1 - u) * x / dof)
    t = (1 - u) / 2
    log_size = -0.5 * np.sum(np.log(rest + w * u))
    log_size -= t * x if np.isinf(dof) else 0.5 * dof * np.log1p(2 * t * x / dof)
    second = 2 * np.sum(damping**2) + 2 * pull**2 / dof
    root = np.sign(t) * np.sqrt(max(-2 * log_size, 0.0))
    if abs(root) < _AT_MEAN:
        third = 8 * np.sum(damping**3) - 8 * pull**3 / dof**2
        return float(ndtr(-third / second**1.5 / 6))
    return float(ndtr(-(root + np.log(t * np.sqrt(second) / root) / root)))


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
