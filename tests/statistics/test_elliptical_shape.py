"""Centre and shape: known answers whatever the tails, laws, and clouds that have none."""

import numpy as np
import pytest

from latentscope.errors import DataError
from latentscope.statistics.elliptical_shape import balanced, centre_and_shape, polar

ROOT = np.array([[2.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.5, 0.5]])


def elliptical(dof, n=4000, seed=0):
    """Return a cloud about 7 with the shape ROOT · ROOTᵀ, of determinant 1."""
    rng = np.random.default_rng(seed)
    tails = np.sqrt(rng.chisquare(dof, size=(n, 1)) / dof)
    return rng.standard_normal((n, 3)) / tails @ ROOT.T + 7


@pytest.mark.parametrize("dof", [1, 2, 5, 1000])
def test_centre_and_shape_are_known_whatever_the_tails(dof):
    """Up to four standard errors: √((d + 2) / n) of the shape, about √(2 / n) of the centre."""
    centre, root = centre_and_shape(elliptical(dof))
    white = np.linalg.solve(ROOT, root)
    np.testing.assert_allclose(white @ white.T, np.eye(3), atol=0.14)
    assert np.linalg.det(root) == pytest.approx(1)
    assert np.abs(np.linalg.solve(ROOT, centre - 7)).max() < 0.1


def test_directions_are_balanced_as_the_definition_demands():
    points = elliptical(2)
    radius, direction = polar(points, *centre_and_shape(points))
    np.testing.assert_allclose(direction.mean(axis=0), 0, atol=2e-4)
    np.testing.assert_allclose(3 * direction.T @ direction / len(points), np.eye(3), atol=1e-3)
    again = balanced(points)
    np.testing.assert_allclose(again, radius[:, None] * direction, atol=1e-12)


def test_a_linear_map_moves_centre_and_shape_along():
    points = elliptical(3)
    centre, root = centre_and_shape(points)
    mixed = np.array([[1.0, 0.4, 0.0], [-0.3, 0.5, 0.2], [0.0, 0.0, 2.0]])
    other, other_root = centre_and_shape(points @ mixed.T + 3)
    scale = abs(np.linalg.det(mixed)) ** (2 / 3)
    np.testing.assert_allclose(other, mixed @ centre + 3, atol=2e-3)
    expected = mixed @ root @ root.T @ mixed.T / scale
    np.testing.assert_allclose(other_root @ other_root.T, expected, atol=5e-3)


def test_far_points_weigh_no_more_than_others():
    points = elliptical(1000)
    far = points.copy()
    far[:40] = 7 + 1e6 * (far[:40] - 7)
    np.testing.assert_allclose(centre_and_shape(far)[0], centre_and_shape(points)[0], atol=1e-3)
    np.testing.assert_allclose(centre_and_shape(far)[1], centre_and_shape(points)[1], atol=1e-3)


def test_copies_at_the_centre_have_no_direction():
    points = elliptical(5)
    points[:1600] = 7.0
    centre, root = centre_and_shape(points)
    np.testing.assert_allclose(centre, 7, atol=0.01)
    assert np.linalg.cond(root) == pytest.approx(np.linalg.cond(ROOT), rel=0.2)


@pytest.mark.parametrize(
    "points",
    [
        elliptical(5) * [1, 1, 0],
        np.vstack([elliptical(5)[:400] * [1, 1, 0], elliptical(5)[:100]]),
        np.ones((50, 3)),
    ],
    ids=["a plane", "mostly a plane", "one place"],
)
def test_a_cloud_without_a_shape_is_refused(points):
    with pytest.raises(DataError, match=r"must have a shape, for an elliptical null model.* one"):
        centre_and_shape(points)
