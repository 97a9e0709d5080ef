"""Least-squares Gaussians of many density curves at once.

Model of a bin: amplitude · [Φ((right − center) / σ) − Φ((left − center) / σ)] / bin width, the mean
density of the Gaussian over the bin.

References
----------
J. J. Moré (1978), The Levenberg-Marquardt algorithm: implementation and theory, Lecture Notes in
Mathematics 630, 105–116. doi:10.1007/BFb0067700
"""

import math

import numpy as np
from scipy.special import ndtr

from latentscope._compute.kernels import compiled
from latentscope._types import BoolArray, FloatArray

_MAX_STEPS = 100
_MAX_MISFIT = 0.02  # share of the squares left by the moments, above which the peak is tried too
_TINY = 1e-100  # on the diagonal where no parameter has any effect
_TOLERANCE = 1e-5  # step, relative to the amplitude and to σ, that ends the search
_SQRT_HALF = math.sqrt(0.5)
_INVERSE_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
_MIN_SIGMA = 1e-3  # of a bin, where the model no longer depends on σ


def gaussian_curves(
    edges: FloatArray, amplitude: FloatArray, center: FloatArray, sigma: FloatArray
) -> FloatArray:
    """Return the mean density of each Gaussian over each bin, of shape (n_axes, n_bins).

    The edges, of shape (n_edges,) or (n_axes, n_edges), are evenly spaced.

    Examples
    --------
    >>> gaussian_curves(np.array([-1.0, 0.0, 1.0]), np.ones(1), np.zeros(1), np.ones(1)).round(4)
    array([[0.3413, 0.3413]])
    """
    floor = _MIN_SIGMA * (edges[..., 1] - edges[..., 0])
    below = ndtr((edges - center[:, None]) / np.maximum(sigma, floor)[:, None])
    return amplitude[:, None] * np.diff(below, axis=1) / np.diff(edges)


def fit_gaussians(
    edges: FloatArray, density: FloatArray, *, center: FloatArray, sigma: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Fit one Gaussian to each row of `density` by least squares.

    Parameters
    ----------
    edges : float64 array of shape (n_bins + 1,)
        Evenly spaced.
    density : float64 array of shape (n_axes, n_bins)
        Curves to fit.
    center, sigma : float64 array of shape (n_axes,)
        Moments of the curves, one of the starting points.

    Returns
    -------
    amplitude, center, sigma : float64 arrays of shape (n_axes,)
        The optimum of each axis.
    converged : bool array of shape (n_axes,)
        False where the iteration did not converge.
    """
    width = edges[1] - edges[0]
    peak = density.argmax(axis=1)
    height = density[np.arange(len(density)), peak]
    starts = np.stack([np.ones_like(center), center, np.maximum(sigma, width / 2)], axis=1)
    from_peak = np.stack(
        [
            np.ones_like(center),
            (edges[peak] + edges[peak + 1]) / 2,
            1 / (height * np.sqrt(2 * np.pi)),  # the σ whose curve has this height
        ],
        axis=1,
    )
    sums = _gaussian_sums(edges, density, starts)
    poor = np.flatnonzero(sums[0] > _MAX_MISFIT * np.einsum("ij,ij->i", density, density))
    peak_sums = _gaussian_sums(edges, density[poor], from_peak[poor])
    better = peak_sums[0] < sums[0][poor]
    starts[poor[better]] = from_peak[poor[better]]
    for part, peak_part in zip(sums, peak_sums, strict=True):
        part[poor[better]] = peak_part[better]
    parameters, converged = _marquardt(edges, density, starts, sums)
    amplitude, center, sigma = parameters.T
    return amplitude, center, sigma, converged


def _marquardt(
    edges: FloatArray,
    density: FloatArray,
    parameters: FloatArray,
    sums: tuple[FloatArray, FloatArray, FloatArray],
) -> tuple[FloatArray, BoolArray]:
    """Return the optimum of each row, from its start and its sums, and whether it converged."""
    squares, gradient, normal = sums
    damping = np.full(len(density), 1e-6)
    active = np.arange(len(density))
    for _ in range(_MAX_STEPS):
        here = parameters[active]
        step = _damped_steps(normal[active], gradient[active], damping[active])
        trial = here + step
        trial[:, 2] = np.maximum(trial[:, 2], here[:, 2] / 4)  # σ stays positive
        new = _gaussian_sums(edges, density[active], trial)
        is_better = new[0] <= squares[active]
        better = active[is_better]
        parameters[better] = trial[is_better]
        squares[better], gradient[better], normal[better] = (part[is_better] for part in new)
        damping[active] *= np.where(is_better, 0.1, 10.0)
        size = np.abs(step) / np.stack([here[:, 0], here[:, 2], here[:, 2]], axis=1)
        active = active[size.max(axis=1) > _TOLERANCE]
        if not len(active):
            break
    converged = np.ones(len(density), dtype=bool)
    converged[active] = False
    return parameters, converged


def _damped_steps(normal: FloatArray, gradient: FloatArray, damping: FloatArray) -> FloatArray:
    """Return the step of each row, of shape (n_axes, 3)."""
    damped = normal.copy()
    diagonal = np.einsum("ijj->ij", damped)
    diagonal += damping[:, None] * diagonal
    diagonal += 1e-12 * diagonal.max(axis=1, keepdims=True) + _TINY
    return np.linalg.solve(damped, gradient[:, :, None])[:, :, 0].astype(np.float64)


@compiled(error_model="numpy")
def _gaussian_sums(
    edges: FloatArray, density: FloatArray, parameters: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what a least-squares step needs, per curve: Σr², Jᵀr and JᵀJ.

    r is density − model; the model is the mean density of the Gaussian (amplitude, centre, σ) over
    each bin. Beyond nine σ the model and its slopes are zero in float64.
    """
    n_axes, n_bins = density.shape
    width = edges[1] - edges[0]
    squares = np.zeros(n_axes)
    gradient = np.zeros((n_axes, 3))
    normal = np.zeros((n_axes, 3, 3))
    slope = np.empty(3)
    for axis in range(n_axes):
        amplitude, center, sigma = parameters[axis]
        t = (edges[0] - center) / sigma
        below = 0.5 * math.erfc(-t * _SQRT_HALF)
        bell = math.exp(-0.5 * t * t) * _INVERSE_SQRT_2PI
        for k in range(n_bins):
            last_t, last_below, last_bell = t, below, bell
            t = (edges[k + 1] - center) / sigma
            residual = density[axis, k]
            if t < -9.0 or last_t > 9.0:
                below, bell = (0.0, 0.0) if t < 0 else (1.0, 0.0)
                squares[axis] += residual * residual
                continue
            below = 0.5 * math.erfc(-t * _SQRT_HALF)
            bell = math.exp(-0.5 * t * t) * _INVERSE_SQRT_2PI
            slope[0] = (below - last_below) / width
            slope[1] = (last_bell - bell) * amplitude / sigma / width
            slope[2] = (last_t * last_bell - t * bell) * amplitude / sigma / width
            residual -= amplitude * slope[0]
            squares[axis] += residual * residual
            for i in range(3):
                gradient[axis, i] += slope[i] * residual
                for j in range(3):
                    normal[axis, i, j] += slope[i] * slope[j]
    return squares, gradient, normal
