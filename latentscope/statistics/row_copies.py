"""How many rows are copies of an earlier one? Counted by hashes, in one pass and in bounded memory.

Of all different hashes the smallest are kept, each with the number of its rows: a random sample of
the different rows, whose counts are complete (the bottom-k sketch). It depends neither on the order
of the rows nor on the blocks.

References
----------
E. Cohen, H. Kaplan (2007), Summarizing data using bottom-k sketches, PODC, 225–234.
doi:10.1145/1281100.1281133
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from latentscope._compute.kernels import compiled
from latentscope._types import Array, IntArray
from latentscope.rows.summaries import Block, Summary

Hashes = NDArray[np.uint64]
N_KEPT = 2**16  # different rows
_ROUGH_BITS = 10  # of the mantissa that near-copies share: three decimal digits


class Repeated(NamedTuple):
    """Rows that are copies of an earlier one.

    Attributes
    ----------
    share : float
        Of the rows, those that are copies of an earlier one: all but the first of each group.
    n : int
        Rows that were looked at.
    is_exact : bool
        False if the share is estimated from some of the different rows.
    """

    share: float
    n: int
    is_exact: bool


class RowCopies(Summary):
    """Hashes of rows, and of rows rounded to about three digits, with the number of each."""

    def __init__(self) -> None:
        self.exact, self.rough = (np.empty(0, dtype=np.uint64) for _ in range(2))
        self.n_exact, self.n_rough = (np.empty(0, dtype=np.int64) for _ in range(2))

    def empty(self) -> Self:
        return type(self)()

    def update(self, block: Block) -> None:
        exact, rough = (np.unique(one, return_counts=True) for one in _hashes(block.z))
        self.exact, self.n_exact = _smallest(self.exact, self.n_exact, *exact)
        self.rough, self.n_rough = _smallest(self.rough, self.n_rough, *rough)

    def merge(self, other: Self) -> None:
        self.exact, self.n_exact = _smallest(self.exact, self.n_exact, other.exact, other.n_exact)
        self.rough, self.n_rough = _smallest(self.rough, self.n_rough, other.rough, other.n_rough)

    @property
    def copies(self) -> Repeated:
        """Rows that equal an earlier one."""
        return _repeated(self.n_exact)

    @property
    def near_copies(self) -> Repeated:
        """At least these rows agree with an earlier one in about three digits along every axis.

        Values are rounded to fixed places: close ones on both sides of an edge between two are told
        apart, which happens to more rows the more axes there are.
        """
        return _repeated(self.n_rough)


def _repeated(counts: IntArray) -> Repeated:
    n = int(counts.sum())
    return Repeated((n - len(counts)) / n, n, len(counts) < N_KEPT)


def _smallest(
    kept: Hashes, counts: IntArray, new: Hashes, new_counts: IntArray
) -> tuple[Hashes, IntArray]:
    """Return the smallest hashes of both with the sum of their counts; all are increasing."""
    place = np.searchsorted(kept, new)
    is_kept = place < len(kept)
    is_kept[is_kept] = kept[place[is_kept]] == new[is_kept]
    counts = counts.copy()
    counts[place[is_kept]] += new_counts[is_kept]
    hashes = np.insert(kept, place[~is_kept], new[~is_kept])
    total = np.insert(counts, place[~is_kept], new_counts[~is_kept])
    return hashes[:N_KEPT], total[:N_KEPT]


def _hashes(z: Array) -> tuple[Hashes, Hashes]:
    """Return one hash of each row, and one of the row rounded to a few digits."""
    bits = z.view(f"u{z.itemsize}")
    dropped = (23 if z.itemsize == 4 else 52) - _ROUGH_BITS
    exact, rough = _mixed(bits, np.uint64(dropped), np.uint64(1 << (8 * z.itemsize - 1)))
    return exact, rough


@compiled()
def _mixed(bits: Array, dropped: np.uint64, minus_zero: np.uint64) -> tuple[Hashes, Hashes]:
    """Mix the bits of each row; −0 counts as 0 (the last step is that of splitmix64)."""
    n, d = bits.shape
    exact, rough = np.empty(n, np.uint64), np.empty(n, np.uint64)
    half = np.uint64(1) << (dropped - np.uint64(1))
    for i in range(n):
        one = other = np.uint64(0)
        for j in range(d):
            value = np.uint64(bits[i, j])
            if value == minus_zero:
                value = np.uint64(0)
            one = _step(one, value)
            other = _step(other, (value + half) >> dropped)
        exact[i], rough[i] = _mix(one), _mix(other)
    return exact, rough


@compiled()
def _step(mixed: np.uint64, value: np.uint64) -> np.uint64:
    mixed = (mixed ^ value) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(29))


@compiled()
def _mix(x: np.uint64) -> np.uint64:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
