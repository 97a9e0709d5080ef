"""plane_zoom: shrinking squares, and what chance would leave in them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial import Delaunay
from scipy.special import erf

import latentscope as ls
from latentscope.errors import DataError, DataTypeError
from latentscope.results import Result


@pytest.mark.parametrize(("space", "axes"), [("latent", (2, 0)), ("pca", (0, 1)), ("pca", (5, 3))])
def test_windows_hold_the_points_of_their_squares(space, axes, cloud):
    frame = ls.pca(cloud.z)
    plane = (cloud.z if space == "latent" else frame.transform(cloud.z))[:, axes]
    center = plane.mean(axis=0) if space == "latent" else np.zeros(2)
    distance = np.abs(plane - center).max(axis=1)
    zoom = ls.plane_zoom(cloud.z, axes=axes, space=space, half_widths=[0.5, 3.0, 1.0])
    assert_array_equal(zoom.half_widths, [3.0, 1.0, 0.5])
    assert_allclose(zoom.center, center, atol=1e-9)
    for k, half_width in enumerate(zoom.half_widths):
        xy, rows = zoom.window(k)
        assert zoom.n_points[k] == len(rows)
        assert_array_equal(np.sort(rows), np.flatnonzero(distance <= half_width))
        assert_allclose(xy, plane[rows], atol=1e-9)


def test_innermost_points_come_first(cloud):
    zoom = ls.plane_zoom(cloud.z)
    assert np.all(np.diff(np.abs(zoom.xy - zoom.center).max(axis=1)) >= 0)


def test_default_ladder_holds_all_half_a_tenth_and_a_hundredth(cloud):
    zoom = ls.plane_zoom(cloud.z)
    assert_allclose(zoom.n_points, [3000, 1500, 300, 30], atol=1)
    assert_array_equal(np.sort(zoom.indices), np.arange(3000))


def test_infinity_holds_everything(cloud):
    zoom = ls.plane_zoom(cloud.z, half_widths=[np.inf, 1.0])
    assert zoom.n_points[0] == 3000
    assert zoom.half_widths[0] == np.abs(zoom.xy).max()


def test_centre_is_where_one_looks(cloud):
    """Around another centre: a square about the first point holds it at distance 0."""
    at = cloud.z[0, [1, 4]]
    zoom = ls.plane_zoom(cloud.z, axes=(1, 4), space="latent", center=at, half_widths=[1.0])
    assert_array_equal(zoom.center, at)
    assert zoom.indices[0] == 0
    assert_array_equal(zoom.xy[0], at)


def test_a_known_frame_gives_the_same(cloud, assert_same):
    frame = ls.pca(cloud.z)
    known = ls.plane_zoom(cloud.z, axes=(0, 4), frame=frame)
    assert_same(known, ls.plane_zoom(cloud.z, axes=(0, 4)), rtol=1e-9)
    part = ls.plane_zoom(cloud.z[:100], frame=frame, half_widths=[np.inf])
    assert_allclose(part.xy, frame.transform(cloud.z[:100])[part.indices, :2])


def published_share(sigma):
    """Return the share of a Gaussian within ±0.25 of two axes, erf(0.25 / (σ √2)) each."""
    return np.prod(erf(0.25 / (np.asarray(sigma) * np.sqrt(2))))


def test_published_square_is_empty_by_chance():
    """The two broadest published axes, of widths 11 and 9, leave about 400 of 170,000 points."""
    sigma = np.array([11, 9]) / 2.354820
    assert_allclose(170_000 * published_share(sigma), 400, rtol=0.1)
    scale = np.array([*sigma, *np.array([8, 8, 5.5, 5, 5, 4, 4, 3, 3, 2.75]) / 2.354820])
    z = np.random.default_rng(0).standard_normal((40_000, 12)) * scale
    zoom = ls.plane_zoom(z, half_widths=[5.0, 0.25])
    expected = 40_000 * published_share(sigma)
    assert abs(zoom.n_points[1] - expected) < 4 * np.sqrt(expected)
    assert_array_equal(zoom.is_resolved, [True, False])


@pytest.mark.parametrize("n", [200, 1000])
def test_chance_void_is_that_of_random_points_on_a_torus(n):
    """The largest empty disc, by Delaunay circumcircles of the unit torus, in the median of 41."""
    rng = np.random.default_rng(0)
    found = np.median([largest_void(rng.uniform(size=(n, 2))) for _ in range(41)])
    square = rng.uniform(-1, 1, (n, 2))
    square[0] = 0.0
    zoom = ls.plane_zoom(square, space="latent", center=(0, 0), half_widths=[1.0])
    assert zoom.n_points[0] == n
    assert_allclose(zoom.chance_void[0] / 2, found, rtol=0.1)  # of a side of 2


def largest_void(points):
    """Return the diameter of the largest disc without a point, on the unit torus."""
    shifts = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    corners = np.concatenate([points + shift for shift in shifts])
    a, b, c = corners[Delaunay(corners).simplices].transpose(1, 0, 2)
    sides = [np.linalg.norm(p - q, axis=1) for p, q in ((a, b), (b, c), (c, a))]
    (x, y), (u, v) = (b - a).T, (c - a).T
    radius = np.prod(sides, axis=0) / (2 * np.abs(x * v - y * u))  # abc / (4 area)
    inner = np.all((np.mean([a, b, c], axis=0) > 0) & (np.mean([a, b, c], axis=0) < 1), axis=1)
    return 2 * radius[inner].max()


def test_a_window_of_few_points_resolves_nothing(rng):
    """About 1,200 points are the least whose voids of chance stay below a tenth of the side."""
    z = rng.uniform(-1, 1, (1400, 2))
    zoom = ls.plane_zoom(z, space="latent", center=(0, 0), half_widths=[1.0, 0.8])
    assert zoom.n_points[1] < 1100
    assert_array_equal(zoom.is_resolved, [True, False])
    assert_allclose(zoom.mean_spacing, 2 * zoom.half_widths / np.sqrt(zoom.n_points))


def test_an_empty_window_is_kept(cloud, tmp_path, assert_same):
    """No point in the square: no void beyond its side, and a result of the same shapes on disk."""
    zoom = ls.plane_zoom(cloud.z, center=(500, 500), half_widths=[1.0])
    assert zoom.n_points[0] == 0
    assert zoom.chance_void[0] <= 2
    zoom.save(tmp_path / "zoom.json")
    assert Result.load(tmp_path / "zoom.json").xy.shape == zoom.xy.shape == (0, 2)


def test_order_of_rows(cloud, rng):
    """Permuting the rows permutes the row numbers."""
    order = rng.permutation(3000)
    one, other = ls.plane_zoom(cloud.z), ls.plane_zoom(cloud.z[order])
    assert_array_equal(order[other.indices], one.indices)
    assert_allclose(other.xy, one.xy, atol=1e-9)


def test_rotation(cloud, rotation):
    """Rotating z leaves the planes of the components, up to their sign."""
    one, turned = ls.plane_zoom(cloud.z), ls.plane_zoom(cloud.z @ rotation)
    assert_array_equal(turned.indices, one.indices)
    assert_allclose(np.abs(turned.xy), np.abs(one.xy), atol=1e-8)


def test_scale(cloud):
    """Three times z in windows three times as wide: the same points."""
    one = ls.plane_zoom(cloud.z, half_widths=[4.0, 1.0])
    three = ls.plane_zoom(3 * cloud.z, half_widths=[12.0, 3.0])
    assert_array_equal(three.n_points, one.n_points)
    assert_allclose(three.chance_void, 3 * one.chance_void)
    assert_array_equal(three.is_resolved, one.is_resolved)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"axes": (0, 6)}, DataError, r"axes\[1\] must be an integer from 0 to 5 .*; got 6"),
        ({"axes": (-1, 0)}, DataError, r"axes\[0\] must .* \(axes count from 0\); got -1"),
        ({"axes": (1, 1)}, DataError, r"two different axes; got \(1, 1\)"),
        ({"axes": (0, 1, 2)}, DataError, r"axes must be two axis numbers.*got \(0, 1, 2\)"),
        ({"axes": 3}, DataError, "axes must be two axis numbers.*got 3"),
        ({"axes": (0, 1.5)}, DataTypeError, r"axes\[1\] must be an integer.*got 1.5"),
        ({"space": "PCA"}, DataError, "space must be one of 'pca', 'latent'; got 'PCA'"),
        ({"space": "latnt"}, DataError, "Did you mean 'latent'?"),
        ({"half_widths": []}, DataError, r"half_widths must be one or more numbers above 0"),
        ({"half_widths": [1, 0]}, DataError, r"numbers above 0; got \[1, 0\]"),
        ({"half_widths": [np.nan]}, DataError, r"numbers above 0; got \[nan\]"),
        ({"half_widths": ["1"]}, DataTypeError, r"half_widths\[0\] must be a number; got '1'"),
        ({"half_widths": 0.5}, DataTypeError, r"half_widths must .*got 0\.5"),
        ({"center": (1, 2, 3)}, DataError, r"center must be two finite .*got \(1, 2, 3\)"),
        ({"center": (0, np.inf)}, DataError, "center must be two finite coordinates"),
        ({"center": 5}, DataTypeError, "center must be a sequence of numbers; got 5"),
    ],
)
def test_wrong_windows_are_refused(options, error, match, cloud):
    with pytest.raises(error, match=match):
        ls.plane_zoom(cloud.z, **options)


@pytest.mark.parametrize("z_dim", [2, 8])
def test_a_frame_of_another_width_is_refused(z_dim, cloud):
    frame = ls.pca(np.eye(z_dim))
    with pytest.raises(DataError, match=f"must have {z_dim} columns.*; got 6"):
        ls.plane_zoom(cloud.z, frame=frame)


def test_wrong_numbers_of_windows_are_refused(cloud):
    with pytest.raises(DataError, match="k must be an integer from 0 to 3"):
        ls.plane_zoom(cloud.z).window(4)
