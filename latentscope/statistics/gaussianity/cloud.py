"""What one pass over a cloud can measure, once its mean and covariance are known.

The original axes, the principal components and some random projections are standardised and
counted in bins, and so are the squared Mahalanobis distances; some rows are kept for the core.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from latentscope._compute.kernels import radii
from latentscope._types import Array, FloatArray, IntArray
from latentscope.errors import DataError
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Rows
from latentscope.rows.summaries import Block, Summary
from latentscope.statistics.gaussianity.marginals import MarginalSums
from latentscope.statistics.gaussianity.radial import RadialSums
from latentscope.statistics.moments import DoubleCovariance, spread_rows, varying_axes, whitened

_N_PROJECTIONS = 64


@dataclass(frozen=True)
class Frame:
    """The directions of a cloud's marginals, and the whitening that makes its covariance I.

    Attributes
    ----------
    n : int
        Number of rows that it was estimated from.
    mean : float64 array of shape (z_dim,)
    std : float64 array of shape (z_dim,)
        With n − 1 in the denominator.
    axes : int64 array of shape (n_axes,)
        Indices of the original axes that vary.
    whitening : float64 array of shape (n_directions, z_dim)
        Rows are principal directions, divided by their standard deviations.
    projections : float64 array of shape (n_directions, 64)
        Random unit vectors in the whitened space, as columns.
    """

    n: int
    mean: FloatArray
    std: FloatArray
    axes: IntArray
    whitening: FloatArray
    projections: FloatArray

    @classmethod
    def of(cls, data: Rows, random: np.random.Generator) -> Self:
        """Estimate it from all rows."""
        (found,) = reduce(data, DoubleCovariance(data.z_dim), progress="covariance")
        variance, directions = varying_axes(found, data.matrices["z"].dtype)
        if not len(variance):
            raise DataError(
                f"{data.name} must hold points that differ to have a shape; all of them coincide."
            )
        own = (directions**2).T @ variance  # of each axis, without rounding along constant ones
        std = np.sqrt(found.axis_variance)
        vectors = random.standard_normal((len(variance), _N_PROJECTIONS))
        return cls(
            n=found.n,
            mean=found.mean,
            std=std,
            axes=np.flatnonzero((std > 0) & (own > 0.5 * std**2)),
            whitening=directions / np.sqrt(variance)[:, None],
            projections=vectors / np.linalg.norm(vectors, axis=0),
        )

    @property
    def n_directions(self) -> int:
        """Number of directions along which the data vary."""
        return len(self.whitening)

    def white(self, z: Array) -> Array:
        """Return whitened rows, whose mean is 0 and whose covariance is I."""
        return whitened(z, self.mean, self.whitening)

    def directions(self) -> FloatArray:
        """Return the directions of the marginals: unit vectors in the whitened space, as columns.

        The original axes that vary, the principal components, the random projections.
        """
        largest = np.abs(self.whitening).max(axis=1, keepdims=True)  # its square may overflow
        precision = largest * np.linalg.norm(self.whitening / largest, axis=1, keepdims=True)
        std = precision.min() / precision  # relative to the broadest
        axes = (self.whitening / precision * std)[:, self.axes]
        axes /= np.linalg.norm(axes, axis=0)
        return np.hstack([axes, np.eye(self.n_directions), self.projections])


class CloudSums(Summary):
    """Marginals and distances of all rows, and a share of the rows themselves."""

    def __init__(self, frame: Frame, kept: float) -> None:
        self.frame, self.kept = frame, kept
        ones = np.ones(frame.n_directions)
        self.radial = RadialSums(frame.n_directions)
        self.axes = MarginalSums(frame.mean[frame.axes], frame.std[frame.axes])
        self.components = MarginalSums(0 * ones, ones)
        self.projections = MarginalSums(np.zeros(_N_PROJECTIONS), np.ones(_N_PROJECTIONS))
        self.parts: list[Array] = []

    @property
    def sample(self) -> Array:
        """The rows that were kept."""
        return np.concatenate(self.parts)

    def empty(self) -> Self:
        return type(self)(self.frame, self.kept)

    def update(self, block: Block) -> None:
        z, frame = block.z, self.frame
        white = frame.white(z)
        self.radial.add(radii(white) ** 2)
        self.axes.add(
            z if len(frame.axes) == z.shape[1] else np.ascontiguousarray(z[:, frame.axes])
        )
        self.components.add(white)
        self.projections.add(white @ frame.projections.astype(white.dtype))
        self.parts.append(spread_rows(self.kept, block))

    def merge(self, other: Self) -> None:
        for name in ("radial", "axes", "components", "projections"):
            getattr(self, name).merge(getattr(other, name))
        self.parts += other.parts
