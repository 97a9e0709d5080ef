"""ellipsoid: known semi-axes and shares, the laws of its levels, and what it refuses."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2

import latentscope as ls
from latentscope.errors import DataError, DataTypeError


def mahalanobis(points, center, covariance):
    deviation = points - center
    return np.sqrt(np.einsum("ij,ji->i", deviation, np.linalg.solve(covariance, deviation.T)))


@pytest.mark.parametrize("axes", [(2, 0), (1, 5, 3)])
def test_latent_axes_have_the_levels_of_their_covariance(axes, cloud):
    """Points of a boundary have its radius by NumPy's covariance; so do the shares."""
    plane = cloud.z[:, axes]
    covariance = np.cov(plane.T)
    result = ls.ellipsoid(cloud.z, axes=axes, space="latent", radii=[2.5, 1.0])
    assert_array_equal(result.radius, [1.0, 2.5])
    assert_allclose(result.center, plane.mean(axis=0))
    distance = mahalanobis(plane, plane.mean(axis=0), covariance)
    for level, radius in enumerate(result.radius):
        boundary = result.boundary(level, 20).reshape(-1, len(axes))
        assert_allclose(mahalanobis(boundary, result.center, covariance), radius)
        assert result.share[level] == (distance <= radius).mean()
    assert_allclose(result.directions @ result.directions.T, np.eye(len(axes)), atol=1e-12)
    assert_allclose(result.directions.T * result.std**2 @ result.directions, covariance)
    assert (np.diff(result.std) < 0).all()


def test_components_are_the_directions_of_the_frame(cloud):
    """Along components the semi-axes are the components, around the mean."""
    frame = ls.pca(cloud.z)
    result = ls.ellipsoid(cloud.z, axes=(0, 3), radii=[2.0])
    assert_allclose(result.center, 0, atol=1e-12)
    assert_allclose(result.directions, np.eye(2), atol=1e-9)
    assert_allclose(result.semi_axes[0], 2 * np.sqrt(frame.variance[[0, 3]]))
    assert_allclose(result.boundary(0, 5)[[0, 4]], [[2 * result.std[0], 0]] * 2, atol=1e-8)


@pytest.mark.parametrize("axes", [(0, 1), (0, 1, 2)])
def test_gaussian_has_the_shares_asked_for(axes, rng):
    """To four standard errors of a share."""
    z = 5 + rng.standard_normal((20_000, 3)) * [3, 2, 1]
    shares = np.array([0.1, 0.5, 0.95])
    result = ls.ellipsoid(z, axes=axes, space="latent", shares=shares)
    assert_allclose(result.gaussian_share, shares)
    assert_allclose(result.radius**2, chi2.ppf(shares, len(axes)))
    assert (np.abs(result.share - shares) < 4 * np.sqrt(shares * (1 - shares) / 20_000)).all()


def test_uniform_square_has_its_own_shares(rng):
    """Of uniform(−1, 1)², sd 1/√3, the disc of radius 1/√3 holds π/12."""
    result = ls.ellipsoid(rng.uniform(-1, 1, (50_000, 2)), space="latent", radii=[1.0])
    assert_allclose(result.share, np.pi / 12, atol=0.01)
    assert_allclose(result.gaussian_share, 1 - np.exp(-0.5))


def test_three_sigma_of_256_dimensions_is_nothing():
    """The published 1e-134, by the chi-squared law of 256 degrees of freedom."""
    z = np.random.default_rng(0).standard_normal((600, 256))
    result = ls.ellipsoid(z, radii=[3.0], n_points=0)
    assert 1e-135 < result.whole_space_share[0] < 1e-133
    assert_allclose(result.gaussian_share, 1 - np.exp(-4.5))


def test_points_to_draw_are_rows_of_the_cloud(cloud):
    frame = ls.pca(cloud.z)
    result = ls.ellipsoid(cloud.z, axes=(1, 2), n_points=40, rng=3)
    assert len(set(result.indices)) == 40
    assert_allclose(result.points, frame.transform(cloud.z)[result.indices][:, [1, 2]], atol=1e-9)
    assert len(ls.ellipsoid(cloud.z, n_points=10_000).points) == 3000
    assert ls.ellipsoid(cloud.z, n_points=0).points.shape == (0, 2)


def test_seed_chooses_the_points_alone(cloud, assert_same):
    one, other = ls.ellipsoid(cloud.z, n_points=9), ls.ellipsoid(cloud.z, n_points=9, rng=1)
    assert set(one.indices) != set(other.indices)
    assert_same(one, other, but=["points", "indices"])


def test_rotation(cloud, rotation):
    """Rotating z leaves the ellipses of the components, up to the sign of an axis."""
    one, turned = ls.ellipsoid(cloud.z), ls.ellipsoid(cloud.z @ rotation)
    assert_allclose(turned.semi_axes, one.semi_axes)
    assert_array_equal(turned.share, one.share)


@pytest.mark.parametrize("factor", [1e-30, 3.0, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scale(factor, dtype, cloud):
    """A multiple of z has the same shares and a multiple of the semi-axes."""
    one = ls.ellipsoid(cloud.z, axes=(0, 1, 2))
    other = ls.ellipsoid((factor * cloud.z).astype(dtype), axes=(0, 1, 2))
    assert_allclose(other.semi_axes, factor * one.semi_axes, rtol=1e-5)
    assert_allclose(other.share, one.share, atol=2 / 3000)


def test_axes_of_other_units_are_not_flat(rng):
    """One axis in a millionth of the other's unit is an ellipse, not a line."""
    z = rng.standard_normal((500, 2)) * [1e6, 1e-6]
    result = ls.ellipsoid(z, space="latent", radii=[1.0])
    assert_allclose(np.log10(result.semi_axes[0]), [6, -6], atol=0.1)


def draws(n, z_dim):
    return np.random.default_rng(0).standard_normal((n, z_dim))


FLAT = {  # cloud, axes, space
    "one place": (np.full((9, 3), 2.0), (0, 1), "pca"),
    "one place, latent": (np.full((9, 3), 2.0), (0, 1), "latent"),
    "constant axis": (draws(40, 3) * [1, 0, 1] + 1e6, (0, 1), "latent"),
    "its component": (draws(40, 3) * [1, 0, 1] + 1e6, (0, 2), "pca"),
    "line": (np.outer(np.arange(30.0), [1, 2, 3]), (0, 1), "latent"),
    "across a line": (np.outer(np.arange(30.0), [1, 2, 3]), (0, 1), "pca"),
    "beyond the rank": (draws(20, 40), (18, 19), "pca"),
    "three points": (draws(3, 3), (0, 1, 2), "latent"),
}


@pytest.mark.parametrize("case", FLAT)
def test_flat_clouds_are_refused(case):
    z, axes, space = FLAT[case]
    with pytest.raises(DataError, match=r"must vary along all \d axes .* Choose other axes"):
        ls.ellipsoid(z, axes=axes, space=space)


def test_components_beyond_the_rows_are_refused():
    with pytest.raises(DataError, match="at least 31 rows for 31 principal components; got 20"):
        ls.ellipsoid(draws(20, 40), axes=(25, 30))


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"axes": (0, 1, 2, 3)}, DataError, r"two or three axis numbers, like \(0, 1\) or \(0, 1"),
        ({"axes": (0,)}, DataError, r"two or three axis numbers.*got \(0,\)"),
        ({"axes": (0, 1, 1)}, DataError, r"three different axes; got \(0, 1, 1\)"),
        ({"axes": (0, 9)}, DataError, r"axes\[1\] must be an integer from 0 to 5 .*; got 9"),
        ({"space": "latnt"}, DataError, "Did you mean 'latent'?"),
        ({"shares": [0.5, 1]}, DataError, r"numbers between 0 and 1; got \[0.5, 1\]"),
        ({"shares": []}, DataError, "shares must be one or more numbers"),
        ({"shares": 0.5}, DataTypeError, "shares must be a sequence of numbers; got 0.5"),
        ({"radii": [0]}, DataError, r"finite numbers above 0; got \[0\]"),
        ({"radii": [np.inf]}, DataError, r"finite numbers above 0; got \[inf\]"),
        ({"radii": []}, DataError, "radii must be one or more"),
        ({"n_points": -1}, DataError, "n_points must be an integer at least 0; got -1"),
        ({"rng": -1}, DataError, "rng must be an integer at least 0"),
    ],
)
def test_refusals(options, error, match, cloud):
    with pytest.raises(error, match=match):
        ls.ellipsoid(cloud.z, **options)


def test_boundary_refuses_what_is_not_there(cloud):
    result = ls.ellipsoid(cloud.z)
    with pytest.raises(DataError, match=r"level must be an integer from 0 to 1 .*; got 2"):
        result.boundary(2)
    with pytest.raises(DataError, match="n_points must be an integer at least 2; got 1"):
        result.boundary(0, 1)


def test_nothing_is_warned_of(cloud):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ls.ellipsoid(cloud.z[:5], axes=(0, 1, 2), space="latent")
