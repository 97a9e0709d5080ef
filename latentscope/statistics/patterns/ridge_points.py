"""Ridge points of a set of points, their contrast, and how far they move under resampling."""

from typing import NamedTuple, Self

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree
from scipy.spatial import cKDTree

from latentscope._types import FloatArray, IntArray
from latentscope.statistics.patterns.mean_shift import Grid, contrast, to_ridges

_MARGIN = 1.0  # bandwidths from the window's edge, where ridges would follow the edge
_SPACING = 0.25  # bandwidths between the ridge points that are kept
_MIN_LOOP = 6.0  # bandwidths along the tree, above which two ends that meet close a loop
_LINK = 1.0  # bandwidths between two ridge points, up to which they are linked


class RidgePoints(NamedTuple):
    """Places on the ridges of a density, in bandwidths.

    Attributes
    ----------
    places : float64 array of shape (n, d)
    contrast : float64 array of shape (n,)
    """

    places: FloatArray
    contrast: FloatArray

    @classmethod
    def of(cls, points: FloatArray, side: float) -> Self:
        """Climb from all points of a window of that side to the ridges of their density."""
        grid = Grid.of(points)
        places, directions = to_ridges(points, grid)
        is_inner = ((places > _MARGIN) & (places < side - _MARGIN)).all(axis=1)
        places, directions = places[is_inner], directions[is_inner]
        return cls(places, contrast(places, directions, grid))

    def thinned(self) -> Self:
        """Return the place of highest contrast in each of many small cells."""
        order = np.argsort(-self.contrast, kind="stable")
        cell = np.floor(self.places[order] / _SPACING)
        _, first = np.unique(cell, axis=0, return_index=True)
        kept = order[np.sort(first)]
        return type(self)(self.places[kept], self.contrast[kept])

    def links(self) -> IntArray:
        """Return pairs of neighbouring places, of shape (n, 2).

        They are the shortest trees that join neighbours, and the links that close loops among them.
        """
        if not len(self.places):
            return np.empty((0, 2), dtype=np.int64)
        near = cKDTree(self.places).sparse_distance_matrix(cKDTree(self.places), _LINK)
        tree = minimum_spanning_tree(near.tocsr())
        first, second = tree.nonzero()
        ends = np.flatnonzero(np.bincount(np.append(first, second), minlength=tree.shape[0]) == 1)
        met = ends[cKDTree(self.places[ends]).query_pairs(_LINK, output_type="ndarray")]
        path_lengths = dijkstra(tree, directed=False, indices=met[:, 0])
        around = path_lengths[np.arange(len(met)), met[:, 1]]
        return np.concatenate([np.stack([first, second], axis=1), met[around > _MIN_LOOP]]).astype(
            int
        )

    def pieces(self, links: IntArray, level: float) -> IntArray:
        """Return the index of the piece that each place above a contrast belongs to, −1 below."""
        is_above = self.contrast > level
        first, second = links[is_above[links].all(axis=1)].T
        n = len(is_above)
        graph = coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
        _, label = connected_components(graph, directed=False)
        numbers = np.full(n, -1)
        numbers[is_above] = np.unique(label[is_above], return_inverse=True)[1]
        return numbers

    def displacement(self, points: FloatArray, side: float) -> FloatArray:
        """Return how far each place is from the ridges of other points, at most a side."""
        places, _ = to_ridges(self.places, Grid.of(points))
        distance, _ = cKDTree(places).query(self.places, distance_upper_bound=side)
        return np.minimum(distance, side)
