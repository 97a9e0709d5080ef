"""Smallest and largest coordinate of each axis, with the rows that hold them."""

from typing import Self

import numpy as np

from latentscope._types import FloatArray, IntArray
from latentscope.rows.summaries import Block, Summary

_NO_ROW = 2**62


class Extremes(Summary):
    """Smallest and largest coordinate of each axis, each with the first row that holds it.

    Parameters
    ----------
    z_dim : int
        Number of axes.
    """

    def __init__(self, z_dim: int) -> None:
        self.least: FloatArray = np.full((2, z_dim), np.inf)  # of x and of −x
        self.rows: IntArray = np.full((2, z_dim), _NO_ROW)

    @property
    def minimum(self) -> FloatArray:
        """Smallest coordinate of each axis."""
        return self.least[0]

    @property
    def maximum(self) -> FloatArray:
        """Largest coordinate of each axis."""
        return -self.least[1]

    def empty(self) -> Self:
        return type(self)(self.least.shape[1])

    def update(self, block: Block) -> None:
        low, high, lowest, highest = block.z_range
        self._take(np.stack([low, -high]), block.rows[np.stack([lowest, highest])])

    def merge(self, other: Self) -> None:
        self._take(other.least, other.rows)

    def _take(self, least: FloatArray, rows: IntArray) -> None:
        is_first = (least == self.least) & (rows < self.rows)
        self.rows = np.where((least < self.least) | is_first, rows, self.rows)
        self.least = np.minimum(self.least, least)
