"""Do proposed points lie where the data lie?

The Mahalanobis distance measures how far a point is from the mean of the data, in standard
deviations along the data's own directions. In many dimensions the data themselves lie on a shell,
at a distance near the square root of the number of directions. Points beyond that shell are where
there are no data, whatever their radius, and a decoder was never trained on anything like them.

References
----------
P. C. Mahalanobis (1936), On the generalised distance in statistics, Proc. Natl. Inst. Sci. India 2,
49–55. R. Gnanadesikan, J. R. Kettenring (1972), Biometrics 28, 81–124 (leaving the point out).
doi:10.2307/2528963
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from latentscope._types import Array, BoolArray, FloatArray
from latentscope._warn import warn
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, Rows, as_rows
from latentscope.rows.summaries import Block, Collected
from latentscope.statistics.moments import (
    DoubleCovariance,
    refuse_overflow,
    spread_rows,
    varying_axes,
    whitened,
)

SHARES = np.linspace(0, 1, 1001)
_SHELL_ROWS = 100_000  # rows from whose distances the shell is computed
_ENDS = (0.001, 0.999)  # shares of the data below the inner and the outer end of the shell
_MIN_ROWS_PER_DIRECTION = 3  # with fewer rows per direction the covariance is inaccurate


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Support(OnePanel):
    """Mahalanobis distances of candidates, compared with those of the data.

    Attributes
    ----------
    z_dim : int
        Number of axes.
    n_directions : int
        Number of directions along which the data vary. Distances are measured along these only;
        how far a candidate departs along others is ignored.
    distance : float64 array of shape (n_candidates,)
        Mahalanobis distance of each candidate from the data's mean.
    radius : float64 array of shape (n_candidates,)
        L2 norm of each candidate, same unit as z.
    data_quantiles : float64 array of shape (1001,)
        Quantiles 0, 0.001 … 1 of the data's own distances. Each point is measured with the mean and
        covariance of all others, as a candidate is.
    n_shell : int
        Number of rows from which these quantiles are computed.
    n_leading : int
        Number of leading directions: the first principal directions, which together hold half of
        the data's variance.
    leading : float64 array of shape (n_candidates,)
        Share of each candidate's squared distance that lies along the leading directions.
    data_leading : float64 array of shape (1001,)
        Quantiles 0, 0.001 … 1 of the same share for the data.
    """

    z_dim: int
    n_directions: int
    distance: FloatArray
    radius: FloatArray
    data_quantiles: FloatArray
    n_shell: int
    n_leading: int
    leading: FloatArray
    data_leading: FloatArray

    _plot: ClassVar[str] = "plot_support"

    @property
    def shell(self) -> tuple[float, float, float]:
        """Distances below which 0.1 %, half and 99.9 % of the data lie."""
        low, middle, high = self.data_quantile(_ENDS[0], 0.5, _ENDS[1])
        return low, middle, high

    @property
    def is_inside(self) -> BoolArray:
        """True for candidates that are no farther out than 99.9 % of the data."""
        return self.distance <= self.shell[2]

    @property
    def share_inside(self) -> float:
        """Share of the candidates that are no farther out than 99.9 % of the data."""
        return float(self.is_inside.mean())

    @property
    def share_on_shell(self) -> float:
        """Share of the candidates between the ends of the shell; the mean itself is not on it."""
        low, _, high = self.shell
        return float(((self.distance >= low) & (self.distance <= high)).mean())

    def data_quantile(self, *shares: float) -> tuple[float, ...]:
        """Return the distances below which these shares of the data lie."""
        return tuple(float(np.interp(share, SHARES, self.data_quantiles)) for share in shares)

    def headline(self) -> dict[str, Any]:
        """Return how far out the candidates and the data lie."""
        low, middle, high = self.shell
        return {
            "candidates": len(self.distance),
            "their distance, median": float(np.median(self.distance)),
            "share inside": self.share_inside,
            "distance of the data, 0.1 %": low,
            "distance of the data, median": middle,
            "distance of the data, 99.9 %": high,
            "directions": self.n_directions,
        }


def support(z: Points, candidates: Points) -> Support:
    """Measure how far proposed points lie from the data, in the data's own directions.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        The data; any source that `latentscope.rows.as_rows` takes. Read twice.
    candidates : array-like of shape (n_candidates, z_dim), or Latents
        Points to judge, for example points that you intend to decode.

    Returns
    -------
    Support
        Distances of the candidates and of the data.

    Raises
    ------
    DataError
        If the candidates have another number of columns than z, all points of z coincide, or z has
        fewer than two rows more than directions.

    Warns
    -----
    LatentscopeWarning
        If z does not vary along some directions, or has fewer than three rows per direction.

    Notes
    -----
    With mean m and covariance S of the data, d² = (x − m)ᵀ S⁻¹ (x − m). A point of the data pulls m
    and S towards itself. The distance of each of them is therefore computed without the point
    itself, by the closed form d²₋ = (n / (n − 1))² (n − 2) q / (1 − n q / (n − 1)) with
    q = d² / (n − 1). For a Gaussian with p directions and many rows the distances follow the chi
    distribution: 99.8 % lie between 13.85 and 18.21 for p = 256.

    The distance depends only on mean and covariance. A point inside the shell may still lie where a
    curved or clustered cloud has no points.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = 5 + rng.standard_normal((20_000, 64)) / np.sqrt(np.arange(1, 65))
    >>> result = support(z, rng.standard_normal((100, 64)))  # points of N(0, I)
    >>> result.share_inside
    0.0
    >>> round(support(z, z).share_inside, 3)
    0.999
    """
    return Shell.of(as_rows(z)).judge(candidates)


class Shell(NamedTuple):
    """Where the data lie: their frame, and quantiles of distances and shares along the leading."""

    frame: "Whitening"
    n_total: int
    n_shell: int
    quantiles: FloatArray
    leading: FloatArray

    @classmethod
    def of(cls, data: Rows) -> Self:
        """Measure all rows in the frame of their mean and covariance."""
        frame = Whitening.of(data)
        share = _SHELL_ROWS / frame.n
        (own,) = reduce(data, Collected(partial(_spread, frame, share)), progress="distances")
        distance, leading = own.array.T
        quantiles = np.quantile(frame.left_out(distance), SHARES)
        return cls(frame, data.n_total, len(distance), quantiles, np.quantile(leading, SHARES))

    def judge(self, candidates: Points) -> Support:
        """Return where candidates lie, compared with the data."""
        z_dim = len(self.frame.mean)
        proposed = as_rows(candidates, least=1, name="candidates")
        if proposed.z_dim != z_dim:
            raise DataError(
                f"candidates must have {z_dim} columns, like z; got {proposed.z_dim}.",
                parameter="candidates",
            )
        distances, radius = _columns(proposed, self.frame.distances, _radius)
        distance, leading = distances.T
        refuse_overflow(distance, "candidate")
        refuse_overflow(radius, "candidate")
        return Support(
            n_used=self.frame.n,
            n_total=self.n_total,
            z_dim=z_dim,
            n_directions=len(self.frame.axes),
            distance=distance,
            radius=radius.ravel(),
            data_quantiles=self.quantiles,
            n_shell=self.n_shell,
            n_leading=self.frame.n_leading,
            leading=leading,
            data_leading=self.leading,
        )


@dataclass(frozen=True)
class Whitening:
    """The frame in which the data have mean 0 and covariance I.

    Attributes
    ----------
    n : int
        Number of rows from which the frame was estimated.
    mean : float64 array of shape (z_dim,)
    axes : float64 array of shape (n_directions, z_dim)
        Rows are directions divided by their standard deviations, that of largest variance first.
    n_leading : int
        Number of first directions that together hold half of the variance.
    """

    n: int
    mean: FloatArray
    axes: FloatArray
    n_leading: int

    @classmethod
    def of(cls, data: Rows) -> Self:
        """Estimate the frame from all rows."""
        (found,) = reduce(data, DoubleCovariance(data.z_dim), progress="covariance")
        variance, axes = varying_axes(found, data.matrices["z"].dtype)
        rank = len(variance)
        if not rank:
            raise DataError(
                f"{data.name} must hold points that differ to have a shell; all of them coincide."
            )
        if found.n <= rank + 1:
            raise DataError(
                f"{data.name} must have at least two rows more than directions, so that the "
                f"covariance can be inverted; got {found.n:,} rows that vary along {rank:,} "
                "directions. Pass more rows, or a few principal components, "
                "latentscope.pca(z).transform(z)."
            )
        if rank < data.z_dim:
            warn(
                f"{data.name} does not vary along {data.z_dim - rank:,} of its {data.z_dim:,} "
                "directions; distances are measured along the others, and ignore how far a "
                "candidate departs along these."
            )
        if found.n < _MIN_ROWS_PER_DIRECTION * rank:
            warn(
                f"{found.n:,} rows of {data.name} are few for the covariance along {rank:,} "
                "directions: the distances of candidates, and those of the data, are inaccurate."
            )
        n_leading = int(np.searchsorted(np.cumsum(variance), variance.sum() / 2)) + 1
        return cls(found.n, found.mean, axes / np.sqrt(variance)[:, None], n_leading)

    def distances(self, block: Block) -> FloatArray:
        """Return Mahalanobis distances, and the leading shares of their squares: shape (n, 2)."""
        with np.errstate(over="ignore", invalid="ignore"):
            white = whitened(block.z, self.mean, self.axes)
            square = white.astype(np.float64) ** 2
            whole = square.sum(axis=1)
            leading = square[:, : self.n_leading].sum(axis=1)
            share = np.divide(leading, whole, out=np.ones_like(whole), where=whole > 0)
            return np.column_stack([np.sqrt(whole), np.nan_to_num(share)])

    def left_out(self, distance: FloatArray) -> FloatArray:
        """Return distances of the data's own rows, by the mean and covariance of the others."""
        ratio = self.n / (self.n - 1)
        q = distance**2 / (self.n - 1)
        return ratio * np.sqrt((self.n - 2) * q / np.maximum(1 - ratio * q, np.finfo(float).eps))


def _spread(frame: Whitening, share: float, block: Block) -> Array:
    """Return the distances of some rows of the block, spread over the whole source."""
    rows = spread_rows(share, block)
    return frame.distances(Block(block.rows[: len(rows)], {"z": rows}))


def _radius(block: Block) -> FloatArray:
    with np.errstate(over="ignore"):
        return np.linalg.norm(block.z.astype(np.float64), axis=1, keepdims=True)


def _columns(source: Rows, *functions: Callable[[Block], FloatArray]) -> list[FloatArray]:
    """Return the values of each function for all rows, from one pass over them."""
    found = reduce(source, *(Collected(function) for function in functions))
    return [column.array for column in found]
