"""Groups with a valley of density between them, found on half of the points, tested on the others.

Views of few dimensions are chosen on the first half. In each, the shortest tree through the points
finds places of high density and the passes between them; the second half tests the passes of the
views that show most. Parts that the test separates are groups, and are searched for further ones.
"""

from bisect import insort
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from latentscope._types import FloatArray, IntArray
from latentscope.statistics.passes import Pass, Tree, local_dimension
from latentscope.statistics.valley_views import across, spans, unusual

MIN_POINTS = 80  # to look for groups at all
_N_TESTED = 3  # views
_DEEPER = 0.1  # of the level, for groups within groups
_CONNECTED = 0.01  # p-value in a plane, at most, of a pass along a single direction
_SHEET = 3.5  # local dimension, up to which distances in the whole space tell sides apart
_LONG = 0.9  # share of the joins that one between two groups exceeds, if no sheet bridges them
_TINY = 1e-300
_CLEAR = 1e-3  # p-value of a pass that stands out on the first half


class View(NamedTuple):
    """Points in few dimensions, and the promising passes of the tree through half of them."""

    points: FloatArray
    half: IntArray  # through which the tree goes
    joins: IntArray  # of that tree
    passes: list[Pass]
    direction: FloatArray | None = None  # of a view that is to be checked for bypasses

    @property
    def promise(self) -> tuple[int, float]:
        """How many passes stand out on the half that found them, and the clearest of them."""
        ps = [one.p_here for one in self.passes]
        return sum(p < _CLEAR for p in ps), -min(ps, default=1.0)


def valley_groups(
    points: FloatArray, level: float, random: np.random.Generator
) -> tuple[IntArray, float]:
    """Return the group of every point, and the p-value of the first division (1 if there is none).

    Parameters
    ----------
    points : float64 array of shape (n, z_dim)
        Points, about their mean.
    level : float
        Probability of any group where the density has a single peak.
    """
    groups, p = _divided(points, level, random)
    if groups.max() == 0:
        return groups, p
    result, n_found = np.zeros(len(points), dtype=np.int64), 0
    for group in range(groups.max() + 1):
        at = groups == group
        inner, _ = valley_groups(points[at], min(level, _DEEPER * level), random)
        result[at] = n_found + inner
        n_found += inner.max() + 1
    return result, p


def _divided(
    points: FloatArray, level: float, random: np.random.Generator
) -> tuple[IntArray, float]:
    """Divide the points once, in the view that shows most groups."""
    whole = np.zeros(len(points), dtype=np.int64)
    if len(points) < MIN_POINTS:
        return whole, 1.0
    order = random.permutation(len(points))
    seen = [view for half in (order[::2], order[1::2]) for view in _views(points, half, random)]
    seen = _most_promising(seen, points)
    n_tests = sum(len(view.passes) for view in seen)
    p = min((n_tests * one.p_there for view in seen for one in view.passes), default=1.0)
    clear = [
        _not_on_a_sheet(
            view, [one for one in view.passes if one.p_there * n_tests <= level], points
        )
        for view in seen
    ]
    best = max(zip(seen, clear, strict=True), key=lambda pair: _clarity(pair[1]), default=None)
    if best is not None and best[1]:
        whole = _parts(*best)
    return whole, min(p, 1.0)


def _not_on_a_sheet(view: View, passes: list[Pass], points: FloatArray) -> list[Pass]:
    """Drop passes that a curve or a sheet bridges in the space of all directions.

    Folded into a view, an even sheet is denser in some places than in others. Where points fill few
    dimensions, distances in the whole space tell neighbours on the sheet from others.
    """
    if not passes or view.points.shape[1] == points.shape[1]:
        return passes
    first, second = points[view.half], np.delete(points, view.half, axis=0)
    if local_dimension(first) > _SHEET:
        return passes
    tree = Tree.of(first)
    sides = [_components(view, {one.edge}) > 0 for one in passes]
    return [
        one
        for one, side in zip(passes, sides, strict=True)
        if tree.share_below(side) >= _LONG or tree.p_across(side, second) <= _CONNECTED
    ]


def _components(view: View, cut: set[tuple[int, int]]) -> IntArray:
    """Return the part of each point of the tree, if it is cut at some joins."""
    is_kept = np.array([tuple(join) not in cut for join in view.joins.tolist()])
    i, j = view.joins[is_kept].T
    n = len(view.half)
    parts: IntArray = connected_components(
        coo_array((np.ones(len(i)), (i, j)), (n, n)), directed=False
    )[1].astype(np.int64)
    return parts


def _clarity(clear: list[Pass]) -> tuple[int, float]:
    """Return how many passes were confirmed, and how clearly."""
    return len(clear), -float(np.log([max(one.p_there, _TINY) for one in clear]).sum())


def _parts(view: View, clear: list[Pass]) -> IntArray:
    """Return the part of each point if the tree is cut at the passes."""
    of_half = _components(view, {one.edge for one in clear})
    nearest = KDTree(view.points[view.half]).query(view.points)[1]
    return of_half[nearest]


def _views(points: FloatArray, half: IntArray, random: np.random.Generator) -> Iterator[View]:
    """Yield the views, chosen on half of the points, that have a promising pass."""
    directions = list(unusual(points[half]))
    for span in spans(points[half], random):
        if span.shape[1] == 1:
            directions.append(span[:, 0])
        elif (view := _view(points @ span, half)).passes:
            yield view
    for direction in directions:
        view = _view(points @ direction[:, None], half)
        if view.passes:
            yield view._replace(direction=direction if points.shape[1] > 1 else None)


def _most_promising(seen: list[View], points: FloatArray) -> list[View]:
    """Return the views to test, after those along single directions lost passes with a bypass.

    A check is slow and can only lower the promise, so views are checked as their turn comes.
    """
    waiting = sorted(seen, key=lambda view: view.promise)
    found: list[View] = []
    while waiting and len(found) < _N_TESTED:
        view = waiting.pop()
        if view.direction is None:
            found.append(view)
        elif (view := _without_bypass(view, points, view.direction)).passes:
            insort(waiting, view, key=lambda view: view.promise)
    return found


def _view(points: FloatArray, half: IntArray) -> View:
    tree = Tree.of(points[half])
    return View(points, half, tree.joins, tree.passes(np.delete(points, half, axis=0)))


def _without_bypass(view: View, points: FloatArray, direction: FloatArray) -> View:
    """Drop passes that the points go round, as on a ring, in a plane with a second direction."""
    kept = []
    along = view.points[view.half, 0]
    for one in view.passes:
        place = along[list(one.edge)].mean()
        frame = np.stack([direction, across(points[view.half], direction, place)], axis=1)
        plane = points @ frame
        plane /= np.maximum(plane.std(axis=0), np.finfo(float).tiny)
        tree, others = Tree.of(plane[view.half]), np.delete(plane, view.half, axis=0)
        if tree.p_across(along > place, others) <= _CONNECTED:
            kept.append(one)
    return view._replace(passes=kept, direction=None)
