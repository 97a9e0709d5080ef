"""radius_density: counts of radii, and the two curves of chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi

import latentscope as ls
from latentscope.errors import DataError, DataTypeError, LatentscopeWarning


def test_counts_are_those_of_numpy(cloud):
    radius = np.linalg.norm(cloud.z, axis=1)
    for bin_width in (0.5, 0.1, 0.05, 0.3):
        result = ls.radius_density(cloud.z, bin_width=bin_width)
        assert_array_equal(result.counts, np.histogram(radius, result.edges)[0])
        assert result.counts.sum() == len(radius)
    assert_allclose(
        [result.minimum, result.mean, result.maximum, result.std],
        [radius.min(), radius.mean(), radius.max(), radius.std()],
        rtol=1e-12,
    )


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([0.1, 0.05, 0.3, 0.7, 1 / 3]), st.integers(2, 300))
def test_a_radius_on_an_edge_belongs_to_the_bin_above(bin_width, n):
    """Points on every edge k · w: one in each bin, though k · w is not exact."""
    z = (bin_width * np.arange(n))[:, None]
    result = ls.radius_density(z, bin_width=bin_width)
    assert_array_equal(result.counts, np.ones(n, dtype=int))
    assert_array_equal(result.edges[:-1], z[:, 0])


@pytest.mark.parametrize("z_dim", [2, 16, 256])
def test_normal_follows_the_chi_law(z_dim, rng):
    """Each bin of N(0, I) holds n · p ± 5 √(n p) points with p by the chi distribution."""
    z = rng.standard_normal((4000, z_dim))
    result = ls.radius_density(z)
    expected = result.chi_density * result.bin_width * 4000
    assert_allclose(expected, 4000 * np.diff(chi.cdf(result.edges, z_dim)))
    assert np.all(np.abs(result.counts - expected) < 5 * np.sqrt(expected) + 3)
    assert abs(result.peak - np.sqrt(z_dim - 1)) <= 0.75  # the mode of the chi law, to a bin


def test_chi_density_in_the_plane_is_the_rayleigh_law(rng):
    """P(radius < r) = 1 − exp(−r² / 2) in two dimensions."""
    result = ls.radius_density(rng.standard_normal((1000, 2)), bin_width=0.5)
    below = 1 - np.exp(-(result.edges**2) / 2)
    assert_allclose(result.chi_density, np.diff(below) / 0.5, rtol=1e-9)


def test_cube_is_a_shell():
    """Uniform on (−b, b)^N: E r² = N b² / 3, sd b / √15, so the mean is √(N b² / 3 − b² / 15)."""
    z = np.random.default_rng(0).uniform(-1.5, 1.5, (4000, 256))
    result = ls.radius_density(z)
    sd = 1.5 / np.sqrt(15)
    expected = np.sqrt(256 * 1.5**2 / 3 - sd**2)
    assert abs(result.mean - expected) < 5 * sd / np.sqrt(4000)
    assert_allclose(result.std, sd, rtol=0.06)


def test_gaussian_curve_follows_an_off_centre_correlated_cloud(cloud):
    """The curve of the data's own mean and covariance is the histogram, to 5 √(n p)."""
    result = ls.radius_density(cloud.z)
    expected = result.gaussian_density * result.bin_width * 3000
    assert result.n_gaussian == 3000
    assert np.all(np.abs(result.counts - expected) < 5 * np.sqrt(expected) + 3)
    assert_allclose(expected.sum(), 3000, rtol=0.01)
    assert np.abs(result.chi_density - result.density).max() > 0.1  # chance of another kind


def test_gaussian_comes_from_rows_spread_over_z():
    """Of many rows about 4,096 are taken, from all parts: the mean of a drift is its middle."""
    z = np.linspace(0, 1, 20_000)[:, None] * [1.0, 0.0]
    result = ls.radius_density(z, bin_width=0.01)
    assert abs(result.n_gaussian - 4096) < 10
    assert_allclose(np.abs(result.gaussian_offset).max(), 0.5, atol=1e-3)


def test_share_and_quantile():
    """Four points at radii 0.25, 0.75, 0.75, 1.25 in bins of 0.5; inside a bin they are even."""
    result = ls.radius_density([[0.25], [0.75], [-0.75], [1.25]], bin_width=0.5)
    assert_array_equal(result.counts, [1, 2, 1])
    assert result.peak == 0.75
    shares = [result.share(*pair) for pair in [(0, 0.5), (0.5, 1), (0.5, 0.75), (0, 9), (7, 9)]]
    assert_allclose(shares, [0.25, 0.5, 0.25, 1, 0])
    assert_allclose([result.quantile(q) for q in (0, 0.5, 1)], [0.25, 0.75, 1.25])


def test_rotation(cloud, rotation, assert_same):
    """Rotating z leaves every radius."""
    turned = ls.radius_density(cloud.z @ rotation)
    assert_same(turned, ls.radius_density(cloud.z), rtol=1e-9, but=["gaussian_offset"])
    assert_allclose(turned.gaussian_density, ls.radius_density(cloud.z).gaussian_density, atol=1e-6)


def test_order_of_axes(cloud, rng, assert_same):
    """Permuting the axes leaves every radius."""
    shuffled = ls.radius_density(rng.permutation(cloud.z, axis=1))
    assert_same(shuffled, ls.radius_density(cloud.z), rtol=1e-9)


def test_scale(cloud):
    """Three times z in bins three times as wide: the same counts, three times the radii."""
    one = ls.radius_density(cloud.z, bin_width=0.5)
    three = ls.radius_density(3 * cloud.z, bin_width=1.5)
    assert_array_equal(three.counts, one.counts)
    assert_allclose([three.mean, three.std], [3 * one.mean, 3 * one.std])
    assert_allclose(three.gaussian_density, one.gaussian_density / 3, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"bin_width": 0}, DataError, "bin_width must be a finite number above 0; got 0"),
        ({"bin_width": -1.0}, DataError, "above 0; got -1.0"),
        ({"bin_width": np.nan}, DataError, "above 0; got nan"),
        ({"bin_width": "0.5"}, DataTypeError, "bin_width must be a number; got '0.5'"),
        ({"bin_width": True}, DataTypeError, "bin_width must be a number; got True"),
        ({"bin_width": 1e-9}, DataError, r"bin_width must leave at most 8,000,000 bins.*wider"),
    ],
)
def test_wrong_bins_are_refused(options, error, match, cloud):
    with pytest.raises(error, match=match):
        ls.radius_density(cloud.z, **options)


@pytest.mark.parametrize(
    ("method", "arguments", "match"),
    [
        ("share", (3, 2), "low must not exceed high; got low 3, high 2"),
        ("share", (np.nan, 2), "nan"),
        ("share", ("a", 2), "low must be a number; got 'a'"),
        ("quantile", (1.5,), r"q must lie in \[0, 1\]; got 1.5"),
        ("quantile", (np.nan,), r"q must lie in \[0, 1\]; got nan"),
    ],
)
def test_wrong_questions_are_refused(method, arguments, match, cloud):
    with pytest.raises(DataError, match=match):
        getattr(ls.radius_density(cloud.z), method)(*arguments)


@pytest.mark.parametrize("z_dim", [1, 3, 64])
def test_misfit_of_the_prior_is_that_by_chance(z_dim):
    """Of 30 clouds of N(0, I), on average, to within 15 %."""
    found = [
        ls.radius_density(np.random.default_rng(seed).standard_normal((2000, z_dim))).prior_misfit
        for seed in range(30)
    ]
    share, chance = np.mean(found, axis=0)
    assert share == pytest.approx(chance, rel=0.15)
    assert chance < 0.05


def test_misfit_is_the_share_of_points_elsewhere():
    """A third of the points at twice the radius, far from the rest; or all of them elsewhere."""
    z = np.random.default_rng(0).standard_normal((30_000, 64))
    z[::3] *= 2
    assert ls.radius_density(z).prior_misfit.share == pytest.approx(1 / 3, abs=0.01)
    assert ls.radius_density(10 * z, bin_width=2).prior_misfit.share == pytest.approx(1, abs=1e-6)


def test_few_rows_of_many_axes_keep_the_offset():
    """What of the mean lies along no component counts too: the curve is where the radii are."""
    z = 3 + np.random.default_rng(0).standard_normal((30, 500))
    found = ls.radius_density(z)
    assert found.gaussian_offset.shape == found.gaussian_variance.shape == (500,)
    assert_allclose(np.linalg.norm(found.gaussian_offset), np.linalg.norm(z.mean(axis=0)))
    assert_allclose(found.centers[found.gaussian_density.argmax()], found.mean, rtol=0.02)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_normalised_rows_are_named_instead_of_bins(dtype):
    z = np.random.default_rng(0).standard_normal((500, 16)).astype(dtype)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    with pytest.warns(
        LatentscopeWarning, match="same distance from the origin, 1, to within round"
    ):
        ls.radius_density(z)
