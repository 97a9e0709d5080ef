"""axis_density: counts, moments and one Gaussian per axis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

import latentscope as ls
from latentscope.errors import DataError, DataTypeError, LatentscopeWarning

PUBLISHED = {  # axis: centre, full width at half maximum (design, reference experiments)
    52: (5.0, 8), 61: (1.0, 3), 73: (0, 5.5), 83: (-0.5, 5), 94: (0, 4), 116: (0, 4),
    119: (1.0, 3), 130: (-2.0, 9), 171: (0.7, 5), 188: (0.75, 2.75), 200: (0.5, 11), 221: (-1.0, 8),
}  # fmt: skip


@pytest.mark.parametrize("bin_width", [0.25, 0.1, 0.05, 0.3])
def test_counts_are_those_of_numpy(bin_width, cloud):
    result = ls.axis_density(cloud.z, bin_width=bin_width)
    for axis in range(6):
        edges = np.append(result.edges[axis], np.inf)  # NumPy closes its last bin
        expected = np.histogram(cloud.z[:, axis], edges)[0][:-1]
        assert_array_equal(result.counts[axis], expected)
    assert_allclose(result.density.sum(axis=1) * bin_width, 1)
    assert_allclose(result.mean, cloud.z.mean(axis=0), rtol=1e-12)
    assert_allclose(result.std, cloud.z.std(axis=0), rtol=1e-12)


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from([0.1, 0.05, 0.3, 0.7]),
    st.lists(st.integers(-200, 200), min_size=9, max_size=60, unique=True),
)
def test_a_value_on_an_edge_belongs_to_the_bin_above(bin_width, numbers):
    """The value k · w lies in bin k, and the float just below in bin k − 1."""
    values = bin_width * np.array([*numbers, 250])
    for z in (values, np.nextafter(values, -np.inf)):
        result = ls.axis_density(z[:, None], bin_width=bin_width)
        edges = np.append(result.edges[0], np.inf)  # NumPy closes its last bin
        assert_array_equal(result.counts[0], np.histogram(z, edges)[0][:-1])


def test_published_axes_are_found():
    """Twelve broad axes among narrow ones: ranked first, each centre and width as drawn."""
    rng = np.random.default_rng(0)
    center, width = np.zeros(256), np.full(256, 1.5)
    for axis, (at, wide) in PUBLISHED.items():
        center[axis], width[axis] = at, wide
    sigma = width / 2.354820
    result = ls.axis_density(center + sigma * rng.standard_normal((10_000, 256)))
    assert set(result.dominant(12)["axis"]) == set(PUBLISHED)
    assert result.dominant(1)["axis"] == (52,)  # 5² + (8 / 2.355)² is the largest
    assert np.all(np.abs(result.center - center) < 6 * sigma / 100)  # of standard error σ / √n
    assert_allclose(result.fwhm, width, rtol=0.06)
    assert_allclose(result.amplitude, 1, atol=0.05)
    assert result.is_fitted.all()
    assert result.fit_quality.min() > 0.95


@pytest.mark.parametrize("sigma", [0.15, 0.25, 2.0])
def test_bins_do_not_widen_the_fit(sigma, rng):
    """σ is that of the points, also where a bin is as wide as the curve."""
    result = ls.axis_density(sigma * rng.standard_normal((20_000, 1)) + 0.07)
    assert_allclose(result.sigma, sigma, rtol=0.03)
    assert_allclose(result.center, 0.07, atol=5 * sigma / np.sqrt(20_000))


def test_a_second_hump_does_not_drag_the_centre(rng):
    """0.8 N(0, 1) + 0.2 N(8, 1): the fit describes the first, the moments neither."""
    hump = 8 * (rng.uniform(size=(20_000, 1)) < 0.2)
    result = ls.axis_density(rng.standard_normal((20_000, 1)) + hump)
    assert_allclose(result.center, 0, atol=0.05)
    assert_allclose(result.amplitude, 0.8, atol=0.03)
    assert_allclose(result.mean, 1.6, atol=0.1)
    assert result.fit_quality[0] < 0.97


def test_fit_quality_is_r_squared(cloud):
    """1 − Σ(density − fit)² / Σ(density − mean)² over the bins that an axis occupies."""
    result = ls.axis_density(cloud.z)
    below = norm.cdf(result.edges, result.center[:, None], result.sigma[:, None])
    fit = result.amplitude[:, None] * np.diff(below) / result.bin_width[:, None]
    for axis in range(6):
        used = np.flatnonzero(result.counts[axis])
        reach = slice(used[0], used[-1] + 1)
        residual = ((result.density - fit)[axis, reach] ** 2).sum()
        spread = result.density[axis, reach].var() * len(fit[axis, reach])
        assert_allclose(result.fit_quality[axis], 1 - residual / spread, rtol=1e-9)
    assert_allclose(result.fitted(result.edges), fit, atol=1e-12)
    assert_allclose(result.fwhm, 2 * np.sqrt(2 * np.log(2)) * result.sigma)


def test_other_axes_do_not_change_an_axis(cloud):
    """A broad axis beside it leaves centre, width and quality of an axis as they are."""
    alone = ls.axis_density(cloud.z)
    beside = ls.axis_density(np.column_stack([cloud.z, 100 * cloud.z[:, 0]]))
    for name in ("center", "sigma", "amplitude", "fit_quality"):
        assert_allclose(getattr(beside, name)[:6], getattr(alone, name), rtol=1e-4)


def test_weight_is_the_share_of_the_squared_radius(cloud):
    result = ls.axis_density(cloud.z)
    square = (cloud.z**2).mean(axis=0)
    assert_allclose(result.weight, square / square.sum())
    table = result.table()
    assert sorted(table["axis"]) == list(range(6))
    assert list(table["weight"]) == sorted(table["weight"], reverse=True)
    assert_allclose(table["center"], result.center[list(table["axis"])])


def test_a_constant_axis_is_told(rng):
    z = rng.standard_normal((500, 3)) * [1, 0, 1] + [0, 4, 0]
    result = ls.axis_density(z)
    assert_array_equal(result.is_fitted, [True, False, True])
    assert (result.center[1], result.sigma[1]) == (4, 0)


def test_narrow_axes_are_warned_of(cloud):
    with pytest.warns(LatentscopeWarning, match="6 of 6 .* narrower than half a bin") as caught:
        result = ls.axis_density(cloud.z, bin_width=100)
    assert caught[0].filename == __file__
    assert not result.is_fitted.any()
    assert_allclose(result.sigma, result.std)


def test_order_of_axes(cloud, rng):
    """Permuting the axes permutes the results."""
    order = rng.permutation(6)
    one, other = ls.axis_density(cloud.z), ls.axis_density(cloud.z[:, order])
    assert_array_equal(other.counts, one.counts[order])
    assert_allclose(other.center, one.center[order], rtol=1e-9)
    assert_allclose(other.sigma, one.sigma[order], rtol=1e-9)


def test_scale(cloud):
    """Three times z in bins three times as wide: the same counts, three times the widths."""
    one = ls.axis_density(cloud.z, bin_width=0.25)
    three = ls.axis_density(3 * cloud.z, bin_width=0.75)
    assert_array_equal(three.counts, one.counts)
    assert_allclose(three.center, 3 * one.center, atol=1e-4)
    assert_allclose(three.fwhm, 3 * one.fwhm, rtol=1e-4)
    assert_allclose(three.weight, one.weight, rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"bin_width": 0}, DataError, "bin_width must be a finite number above 0; got 0"),
        ({"bin_width": np.inf}, DataError, "above 0; got inf"),
        ({"bin_width": "wide"}, DataTypeError, "bin_width must be a number; got 'wide'"),
        ({"bin_width": 1e-7}, DataError, r"bin_width must leave at most .* bins here.*wider"),
    ],
)
def test_wrong_bins_are_refused(options, error, match, cloud):
    with pytest.raises(error, match=match):
        ls.axis_density(cloud.z, **options)


@pytest.mark.parametrize("n", [0, 2.5])
def test_wrong_numbers_of_axes_are_refused(n, cloud):
    with pytest.raises(DataError, match="n must be an integer at least 1"):
        ls.axis_density(cloud.z).dominant(n)


@pytest.mark.parametrize("n", [100, 5000])
@pytest.mark.parametrize("law", ["uniform", "beta", "two humps"])
@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
def test_no_fit_leaves_the_points(law, n, rng):
    """Centre within the range and width of the order of the spread, fitted or not."""
    draw = {
        "uniform": lambda: rng.uniform(-20, 20, (n, 16)),
        "beta": lambda: rng.beta(1, 3, (n, 16)),
        "two humps": lambda: rng.normal(0, 1, (n, 16)) + 13 * (rng.random((n, 16)) < 0.3),
    }[law]
    result = ls.axis_density(draw())
    assert np.all((result.center >= result.minimum) & (result.center <= result.maximum))
    assert np.all(result.sigma <= 1.5 * result.std)
    if n == 5000 and law != "beta":
        assert not result.is_fitted.any()
        assert_array_equal(result.center, result.mean)
        assert result.headline()["axes without a fit"] == 16


def test_axes_of_all_scales_are_shown_alike(rng):
    """Collapsed beside broad, far off-centre: the same fit quality, and as many bins."""
    scale, offset = np.array([1e-3, 1, 1e3, 1]), np.array([0, 0, 0, 1e6])
    result = ls.axis_density(scale * rng.standard_normal((5000, 4)) + offset)
    assert result.is_fitted.all()
    assert_allclose(result.sigma, scale, rtol=0.06)
    assert np.all(result.std / result.bin_width > 2)
    assert np.all(result.std / result.bin_width < 5)
    assert result.fit_quality.min() > 0.97


@pytest.mark.parametrize("n", [2, 3, 10, 49])
def test_few_rows_have_moments(n, rng):
    result = ls.axis_density(rng.standard_normal((n, 2)))
    assert not result.is_fitted.any()
    assert_array_equal(result.sigma, result.std)
