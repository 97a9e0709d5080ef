"""Valleys of density: the counts about a pass follow their law, and trees find the passes."""

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist
from scipy.stats import binom
from sklearn.cluster import HDBSCAN
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score

from latentscope.statistics.grids import grid_steps
from latentscope.statistics.passes import Tree, _counts, _p_values
from latentscope.statistics.valley_views import across, unusual
from latentscope.statistics.valleys import valley_groups

LEVEL = 0.05


def test_the_tree_is_the_shortest_by_mutual_reachability(rng):
    points = rng.standard_normal((120, 3))
    distance = cdist(points, points)
    core = np.sort(distance, axis=1)[:, 6]
    reach = np.maximum(distance, np.maximum(core[:, None], core))
    np.fill_diagonal(reach, 0)
    tree = Tree.of(points)
    assert tree.lengths.sum() == pytest.approx(minimum_spanning_tree(reach).sum())
    assert (np.diff(tree.lengths) >= 0).all()


def test_the_p_value_is_binomial():
    """3 points about the pass, 9 and 20 about the places: so few in 12 and 23 throws of a coin."""
    places = np.array([[0.0], [5.0], [10.0]])
    points = np.repeat(places, [3, 9, 20], axis=0)
    expected = max(binom.cdf(3, 12, 0.5), binom.cdf(3, 23, 0.5))
    counts = _counts(points, places[None], np.array([[1.0, 0.5, 6.0]]))
    assert counts.tolist() == [[[3, 9, 20], [3, 9, 20], [12, 32, 29]]]
    assert _p_values(counts)[0, 0] == pytest.approx(expected)


def test_a_pass_of_a_flat_density_is_significant_no_more_often_than_it_says(rng, monkeypatch):
    """Evenly spread points: all passes that the tree finds on one half, tested on the other."""
    monkeypatch.setattr("latentscope.statistics.passes._PROMISING", 1.0)
    hits = n = 0
    for _ in range(30):
        tree = Tree.of(rng.random((150, 2)))
        found = tree.passes(rng.random((150, 2)))
        n += len(found)
        hits += sum(one.p_there <= LEVEL for one in found)
    assert n > 60
    assert hits <= binom.isf(1e-3, n, LEVEL)


def test_two_far_groups_are_found_and_one_is_not(rng):
    truth = np.repeat([0, 1], 100)
    z = rng.standard_normal((200, 3))
    found = valley_groups(z, LEVEL, rng)
    assert not found.is_divided
    assert found.p > LEVEL
    assert found.weakest == 0
    found = valley_groups(z + 15 * truth[:, None], LEVEL, rng)
    assert adjusted_rand_score(truth, found.of) == 1
    assert max(found.p, found.weakest) < 1e-6


def test_groups_of_any_shape_are_those_of_hdbscan(rng):
    """A ring about a spot: an independent implementation of mutual reachability agrees."""
    angle = rng.uniform(0, 2 * np.pi, 800)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * 6 + 0.3 * rng.standard_normal((800, 2))
    z = np.vstack([ring, rng.standard_normal((400, 2))])
    theirs = HDBSCAN(min_cluster_size=40, copy=True).fit_predict(z)
    ours = valley_groups(z - z.mean(axis=0), LEVEL, rng).of
    assert adjusted_rand_score(ours[theirs >= 0], theirs[theirs >= 0]) > 0.99


def test_a_ring_is_not_divided(rng):
    angle = rng.uniform(0, 2 * np.pi, 600)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) + 0.1 * rng.standard_normal((600, 2))
    assert not valley_groups(ring, LEVEL, rng).is_divided


def test_what_lies_across_a_pass_is_seen(rng):
    """On a ring in the plane of axes 0 and 2, half-way along axis 0 the points spread along 2."""
    angle = rng.uniform(0, 2 * np.pi, 500)
    z = np.column_stack([np.cos(angle), 0.1 * rng.standard_normal(500), np.sin(angle)])
    found = across(z, np.array([1.0, 0, 0]), 0.0)
    assert abs(found[2]) > 0.99
    assert found[0] == pytest.approx(0)


def test_two_groups_along_a_narrow_direction_are_an_unusual_one(rng):
    z = rng.standard_normal((800, 5)) * [9, 7, 5, 1, 3]
    z[:, 3] += np.where(rng.random(800) < 0.5, 3, -3)
    cosines = [abs(found[3]) / np.linalg.norm(found) for found in unusual(z)]
    assert max(cosines) > 0.9


def test_grids_are_seen_and_copies_are_none(rng):
    smooth = rng.standard_normal(600)
    copies = np.repeat(rng.standard_normal(60), 10)
    z = np.column_stack([smooth, smooth.round(1), (3 * smooth).round(), copies, np.ones(600)])
    np.testing.assert_allclose(grid_steps(z), [0, 0.1, 1, 0, 0], atol=1e-12)


def test_a_sheet_that_a_view_folds_is_not_divided():
    """An even torus, folded by waves, is one; two of them that lie far apart are two."""
    angles = np.random.default_rng(1).uniform(0, 2 * np.pi, (1500, 2))
    waves = angles @ np.array([(1, 0), (0, 1), (1, 1), (1, -1), (2, 0), (0, 2), (2, 1), (1, 2)]).T
    torus = np.hstack([np.cos(waves), np.sin(waves)])
    torus -= torus.mean(axis=0)
    whole = valley_groups(torus, LEVEL, np.random.default_rng(1))
    assert not whole.is_divided
    assert whole.p > LEVEL  # the valleys of its views are none of the sheet's
    truth = np.arange(1500) % 2
    apart = torus + 6 * truth[:, None]
    groups = valley_groups(apart - apart.mean(axis=0), LEVEL, np.random.default_rng(1)).of
    assert adjusted_rand_score(truth, groups) > 0.99


def test_the_narrowest_directions_are_views(rng):
    z = rng.standard_normal((300, 4)) * [3, 1, 2, 0.1]
    first, second = list(unusual(z))[:2]
    assert abs(second[3]) > 0.99
    assert abs(first[1]) > 0.8


def test_the_least_clear_division_has_its_own_p_value(rng):
    """Two groups far apart, one of which is divided again, less clearly."""
    z = rng.standard_normal((900, 2))
    z[:300, 0] += 40
    z[300:600, 1] += 5
    found = valley_groups(z - z.mean(axis=0), LEVEL, rng)
    assert found.of.max() == 2
    assert 1e10 * found.p < found.weakest <= LEVEL


def test_few_rows_suffice_for_a_wide_gap():
    """Anderson's irises: one species of 50 lies apart from the other two."""
    z, species = load_iris(return_X_y=True)
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    groups = valley_groups(z, LEVEL, np.random.default_rng(0)).of
    assert adjusted_rand_score(species == 0, groups) == 1
