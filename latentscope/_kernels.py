"""Loops over rows that NumPy cannot do in one pass through the cache, compiled by Numba.

All release the GIL, take C-contiguous float32 or float64 blocks, and accumulate in float64.
"Sums may be reordered" (`reassoc`) lets the compiler use the machine's vector units.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

from latentscope._types import Array, FloatArray, IntArray

Function = TypeVar("Function", bound=Callable[..., Any])

_REORDER = {"reassoc", "contract"}


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Compile on first use, and keep the code on disk where there is a place for it."""

    def compile_function(function: Function) -> Function:
        try:
            return njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # neither the package's folder nor the user's cache can be written
            return njit(nogil=True, **options)(function)

    return compile_function


_SQRT_HALF = math.sqrt(0.5)
_INVERSE_SQRT_2PI = 1 / math.sqrt(2 * math.pi)


@compiled(fastmath=_REORDER)
def is_finite(block: Array) -> bool:
    """Tell whether no value is NaN or infinite: 0 · x is 0 for finite x, else NaN."""
    total = 0.0
    for i in range(block.shape[0]):
        for j in range(block.shape[1]):
            total += block[i, j] * 0
    return total == 0.0


@compiled(fastmath=_REORDER)
def radii(block: Array) -> FloatArray:
    """Return the L2 norm of each row."""
    n, d = block.shape
    result = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(d):
            value = np.float64(block[i, j])
            total += value * value
        result[i] = np.sqrt(total)
    return result


@compiled(fastmath=_REORDER)
def fletcher_sums(words: Array) -> tuple[int, int]:
    """Return Fletcher's two sums of uint16 words, modulo 65535: Σ wᵢ and Σ (n − i) wᵢ.

    They are whole numbers below 2⁵³, so that float64 holds them exactly in any order.
    """
    once, twice = 0.0, 0.0
    for start in range(0, words.shape[0], 65_536):
        part = words[start : start + 65_536]
        n = part.shape[0]
        first, second = 0.0, 0.0
        for i in range(n):
            word = np.float64(part[i])
            first += word
            second += word * np.float64(n - i)
        twice = (twice + n * once + second) % 65_535.0
        once = (once + first) % 65_535.0
    return int(once), int(twice)


@compiled()
def column_means(block: Array) -> FloatArray:
    """Return the mean of each column, exactly where all its values are equal.

    Sums are taken about the first row and in order, so that equal values leave no rounding that
    would pass for variance.
    """
    n, d = block.shape
    total = np.zeros(d)
    for i in range(1, n):
        for j in range(d):
            total[j] += np.float64(block[i, j]) - np.float64(block[0, j])
    return block[0] + total / n


@compiled()
def add_products(sums: FloatArray, products: Array, shift: FloatArray, weight: float) -> None:
    """Add `products` + weight · shift shiftᵀ to `sums`, in one pass over them."""
    for i in range(sums.shape[0]):
        factor = weight * shift[i]
        for j in range(sums.shape[1]):
            sums[i, j] += products[i, j] + factor * shift[j]


@compiled()
def centred(block: Array, mean: FloatArray) -> Array:
    """Return block − mean, subtracted in float64 and rounded to the block's precision."""
    n, d = block.shape
    result = np.empty_like(block)
    for i in range(n):
        for j in range(d):
            result[i, j] = np.float64(block[i, j]) - mean[j]
    return result


@compiled(fastmath=_REORDER)
def squared_deviations(block: Array, mean: FloatArray) -> FloatArray:
    """Return Σ (x − mean)² of each column."""
    n, d = block.shape
    squares = np.zeros(d)
    for i in range(n):
        for j in range(d):
            deviation = block[i, j] - mean[j]
            squares[j] += deviation * deviation
    return squares


@compiled(error_model="numpy", fastmath=_REORDER)
def add_posterior(
    z: Array,
    mu: Array,
    logvar: Array,
    limit: float,
    edges: FloatArray,
    counts: IntArray,
    kl: FloatArray,
    variances: FloatArray,
    scaled: FloatArray,
) -> tuple[float, float, float, float, int]:
    """Add a block to the sums of `PosteriorSums`; return what is no sum per axis.

    To `counts` come |z − mu| by `edges`; to `kl` and `variances` one number per axis; to `scaled`
    the four sums of ((z − mu) / σ)². Returned are the sum, minimum and maximum of logvar, the
    maximum of |z − mu|, and the number of values of logvar beyond ±`limit`.
    """
    n, d = z.shape
    total, lowest, highest, farthest, n_extreme = 0.0, np.inf, -np.inf, 0.0, 0
    n_edges = edges.shape[0]
    for i in range(n):
        for j in range(d):
            value = np.float64(logvar[i, j])
            mean = np.float64(mu[i, j])
            total += value
            lowest = min(lowest, value)
            highest = max(highest, value)
            clipped = min(max(value, -limit), limit)
            n_extreme += clipped != value
            variance = math.exp(clipped)
            variances[j] += variance
            kl[j] += 0.5 * (mean * mean + variance - 1 - clipped)
            deviation = np.float64(z[i, j]) - mean
            size = abs(deviation)
            farthest = max(farthest, size)
            position = -1
            for k in range(n_edges):
                position += size >= edges[k]
            counts[position] += 1
            square = deviation * deviation
            scaled[0] += square / variance
            scaled[1] += square / value
            scaled[2] += square / (value * value)
            scaled[3] += square / (variance * variance)
    return total, lowest, highest, farthest, n_extreme


@compiled(error_model="numpy")
def count_axes(block: Array, start: int, bin_width: float, first: int, counts: Array) -> int:
    """Add rows `start` … to `counts`; return the first row that has a value outside, or n.

    Bin k of an axis holds (first + k) · bin_width ≤ x < (first + k + 1) · bin_width, exactly in
    float64: the quotient is corrected where rounding put it into the neighbouring bin.
    """
    n, d = block.shape
    n_bins = counts.shape[1]
    index = np.empty(d, np.int32)
    for i in range(start, n):
        lowest = np.int32(0)
        highest = np.int32(0)
        for j in range(d):
            value = np.float64(block[i, j])
            k = np.floor(value / bin_width)
            k -= np.float64(k * bin_width > value)
            k += np.float64((k + 1) * bin_width <= value)
            index[j] = np.int32(k - first)
            lowest = min(lowest, index[j])
            highest = max(highest, index[j])
        if lowest < 0 or highest >= n_bins:
            return i
        for j in range(d):
            counts[j, index[j]] += 1
    return n


@compiled(error_model="numpy")
def count_standard(
    block: Array,
    mean: FloatArray,
    scale: FloatArray,
    reach: float,
    per_unit: float,
    counts: IntArray,
    powers: FloatArray,
) -> None:
    """Count (x − mean) · scale of each column in bins of 1 / per_unit, and add cubes and fourths.

    The first and the last bin are open: below −reach, and above the reach.
    """
    n, d = block.shape
    last = counts.shape[1] - 1
    for i in range(n):
        for j in range(d):
            t = (np.float64(block[i, j]) - mean[j]) * scale[j]
            position = min(max((t + reach) * per_unit + 1.0, 0.0), np.float64(last))
            counts[j, np.int64(position)] += 1
            powers[j, 0] += t * t * t
            powers[j, 1] += t * t * t * t


@compiled(error_model="numpy")
def gaussian_sums(
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


@compiled()
def nearest(products: Array, half_norms: Array, starts: IntArray, labels: Array) -> None:
    """Fill `labels` with the nearest centroid of each row, for several sets of centroids.

    Set s is the columns starts[s] … starts[s + 1] − 1 of `products` = x · c; the nearest centroid
    has the largest x · c − |c|² / 2.
    """
    n, n_sets = labels.shape
    for i in range(n):
        for s in range(n_sets):
            best = starts[s]
            most = products[i, best] - half_norms[best]
            for c in range(starts[s] + 1, starts[s + 1]):
                score = products[i, c] - half_norms[c]
                if score > most:
                    most = score
                    best = c
            labels[i, s] = best


@compiled()
def add_to_clusters(block: Array, labels: Array, sums: FloatArray, counts: IntArray) -> None:
    """Add each row to the sums and counts of its cluster in every set."""
    n, d = block.shape
    for i in range(n):
        for s in range(labels.shape[1]):
            c = labels[i, s]
            counts[c] += 1
            for j in range(d):
                sums[c, j] += block[i, j]


@compiled(fastmath=_REORDER)
def add_inertia(block: Array, centroids: Array, labels: Array, inertia: FloatArray) -> None:
    """Add each row's squared distance to its centroid to the inertia of every set."""
    n, d = block.shape
    for i in range(n):
        for s in range(labels.shape[1]):
            c = labels[i, s]
            total = 0.0
            for j in range(d):
                difference = np.float64(block[i, j]) - centroids[c, j]
                total += difference * difference
            inertia[s] += total
