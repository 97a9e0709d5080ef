"""Estimates of the dimension from distances to the nearest neighbours, at several scales."""

from typing import Literal, NamedTuple, get_args

import numpy as np

from latentscope._types import Array, FloatArray, IntArray
from latentscope.statistics.exact_neighbours import exact_neighbour_distances

Method = Literal["two-nn", "mle"]
METHODS: tuple[Method, ...] = get_args(Method)
TWO_SIDED = 1.96  # standard errors that hold 95 %
_SUBSET = 32  # points of the smallest subset of a decimation
_MAX_PARTS = 64  # of a decimation
_NEIGHBOURS = (5, 10, 20, 50)  # k of the maximum likelihood
_N_FINEST = 5  # points of a curve that continue it to 0
_POWERS = (0.5, 1.0, 2.0)  # of the scale, in which the curve is continued along straight lines
_MIN_SPAN = 1.25  # ratio of these scales, below which they do not show where the curve ends
_DEPENDENCE = 1.35  # factor by which shared distances widen the error of independent ones; measured


class Curve(NamedTuple):
    """Estimates at several scales, the finest first; `ties` are shares of equal distances."""

    n_subset: IntArray
    n_neighbours: IntArray
    scales: FloatArray
    dimensions: FloatArray
    errors: FloatArray
    ties: FloatArray

    @classmethod
    def of(cls, estimates: "list[_Estimate]") -> "Curve":
        """Return the curve through some estimates."""
        n, k, scale, dimension, error, ties = zip(*estimates, strict=True)
        return cls(np.array(n), np.array(k), *map(np.array, (scale, dimension, error, ties)))

    @classmethod
    def empty(cls) -> "Curve":
        """Return a curve without any estimates."""
        none, floats = np.empty(0, dtype=np.int64), np.empty(0)
        return cls(none, none, floats, floats, floats, floats)

    def where(self, keep: Array) -> "Curve":
        """Return the part where `keep` is true."""
        return Curve(
            self.n_subset[keep],
            self.n_neighbours[keep],
            self.scales[keep],
            self.dimensions[keep],
            self.errors[keep],
            self.ties[keep],
        )


class _Estimate(NamedTuple):
    n_subset: int
    n_neighbours: int
    scale: float
    dimension: float
    error: float
    ties: float


def over_scales(points: FloatArray, method: Method) -> Curve:
    """Return the estimates by one of the methods; TwoNN expects the points in random order."""
    return Curve.of(_decimated(points) if method == "two-nn" else _over_neighbours(points))


def _decimated(points: FloatArray) -> list[_Estimate]:
    """Return TwoNN of all points, both halves, all four quarters …, pooled at each step."""
    estimates = []
    n_parts = 1
    while n_parts <= _MAX_PARTS and len(points) // n_parts >= _SUBSET:
        parts = [exact_neighbour_distances(points[i::n_parts], 2) for i in range(n_parts)]
        estimates.append(_estimate(np.concatenate(parts), len(points) // n_parts))
        n_parts *= 2
    return estimates


def _over_neighbours(points: FloatArray) -> list[_Estimate]:
    """Return the maximum likelihood for each number of neighbours up to a quarter of the points."""
    ks = [k for k in _NEIGHBOURS if 4 * k <= len(points)]
    distances = exact_neighbour_distances(points, ks[-1])
    return [_estimate(distances[:, :k], len(points)) for k in ks]


def _estimate(distances: FloatArray, n_subset: int) -> _Estimate:
    """Return the pooled estimate from each point's distances to its k neighbours, nearest first."""
    n, k = distances.shape
    last = distances[:, -1:]
    log_ratios = np.log(last / distances[:, :-1])
    with np.errstate(over="ignore", divide="ignore"):  # all neighbours may lie at one distance
        dimension = float(np.float64(n * (k - 1) - 1) / log_ratios.sum())
    error = TWO_SIDED * _DEPENDENCE * dimension / np.sqrt(n * (k - 1))
    ties = float((np.diff(distances, axis=1) == 0).mean())
    return _Estimate(n_subset, k, float(last.mean()), dimension, float(error), ties)


def interval_at_zero(
    scales: FloatArray, dimensions: FloatArray, errors: FloatArray
) -> tuple[float, float]:
    """Return a 95 % interval for the value of a curve at scale 0, by its five finest scales.

    It holds the estimates at these scales, since noise at small scales raises the dimension and
    small clumps lower it, and reaches up to the extrapolations along straight lines in the root of
    the scale, the scale and its square, since edges and uneven density lower it; each with its
    error by chance. If the scales span too little to extrapolate, there is no upper limit.

    Examples
    --------
    >>> scales = np.array([1.0, 2, 4, 8, 16])
    >>> low, high = interval_at_zero(scales, np.full(5, 3.0), np.full(5, 0.1))
    >>> round(low, 2), round(high, 2)
    (2.9, 3.1)
    """
    x = scales[:_N_FINEST] / scales[0]
    y, error = dimensions[:_N_FINEST], errors[:_N_FINEST]
    if x[-1] < _MIN_SPAN:
        return float(y[0] - error[0]), np.inf
    ends = [at_zero(x**power, y, error / TWO_SIDED) for power in _POWERS]
    highest = max(end + TWO_SIDED * spread for end, spread in ends)
    return float((y - error).min()), max(float((y + error).max()), highest)


def at_zero(x: FloatArray, y: FloatArray, sigma: FloatArray) -> tuple[float, float]:
    """Extrapolate the first five points of a curve to x = 0 along a straight line.

    Parameters
    ----------
    x, y, sigma : float64 array of shape (n,)
        The curve and the standard errors of y. The line is fitted by weighted least squares.

    Returns
    -------
    end, spread : float
        y at 0 and its standard error, multiplied by the root of χ² per degree of freedom if the
        points depart from a line by more than chance. A single point is returned as it is.

    Examples
    --------
    >>> end, spread = at_zero(np.array([1.0, 2.0, 3.0]), np.array([9.0, 8.0, 7.0]), np.ones(3))
    >>> round(end, 6), round(spread**2, 6)
    (10.0, 2.333333)
    """
    x, y, sigma = x[:_N_FINEST] / x[0], y[:_N_FINEST], sigma[:_N_FINEST]
    if len(x) == 1:
        return float(y[0]), float(sigma[0])
    design = np.column_stack([np.ones(len(x)), x]) / sigma[:, None]
    inverse = np.linalg.pinv(design.T @ design)
    line = inverse @ design.T @ (y / sigma)
    misfit = float(np.sum((design @ line - y / sigma) ** 2)) / max(len(x) - 2, 1)
    return float(line[0]), float(np.sqrt(inverse[0, 0] * max(misfit, 1.0)))
