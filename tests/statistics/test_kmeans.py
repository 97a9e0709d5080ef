"""The seeds of k-means: k-means++ is scikit-learn's, and the merging of centroids SciPy's."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, ward
from sklearn.cluster import kmeans_plusplus
from sklearn.utils import check_random_state

from latentscope.statistics.kmeans import _ward, nested_seeds, plus_plus

CENTERS = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 9.0]])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("n", "d", "dtype"), [(300, 2, "f8"), (300, 2, "f4"), (1000, 20, "f8")])
def test_k_means_plus_plus_is_scikit_learn_s(n, d, dtype, seed):
    points = np.random.default_rng(seed).standard_normal((n, d)).astype(dtype)
    _, theirs = kmeans_plusplus(points, 12, random_state=seed, n_local_trials=2)
    random = check_random_state(seed)
    ours = plus_plus(points, random.random_sample(), random.random_sample((11, 2)))
    np.testing.assert_array_equal(ours, theirs)


def test_copies_are_no_further_candidates(rng):
    points = np.repeat(CENTERS, 50, axis=0)
    chosen = plus_plus(points, rng.random(), rng.random((3, 2)))
    assert sorted(chosen // 50) == [0, 1, 2, 3]


@pytest.mark.parametrize("size", [0.0, 1e200])
def test_distances_that_tell_nothing_still_choose_points(size, rng):
    """All points coincide, or the squares of their distances overflow."""
    points = size * rng.standard_normal((9, 2))
    chosen = plus_plus(points, rng.random(), rng.random((3, 2)))
    assert chosen.shape == (4,)
    assert ((chosen >= 0) & (chosen < 9)).all()


def test_points_are_merged_by_ward_s_rule(rng):
    """SciPy's: the centroids at k are the means of its k flat clusters."""
    points = rng.standard_normal((40, 3))
    joins = ward(points)
    found = _ward(points, np.ones(40), np.array([2, 5, 40]))
    for start, stop, k in ((0, 2, 2), (2, 7, 5), (7, 47, 40)):
        groups = fcluster(joins, k, "maxclust")
        means = [points[groups == group].mean(axis=0) for group in np.unique(groups)]
        np.testing.assert_allclose(sorted(found[start:stop].tolist()), sorted(map(list, means)))


def test_costs_that_overflow_merge_points_that_are_left(rng):
    found = _ward(1e200 * rng.standard_normal((6, 2)), np.ones(6), np.array([1, 2]))
    assert np.isfinite(found).all()
    assert found.shape == (3, 2)


def test_seeds_of_each_k_lie_among_the_clusters(rng):
    points = CENTERS[rng.integers(4, size=400)] + 0.1 * rng.standard_normal((400, 2))
    seeds = nested_seeds(points, np.array([2, 4]), points.mean(axis=0), seed=0)
    assert seeds.n_clusters.tolist() == [2, 4]
    assert sorted(np.round(seeds.points[2:]).tolist()) == sorted(CENTERS.tolist())
