"""Views of few dimensions in which groups may show, chosen on some of the points."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from latentscope._types import FloatArray
from latentscope.statistics.fast_ica import independent
from latentscope.statistics.kmeans import lloyd, nested_seeds

_KS = (2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 31)  # k-means whose centroids span views
_PER_CENTROID = 15  # points
_BROADEST = (2, 4)  # directions of the two first views
_MAX_DIMENSIONS = 8  # of a view
_N_NARROWEST, _N_FLATTEST, _N_SKEWED = 2, 4, 2  # directions
_ROWS_PER_DIRECTION = 10  # at least, where FastICA searches
_TINY = 1e-9  # spread, relative to the largest, that is rounding
_NEAR = 0.1  # share of the points that lie near a place


def spans(points: FloatArray, random: np.random.Generator) -> Iterator[FloatArray]:
    """Yield the broadest directions, and what the centroids of k-means span, as columns.

    Spans of all directions, which show the same, are left out.
    """
    axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2]
    for n in sorted({min(len(axes), n) for n in _BROADEST}):
        yield axes[:n].T
    ks = np.array([k for k in _KS if k * _PER_CENTROID <= len(points)])
    origin = np.zeros(points.shape[1])
    seeds = nested_seeds(points, ks, origin, int(random.integers(2**31)))
    found = lloyd(points, seeds, origin, tolerance=1e-2, title="k-means")
    for start, stop in pairwise(found.centroids.starts):
        weights = found.counts[start:stop] / len(points)
        about = found.moved.points[start:stop] - weights @ found.moved.points[start:stop]
        _, spread, axes = np.linalg.svd(np.sqrt(weights)[:, None] * about, full_matrices=False)
        n = min(_MAX_DIMENSIONS, int((spread > _TINY * spread[0]).sum()))
        if 0 < n < points.shape[1] or n > _BROADEST[-1]:
            yield axes[:n].T


def unusual(points: FloatArray) -> Iterator[FloatArray]:
    """Yield the narrowest directions, and the flattest and the most skewed ones, by FastICA.

    FastICA searches among the broadest directions, at most one for ten points: with more, it finds
    what is in these points alone.
    """
    about = points - points.mean(axis=0)
    _, spread, axes = np.linalg.svd(about, full_matrices=False)
    axes = axes[spread > _TINY * spread[0]]
    yield from axes[max(0, len(axes) - _N_NARROWEST) :]
    n = min(len(axes), max(2, len(points) // _ROWS_PER_DIRECTION))
    if n < 2:
        return
    whitening = axes[:n].T / (spread[:n] / np.sqrt(len(points)))
    white = about @ whitening
    directions = independent(white.astype(np.float32)).astype(np.float64)
    along = white @ directions.T
    flattest = np.argsort((along**4).mean(axis=0))[:_N_FLATTEST]
    skewed = np.argsort(-np.abs((along**3).mean(axis=0)))[:_N_SKEWED]
    for number in dict.fromkeys([*flattest.tolist(), *skewed.tolist()]):
        yield whitening @ directions[number]


def across(points: FloatArray, direction: FloatArray, place: float) -> FloatArray:
    """Return the direction across one along which the points near a place differ most from all."""
    unit = direction / np.linalg.norm(direction)
    along = points @ direction
    rest = points - np.outer(points @ unit, unit)
    near = np.argsort(np.abs(along - place))[: max(10, int(_NEAR * len(points)))]
    about = rest - np.delete(rest, near, axis=0).mean(axis=0)
    excess = about[near].T @ about[near] / len(near) - about.T @ about / len(about)
    vector: FloatArray = np.linalg.eigh(excess)[1][:, -1]
    return vector - unit * (unit @ vector)
