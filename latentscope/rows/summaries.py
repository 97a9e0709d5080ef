"""Statistics of rows that are updated block by block and merged.

A :class:`Summary` starts empty, is updated with blocks, and is merged with others of its kind; the
result does not depend on how the rows were cut into blocks.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from latentscope._compute.kernels import column_means, column_ranges
from latentscope._types import Array, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A few rows, in memory.

    Attributes
    ----------
    rows : int64 array of shape (n,)
        Their indices in the source.
    z, mu, logvar : float32 or float64 array of shape (n, z_dim)
        Their values; only the arrays that a summary needs are present.
    """

    rows: IntArray
    arrays: dict[str, Array]
    _found: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def z_mean(self) -> FloatArray:
        """Mean of z, computed once for all summaries that need it."""
        if "z_mean" not in self._found:
            self._found["z_mean"] = column_means(self.z)
        mean: FloatArray = self._found["z_mean"]
        return mean

    @property
    def z_range(self) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
        """Smallest and largest coordinates along the axes of z, and their first places in it."""
        if "z_range" not in self._found:
            self._found["z_range"] = column_ranges(self.z)
        extremes: tuple[FloatArray, FloatArray, IntArray, IntArray] = self._found["z_range"]
        return extremes

    @property
    def z(self) -> Array:
        """Latent vectors, C-contiguous."""
        return self.arrays["z"]

    @property
    def mu(self) -> Array:
        """Posterior means, C-contiguous."""
        return self.arrays["mu"]

    @property
    def logvar(self) -> Array:
        """Logarithms of the posterior variances, C-contiguous."""
        return self.arrays["logvar"]


class Summary(ABC):
    """A statistic of rows that can be merged: for disjoint sets A and B, s(A) ⊕ s(B) = s(A ∪ B).

    Implementations hold only their settings and what they have accumulated, as plain attributes
    that can be pickled, so that the same updates and merges run in other processes.
    """

    needs: ClassVar[tuple[str, ...]] = ("z",)

    @abstractmethod
    def empty(self) -> Self:
        """Return a summary of no rows with the same settings."""

    @abstractmethod
    def update(self, block: Block) -> None:
        """Add the rows of `block`."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Add the rows that `other` summarises."""


class Collected(Summary):
    """The results of a function for each block, kept in order."""

    def __init__(self, function: Callable[[Block], Array]) -> None:
        self.function = function
        self.parts: list[Array] = []

    @property
    def array(self) -> Array:
        """All parts, joined along the rows."""
        return np.concatenate(self.parts)

    def empty(self) -> Self:
        return type(self)(self.function)

    def update(self, block: Block) -> None:
        self.parts.append(self.function(block))

    def merge(self, other: Self) -> None:
        self.parts += other.parts
