"""Loops over rows that NumPy cannot do in one pass through the cache, compiled by Numba.

All release the GIL, take C-contiguous float32 or float64 blocks, and accumulate in float64.
"Sums may be reordered" (`reassoc`) lets the compiler use the machine's vector units.
"""

import numpy as np
from numba import njit

from latentscope._types import Array, BoolArray, FloatArray

_REORDER = {"reassoc", "contract"}


@njit(nogil=True, cache=True, fastmath=_REORDER)
def is_finite(block: Array) -> bool:
    """Tell whether no value is NaN or infinite: 0 · x is 0 for finite x, else NaN."""
    total = 0.0
    for i in range(block.shape[0]):
        for j in range(block.shape[1]):
            total += block[i, j] * 0
    return total == 0.0


def finite_rows_of(block: Array) -> BoolArray:
    """Return which rows of `block` hold finite values only."""
    return np.isfinite(block).all(axis=1)


@njit(nogil=True, cache=True, fastmath=_REORDER)
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
