"""sample: points to decode."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2, truncnorm

import latentscope as ls
from latentscope import sample
from latentscope.errors import DataError, DataTypeError

FITTED = {
    "axis_gaussian": sample.axis_gaussian,
    "gaussian": sample.gaussian,
    "core": sample.core,
    "mixture": lambda z, n, **k: sample.mixture(z, n, n_components=2, **k),
}
PRIOR = {
    "normal": sample.normal,
    "uniform": lambda n, d, **k: sample.uniform(n, d, half_width=1.5, **k),
}
every_fit = pytest.mark.parametrize("draw", FITTED.values(), ids=FITTED)
every_prior = pytest.mark.parametrize("draw", PRIOR.values(), ids=PRIOR)
N = 20_000


def assert_moments(draws, mean, covariance, n=N):
    """Means within 5 standard errors, covariances within 5 √((Cᵢᵢ Cⱼⱼ + Cᵢⱼ²) / n)."""
    covariance = np.asarray(covariance)
    variance = np.diag(covariance)
    assert np.all(np.abs(draws.mean(axis=0, dtype="f8") - mean) < 5 * np.sqrt(variance / n) + 1e-6)
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / n)
    assert np.all(np.abs(np.cov(draws.T.astype("f8")) - covariance) < 5 * error + 1e-6)


def test_normal():
    draws = sample.normal(N, 4)
    assert_moments(draws, 0, np.eye(4))
    assert_allclose((draws**4).mean(axis=0), 3, rtol=0.1)


def test_uniform():
    """Variance b² / 3, nothing beyond b, and a shell at b √(N / 3) of width b / √15."""
    draws = sample.uniform(N, 4, half_width=1.5)
    assert_moments(draws, 0, np.eye(4) * 1.5**2 / 3)
    assert 1.49 < np.abs(draws).max() <= 1.5
    radius = np.linalg.norm(sample.uniform(2000, 256, half_width=1.5), axis=1)
    assert_allclose([radius.mean(), radius.std()], [1.5 * 16 / 3**0.5, 1.5 / 15**0.5], rtol=0.05)


def test_axis_gaussian_knows_no_correlations(cloud):
    moments = cloud.z.mean(axis=0), np.diag(cloud.z.var(axis=0))
    assert_moments(sample.axis_gaussian(cloud.z, N), *moments)


def test_gaussian_knows_mean_and_covariance(cloud):
    assert_moments(sample.gaussian(cloud.z, N), cloud.z.mean(axis=0), np.cov(cloud.z.T))


def test_why_random_points_fail(cloud):
    """Mean squared Mahalanobis distance: tr(Σ⁻¹ C) + (m − μ)ᵀ Σ⁻¹ (m − μ) for draws of (m, C)."""
    mean, covariance = cloud.z.mean(axis=0), np.cov(cloud.z.T)
    precision = np.linalg.inv(covariance)
    expected = {
        "gaussian": 6,
        "axis_gaussian": np.diag(precision) @ np.diag(covariance),
        "normal": np.trace(precision) + mean @ precision @ mean,
    }
    draws = {
        "gaussian": sample.gaussian(cloud.z, N),
        "axis_gaussian": sample.axis_gaussian(cloud.z, N),
        "normal": sample.normal(N, 6),
    }
    for name, points in draws.items():
        offset = points.astype("f8") - mean
        found = np.einsum("ij,jk,ik->i", offset, precision, offset).mean()
        assert_allclose(found, expected[name], rtol=0.05, err_msg=name)


@pytest.mark.parametrize("radius", [0.5, 1.0, 3.0])
def test_core_factor_of_one_axis(radius):
    """Variance of a standard normal cut at ± D."""
    assert_allclose(sample.core_factor(1, radius), truncnorm(-radius, radius).var(), rtol=1e-7)


@pytest.mark.parametrize("radius", [0.5, 1.0, 3.0])
def test_core_factor_of_two_axes(radius):
    """1 − x e⁻ˣ / (1 − e⁻ˣ) with x = D² / 2, from the exponential law of the squared radius."""
    x = radius**2 / 2
    expected = 1 - x * np.exp(-x) / (1 - np.exp(-x))
    assert_allclose(sample.core_factor(2, radius), expected, rtol=1e-9)


def test_core_factor_in_256_axes():
    """Falls to 0 below the shell, where both distribution functions underflow, and rises to 1."""
    factors = [sample.core_factor(256, radius) for radius in (0.1, 13.0, 16.0, 18.0, 30.0)]
    assert np.all(np.diff(factors) > 0)
    assert_allclose(factors[0], 0.1**2 / 258, rtol=1e-3)  # a uniform ball: R² / (p + 2)
    assert_allclose(factors[-1], 1)


@pytest.mark.parametrize("radius", [None, 2.0, 4.0])
def test_core_of_a_gaussian(radius, cloud):
    """Draws lie within the radius and have the covariance Σ · F(D²; 8) / F(D²; 6)."""
    draws = sample.core(cloud.z, N, radius=radius).astype("f8")
    cut = radius or np.sqrt(chi2.ppf(0.9, 6))
    factor = chi2.cdf(cut**2, 8) / chi2.cdf(cut**2, 6)
    whitened = np.linalg.inv(np.linalg.cholesky(cloud.covariance))
    white = (draws - cloud.mean) @ whitened.T
    assert_allclose(white.mean(axis=0), 0, atol=0.2)
    assert_allclose(np.cov(white.T), factor * np.eye(6), atol=0.25 * factor)
    assert np.linalg.norm(white, axis=1).max() < 1.25 * cut


def test_core_leaves_outliers_out(rng):
    """A tenth of the rows far away has no say: the core is N(0, I) cut at its 90 % radius."""
    z = np.vstack([rng.standard_normal((5000, 3)), 40 + rng.standard_normal((500, 3))])
    draws = sample.core(z, N)
    factor = chi2.cdf(chi2.ppf(0.9, 3), 5) / 0.9
    assert_allclose(draws.mean(axis=0), 0, atol=0.15)
    assert_allclose(np.cov(draws.T), factor * np.eye(3), atol=0.12)
    assert np.linalg.norm(draws, axis=1).max() < 1.1 * np.sqrt(chi2.ppf(0.9, 3))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_core_of_a_plane_in_space(dtype):
    """Three axes, the third the sum of two: the core has two dimensions in any precision."""
    x = np.random.default_rng(0).standard_normal((20_000, 2))
    z = np.c_[x, x.sum(axis=1)].astype(dtype)
    factor = chi2.cdf(chi2.ppf(0.9, 2), 4) / 0.9
    expected = factor * np.array([[1, 0, 1], [0, 1, 1], [1, 1, 2]])
    assert_allclose(np.cov(sample.core(z, N).T), expected, atol=0.04)


def test_mixture_knows_the_humps(rng):
    """Two Gaussians of weights 0.3 and 0.7: draws share them out alike, none between."""
    hump = rng.uniform(size=2000) < 0.3
    z = rng.standard_normal((2000, 2)) * [1, 3] + np.where(hump, -20, 20)[:, None]
    draws = sample.mixture(z, N, n_components=2)
    left = draws[:, 0] < 0
    assert_allclose(left.mean(), hump.mean(), atol=0.02)
    assert_allclose(draws[left].std(axis=0), [1, 3], rtol=0.1)
    assert np.abs(draws[:, 0]).min() > 10
    assert 0.1 < left[:100].mean() < 0.5  # in random order


@pytest.mark.parametrize("largest", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("is_turned", [False, True])
def test_a_mixture_is_as_narrow_as_the_data(largest, is_turned, rng):
    """Directions of very different scale, along the axes or not: the standard deviations stay."""
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0] if is_turned else np.eye(4)
    z = rng.standard_normal((3000, 4)) * [largest, 1, 10, 1] @ turn
    spread = (sample.mixture(z, N, n_components=3) @ turn.T).std(axis=0)
    assert_allclose(spread, (z @ turn.T).std(axis=0), rtol=0.05 + 4e-7 * largest * is_turned)


def test_a_mixture_does_not_leave_the_plane_of_the_data(rng):
    """A constant axis stays constant, and the sum of two axes their sum."""
    z = rng.standard_normal((500, 2))
    z = np.column_stack([z, z.sum(axis=1), np.full(500, 7.0)])
    draws = sample.mixture(z, 1000, n_components=3)
    assert_allclose(draws[:, 2], draws[:, 0] + draws[:, 1], atol=1e-5)
    np.testing.assert_array_equal(draws[:, 3], 7)
    np.testing.assert_array_equal(sample.mixture(np.ones((20, 2)), 5), np.ones((5, 2)))


def test_a_mixture_of_more_components_than_places(rng):
    """Copies of three points in two axes: no group is left without a spread."""
    z = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])[rng.integers(3, size=200)]
    draws = sample.mixture(z, 300, n_components=5)
    apart = np.linalg.norm(draws[:, None] - z[None, : 3 * 20], axis=2).min(axis=1)
    assert apart.max() < 0.1


def test_mixture_is_of_some_rows_of_large_data(cloud, monkeypatch):
    """Rows beyond those that fit in memory are not read into it, unless they are asked for."""
    monkeypatch.setattr(sample, "_MAX_FITTED", 400)
    few = sample.mixture(cloud.z, 50, n_components=3, n_fit=400)
    np.testing.assert_array_equal(sample.mixture(cloud.z, 50, n_components=3), few)
    every = sample.mixture(cloud.z, 50, n_components=3, n_fit=len(cloud.z))
    assert not np.array_equal(every, few)


def test_mixture_fits_some_rows(cloud):
    few = sample.mixture(cloud.z, 500, n_components=3, n_fit=400)
    assert_allclose(few.mean(axis=0), cloud.mean, atol=1)


@every_fit
def test_affine_maps(draw, cloud):
    """Draws for 4 z + 32 are 4 times the draws for z, plus 32, where rounding permits."""
    one = draw(cloud.z, 200)
    assert_allclose(draw(4 * cloud.z + 32, 200), 4 * one + 32, atol=1e-3)


@every_fit
def test_blocks_and_precision(draw, cloud, small_blocks, monkeypatch):
    """One block or many, float32 or float64: the same draws but for rounding."""
    many = draw(cloud.z.astype("f4"), 50)
    monkeypatch.undo()
    assert_allclose(many, draw(cloud.z, 50), rtol=1e-3, atol=1e-2)


@every_fit
def test_rows_left_out(draw, cloud):
    """finite_rows gives the draws of the array without the bad rows; alone they are refused."""
    holed = cloud.z.copy()
    holed[[1, 7]] = np.inf
    expected = draw(np.delete(cloud.z, [1, 7], axis=0), 20)
    assert_allclose(draw(ls.finite_rows(holed), 20), expected, atol=1e-5)
    with pytest.raises(DataError, match=r"2 of 3,000 rows .*\(rows 1, 7\)"):
        draw(holed, 20)


@every_fit
def test_input_is_left_alone(draw, cloud):
    z = cloud.z.copy()
    draw(z, 10)
    assert_array_equal(z, cloud.z)


@pytest.mark.parametrize("name", FITTED | PRIOR)
def test_same_seed(name, cloud):
    """The same seed gives the same bits, another seed or the same generator again others."""

    def points(rng):
        return FITTED[name](cloud.z, 30, rng=rng) if name in FITTED else PRIOR[name](30, 6, rng=rng)

    one, again, other = points(3), points(3), points(4)
    assert (one.shape, one.dtype) == ((30, 6), np.float32)
    assert_array_equal(one, again)
    generator = np.random.default_rng(3)
    assert_array_equal(points(generator), one)
    for different in (other, points(generator)):
        assert np.all(different != one)


@pytest.mark.parametrize("shape", ["one axis", "constant axis", "alike", "few"])
@pytest.mark.parametrize("name", FITTED)
def test_degenerate_cloud(name, shape):
    """Finite draws that keep what is constant, or a refusal that says why."""
    rng = np.random.default_rng(1)
    z = {
        "one axis": rng.standard_normal((80, 1)),
        "constant axis": rng.standard_normal((80, 2)) * [1, 0] + [0, 3],
        "alike": np.full((80, 2), 1.5),
        "few": np.repeat(rng.standard_normal((3, 2)), 10, axis=0),
    }[shape]
    if (name, shape) == ("core", "alike"):
        with pytest.raises(DataError, match="must differ to have a core; all of them coincide"):
            sample.core(z, 10)
        return
    draws = FITTED[name](z, 100)
    assert np.isfinite(draws).all()
    if shape in ("constant axis", "alike"):
        assert_allclose(draws[:, 1], z[0, 1], atol=0.02)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda z: sample.normal(0, 2), DataError, "n_points must be an integer at least 1; got 0"),
        (lambda z: sample.normal(2, 0), DataError, "z_dim must be an integer at least 1; got 0"),
        (lambda z: sample.normal(2.0, 2), DataTypeError, "n_points must be an integer"),
        (lambda z: sample.normal(2, 2, rng=-1), DataError, "rng must be .* at least 0 .*got -1"),
        (lambda z: sample.uniform(2, 2, half_width=0), DataError, "half_width must .* above 0"),
        (lambda z: sample.uniform(2, 2, half_width="1"), DataTypeError, "half_width must be a num"),
        (lambda z: sample.gaussian(z, -1), DataError, "n_points must be .*; got -1"),
        (lambda z: sample.gaussian(z[:, 0], 5), DataError, r"shape \(n_points, z_dim\)"),
        (lambda z: sample.axis_gaussian(z, True), DataTypeError, "n_points must .*; got True"),
        (lambda z: sample.core(z, 5, radius=-2), DataError, "radius must .* above 0; got -2"),
        (
            lambda z: sample.core(z, 5, radius=0.1),
            DataError,
            "radius must hold more rows than axes",
        ),
        (lambda z: sample.core_factor(0, 1), DataError, "z_dim must be an integer at least 1"),
        (lambda z: sample.core_factor(3, 0), DataError, "radius must .* above 0; got 0"),
        (lambda z: sample.mixture(z, 5, n_components=0), DataError, "n_components must .*got 0"),
        (lambda z: sample.mixture(z[:5], 5, n_components=6), DataError, "from 1 to 5 .*got 6"),
        (lambda z: sample.mixture(z, 5, n_fit=1), DataError, "n_fit must .* at least 2; got 1"),
    ],
)
def test_wrong_calls_are_refused(call, error, match, cloud):
    with pytest.raises(error, match=match):
        call(cloud.z)
