"""Functions of point patterns: R's spatstat, closed forms, and laws."""

from pathlib import Path

import numpy as np
import pytest

from latentscope.statistics.patterns.pattern import N_RADII, distances, kaplan_meier, pattern

SPATSTAT = Path(__file__).parent / "spatstat"
NAMES = ("random", "clustered", "regular")


def stored(name):
    return np.genfromtxt(SPATSTAT / f"{name}.csv", delimiter=",", names=True)


def points_of(name):
    return np.loadtxt(SPATSTAT / f"{name}.csv", delimiter=",")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("function", "tolerance"),
    [
        ("pairs", 1e-8),  # both exact
        ("nearest", 1e-8),
        ("empty", 5e-3),  # from places on different grids
    ],
)
def test_functions_agree_with_spatstat(name, function, tolerance):
    points, expected = points_of(name), stored(f"{name}_spatstat")
    radii = distances(len(points))
    np.testing.assert_allclose(radii[function], expected[f"r_{function}"], atol=1e-8)
    found = getattr(pattern(points, radii), function)
    np.testing.assert_allclose(found, expected[function], atol=tolerance)


def test_the_range_of_nulls_agrees_with_spatstat():
    expected = stored("envelope_spatstat")
    sets = points_of("nulls").reshape(39, 60, 2)
    curves = np.array([pattern(points, distances(60)).pairs for points in sets])
    np.testing.assert_allclose(curves[0], expected["data"], atol=1e-8)
    np.testing.assert_allclose(curves[1:].min(axis=0), expected["low"], atol=1e-8)
    np.testing.assert_allclose(curves[1:].max(axis=0), expected["high"], atol=1e-8)


def test_the_range_of_distances_does_not_shrink_below_the_edge_corrections():
    radii = distances(25)
    assert radii["pairs"][-1] == 0.25
    assert all(len(steps) == N_RADII for steps in radii.values())


def test_kaplan_meier_by_hand():
    """Deaths at 1, 2, 4 among 5, one censored at 1.5 and one at 5: 1 − 4/5 · 2/3 · 1/2."""
    distance, edge = np.array([1.0, 9, 2, 4, 9]), np.array([9.0, 1.5, 9, 9, 5])
    found = kaplan_meier(distance, edge, np.array([0.5, 1.0, 3.0, 4.5]))
    np.testing.assert_allclose(found, [0, 1 / 5, 1 - 4 / 5 * 2 / 3, 1 - 4 / 5 * 2 / 3 * 1 / 2])


def test_alignment_is_one_on_a_line_and_sides_are_equal_in_its_middle():
    x = np.linspace(0.3, 0.7, 41)
    line = np.column_stack([x, 0.3 + 0.9 * (x - 0.3)])
    found = pattern(line, {**distances(41), "alignment": np.linspace(0.005, 0.05, N_RADII)})
    assert found.alignment[-1] == pytest.approx(1.0)
    assert abs(found.sidedness[-1]) < 0.2


def test_neighbours_of_a_clump_stand_on_one_side():
    """Seen from a lone point a small clump lies in one direction: both cosines are near 1."""
    clump = np.array([[0.1, 0.5], [0.1, 0.502], [0.101, 0.5]])  # too near to the edge to be asked
    radii = {**distances(4), "alignment": np.linspace(0.01, 0.25, N_RADII)}
    found = pattern(np.vstack([[[0.26, 0.5]], clump]), radii)
    assert found.sidedness[-1] == pytest.approx(1, abs=1e-3)
    assert found.alignment[-1] == pytest.approx(1, abs=1e-3)


def test_random_points_have_the_closed_forms_of_spatstat_s_null():
    """L(r) = r and G(r) = F(r) = 1 − exp(−n π r²), in the mean of forty sets of 400."""
    rng, radii = np.random.default_rng(1), distances(400)
    sets = [pattern(rng.uniform(size=(400, 2)), radii) for _ in range(40)]
    assert np.abs(np.mean([one.pairs for one in sets], axis=0)).max() < 1.5e-3
    for name in ("nearest", "empty"):
        expected = 1 - np.exp(-400 * np.pi * radii[name] ** 2)
        found = np.mean([getattr(one, name) for one in sets], axis=0)
        np.testing.assert_allclose(found, expected, atol=0.02)
    steady = np.mean([one.alignment for one in sets], axis=0)[10:]
    assert np.abs(steady).max() < 0.01


@pytest.mark.parametrize("seed", range(3))
def test_turning_mirroring_and_permuting_change_nothing(seed):
    """All functions are the same for the same points in another order, turned and mirrored."""
    rng = np.random.default_rng(seed)
    points, radii = rng.uniform(size=(150, 2)), distances(150)
    expected = pattern(points, radii)
    turned = np.column_stack([1 - points[:, 1], points[:, 0]])
    for other in (rng.permutation(points), turned, points[:, ::-1].copy()):
        for found, value in zip(pattern(other, radii), expected, strict=True):
            np.testing.assert_allclose(found, value, atol=1e-9)


def test_the_largest_void_of_four_corners():
    """Points at the corners of the inner square leave a disc about its middle."""
    points = np.array([[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]])
    assert pattern(points, distances(4)).void == pytest.approx(np.sqrt(0.5), abs=0.03)
