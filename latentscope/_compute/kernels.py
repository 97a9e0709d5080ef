"""Loops over rows that NumPy cannot do in one pass through the cache, compiled by Numba.

All release the GIL, take C-contiguous float32 or float64 blocks, and accumulate in float64.
"Sums may be reordered" (`reassoc`) lets the compiler use the machine's vector units.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

from latentscope._types import Array, FloatArray, IntArray

Function = TypeVar("Function", bound=Callable[..., Any])

REORDER = {"reassoc", "contract"}


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Compile on first use, and cache the code on disk if there is a writable folder."""

    def compile_function(function: Function) -> Function:
        try:
            return njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # neither the package's folder nor the user's cache can be written
            return njit(nogil=True, **options)(function)

    return compile_function


@compiled()  # no REORDER: Numba 0.60 then takes what is below to be 0
def is_finite(block: Array) -> bool:
    """Return True if no value is NaN or infinite: x − x is 0 for finite x, else NaN."""
    is_bad = False
    for i in range(block.shape[0]):
        for j in range(block.shape[1]):
            is_bad |= block[i, j] - block[i, j] != 0
    return not is_bad


@compiled(fastmath=REORDER)
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


@compiled()
def column_means(block: Array) -> FloatArray:
    """Return the mean of each column; it is exact if all its values are equal.

    Deviations from the first row are summed in order, so that equal values leave no rounding error
    that would look like variance.
    """
    n, d = block.shape
    total = np.zeros(d)
    for i in range(1, n):
        for j in range(d):
            total[j] += np.float64(block[i, j]) - np.float64(block[0, j])
    return block[0] + total / n


@compiled()
def column_ranges(block: Array) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Return the smallest and the largest value of each column, and the first rows of both."""
    n, d = block.shape
    low, high = block[0].astype(np.float64), block[0].astype(np.float64)
    lowest, highest = np.zeros(d, np.int64), np.zeros(d, np.int64)
    for i in range(1, n):
        for j in range(d):
            value = np.float64(block[i, j])
            if value < low[j]:
                low[j], lowest[j] = value, i
            if value > high[j]:
                high[j], highest[j] = value, i
    return low, high, lowest, highest


@compiled()
def centred(block: Array, mean: FloatArray) -> Array:
    """Return block − mean, subtracted in float64 and rounded to the block's precision."""
    n, d = block.shape
    result = np.empty_like(block)
    for i in range(n):
        for j in range(d):
            result[i, j] = np.float64(block[i, j]) - mean[j]
    return result
