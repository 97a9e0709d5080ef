"""How are the points of a square window arranged? Summary functions of point patterns.

Points lie in the unit square, distances are in units of its side. All functions are corrected for
the edge: the L function by the overlap of the shifted windows (translation), the distances to the
nearest point by the Kaplan-Meier estimator (a distance beyond the edge is censored), the alignment
by leaving out points nearer to the edge than the distance in question.

References
----------
A. Baddeley, E. Rubak, R. Turner (2015), Spatial Point Patterns, chapters 7 and 8.
A. Baddeley, R. D. Gill (1997), Annals of Statistics 25, 263–292 (Kaplan-Meier).
doi:10.1214/aos/1034276629
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from latentscope._types import FloatArray
from latentscope.statistics.patterns.pairs import pair_sums

N_RADII = 40  # of each function
_REACH = {"pairs": 4.0, "nearest": 1.5, "empty": 2.0, "alignment": 4.0}  # in mean spacings
_MAX_RADIUS = 0.25  # of the side, beyond which the edge corrections are based on few points
_GRID = 64  # places per side from which empty space is measured


class Pattern(NamedTuple):
    """Summary functions of one pattern, each at `N_RADII` distances.

    Attributes
    ----------
    pairs : float64 array
        L(r) = √(K(r) / π) − r: 0 for random points, above 0 if there are more pairs within r.
    nearest : float64 array
        G(r): share of the points that have another one within r.
    empty : float64 array
        F(r): share of the window within r of a point.
    alignment : float64 array
        Mean of cos 2(θ − φ) over pairs of neighbours within r, seen from each point in directions
        θ and φ: 0 where directions are random, 1 on a straight line.
    sidedness : float64 array
        Mean of cos(θ − φ) likewise: 0 if neighbours lie on both sides, 1 if all lie on one side.
    void : float
        Diameter of the largest empty disc within the window.
    """

    pairs: FloatArray
    nearest: FloatArray
    empty: FloatArray
    alignment: FloatArray
    sidedness: FloatArray
    void: float


def distances(n: int) -> dict[str, FloatArray]:
    """Return the distances at which the functions of n points are evaluated, in window sides."""
    spacing = 1 / np.sqrt(n)
    steps = np.arange(1, N_RADII + 1) / N_RADII
    return {name: min(reach * spacing, _MAX_RADIUS) * steps for name, reach in _REACH.items()}


def pattern(points: FloatArray, radii: dict[str, FloatArray]) -> Pattern:
    """Return the summary functions of points in the unit square."""
    points = points[np.argsort(points[:, 0], kind="stable")]
    edge = _edge_distance(points)
    weights, nearest, second, first, n_pairs = pair_sums(
        points, edge, radii["pairs"], radii["alignment"]
    )
    n = len(points)
    grid, grid_edge = _grid()
    empty, _ = cKDTree(points).query(grid)
    weight = np.maximum(n_pairs, 1)
    return Pattern(
        pairs=np.sqrt(np.cumsum(weights) / (n * (n - 1) * np.pi)) - radii["pairs"],
        nearest=kaplan_meier(nearest, edge, radii["nearest"]),
        empty=kaplan_meier(empty, grid_edge, radii["empty"]),
        alignment=second / weight,
        sidedness=first / weight,
        void=2 * float(np.minimum(empty, grid_edge).max()),
    )


def kaplan_meier(distance: FloatArray, edge: FloatArray, radii: FloatArray) -> FloatArray:
    """Return the distribution function of distances that are censored at the edge."""
    seen = np.minimum(distance, edge)
    order = np.argsort(seen, kind="stable")
    at_risk = np.arange(len(seen), 0, -1)
    survival = np.cumprod(1 - (distance <= edge)[order] / at_risk)
    below = np.searchsorted(seen[order], radii, side="right")
    return 1 - np.concatenate([[1.0], survival])[below]


def _edge_distance(points: FloatArray) -> FloatArray:
    """Return the distance of each point to the nearest side of the unit square."""
    return np.asarray(np.minimum(points, 1 - points).min(axis=1))


@lru_cache(maxsize=1)
def _grid() -> tuple[FloatArray, FloatArray]:
    """Return the places from which empty space is measured, and their distance to the edge."""
    ticks = (np.arange(_GRID) + 0.5) / _GRID
    places = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return places, _edge_distance(places)
