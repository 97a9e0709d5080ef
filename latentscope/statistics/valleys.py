"""Groups with a valley of density between them, found on half of the points, tested on the others.

Views of few dimensions are chosen on the first half. In each, the shortest tree through the points
finds places of high density and the passes between them; the second half tests the passes of the
views that show most. Parts that the test separates are groups, and are searched for further ones.
"""

from bisect import insort
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.threads import in_order, n_cores
from latentscope._types import FloatArray, IntArray
from latentscope.statistics.passes import Pass, Tree, local_dimension
from latentscope.statistics.valley_views import across, spans, unusual

# Chosen on clouds of other seeds than those of benchmarks/calibration_clusters.py,
# which measures what they give.
MIN_SEARCHED = 80  # to look for groups at all
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


class Groups(NamedTuple):
    """The group of every point, and how clear the valleys between them are.

    Attributes
    ----------
    of : int64 array of shape (n,)
        0, 1, …
    p : float
        p-value of the clearest valley of all points together; 1 if no place looks like one.
    weakest : float
        p-value of the least clear valley between two groups; 0 if there is a single one.
    """

    of: IntArray
    p: float
    weakest: float

    @property
    def is_divided(self) -> bool:
        """True if there are several groups."""
        return bool(self.of.any())


def valley_groups(points: FloatArray, level: float, random: np.random.Generator) -> Groups:
    """Divide points where the density has a valley, and their parts again.

    Parameters
    ----------
    points : float64 array of shape (n, z_dim)
        Points, about their mean.
    level : float
        Probability of any division where the density has a single peak; a tenth of it is the level
        at which each of the parts is divided, and so on.
    """
    whole = _divided(points, level, random)
    if not whole.is_divided:
        return whole
    result, n_found, weakest = np.zeros(len(points), dtype=np.int64), 0, whole.weakest
    for group in range(whole.of.max() + 1):
        at = whole.of == group
        inner = valley_groups(points[at], _DEEPER * level, random)
        result[at] = n_found + inner.of
        n_found += inner.of.max() + 1
        weakest = max(weakest, inner.weakest)
    return Groups(result, whole.p, weakest)


def _divided(points: FloatArray, level: float, random: np.random.Generator) -> Groups:
    """Divide the points where most of two or three ways to split them in halves find a valley.

    One way may miss what another finds. Each is tested at half of the level; the median of three
    p-values, doubled, is a p-value again, and a third way is needed only if two disagree.
    """
    whole = Groups(np.zeros(len(points), dtype=np.int64), 1.0, 0.0)
    if len(points) < MIN_SEARCHED:
        return whole
    seeds = random.spawn(3)
    find = partial(_divided_once, points, level / 2)
    with one_blas_thread():
        found = [*in_order((partial(find, seed) for seed in seeds[:2]), n_cores())]
        if found[0].is_divided != found[1].is_divided:
            found.append(find(seeds[2]))
    agreed = [one for one in found if one.is_divided] if _most(found) else []
    if not agreed:
        return whole._replace(p=min(1.0, 2 * min(one.p for one in found if not one.is_divided)))
    best = max(agreed, key=lambda one: one.of.max())
    return Groups(best.of, 2 * max(one.p for one in agreed), 2 * best.weakest)


def _most(found: list[Groups]) -> bool:
    return 2 * sum(one.is_divided for one in found) > len(found)


def _divided_once(points: FloatArray, level: float, random: np.random.Generator) -> Groups:
    """Divide the points in the view that shows most groups, found and tested on two halves."""
    whole = Groups(np.zeros(len(points), dtype=np.int64), 1.0, 0.0)
    order = random.permutation(len(points))
    seen = [view for half in (order[::2], order[1::2]) for view in _views(points, half, random)]
    tested = _most_promising(seen, points)
    n_tests = sum(len(view.passes) for view in tested)
    tested = [_without_sheets(view, level / max(n_tests, 1), points) for view in tested]
    p = min([1.0, *(n_tests * one.p_there for view in tested for one in view.passes)])
    clear = [[one for one in view.passes if n_tests * one.p_there <= level] for view in tested]
    best = max(zip(tested, clear, strict=True), key=lambda pair: _clarity(pair[1]), default=None)
    if best is None or not best[1]:
        return whole._replace(p=p)
    return Groups(_parts(*best), p, n_tests * max(one.p_there for one in best[1]))


def _without_sheets(view: View, limit: float, points: FloatArray) -> View:
    """Drop significant passes that a curve or a sheet bridges in the space of all directions.

    Folded into a view, an even sheet is denser in some places than in others. Where points fill few
    dimensions, distances in the whole space tell neighbours on the sheet from others.
    """
    doubtful = [one for one in view.passes if one.p_there <= limit]
    if not doubtful or view.points.shape[1] == points.shape[1]:
        return view
    first, second = points[view.half], np.delete(points, view.half, axis=0)
    if local_dimension(first) > _SHEET:
        return view
    tree = Tree.of(first)

    def is_bridged(one: Pass) -> bool:
        side = _components(view, {one.edge}) > 0
        return tree.share_below(side) < _LONG and tree.across(side, second).p_there > _CONNECTED

    return view._replace(
        passes=[one for one in view.passes if one.p_there > limit or not is_bridged(one)]
    )


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
    """Drop passes that the points go round, as on a ring, in a plane with a second direction.

    The points of the tree decide which passes are tested; one that the others go round is none.
    """
    kept = []
    along = view.points[view.half, 0]
    for one in view.passes:
        place = along[list(one.edge)].mean()
        frame = np.stack([direction, across(points[view.half], direction, place)], axis=1)
        plane = points @ frame
        plane /= np.maximum(plane.std(axis=0), np.finfo(float).tiny)
        tree, others = Tree.of(plane[view.half]), np.delete(plane, view.half, axis=0)
        shortest = tree.across(along > place, others)
        if shortest.p_here <= _CONNECTED:
            kept.append(one if shortest.p_there <= _CONNECTED else one._replace(p_there=1.0))
    return view._replace(passes=kept, direction=None)
