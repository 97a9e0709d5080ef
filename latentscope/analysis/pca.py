"""Which directions carry the variance, and how many of them stand out from noise?

The covariance of all rows is summed in one pass, exactly as if all rows were in memory, and its
eigenvectors are the principal components. The spectrum is compared with that of pure noise with as
many points and axes: even N(0, I) shows a falling spectrum, because the axes of finite samples are
correlated by chance. Where the tails are heavier than a Gaussian's, components are counted by
halves of the rows instead.

References
----------
I. T. Jolliffe, J. Cadima (2016), Philosophical Transactions of the Royal Society A 374, 20150202.
doi:10.1098/rsta.2015.0202
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from latentscope._compute.kernels import centred
from latentscope._table import Table
from latentscope._types import Array, FloatArray
from latentscope._validate import integer
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import collect, reduce
from latentscope.rows.source import Points, Rows, as_rows
from latentscope.rows.summaries import Block, Collected
from latentscope.statistics.moments import Covariance, principal_frame, spread_rows
from latentscope.statistics.noise import MIN_HALVED_ROWS, components_above_noise, noise_spectrum

_MIN_ROWS = 10  # with fewer, any spectrum may be that of noise
_SAMPLED_ROWS = 4096  # whose tails are judged
_MIN_SAMPLED = 2048  # sampled, if there are as many that are used


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PCA(OnePanel):
    """Mean, principal components and spectrum.

    Attributes
    ----------
    z_dim : int
        Number of axes.
    mean : float64 array of shape (z_dim,)
        Centre of the points.
    components : float64 array of shape (n_components, z_dim)
        Orthonormal rows, largest variance first. The entry of largest magnitude is positive.
    variance : float64 array of shape (n_components,)
        Variance along each component, with n − 1 in the denominator, squared unit of z.
    axis_variance : float64 array of shape (z_dim,)
        Variance along each original axis.
    noise_level : float
        Variance of the noise along each axis: the mean variance of the components that do not stand
        out.
    n_above_noise : int
        Number of components, of all, that stand out from noise of that level. With tails like a
        Gaussian's: those with a variance that noise exceeds only once in 100 times. With heavier
        tails: those that stand out in both halves of `n_sampled` rows.
    has_heavy_tails : bool
        True if the squared distances from the mean vary more than those of a Gaussian of the same
        spectrum, so much that its law of the largest eigenvalue does not hold.
    n_sampled : int
        Number of rows from which the tails were judged.
    participation : float
        (Σλ)² / Σλ² of the whole spectrum: the number of components of equal variance that would
        spread the variance in the same way. z_dim for N(0, I), 1 for a line.
    """

    z_dim: int
    mean: FloatArray
    components: FloatArray
    variance: FloatArray
    axis_variance: FloatArray
    noise_level: float
    n_above_noise: int
    has_heavy_tails: bool
    n_sampled: int
    participation: float

    _plot: ClassVar[str] = "plot_pca"

    @property
    def n_components(self) -> int:
        """Number of components kept."""
        return len(self.variance)

    @property
    def n_varying(self) -> int:
        """Number of components kept along which the rows vary, at most their number minus one.

        Variances that are rounding of the first are left out.
        """
        real = self.variance > np.finfo(float).eps * self.variance[0]
        return max(1, min(int(real.sum()), self.n_used - 1))

    @property
    def total_variance(self) -> float:
        """Sum of the variances of all axes."""
        return float(self.axis_variance.sum())

    @property
    def variance_ratio(self) -> FloatArray:
        """Share of each component in the total variance; 0 if all points coincide."""
        total = self.total_variance
        return self.variance / total if total else np.zeros_like(self.variance)

    @property
    def noise_variance(self) -> FloatArray:
        """Spectrum of N(0, σ²I) with as many points and axes, for the components kept.

        These are the expected eigenvalues by the Marchenko-Pastur law; σ² is `noise_level`.
        """
        return noise_spectrum(self.n_used, self.z_dim)[: self.n_components] * self.noise_level

    @property
    def verdict(self) -> str:
        """How many components stand out from noise, in words, and what that rests on."""
        if self._unknown:
            return f"Cannot tell which components stand out from noise: {self._unknown}."
        n, above = min(self.z_dim, self.n_used - 1), self.n_above_noise
        found = {
            0: f"None of {n:,} components was found to stand out from noise",
            1: f"One of {n:,} components stands out from noise",
        }.get(above, f"{above:,} of {n:,} components stand out from noise")
        if self.has_heavy_tails:
            return (
                f"{found}. The tails are heavier than a Gaussian's, which makes large variances by "
                f"chance; therefore a component counts only if both halves of {self.n_sampled:,} "
                "rows show it."
            )
        return f"{found}; noise with Gaussian tails shows one by chance in 1 of 100 clouds."

    @property
    def _unknown(self) -> str:
        """Why the components cannot be told from noise; empty if they can."""
        if self.z_dim == 1:
            return "a single axis has no others to compare with"
        if self.n_used < _MIN_ROWS:
            return f"{self.n_used:,} rows are too few"
        if self.has_heavy_tails and self.n_sampled < MIN_HALVED_ROWS:
            return (
                f"the tails are heavier than a Gaussian's, and {self.n_sampled:,} rows are too few "
                "to compare two halves"
            )
        return ""

    def transform(self, z: Points) -> Array:
        """Return the coordinates of points in the frame of the components.

        Parameters
        ----------
        z : array-like of shape (n_points, z_dim), or Latents

        Returns
        -------
        array of shape (n_points, n_components)
            float32 if z is of single precision or less, else float64.
        """
        rows = as_rows(z, least=1)
        check_width("z", rows.z_dim, self.z_dim)
        return collect(rows, partial(project, self.mean, self.components), progress="projecting")

    def inverse_transform(self, coordinates: Points) -> Array:
        """Return the points of the latent space that have the given coordinates.

        Parameters
        ----------
        coordinates : array-like of shape (n_points, n_components)

        Returns
        -------
        array of shape (n_points, z_dim)
            In the precision of `coordinates`.
        """
        rows = as_rows(coordinates, least=1, name="coordinates")
        check_width("coordinates", rows.z_dim, self.n_components)
        return collect(rows, partial(_unproject, self.mean, self.components), progress="projecting")

    def table(self) -> Table:
        """Return the spectrum next to that of noise, for the components along which rows vary."""
        n = self.n_varying
        return Table(
            component=list(range(n)),
            variance=self.variance[:n].tolist(),
            share=self.variance_ratio[:n].tolist(),
            cumulated=np.cumsum(self.variance_ratio[:n]).tolist(),
            noise=self.noise_variance[:n].tolist(),
        )

    def headline(self) -> dict[str, Any]:
        """Return how the variance is spread."""
        return {
            "axes": self.z_dim,
            "total variance": self.total_variance,
            "share of the first": float(self.variance_ratio[0]),
            "participation": self.participation,
            "above noise": self.n_above_noise,
        }


def pca(z: Points, *, n_components: int | None = None) -> PCA:
    """Find the principal components of all rows.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes, in memory or not.
    n_components : int, optional
        Components to keep; by default as many as there are axes, or rows if those are fewer.

    Returns
    -------
    PCA
        Components and spectrum, with the methods `transform` and `inverse_transform`.

    Raises
    ------
    DataError
        If z holds NaN or infinity, has the wrong shape, or fewer axes or rows than `n_components`.

    Notes
    -----
    For float32 rows, products within a block are computed in float32 after centring, everything
    else in float64. The covariance agrees with that in float64 to about 1e-7 of its scale, even for
    data with a large offset.

    Where `has_heavy_tails` is true, `noise_variance` is the spectrum of lighter noise than that of
    z. Few rows may then show no component above the noise although there is one.

    A component above the noise is only a direction with more variance than the smallest ones. It is
    neither a cluster nor a filament (compare `latentscope.plane_zoom`), and the collapsed axes of a
    VAE, which hold the prior's variance of 1, may well be among them.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((10_000, 4)) * [1, 2, 1, 1]
    >>> result = pca(z)
    >>> result.variance.round(1)
    array([4., 1., 1., 1.])
    >>> result.n_above_noise
    1
    """
    rows = as_rows(z)
    if n_components is not None:
        integer("n_components", n_components, low=1, high=rows.z_dim, why="the number of axes")
    covariance, sample = reduce(rows, Covariance(rows.z_dim), sample_of(rows), progress="PCA")
    return pca_result(rows, covariance, sample, n_components)


def sample_of(rows: Rows) -> Collected:
    """Return the summary that collects some rows, to judge their tails."""
    return Collected(partial(spread_rows, _SAMPLED_ROWS / rows.n_total))


def pca_result(
    rows: Rows, covariance: Covariance, sample: Collected, n_components: int | None = None
) -> PCA:
    """Build the result from its summaries."""
    variance, components = principal_frame(covariance)
    if n_components is not None:
        integer("n_components", n_components, low=1, high=len(variance), why="the number of rows")
    share = variance / variance[0] if variance[0] else variance
    axis_variance = covariance.axis_variance
    n_varying = max(1, int((axis_variance > 0).sum()))
    if len(sample.array) < min(_MIN_SAMPLED, covariance.n):  # most rows were left out
        few = Collected(partial(spread_rows, _SAMPLED_ROWS / covariance.n))
        (sample,) = reduce(rows, few, progress="tails")
    coordinates = (sample.array - covariance.mean) @ components.T
    spectrum = np.pad(variance, (0, rows.z_dim - len(variance)))
    noise = components_above_noise(
        spectrum, covariance.n, n_varying, coordinates, rows.matrices["z"].dtype
    )
    return PCA(
        n_used=covariance.n,
        n_total=rows.n_total,
        z_dim=rows.z_dim,
        mean=covariance.mean,
        components=components[:n_components],
        variance=variance[:n_components],
        axis_variance=axis_variance,
        noise_level=noise.level,
        n_above_noise=noise.n_above,
        has_heavy_tails=noise.is_heavy,
        n_sampled=len(coordinates),
        participation=float(share.sum() ** 2 / (share @ share)) if variance[0] else 0.0,
    )


def check_width(name: str, width: int, required: int) -> None:
    """Raise unless an array is as wide as a PCA requires."""
    if width != required:
        raise DataError(f"{name} must have {required} columns, like this PCA; got {width}.")


def project(mean: FloatArray, components: FloatArray, block: Block) -> Array:
    """Return the block in the frame of the components, in the block's precision."""
    return centred(block.z, mean) @ components.T.astype(block.z.dtype)


def _unproject(mean: FloatArray, components: FloatArray, block: Block) -> Array:
    return (block.z @ components + mean).astype(block.z.dtype)
