"""_neighbours: exact neighbours, against brute force."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from latentscope.errors import DataError
from latentscope.statistics.neighbours import nearest_neighbours, preservation


def brute_force(points, k):
    distance = cdist(points, points)
    np.fill_diagonal(distance, np.inf)
    order = np.argsort(distance, axis=1)[:, :k]
    return order, np.take_along_axis(distance, order, axis=1)


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("z_dim", [1, 3, 64])
def test_neighbours_are_those_of_brute_force(z_dim, offset, rng):
    points = rng.standard_normal((300, z_dim)) + offset
    indices, distances = nearest_neighbours(points, 7)
    expected, expected_distances = brute_force(points, 7)
    assert_allclose(distances, expected_distances, atol=2e-3)
    assert (indices == expected).mean() > 0.98  # near ties, to single precision
    assert not (indices == np.arange(300)[:, None]).any()


def test_more_points_than_one_search(monkeypatch, rng):
    monkeypatch.setattr("latentscope.statistics.neighbours._QUERIES", 64)
    points = rng.standard_normal((200, 3))
    assert_array_equal(nearest_neighbours(points, 3)[0], brute_force(points, 3)[0])


def test_copies_are_neighbours_at_no_distance(rng):
    """Eight copies each: the five nearest are copies, and nobody is its own neighbour."""
    points = np.repeat(10 * rng.standard_normal((6, 4)), 8, axis=0)
    indices, distances = nearest_neighbours(points, 5)
    assert_allclose(distances, 0, atol=2e-2)
    assert_array_equal(indices // 8, np.arange(48)[:, None] // 8 * np.ones((1, 5), dtype=int))
    assert not (indices == np.arange(48)[:, None]).any()
    assert all(len(set(row)) == 5 for row in indices)


@pytest.mark.parametrize("value", [1e15, 1e19, 1e30])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_an_outlier_that_hides_the_others_is_refused(value, dtype):
    points = np.random.default_rng(0).standard_normal((50, 3)).astype(dtype)
    points[7, 0] = value
    with pytest.raises(DataError, match=r"1 do, the first at 1e.* Remove the outliers"):
        nearest_neighbours(points, 5)


@pytest.mark.parametrize(("scale", "offset"), [(1e-30, 0.0), (1e30, 0.0), (1.0, 1e4)])
def test_neither_scale_nor_offset_matters(scale, offset, rng):
    points = rng.standard_normal((50, 3))
    indices, distances = nearest_neighbours(scale * points + offset, 5)
    expected = nearest_neighbours(points, 5)
    assert_array_equal(indices, expected[0])
    assert_allclose(distances, scale * expected[1], rtol=1e-3)


def test_preservation(rng):
    """All neighbours of the same map, k / (n − 1) of them by chance."""
    xy = rng.standard_normal((400, 2))
    neighbours, _ = brute_force(xy, 10)
    assert preservation(xy, neighbours, xy).share == 1
    assert preservation(xy, neighbours, -3 * xy + 5).share == 1
    by_chance = preservation(xy, neighbours, rng.standard_normal((400, 2))).share
    assert_allclose(by_chance, 10 / 399, atol=0.015)
