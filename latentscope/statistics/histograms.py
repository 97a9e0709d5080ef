"""Histograms of several axes, each on a grid of its own whose edges are multiples of its bin width.

Bins are merged in pairs, which moves no edge: a histogram in bins of width 2w follows exactly from
one in bins of width w.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri

from latentscope._compute.kernels import compiled
from latentscope._types import FloatArray, IntArray

MAX_SHIFT = 62  # halvings of an int64 bin number that leave nothing
_CORE = 0.3  # share of the points in the shortest interval that measures the scale of the bulk
_CORE_WIDTH = 2 * float(ndtri(0.5 + _CORE / 2))  # its length for a Gaussian, in σ
_ROUNDING = 1e-12  # of a value, below which differences say nothing
_HEAVY = 0.7  # scale of the bulk, in standard deviations, below which it sets the bin width
_REPEATED = 0.1  # share of the points in one bin, above which it is taken for a repeated value
_MIN_POINTS = 100  # with fewer, the standard deviation sets the bin width
_BIN = 2**0.25 / 4  # bin width in σ: 1/4 for N(0, 1) after rounding, well away from 1/8 and 1/2


@dataclass(frozen=True, kw_only=True)
class Histograms:
    """Counts of several axes; bin k of axis j holds (first + k)·w ≤ x < (first + k + 1)·w.

    Attributes
    ----------
    n : int
        Points.
    bin_width : float64 array of shape (n_axes,)
    first : int64 array of shape (n_axes,)
        Number of each axis' first bin, which holds points.
    counts : int64 array of shape (n_axes, n_bins)
        Points per bin, with empty bins after the last of the shorter axes.
    """

    n: int
    bin_width: FloatArray
    first: IntArray
    counts: IntArray

    @classmethod
    def of(cls, n: int, bin_width: FloatArray, first: IntArray, counts: IntArray) -> Self:
        """Return histograms without the empty bins before an axis' first point and after all."""
        used = counts > 0
        skipped = used.argmax(axis=1)
        length = counts.shape[1] - used[:, ::-1].argmax(axis=1) - skipped
        trimmed = np.zeros((len(counts), int(length.max())), dtype=np.int64)
        for row, axis, start, size in zip(trimmed, counts, skipped, length, strict=True):
            row[:size] = axis[start : start + size]
        return cls(n=n, bin_width=bin_width, first=first + skipped, counts=trimmed)

    @property
    def n_bins(self) -> IntArray:
        """Bins from the first to the last that hold points, of shape (n_axes,)."""
        return self.counts.shape[1] - (self.counts > 0)[:, ::-1].argmax(axis=1)

    def suited(self, std: FloatArray) -> Self:
        """Return histograms in bins that show the shape of each axis.

        Bins are the powers of two next to 0.3 σ, or for few points to Scott's 3.5 σ / n^(1/3),
        at most σ. σ is the standard deviation, or that of the densest part where that is much
        narrower, as beside outliers or a second hump; values that differ by rounding alone share a
        bin.
        """
        core = np.where(std > 0, self._core_scale(), 0)
        sigma = np.where((core > 0) & (core < _HEAVY * std), core, std)
        sigma = np.maximum(sigma, _ROUNDING * np.abs(self.first) * self.bin_width)
        width = min(max(_BIN, 3.49 * self.n ** (-1 / 3)), 1.0) * sigma / self.bin_width
        halvings = np.round(np.log2(np.maximum(width, 1))).astype(np.int64)
        return self.merged(halvings)

    def _core_scale(self) -> FloatArray:
        """Return σ of the Gaussian whose densest part is as narrow as that of each axis, or 0."""
        counts = np.where(self.counts < max(_REPEATED * self.n, _MIN_POINTS), self.counts, 0)
        wanted = np.ceil(_CORE * counts.sum(axis=1)).astype(np.int64)
        length = np.where(wanted >= _CORE * _MIN_POINTS, _shortest(counts, wanted), 0)
        return length * self.bin_width / _CORE_WIDTH

    def merged(self, halvings: IntArray) -> Self:
        """Return histograms with 2 to the power of `halvings` bins of each axis merged into one."""
        first = self.first >> halvings
        counts = np.zeros_like(self.counts)
        add_bins(counts, first, self.counts, self.first, halvings)
        width = np.ldexp(self.bin_width, halvings)
        return self.of(self.n, width, first, counts)


def edges_of(bin_width: FloatArray, first: IntArray, n_bins: int) -> FloatArray:
    """Return the edges of the bins, of shape (n_axes, n_bins + 1).

    Examples
    --------
    >>> edges_of(np.array([0.25, 1.0]), np.array([-1, 3]), 2)
    array([[-0.25,  0.  ,  0.25],
           [ 3.  ,  4.  ,  5.  ]])
    """
    return bin_width[:, None] * (first[:, None] + np.arange(n_bins + 1))


@compiled()
def add_bins(
    counts: IntArray, first: IntArray, others: IntArray, other_first: IntArray, halvings: IntArray
) -> None:
    """Add the counts of finer bins to those of bins that are 2 to the `halvings` times as wide."""
    for axis in range(len(counts)):
        for k in range(others.shape[1]):
            if others[axis, k]:
                number = (other_first[axis] + k) >> halvings[axis]
                counts[axis, number - first[axis]] += others[axis, k]


@compiled()
def _shortest(counts: IntArray, wanted: IntArray) -> IntArray:
    """Return the number of bins of the shortest run that holds the wanted points of each axis."""
    length = np.full(len(counts), counts.shape[1])
    for axis in range(len(counts)):
        start, held = 0, 0
        for k in range(counts.shape[1]):
            held += counts[axis, k]
            while held - counts[axis, start] >= wanted[axis] and start < k:
                held -= counts[axis, start]
                start += 1
            if held >= wanted[axis]:
                length[axis] = min(length[axis], k + 1 - start)
    return length
