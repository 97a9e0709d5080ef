"""Null models of a plane: inside the window, with what they keep, and nothing else."""

import numpy as np
import pytest
from scipy.stats import kstest, spearmanr

from latentscope.errors import DataError
from latentscope.statistics.elliptical_shape import centre_and_shape, polar
from latentscope.statistics.patterns.nulls import NULLS, window_null
from latentscope.statistics.patterns.window import Window

MIX = np.array([[1.0, 0.7], [0.0, 0.5]])


def cloud(seed=0, n=20_000):
    return np.random.default_rng(seed).standard_normal((n, 2)) @ MIX + [3.0, -1.0]


@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize("half_width", [0.3, 50.0])
def test_draws_lie_inside_and_repeat(null, half_width):
    window = Window(np.array([3.0, -1.0]), half_width)
    model = window_null(null, cloud(), window, 500)
    found = model.draw(np.random.default_rng(1))
    assert found.shape == (500, 2)
    assert window.holds(found).all()
    assert (found == model.draw(np.random.default_rng(1))).all()
    assert (found != model.draw(np.random.default_rng(2))).any()


@pytest.mark.parametrize("null", ["gaussian", "copula", "elliptical", "smooth"])
@pytest.mark.parametrize("center", [(3.0, -1.0), (4.5, 0.0)])
def test_draws_from_a_gaussian_lie_like_its_points(null, center):
    points = cloud(n=100_000)
    window = Window(np.array(center), 0.5)
    inside = points[window.holds(points)]
    found = window_null(null, points, window, 5000).draw(np.random.default_rng(0))
    for direction in ([1, 0], [0, 1], [1, 1], [1, -1]):
        assert kstest(found @ direction, inside @ direction).pvalue > 1e-3


def moments(points):
    return points.mean(axis=0), np.cov(points.T)


def whole_shape(points):
    centre, root = centre_and_shape(points)
    return centre, root @ root.T


FITTED = pytest.mark.parametrize(
    ("null", "fitted", "exact"),
    [("gaussian", moments, 1e-9), ("elliptical", whole_shape, 2e-3)],
    ids=["gaussian", "elliptical"],
)


@FITTED
def test_whole_clouds_have_what_was_fitted_to_the_data(null, fitted, exact):
    points = cloud(n=400)
    found = window_null(null, points, Window(points.mean(axis=0), 50.0), 400).draw(
        np.random.default_rng(0)
    )
    for drawn, own in zip(fitted(found), fitted(points), strict=True):
        np.testing.assert_allclose(drawn, own, rtol=exact, atol=exact)


@FITTED
def test_only_points_outside_the_window_are_replaced(null, fitted, exact):
    """A point or two leave every draw; half of a second cloud would move the covariance by 4 %."""
    points = cloud(n=2000)
    center = points.mean(axis=0)
    window = Window(center, 0.9 * float(np.abs(points - center).max()))
    model = window_null(null, points, window, 2000)
    own = fitted(points)[1]
    streams = np.random.default_rng(0).spawn(20)
    changes = [np.abs(fitted(model.draw(one))[1] / own - 1).max() for one in streams]
    assert max(changes) < 0.03


@pytest.mark.parametrize("null", ["copula", "independent"])
def test_marginals_stay(null):
    points = np.exp(cloud(n=3000))
    window = Window(np.zeros(2), 1e9)
    found = window_null(null, points, window, 3000).draw(np.random.default_rng(0))
    for k in (0, 1):
        assert kstest(found[:, k], points[:, k]).pvalue > 0.01


def test_a_copula_keeps_the_correlation_of_ranks_and_permuting_does_not():
    points, window = np.exp(cloud(n=5000)), Window(np.zeros(2), 1e9)
    expected = spearmanr(*points.T).statistic
    rng = np.random.default_rng(0)
    found = {name: window_null(name, points, window, 5000).draw(rng) for name in NULLS}
    assert spearmanr(*found["copula"].T).statistic == pytest.approx(expected, abs=0.04)
    assert abs(spearmanr(*found["independent"].T).statistic) < 0.05


def test_radii_stay_in_an_elliptical_cloud():
    rng = np.random.default_rng(0)
    points = rng.standard_t(3, size=(4000, 2)) @ MIX
    window = Window(np.zeros(2), 0.5)
    found = window_null("elliptical", points, window, 300).draw(rng)
    centre, root = centre_and_shape(points)
    own, drawn = polar(points, centre, root)[0], polar(found, centre, root)[0]
    near = np.abs(np.sort(own)[:, None] - drawn).min(axis=0)
    assert near.max() < 1e-3  # the shape was fitted in another frame, up to its tolerance


@pytest.mark.parametrize("half_width", [0.5, np.inf])
def test_a_few_far_points_do_not_shape_an_elliptical_cloud(half_width):
    """The covariance of this Cauchy cloud is that of its farthest point: a line."""
    rng = np.random.default_rng(0)
    points = rng.standard_normal((4000, 2)) / np.abs(rng.standard_normal((4000, 1)))
    window = Window(np.zeros(2), min(half_width, 2 * float(np.abs(points).max())))
    found = window_null("elliptical", points, window, int(window.holds(points).sum())).draw(rng)
    near = found[np.linalg.norm(found, axis=1) < 0.5]
    assert 0.7 < near[:, 0].var() / near[:, 1].var() < 1.4


def test_a_smooth_density_follows_a_trend_and_not_a_ring():
    rng = np.random.default_rng(0)
    ramp = np.sqrt(rng.uniform(size=(4000, 2)))
    window = Window(np.array([0.5, 0.5]), 0.5)
    assert window_null("smooth", ramp, window, 4000).draw(rng).mean() == pytest.approx(
        2 / 3, abs=0.01
    )
    angle = rng.uniform(0, 2 * np.pi, 2000)
    ring = 0.5 + 0.02 * np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.vstack([ring, rng.uniform(size=(2000, 2))])
    drawn = window_null("smooth", points, window, 4000).draw(rng)
    near = np.abs(np.linalg.norm(drawn - 0.5, axis=1) - 0.02) < 1e-3
    assert near.mean() < 0.1


def test_a_smooth_density_does_not_rise_between_the_cells_that_it_is_fitted_to():
    """All points of this window are on a curve: a polynomial of degree ten rose by 10⁹¹ there."""
    angle = np.random.default_rng(2).uniform(0, 2 * np.pi, 1500)
    points = np.column_stack([np.cos(angle), np.sin(angle) + 0.1 * np.cos(3 * angle)])
    model = window_null("smooth", points, Window(np.zeros(2), 0.99), 1000)
    drawn = model.draw(np.random.default_rng(0))
    assert len(np.unique(drawn.round(2), axis=0)) > 800


def test_a_window_beyond_the_null_is_refused():
    window = Window(np.array([60.0, 60.0]), 0.1)
    with pytest.raises(DataError, match=r"must put points into the window; .* null='smooth'"):
        window_null("elliptical", cloud(n=200), window, 50).draw(np.random.default_rng(0))
