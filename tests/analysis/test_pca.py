"""pca: the components of all rows, beside the spectrum of noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import latentscope as ls
from latentscope.errors import DataError, DataTypeError


def test_is_the_eigendecomposition_of_the_covariance(cloud):
    """Against numpy.linalg.eigh of numpy.cov, in float64."""
    variance, vectors = np.linalg.eigh(np.cov(cloud.z.T))
    result = ls.pca(cloud.z)
    assert_allclose(result.variance, variance[::-1], rtol=1e-10)
    assert_allclose(np.abs(result.components @ vectors[:, ::-1]), np.eye(6), atol=1e-9)
    assert_allclose(result.mean, cloud.z.mean(axis=0), rtol=1e-12)
    assert_allclose(result.axis_variance, cloud.z.var(axis=0, ddof=1), rtol=1e-12)
    assert_allclose(result.participation, variance.sum() ** 2 / (variance**2).sum())


def test_finds_the_covariance_that_was_drawn(cloud):
    """Eigenvalues of n draws have a standard error of λ √(2 / n)."""
    result, truth = ls.pca(cloud.z), np.linalg.eigvalsh(cloud.covariance)[::-1]
    assert np.all(np.abs(result.variance / truth - 1) < 5 * np.sqrt(2 / 3000))
    assert_allclose(result.variance_ratio.sum(), 1)
    assert_allclose(result.total_variance, result.variance.sum())


def test_largest_entry_of_a_component_is_positive(cloud):
    components = ls.pca(cloud.z).components
    assert np.all(components.max(axis=1) == np.abs(components).max(axis=1))
    assert_allclose(components @ components.T, np.eye(6), atol=1e-12)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_frame(dtype, cloud):
    """In the frame the points have no mean and a diagonal covariance; back is the inverse."""
    z = cloud.z.astype(dtype)
    result = ls.pca(z)
    plane = result.transform(z)
    assert plane.dtype == dtype
    assert_allclose(plane.mean(axis=0, dtype="f8"), 0, atol=1e-5)
    assert_allclose(np.cov(plane.T.astype("f8")), np.diag(result.variance), atol=1e-4)
    assert_allclose(result.inverse_transform(plane), z, atol=1e-5)


def test_fewer_components_are_the_first(cloud):
    some, every = ls.pca(cloud.z, n_components=2), ls.pca(cloud.z)
    assert_array_equal(some.components, every.components[:2])
    assert_array_equal(some.variance_ratio, every.variance_ratio[:2])
    assert some.participation == every.participation  # of the whole spectrum
    lost = cloud.z - some.inverse_transform(some.transform(cloud.z))
    assert_allclose((lost**2).sum() / 2999, every.variance[2:].sum())


@pytest.mark.parametrize("n_spikes", [0, 1, 3])
def test_components_above_noise(n_spikes, rng):
    """Variances of 4 stand out of the noise of 64 axes, whose edge is (1 + √(64 / n))² = 1.39."""
    scale = np.where(np.arange(64) < n_spikes, 2.0, 1.0)
    result = ls.pca(rng.standard_normal((2000, 64)) * scale)
    assert result.n_above_noise == n_spikes


@pytest.mark.parametrize(
    ("n_spikes", "found"),
    [(0, "None of 64 components was found to stand"), (1, "One of 64 components stands"),
     (2, "2 of 64 components stand")],
)  # fmt: skip
def test_verdict_says_what_it_rests_on(n_spikes, found):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((3000, 64)) * np.where(np.arange(64) < n_spikes, 3.0, 1.0)
    light = ls.pca(z)
    assert light.verdict == (
        f"{found} out from noise; noise with Gaussian tails shows one by chance in 1 of 100 clouds."
    )
    heavy = ls.pca(z / np.sqrt(rng.chisquare(5, (3000, 1)) / 5))
    assert (light.has_heavy_tails, heavy.has_heavy_tails) == (False, True)
    assert heavy.n_above_noise == n_spikes
    assert heavy.verdict.startswith(
        f"{found} out from noise. The tails are heavier than a Gaussian"
    )
    assert heavy.verdict.endswith("only if both halves of 3,000 rows show it.")


def test_few_rows_of_heavy_tails_cannot_tell():
    z = np.random.default_rng(0).standard_normal((20, 3))
    z[4] = 1e6
    result = ls.pca(z)
    assert (result.n_above_noise, result.has_heavy_tails) == (0, True)
    assert result.verdict == (
        "Cannot tell which components stand out from noise: the tails are heavier than a "
        "Gaussian's, and 20 rows are too few to compare two halves."
    )


def test_tails_are_judged_from_a_sample(rng):
    z = rng.standard_t(3, (20_000, 4))
    assert ls.pca(z).n_sampled == pytest.approx(4096, abs=5)
    z[3000:] = np.nan
    assert ls.pca(ls.finite_rows(z)).n_sampled == 3000


def test_noise_has_the_same_total_and_the_same_fall(rng):
    """N(0, 4 I) has the spectrum that its noise curve predicts."""
    result = ls.pca(2 * rng.standard_normal((500, 100)))
    assert_allclose(result.noise_variance.sum(), result.total_variance, rtol=1e-3)
    assert_allclose(result.noise_variance[5:-5], result.variance[5:-5], rtol=0.07)


def test_offset_in_single_precision(cloud):
    """float32 rows with an offset of 1e4: the spectrum of the same rows in float64, to 1e-6."""
    z = (cloud.z + 1e4).astype(np.float32)
    expected = np.linalg.eigvalsh(np.cov(z.T.astype(np.float64)))[::-1]
    assert_allclose(ls.pca(z).variance, expected, atol=1e-6 * expected[0])


def test_rotation(cloud, rotation):
    """Rotating z leaves the spectrum and rotates the components."""
    one, turned = ls.pca(cloud.z), ls.pca(cloud.z @ rotation)
    assert_allclose(turned.variance, one.variance, rtol=1e-10)
    cosines = (turned.components * (one.components @ rotation)).sum(axis=1)
    assert_allclose(np.abs(cosines), 1, rtol=1e-9)
    assert_allclose(turned.participation, one.participation)


def test_order_of_axes(cloud, rng):
    """Permuting the axes permutes mean and entries of the components."""
    order = rng.permutation(6)
    one, other = ls.pca(cloud.z), ls.pca(cloud.z[:, order])
    assert_allclose(other.mean, one.mean[order])
    assert_allclose(other.components, one.components[:, order], atol=1e-9)


def test_scale(cloud):
    """Three times z has nine times the variance, in the same directions."""
    one, three = ls.pca(cloud.z), ls.pca(3 * cloud.z)
    assert_allclose(three.variance, 9 * one.variance)
    assert_allclose(three.components, one.components, atol=1e-9)
    assert three.n_above_noise == one.n_above_noise


@pytest.mark.parametrize(
    ("n_components", "error"), [(0, DataError), (7, DataError), (2.0, DataTypeError)]
)
def test_wrong_numbers_of_components_are_refused(n_components, error, cloud):
    match = rf"n_components must be an integer from 1 to 6 .*; got {n_components}"
    with pytest.raises(error, match=match):
        ls.pca(cloud.z, n_components=n_components)


@pytest.mark.parametrize(
    ("method", "match"),
    [
        ("transform", "z must have 6 columns, like this PCA; got 5"),
        ("inverse_transform", "coordinates must have 2 columns, like this PCA; got 5"),
    ],
)
def test_points_of_another_width_are_refused(method, match, cloud):
    with pytest.raises(DataError, match=match):
        getattr(ls.pca(cloud.z, n_components=2), method)(np.zeros((4, 5)))


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((2, 3), "2 rows are too few"),
        ((9, 40), "9 rows are too few"),
        ((500, 1), "a single axis has no others to compare with"),
    ],
)
def test_what_cannot_be_told_from_noise(shape, reason):
    verdict = ls.pca(np.random.default_rng(0).standard_normal(shape)).verdict
    assert verdict == f"Cannot tell which components stand out from noise: {reason}."


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_no_more_components_stand_out_than_directions_vary(dtype):
    """Five directions across twenty axes: the others hold rounding errors of unequal size."""
    rng = np.random.default_rng(0)
    z = (rng.standard_normal((2000, 5)) @ rng.standard_normal((5, 20))).astype(dtype)
    assert ls.pca(z).n_above_noise <= 5


def test_few_rows_have_as_many_components(rng):
    """Their frame holds all rows: what it does not hold is not there."""
    z = 7 + rng.standard_normal((12, 300))
    found = ls.pca(z)
    assert found.components.shape == (12, 300)
    assert found.variance[-1] == pytest.approx(0, abs=1e-12)
    assert_allclose(found.variance.sum(), found.total_variance)
    assert_allclose(found.inverse_transform(found.transform(z)), z)
    with pytest.raises(DataError, match="n_components must be an integer from 1 to 12"):
        ls.pca(z, n_components=13)


def test_only_components_that_can_exist_are_counted_and_shown():
    """60 rows vary along 59 directions, whatever the number of axes."""
    found = ls.pca(np.random.default_rng(0).standard_normal((60, 512)))
    assert found.n_varying == 59
    assert " of 59 components " in found.verdict
    assert len(found.table()["variance"]) == 59
    assert min(found.table()["variance"]) > 1
    ax = found.plot()
    assert all(len(line.get_xdata()) <= 59 for line in ax.lines)
    assert " of 59 above the noise floor" in ax.get_title()
