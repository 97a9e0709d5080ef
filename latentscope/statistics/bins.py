"""Counts per axis in bins whose edges are multiples of the bin width; the grid grows as needed."""

from typing import Self

import numpy as np

from latentscope._compute.kernels import compiled
from latentscope._types import Array, FloatArray, IntArray
from latentscope.errors import DataError
from latentscope.rows.summaries import Block, Summary
from latentscope.statistics.histograms import Histograms

_MAX_CELLS = 8_000_000  # counts that one summary may hold: 64 MB
_MAX_BIN = 2**30  # bins are numbered in int32


class AxisCounts(Summary):
    """Points per bin of each axis; bin k holds (first + k)·w ≤ x < (first + k + 1)·w.

    Parameters
    ----------
    z_dim : int
        Number of axes.
    bin_width : float
        The width w, same unit as z.
    """

    def __init__(self, z_dim: int, bin_width: float) -> None:
        self.bin_width = bin_width
        self.n = 0
        self.first = 0
        self.counts: IntArray = np.zeros((z_dim, 0), dtype=np.int64)

    @property
    def edges(self) -> FloatArray:
        """Edges of the bins, n_bins + 1 multiples of the bin width."""
        return self.bin_width * (self.first + np.arange(self.counts.shape[1] + 1))

    def empty(self) -> Self:
        return type(self)(len(self.counts), self.bin_width)

    def update(self, block: Block) -> None:
        self.add(block.z)

    def add(self, values: Array) -> None:
        """Add rows of coordinates, widening the grid before each row that does not fit."""
        row = _count_axes(values, 0, self.bin_width, self.first, self.counts)
        while row < len(values):
            self._widen(float(values[row:].min()), float(values[row:].max()))
            row = _count_axes(values, row, self.bin_width, self.first, self.counts)
        self.n += len(values)

    def merge(self, other: Self) -> None:
        if other.n:
            n_new = other.counts.shape[1]
            self._grow(other.first, other.first + n_new)
            low = other.first - self.first
            self.counts[:, low : low + n_new] += other.counts
            self.n += other.n

    def _widen(self, low: float, high: float) -> None:
        """Make room for values from `low` to `high`."""
        with np.errstate(over="ignore"):
            numbers = np.floor(np.array([low, high]) / self.bin_width)
        if np.abs(numbers).max() > _MAX_BIN:
            self._refuse(low, high)
        self._grow(int(numbers[0]) - 1, int(numbers[1]) + 2)

    def _grow(self, first: int, last: int) -> None:
        """Make room for bins first … last − 1."""
        z_dim, n_bins = self.counts.shape
        if n_bins:
            first, last = min(first, self.first), max(last, self.first + n_bins)
        if z_dim * (last - first) > _MAX_CELLS:
            self._refuse(first * self.bin_width, last * self.bin_width)
        counts = np.zeros((z_dim, last - first), dtype=np.int64)
        low = self.first - first
        counts[:, low : low + n_bins] = self.counts
        self.first, self.counts = first, counts

    def trimmed(self) -> Self:
        """Return a copy without the empty bins at both ends."""
        used = np.flatnonzero(self.counts.any(axis=0))
        copy = self.empty()
        copy.n, copy.first = self.n, self.first + int(used[0])
        copy.counts = self.counts[:, used[0] : used[-1] + 1]
        return copy

    def histograms(self) -> Histograms:
        """Return the counts of each axis, without the empty bins around its points."""
        width, first = (
            np.full(len(self.counts), self.bin_width),
            np.full(len(self.counts), self.first),
        )
        return Histograms.of(self.n, width, first, self.counts)

    def _refuse(self, low: float, high: float) -> None:
        limit = _MAX_CELLS // len(self.counts)
        remedy = "Use a wider `bin_width`, or remove the outliers."
        if (high - low) / self.bin_width <= limit:
            remedy = "They are too far from 0 to number the bins: subtract the offset."
        raise DataError(
            f"bin_width must leave at most {limit:,} bins here; values from {low:.6g} to "
            f"{high:.6g} in bins of {self.bin_width:.6g} need {(high - low) / self.bin_width:.3g}.",
            parameter="bin_width",
            remedy=remedy,
        )


@compiled(error_model="numpy")
def _count_axes(block: Array, start: int, bin_width: float, first: int, counts: Array) -> int:
    """Add rows from `start` on to `counts`; return the first row that has a value outside, or n.

    Bin k of an axis holds (first + k) · bin_width ≤ x < (first + k + 1) · bin_width, exactly in
    float64: the quotient is corrected if rounding put it into the neighbouring bin.
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
