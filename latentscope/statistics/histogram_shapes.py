"""What shape is a histogram, where that is plain?

Humps: the empirical distribution function of a density with one hump is convex up to the mode and
concave beyond it. The largest distance from the nearest such function, over all places of the
mode, is small by chance alone: of the order of 1/√n for a uniform density, the least favourable,
and smaller for a Gaussian (Hartigan and Hartigan 1985, whose dip is half of such a distance).
Skewness and flatness are ratios of quantiles, which outliers do not move.

References
----------
J. A. Hartigan, P. M. Hartigan (1985), The Annals of Statistics 13, 70–84.
doi:10.1214/aos/1176346577
"""

from typing import Literal, NamedTuple

import numpy as np

from latentscope._compute.kernels import compiled
from latentscope._types import Array, FloatArray, IntArray
from latentscope.statistics.histograms import Histograms

Shape = Literal[
    "constant", "few values", "repeated value", "several humps", "flat", "skewed",
    "unremarkable", "unclear",
]  # fmt: skip
ATOMS: tuple[Shape, ...] = ("constant", "few values", "repeated value")  # values that repeat
PLAIN: tuple[Shape, ...] = (*ATOMS, "several humps", "flat", "skewed")  # the others say nothing

MIN_ROWS = 100  # with fewer, a shape is not plain
_MIN_VALUES = 20  # rows, of which a few values can be told
MIN_REPEATED = 0.05, 10  # rows that hold the same value, as a share and as a number
_HUMP = 0.02, 1.3  # distance from one hump, absolute and times √n
_EVEN = 0.85  # distance from one hump times √n, below which a flat density has none
_FLAT = 2.0, 2.3  # width of the middle 90 %, and of the range, in that of the middle half
_SKEW = 0.2, 4.5  # skewness of the quantiles, absolute and times √n
_RESOLVED = 4  # bins of the middle half
_QUANTILES = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


class Repeats(NamedTuple):
    """How often values repeat along each axis, among some of the rows.

    Attributes
    ----------
    n : int
        Rows that were looked at.
    n_values : int64 array of shape (z_dim,)
        Different values among them.
    value, share : float64 array of shape (z_dim,)
        The most frequent value, and the share of these rows that hold it.
    """

    n: int
    n_values: IntArray
    value: FloatArray
    share: FloatArray

    @classmethod
    def of(cls, z: Array) -> "Repeats":
        """Count the values along each axis."""
        if not len(z):
            nothing = np.zeros(z.shape[1])
            return cls(0, nothing.astype(np.int64), nothing, nothing)
        columns = np.sort(z.T, axis=1)
        n_values, value, count = _runs(columns)
        return cls(len(z), n_values, value, count / len(z))


def shapes(fine: Histograms, shown: Histograms, repeats: Repeats) -> list[Shape]:
    """Return the shape of each axis that varies; humps are counted in the wider bins shown."""
    quantiles, distance = _quantiles(fine), hump_distance(shown)
    return [
        _shape(fine.n, *of_axis)
        for of_axis in zip(
            quantiles,
            fine.n_bins,
            distance,
            (repeats.n_values <= np.sqrt(repeats.n)) & (repeats.n >= _MIN_VALUES),
            repeats.share >= max(MIN_REPEATED[0], MIN_REPEATED[1] / max(repeats.n, 1)),
            strict=True,
        )
    ]


def _shape(
    n: int, quantiles: FloatArray, n_bins: int, distance: float, is_few: bool, is_repeated: bool
) -> Shape:
    """Return the shape of one axis; its quantiles are in bins from its first."""
    if is_few or is_repeated:
        return "few values" if is_few else "repeated value"
    low, below, median, above, high = quantiles
    if n < MIN_ROWS or above - below < _RESOLVED:
        return "unclear"
    if distance > max(_HUMP[0], _HUMP[1] / np.sqrt(n)):
        return "several humps"
    if high - low < _FLAT[0] * (above - below) and n_bins < _FLAT[1] * (above - below):
        return "flat" if distance * np.sqrt(n) < _EVEN else "unclear"
    skewness = (high + low - 2 * median) / (high - low)
    return "skewed" if abs(skewness) > max(_SKEW[0], _SKEW[1] / np.sqrt(n)) else "unremarkable"


def _runs(columns: Array) -> tuple[IntArray, FloatArray, IntArray]:
    """Return number, most frequent (the smallest of several) and its count of sorted values."""
    begins = np.ones(columns.shape, dtype=bool)
    begins[:, 1:] = columns[:, 1:] != columns[:, :-1]
    number = begins.sum(axis=1)
    value, count = np.empty(len(columns)), np.empty(len(columns), dtype=np.int64)
    for axis, column in enumerate(columns):
        starts = np.flatnonzero(begins[axis])
        lengths = np.diff(starts, append=columns.shape[1])
        longest = lengths.argmax()
        value[axis], count[axis] = column[starts[longest]], lengths[longest]
    return number, value, count


def _quantiles(histograms: Histograms) -> FloatArray:
    """Return quantiles of each axis in bins from its first, points spread evenly in each bin."""
    below = np.zeros((len(histograms.counts), histograms.counts.shape[1] + 1))
    np.cumsum(histograms.counts / histograms.n, axis=1, out=below[:, 1:])
    edges = np.arange(below.shape[1])
    return np.stack([np.interp(_QUANTILES, one, edges) for one in below])


def hump_distance(histograms: Histograms) -> FloatArray:
    """Return the distance of each axis' distribution function from those of one hump.

    Examples
    --------
    >>> two = np.array([[0, 50, 0, 0, 50, 0], [0, 50, 0, 0, 0, 0]])
    >>> histograms = Histograms.of(100, np.ones(2), np.zeros(2, dtype=np.int64), two)
    >>> hump_distance(histograms).round(2)
    array([0.25, 0.  ])
    """
    return _hump_distances(histograms.counts, histograms.n_bins)


@compiled()
def _hump_distances(counts: IntArray, n_bins: IntArray) -> FloatArray:
    """Return, per axis, the smallest over all modes of the larger of the two sides' distances.

    The left side's distance from convexity grows as the mode moves to the right, and the other
    side's falls, so that a bisection finds where they meet.
    """
    found = np.empty(len(counts))
    for axis in range(len(counts)):
        n = n_bins[axis]
        below = np.zeros(n + 1)
        for k in range(n):
            below[k + 1] = below[k] + counts[axis, k]
        above = below[n] - below[::-1]  # read from the right, concave is convex
        low, high = 0, n
        while low < high:
            mode = (low + high) // 2
            if _distance_below(below[: mode + 1]) < _distance_below(above[: n - mode + 1]):
                low = mode + 1
            else:
                high = mode
        left, right = _distance_below(below[: low + 1]), _distance_below(above[: n - low + 1])
        found[axis] = max(left, right)
        if low > 0:
            left, right = _distance_below(below[:low]), _distance_below(above[: n - low + 2])
            found[axis] = min(found[axis], max(left, right))
        found[axis] /= below[n]
    return found


@compiled()
def _distance_below(values: FloatArray) -> float:
    """Return the largest distance of evenly spaced values from their greatest convex minorant."""
    hull = np.zeros(len(values), dtype=np.int64)
    top = 0
    for k in range(1, len(values)):
        while top > 0:
            a, b = hull[top - 1], hull[top]
            if (values[b] - values[a]) * (k - a) < (values[k] - values[a]) * (b - a):
                break
            top -= 1
        top += 1
        hull[top] = k
    largest = 0.0
    for side in range(top):
        a, b = hull[side], hull[side + 1]
        slope = (values[b] - values[a]) / (b - a)
        for k in range(a + 1, b):
            largest = max(largest, values[k] - values[a] - slope * (k - a))
    return largest
