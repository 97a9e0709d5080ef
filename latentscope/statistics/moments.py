"""Mean, variance and covariance as mergeable summaries.

Each block is centred on its own mean and blocks are merged by the pairwise update of Chan, Golub
and LeVeque, so that an offset of 1e4 or an outlier of 1e30 costs no precision of the variance.

References
----------
T. F. Chan, G. H. Golub, R. J. LeVeque (1983), The American Statistician 37, 242–247, eq. 2.1.
doi:10.1080/00031305.1983.10483115
"""

from contextlib import nullcontext
from typing import Any, Self

import numpy as np

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.kernels import REORDER, centred, column_means, compiled
from latentscope._types import Array, FloatArray, IntArray
from latentscope.errors import DataError
from latentscope.rows.summaries import Block, Summary

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ over the golden ratio
_MAX_UINT64 = 2**64 - 2**11  # that float64 and uint64 both hold
_NOISE = 1e-12  # share of the largest variance that is rounding error even in float64
_MAX_AXES = 16_384  # 2 GiB per matrix
_SMALL = 512  # axes
_SAFE_SINGLE = (1e-20, 1e30)  # traces whose float32 products neither underflow nor overflow


class Moments(Summary):
    """Mean and variance of each axis, in float64 throughout."""

    def __init__(self, z_dim: int) -> None:
        self.n = 0
        self.mean: FloatArray = np.zeros(z_dim)
        self.squares: FloatArray = np.zeros(z_dim)  # Σ (x − mean)² per axis

    @property
    def std(self) -> FloatArray:
        """Standard deviation of each axis, with n in the denominator."""
        return np.sqrt(self.squares / self.n)

    def empty(self) -> Self:
        return type(self)(len(self.mean))

    def update(self, block: Block) -> None:
        self.add(block.z, block.z_mean)

    def add(self, values: Array, mean: FloatArray | None = None) -> None:
        """Add rows of coordinates; `mean` is their mean, if it is known."""
        mean = column_means(values) if mean is None else mean
        self._add(len(values), mean, _squared_deviations(values, mean))

    def merge(self, other: Self) -> None:
        if other.n:
            self._add(other.n, other.mean, other.squares)

    def _add(self, n: int, mean: FloatArray, squares: FloatArray) -> None:
        total = self.n + n
        shift = mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = self.mean + shift * (n / total)
            self.squares = self.squares + squares + shift**2 * (self.n * n / total)
        self.n = total
        refuse_overflow(self.squares)


class Covariance(Summary):
    """Mean and covariance.

    Sums are float64. Products within a block are taken in the precision of the rows: for float32
    rows, centred on the block's mean first, that is faster and agrees with float64 to about 1e-7 of
    each product of standard deviations.

    Parameters
    ----------
    z_dim : int
        Number of axes.
    """

    def __init__(self, z_dim: int) -> None:
        if z_dim > _MAX_AXES:
            raise DataError(
                f"z must have at most {_MAX_AXES:,} axes for a covariance matrix; got {z_dim:,}. "
                "Reduce them first, for example by a random projection."
            )
        self.n = 0
        self.mean: FloatArray = np.zeros(z_dim)
        self.products: FloatArray = np.zeros((z_dim, z_dim))  # Σ (x − mean)(x − mean)ᵀ

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix with n − 1 in the denominator."""
        return self.products / (self.n - 1)

    def empty(self) -> Self:
        return type(self)(len(self.mean))

    def update(self, block: Block) -> None:
        self.add(block.z, block.z_mean)

    def add(self, z: Array, mean: FloatArray | None = None) -> None:
        """Add rows of coordinates; `mean` is their mean, if it is known."""
        mean = column_means(z) if mean is None else mean
        deviation = centred(z, mean)  # from float64: values on a coarse grid bias float32 sums
        with np.errstate(over="ignore", invalid="ignore"):
            products = deviation.T @ deviation
            if not _SAFE_SINGLE[0] < np.trace(products) < _SAFE_SINGLE[1]:
                deviation = z - mean
                products = deviation.T @ deviation
        self._add(len(z), mean, products)

    def merge(self, other: Self) -> None:
        if other.n:
            self._add(other.n, other.mean, other.products)

    def _add(self, n: int, mean: FloatArray, products: Array) -> None:
        total = self.n + n
        shift = mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = self.mean + shift * (n / total)
            _add_products(self.products, products, shift, self.n * n / total)
        self.n = total
        refuse_overflow(np.diagonal(self.products))


class DoubleCovariance(Covariance):
    """Covariance in float64 throughout: the smallest variances weigh most in a distance."""

    def update(self, block: Block) -> None:
        self.add(block.z.astype(np.float64, copy=False), block.z_mean)


def principal_axes(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return variances, largest first, and unit vectors as rows, their largest entry positive.

    Small matrices are decomposed in one thread.
    """
    with one_blas_thread() if len(covariance) <= _SMALL else nullcontext():
        variance, vectors = np.linalg.eigh(covariance)
    variance, axes = np.maximum(variance[::-1], 0.0), vectors.T[::-1]
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return variance, axes * np.sign(largest)[:, None]


def varying_axes(covariance: FloatArray, dtype: np.dtype[Any]) -> tuple[FloatArray, FloatArray]:
    """Return `principal_axes` without those whose variance is rounding error for this dtype."""
    variance, axes = principal_axes(covariance)
    is_real = (variance > rounding(dtype) * variance[0]) & (variance[0] > 0)
    return variance[is_real], axes[is_real]


def rounding(dtype: np.dtype[Any]) -> float:
    """Return the share of the largest variance that is rounding error for rows of this dtype."""
    return max(_NOISE, 10 * float(np.finfo(dtype).eps))


def refuse_overflow(sums: FloatArray, what: str = "axis", indices: IntArray | None = None) -> None:
    """Raise if sums of squares overflow float64; name `what` they belong to, and its index."""
    if not np.isfinite(sums).all():
        first = int(np.flatnonzero(~np.isfinite(sums))[0])
        place = first if indices is None else indices[first]
        raise DataError(
            f"values must be small enough to square in float64 (below 1e150); {what} {place} "
            "overflows. Remove the outliers or rescale z."
        )


def spread_rows(share: float, block: Block) -> Array:
    """Return some rows of the block, so that those of all blocks spread over the whole source.

    Row i is taken if the fractional part of i times the golden ratio is below `share`: a sequence
    that cannot be in step with any period in the order of the rows.
    """
    fraction = block.rows.astype(np.uint64) * _GOLDEN  # of 2⁶⁴, by overflow
    return block.z[fraction <= np.uint64(min(share, 1.0) * _MAX_UINT64)]


@compiled()
def _add_products(sums: FloatArray, products: Array, shift: FloatArray, weight: float) -> None:
    """Add `products` + weight · shift shiftᵀ to `sums`, in one pass over them."""
    for i in range(sums.shape[0]):
        factor = weight * shift[i]
        for j in range(sums.shape[1]):
            sums[i, j] += products[i, j] + factor * shift[j]


@compiled(fastmath=REORDER)
def _squared_deviations(block: Array, mean: FloatArray) -> FloatArray:
    """Return Σ (x − mean)² of each column."""
    n, d = block.shape
    squares = np.zeros(d)
    for i in range(n):
        for j in range(d):
            deviation = block[i, j] - mean[j]
            squares[j] += deviation * deviation
    return squares
