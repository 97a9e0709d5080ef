"""Counts per axis in bins that fit the axis' own range, in one pass and in any order.

The bins of an axis are as wide as a power of two, the smallest that leaves at most `max_bins` bins
between its smallest and its largest value. Where a new value widens the range, neighbouring bins
are merged in pairs, which is exact. The grid therefore depends on the values alone, not on the
order in which they came or on the blocks that brought them.
"""

from typing import Self

import numpy as np

from latentscope._compute.kernels import column_ranges, compiled
from latentscope._types import Array, FloatArray, IntArray
from latentscope.rows.summaries import Block, Summary
from latentscope.statistics.histograms import MAX_SHIFT, Histograms, add_bins

_MAX_BINS = 4096  # per axis
_MIN_BINS = 512
_MAX_CELLS = 2**17  # counts of all axes, as long as each has the fewest bins: 1 MB
_DIGITS = 52  # binary digits by which the largest value may exceed the bin width
_FINEST = -1000  # exponent of the narrowest bins


class ScaledCounts(Summary):
    """Points per bin of each axis, in bins as fine as each axis' own range allows.

    Parameters
    ----------
    z_dim : int
        Number of axes.
    """

    def __init__(self, z_dim: int) -> None:
        n_bins = 2 ** int(np.log2(_MAX_CELLS / z_dim))
        self.max_bins = int(np.clip(n_bins, _MIN_BINS, _MAX_BINS))
        self.n = 0
        self.minimum, self.maximum = np.full(z_dim, np.inf), np.full(z_dim, -np.inf)
        self.exponent: IntArray = np.full(z_dim, _FINEST)
        self.first: IntArray = np.zeros(z_dim, dtype=np.int64)
        self.counts: IntArray = np.zeros((z_dim, 0), dtype=np.int64)

    def empty(self) -> Self:
        return type(self)(len(self.counts))

    def update(self, block: Block) -> None:
        self.add(block.z, block.z_range[:2])

    def add(self, values: Array, extremes: tuple[FloatArray, FloatArray] | None = None) -> None:
        """Add rows of coordinates; `extremes` are their smallest and largest, if known."""
        self._widen(*(column_ranges(values)[:2] if extremes is None else extremes))
        scale, first = np.ldexp(1.0, -self.exponent), self.first.astype(np.float64)
        _count_axes(values, scale, first, self.counts)
        self.n += len(values)

    def merge(self, other: Self) -> None:
        if other.n:
            self._widen(other.minimum, other.maximum)
            halvings = np.minimum(self.exponent - other.exponent, MAX_SHIFT)
            add_bins(self.counts, self.first, other.counts, other.first, halvings)
            self.n += other.n

    def _widen(self, minimum: FloatArray, maximum: FloatArray) -> None:
        """Merge bins and move the grid where an axis reaches further than before."""
        low, high = np.minimum(self.minimum, minimum), np.maximum(self.maximum, maximum)
        is_new = (low < self.minimum) | (high > self.maximum)
        if not is_new.any():
            return
        self.minimum, self.maximum = low, high
        old_exponent, old_first, old_counts = self.exponent, self.first, self.counts
        self.exponent = _exponents(low, high, self.max_bins)
        self.first = _bin_numbers(low, self.exponent)
        halvings = np.minimum(self.exponent - old_exponent, MAX_SHIFT)
        self.counts = np.zeros((len(low), self.max_bins), dtype=np.int64)
        add_bins(self.counts, self.first, old_counts, old_first, halvings)

    def histograms(self) -> Histograms:
        """Return the counts of each axis, without the empty bins around its points."""
        return Histograms.of(self.n, np.ldexp(1.0, self.exponent), self.first, self.counts)


def _exponents(low: FloatArray, high: FloatArray, max_bins: int) -> IntArray:
    """Return the exponent of the narrowest bins, `max_bins` of which hold `low` to `high`."""
    spread = high / 2 - low / 2  # no overflow
    exact = np.frexp(np.maximum(np.abs(low), np.abs(high)))[1] - _DIGITS
    exponent = np.frexp(spread)[1] - int(np.log2(max_bins))
    exponent = np.where(spread > 0, np.maximum(exponent, exact), exact).astype(np.int64)
    exponent = np.maximum(exponent, _FINEST)
    for _ in range(2):
        exponent += _bin_numbers(high, exponent) - _bin_numbers(low, exponent) >= max_bins
    return exponent


def _bin_numbers(values: FloatArray, exponent: IntArray) -> IntArray:
    """Return the number of the bin, 2 to the `exponent` wide, that holds each value."""
    numbers = np.floor(np.ldexp(values, -exponent))
    return np.where((values < 0) & (numbers > -1), -1, numbers).astype(np.int64)


@compiled(error_model="numpy")
def _count_axes(block: Array, scale: FloatArray, first: FloatArray, counts: IntArray) -> None:
    """Add the rows of a block to `counts`; `scale` is one over the bin widths, a power of two.

    The product is exact, except where it underflows: a negative value never lies in bin 0. Bin
    numbers are below 2⁵³, so that float64 holds them; the loop over them is vectorised.
    """
    n, d = block.shape
    index = np.empty(d, np.int32)
    for i in range(n):
        for j in range(d):
            value = np.float64(block[i, j])
            k = np.floor(value * scale[j])
            k -= np.float64((value < 0) & (k > -1))
            index[j] = np.int32(k - first[j])
        for j in range(d):
            counts[j, index[j]] += 1
