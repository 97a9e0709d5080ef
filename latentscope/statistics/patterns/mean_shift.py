"""Mean shift towards density ridges, and the contrast of a ridge, compiled by Numba.

Lengths are in bandwidths. Points are sorted by the cells of a grid as wide as the kernel reaches,
so that for a place only the points in its own and the neighbouring cells matter.

References
----------
U. Ozertem, D. Erdogmus (2011), Locally defined principal curves and surfaces, Journal of Machine
Learning Research 12, 1249–1286.
"""

import math
from typing import NamedTuple, Self

import numpy as np

from latentscope._compute.kernels import compiled
from latentscope._types import FloatArray, IntArray

_REACH = 3.0  # beyond which kernels are zero
_MAX_STEPS = 300
_STRIDE = 1.5  # times the mean shift, which on its own converges slowly
_TOLERANCE = 0.02  # a place has converged when its step is shorter
_ACROSS = 0.7  # standard deviation of the contrast's kernel across a ridge
_ALONG = 2.0  # the same along it


class Grid(NamedTuple):
    """Points of a square or cube, sorted by cells.

    Attributes
    ----------
    points : float64 array of shape (n, d)
        In the order of their cells.
    first : int64 array of shape (n_side ** d + 1,)
        The first point of each cell, and n.
    n_side : int
        Cells per side, each as wide as kernels reach: `_REACH` bandwidths.
    """

    points: FloatArray
    first: IntArray
    n_side: int

    @classmethod
    def of(cls, points: FloatArray) -> Self:
        """Sort points, whose coordinates are in bandwidths and not negative."""
        d = points.shape[1]
        place = (points / _REACH).astype(np.int64)
        n_side = int(place.max()) + 1
        cell = np.ravel_multi_index(tuple(place.T), (n_side,) * d)
        order = np.argsort(cell, kind="stable")
        first = np.searchsorted(cell[order], np.arange(n_side**d + 1))
        return cls(np.ascontiguousarray(points[order]), first, n_side)


def to_ridges(starts: FloatArray, grid: Grid) -> tuple[FloatArray, FloatArray]:
    """Move places uphill, only across the ridge's direction, until they are on a ridge.

    This is the subspace-constrained mean shift: for the Gaussian kernel density f at x, the
    eigenvector v of its Hessian with the largest eigenvalue is the direction of the ridge, and x
    moves by the part of the mean shift that is orthogonal to v.

    Parameters
    ----------
    starts : float64 array of shape (n_starts, d)
        In bandwidths, as the grid is.
    grid : Grid

    Returns
    -------
    places : float64 array of shape (n, d)
        Those that converged where f is a maximum in all directions but v.
    directions : float64 array of shape (n, d)
        v there.
    """
    places, directions = np.array(starts), np.zeros_like(starts)
    is_ridge = _shift(places, directions, *grid) > 0
    return places[is_ridge], directions[is_ridge]


def contrast(places: FloatArray, directions: FloatArray, grid: Grid) -> FloatArray:
    """Return how far the density on a ridge is above that beside it, in standard errors.

    Each point near the place has the weight ψ = (1 − a²) exp(−r²/2) exp(−b²/2). Here b is its
    distance along the ridge in units of two bandwidths; r is its distance from the ridge's line,
    and a that in one direction, in units of 0.7 bandwidths. ψ is positive on the ridge and negative
    beside it, and its sum is 0 if points are evenly spread. The contrast is Σψ / √Σψ². Along three
    axes the direction is the one with the least Σψ, so that a ridge that merely runs into a
    filament does not profit from it.
    """
    return _contrast(places, directions, *grid)


@compiled()
def _nearby(place: FloatArray, first: IntArray, n_side: int, runs: IntArray) -> int:
    """Fill `runs` with the bounds of the points in the cells around a place; return how many."""
    d = len(place)
    low = np.empty(d, np.int64)
    high = np.empty(d, np.int64)
    for k in range(d):
        cell = min(max(int(place[k] / _REACH), 0), n_side - 1)
        low[k] = max(cell - 1, 0)
        high[k] = min(cell + 1, n_side - 1)
    n_runs = 0
    last_layer = high[0] if d == 3 else 0
    for layer in range(low[0] if d == 3 else 0, last_layer + 1):
        for row in range(low[d - 2], high[d - 2] + 1):
            corner = (layer * n_side + row) * n_side
            runs[n_runs, 0] = first[corner + low[d - 1]]
            runs[n_runs, 1] = first[corner + high[d - 1] + 1]
            n_runs += 1
    return n_runs


@compiled()
def _local(
    x: FloatArray, points: FloatArray, runs: IntArray, n_runs: int, shift: FloatArray
) -> FloatArray:
    """Fill `shift` with the mean shift of a place; return Σ w u uᵀ / Σ w of its neighbours.

    All in bandwidths; that matrix is the density's Hessian over the density, plus I.
    """
    d = len(x)
    mass = 0.0
    shift[:] = 0.0
    spread = np.zeros((d, d))
    away = np.empty(d)
    for r in range(n_runs):
        for i in range(runs[r, 0], runs[r, 1]):
            square = 0.0
            for k in range(d):
                away[k] = points[i, k] - x[k]
                square += away[k] * away[k]
            if square < _REACH * _REACH:
                weight = math.exp(-0.5 * square)
                mass += weight
                for k in range(d):
                    shift[k] += weight * away[k]
                    for j in range(k + 1):
                        spread[k, j] += weight * away[k] * away[j]
    mass = max(mass, 1e-300)  # a place without neighbours stays and has no ridge
    shift /= mass
    return spread / mass


@compiled()
def _shift(
    places: FloatArray, directions: FloatArray, points: FloatArray, first: IntArray, n_side: int
) -> FloatArray:
    """Move all places, in bandwidths; return 1 for each that converged on a ridge, else 0."""
    d = points.shape[1]
    is_ridge = np.zeros(len(places))
    runs = np.empty((9, 2), np.int64)
    shift = np.empty(d)
    for s in range(len(places)):
        x = places[s]
        for _ in range(_MAX_STEPS):
            n_runs = _nearby(x, first, n_side, runs)
            value, vector = np.linalg.eigh(_local(x, points, runs, n_runs, shift))
            along = 0.0
            for k in range(d):
                along += shift[k] * vector[k, d - 1]
            step = 0.0
            for k in range(d):
                move = _STRIDE * (shift[k] - along * vector[k, d - 1])
                step += move * move
                x[k] += move
            if step < _TOLERANCE * _TOLERANCE:
                directions[s] = vector[:, d - 1]
                is_ridge[s] = 1.0 if value[d - 1] > 0.0 and value[d - 2] < 1.0 else 0.0
                break
    return is_ridge


@compiled()
def _beside(
    x: FloatArray, direction: FloatArray, points: FloatArray, runs: IntArray, n_runs: int
) -> tuple[FloatArray, FloatArray]:
    """Return where nearby points lie across a ridge, in units of `_ACROSS`, and their weights."""
    d = len(x)
    n = 0
    for r in range(n_runs):
        n += runs[r, 1] - runs[r, 0]
    across, bell = np.empty((n, d)), np.empty(n)
    found = 0
    for r in range(n_runs):
        for i in range(runs[r, 0], runs[r, 1]):
            square = 0.0
            along = 0.0
            for k in range(d):
                across[found, k] = points[i, k] - x[k]
                square += across[found, k] ** 2
                along += across[found, k] * direction[k]
            if square < _REACH * _REACH:
                for k in range(d):
                    across[found, k] = (across[found, k] - along * direction[k]) / _ACROSS
                distance = (square - along * along) / (_ACROSS * _ACROSS)
                bell[found] = math.exp(-0.5 * (distance + along * along / (_ALONG * _ALONG)))
                found += 1
    return across[:found], bell[:found]


@compiled()
def _contrast(
    places: FloatArray, directions: FloatArray, points: FloatArray, first: IntArray, n_side: int
) -> FloatArray:
    """Return the contrast of each place, in bandwidths."""
    result = np.zeros(len(places))
    runs = np.empty((9, 2), np.int64)
    for s in range(len(places)):
        n_runs = _nearby(places[s], first, n_side, runs)
        across, bell = _beside(places[s], directions[s], points, runs, n_runs)
        spread = np.zeros((across.shape[1], across.shape[1]))
        for i in range(len(bell)):
            for k in range(len(spread)):
                for j in range(k + 1):
                    spread[k, j] += bell[i] * across[i, k] * across[i, j]
        _, vector = np.linalg.eigh(spread)
        total = 0.0
        squares = 0.0
        for i in range(len(bell)):
            aside = 0.0
            for k in range(len(spread)):
                aside += across[i, k] * vector[k, -1]
            weight = (1.0 - aside * aside) * bell[i]
            total += weight
            squares += weight * weight
        if squares > 0.0:
            result[s] = total / math.sqrt(squares)
    return result
