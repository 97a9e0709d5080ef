"""The seeds of k-means are those of scikit-learn, and need no luck to find clusters."""

import numpy as np
import pytest
from sklearn.cluster import kmeans_plusplus
from sklearn.utils import check_random_state

from latentscope.statistics.kmeans import nested_seeds, plus_plus

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


def test_points_that_all_coincide(rng):
    assert len(plus_plus(np.zeros((9, 2)), rng.random(), rng.random((3, 2)))) == 4


def test_seeds_of_each_k_lie_among_the_clusters(rng):
    points = CENTERS[rng.integers(4, size=400)] + 0.1 * rng.standard_normal((400, 2))
    seeds = nested_seeds(points, np.array([2, 4]), points.mean(axis=0), seed=0)
    assert seeds.n_clusters.tolist() == [2, 4]
    assert sorted(np.round(seeds.points[2:]).tolist()) == sorted(CENTERS.tolist())
