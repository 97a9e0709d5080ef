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
from scipy.linalg.lapack import dgejsv

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.kernels import REORDER, centred, column_means, compiled
from latentscope._types import Array, FloatArray, IntArray
from latentscope.errors import DataError
from latentscope.rows.summaries import Block, Summary

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ over the golden ratio
_MAX_UINT64 = 2**64 - 2**11  # that float64 and uint64 both hold
_NOISE = 1e-12  # share of the largest variance that is rounding error even in float64
_ULPS = 4  # rounding errors, in units of eps, that calculations before the export may have left
_WELL_RESOLVED = 1e-6  # share of the largest variance down to which `eigh` is accurate to 1e-9
_GRADED = 1e-7  # smallest over largest singular value that a plain decomposition still resolves
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
    each product of standard deviations. Rows are kept as long as they are at most half as many as
    the axes, because then they are smaller than the matrix, and quicker to decompose.

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
        self.kept: list[Array] = []  # the rows, if `sums` is None
        self.sums: FloatArray | None = None  # Σ (x − mean)(x − mean)ᵀ

    @property
    def products(self) -> FloatArray:
        """Σ (x − mean)(x − mean)ᵀ, of shape (z_dim, z_dim)."""
        if self.sums is not None:
            return self.sums
        deviation = self.deviations()
        return deviation.T @ deviation

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix with n − 1 in the denominator."""
        return self.products / (self.n - 1)

    @property
    def axis_variance(self) -> FloatArray:
        """Variance of each axis, with n − 1 in the denominator."""
        if self.sums is not None:
            return np.diagonal(self.sums) / (self.n - 1)
        return np.asarray(np.square(self.deviations()).sum(axis=0)) / (self.n - 1)

    def deviations(self) -> FloatArray:
        """Return the kept rows minus the mean, in float64."""
        rows = np.concatenate([np.empty((0, len(self.mean))), *self.kept])
        return rows - self.mean

    def empty(self) -> Self:
        return type(self)(len(self.mean))

    def update(self, block: Block) -> None:
        self.add(block.z, block.z_mean)

    def add(self, z: Array, mean: FloatArray | None = None) -> None:
        """Add rows of coordinates; `mean` is their mean, if it is known."""
        mean = column_means(z) if mean is None else mean
        if self._may_keep(len(z)):
            self._keep(len(z), mean, [z])
        else:
            self._add(len(z), mean, _products(z, mean))

    def merge(self, other: Self) -> None:
        if other.n and other.sums is None and self._may_keep(other.n):
            self._keep(other.n, other.mean, other.kept)
        elif other.n:
            self._add(other.n, other.mean, other.products)

    def _may_keep(self, n: int) -> bool:
        return self.sums is None and 2 * (self.n + n) <= len(self.mean)

    def _keep(self, n: int, mean: FloatArray, rows: list[Array]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = self.mean + (mean - self.mean) * (n / (self.n + n))
            self.n += n
            self.kept += rows
            for block in rows:
                refuse_overflow(np.square(block - self.mean).sum(axis=0))

    def _add(self, n: int, mean: FloatArray, products: Array) -> None:
        if self.sums is None:
            self.sums, self.kept = self.products, []
        total = self.n + n
        shift = mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = self.mean + shift * (n / total)
            _add_products(self.sums, products, shift, self.n * n / total)
        self.n = total
        refuse_overflow(np.diagonal(self.sums))


def _products(z: Array, mean: FloatArray) -> Array:
    """Return Σ (x − mean)(x − mean)ᵀ of a block, in its precision if that is safe."""
    deviation = centred(z, mean)  # from float64: values on a coarse grid bias float32 sums
    with np.errstate(over="ignore", invalid="ignore"):
        products = deviation.T @ deviation
        if not _SAFE_SINGLE[0] < np.trace(products) < _SAFE_SINGLE[1]:
            deviation = z - mean
            products = deviation.T @ deviation
    return products


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
    return np.maximum(variance[::-1], 0.0), _oriented(vectors.T[::-1])


def principal_frame(covariance: Covariance) -> tuple[FloatArray, FloatArray]:
    """Return `principal_axes` of a covariance, as many as there are axes or, if fewer, rows.

    Examples
    --------
    >>> found = Covariance(4)
    >>> found.add(np.array([[1.0, 0.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]]))
    >>> principal_frame(found)[0].round(9).tolist()
    [2.0, 0.0]
    """
    if covariance.sums is None:
        return _from_root(covariance.deviations().T / np.sqrt(covariance.n - 1))
    variance, axes = principal_axes(covariance.covariance)
    return variance[: covariance.n], axes[: covariance.n]


def _oriented(axes: FloatArray) -> FloatArray:
    """Return unit vectors, as rows, with their largest entry positive."""
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return axes * np.sign(largest)[:, None]


def varying_axes(
    covariance: Covariance, dtype: np.dtype[Any], mean: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return `principal_frame` without directions whose variance is rounding error for this dtype.

    Rounding error is measured in units of each axis's own standard deviation and mean, so that an
    axis is not lost because another is a million times larger.

    Parameters
    ----------
    covariance : Covariance
        Summed in float64: products of float32 leave errors that look like variance.
    dtype : numpy.dtype
        Of the rows.
    mean : float64 array of shape (z_dim,), optional
        Mean of the rows before they were centred: an offset is rounded as well.

    Examples
    --------
    >>> found = Covariance(3)
    >>> found.add(np.array([[1e2, 0.0, 0], [-1e2, 0, 0], [0, 1e-6, 0], [0, -1e-6, 0]]))
    >>> variance, axes = varying_axes(found, np.dtype("float32"))
    >>> variance
    array([6.66666667e+03, 6.66666667e-13])
    """
    variance, axes = principal_frame(covariance)
    own, offset = covariance.axis_variance, covariance.mean if mean is None else mean
    error = rounding(dtype) * own + rounding_of_offset(offset, dtype)
    moving = np.flatnonzero(own > error)
    if not len(moving):
        return variance[:0], axes[:0]
    rank = min(len(own), covariance.n - 1)
    least = max(_WELL_RESOLVED * variance[0], error.max())
    if len(moving) == len(own) and variance[rank - 1] > least:
        return variance[:rank], axes[:rank]
    unit = np.sqrt(error[moving])[:, None]
    times, vectors = _in_units(covariance, moving, unit)
    is_real = (times > 1) & (np.arange(len(times)) < rank)
    root = np.zeros((len(own), int(is_real.sum())))  # of the covariance, up to rounding error
    root[moving] = unit * (vectors[is_real] * np.sqrt(times[is_real])[:, None]).T
    return _from_root(root)


def _in_units(
    covariance: Covariance, moving: IntArray, unit: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return variances and principal axes of the axes that move, each measured in its own unit."""
    if covariance.sums is None:
        deviation = covariance.deviations()[:, moving].T / unit
        return _from_root(deviation / np.sqrt(covariance.n - 1))
    return principal_axes(covariance.covariance[np.ix_(moving, moving)] / unit / unit.T)


def _from_root(root: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return variances and principal axes of root · rootᵀ, accurate to rounding of the root.

    Where they span many magnitudes, Jacobi's method finds the small ones as accurately.
    """
    with one_blas_thread() if len(root) <= _SMALL else nullcontext():
        vectors, std, _ = np.linalg.svd(root, full_matrices=False)
        if len(std) and std[0] > 0 and std[-1] < _GRADED * std[0] and root.any(axis=0).all():
            std, vectors = _jacobi(root)
    return std**2, _oriented(vectors.T)


def _jacobi(root: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return singular values, largest first, and left singular vectors as columns.

    Accurate even if the rows have scales of very different magnitude.

    References
    ----------
    Z. Drmač, K. Veselić (2008), SIAM Journal on Matrix Analysis and Applications 29, 1322–1342.
    doi:10.1137/050639193
    """
    values, vectors, _, work, _, info = dgejsv(root, joba=2, jobu=0, jobv=3)
    if info:
        raise np.linalg.LinAlgError(f"dgejsv did not converge ({info})")
    return values * (work[0] / work[1]), vectors[:, : len(values)]


def whitened(z: Array, mean: FloatArray, whitening: FloatArray) -> Array:
    """Return (z − mean) whiteningᵀ, in the precision of the rows unless that overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        white = centred(z, mean) @ whitening.T.astype(z.dtype)
        if not np.isfinite(white).all():
            white = (z - mean) @ whitening.T
    return white


def rounding(dtype: np.dtype[Any]) -> float:
    """Return the share of an axis's variance that may be rounding error for rows of this dtype."""
    return max(_NOISE, (_ULPS * float(np.finfo(dtype).eps)) ** 2)


def rounding_of_offset(mean: FloatArray, dtype: np.dtype[Any]) -> FloatArray:
    """Return the variance that rounding of coordinates far from 0 may cause along each axis."""
    return np.asarray((_ULPS * float(np.finfo(dtype).eps) * mean) ** 2)


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
