"""normality: is the cloud a Gaussian, and how far from one?"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import beta, chi2, ks_1samp, kstest, kurtosis, norm, skew

import latentscope as ls
from latentscope.analysis.normality import SHARES
from latentscope.errors import DataError, DataTypeError
from latentscope.rows import as_rows
from latentscope.statistics.core import fitted_core
from latentscope.statistics.gaussianity.marginals import MarginalSums, chance_gap, chance_moments
from latentscope.statistics.gaussianity.radial import RadialSums, law_below, law_quantiles
from latentscope.statistics.gaussianity.sets import (
    TESTS,
    Sets,
    family_p_value,
    gaussian_set,
    p_values,
    statistics,
)
from latentscope.statistics.gaussianity.two_samples import separability


def gaussian(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


def student(n, d, freedom, seed=0):
    """Elliptical: the same chi-squared for all axes of a row."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) / np.sqrt(rng.chisquare(freedom, (n, 1)) / freedom)


def two_clusters(n, d, seed=0):
    z = gaussian(n, d, seed)
    z[:, 2] += 4 * (np.arange(n) % 2)
    return z


def sizes(z, **options):
    """Return the result without tests."""
    return ls.normality(z, n_null=0, **options)


# --- known answers ---


def test_marginals_are_those_of_scipy(cloud):
    """Gap of Lilliefors (on a grid of σ/64), skewness and excess kurtosis of each axis."""
    found = sizes(cloud.z)
    t = (cloud.z - cloud.z.mean(axis=0)) / cloud.z.std(axis=0, ddof=1)
    exact = [ks_1samp(axis, norm.cdf).statistic for axis in t.T]
    assert_array_equal(found.axes, np.arange(6))
    assert_allclose(found.gaps[:6], exact, atol=0.4 / 64 / 2)
    assert (found.gaps[:6] <= np.array(exact) + 1e-12).all()
    assert_allclose(found.skewness[:6], skew(cloud.z), atol=1e-10)
    assert_allclose(found.excess[:6], kurtosis(cloud.z), atol=1e-10)


def test_components_are_those_of_the_pca(cloud):
    found, pcs = sizes(cloud.z), ls.pca(cloud.z).transform(cloud.z)
    assert_allclose(found.skewness[6:12], skew(pcs), atol=1e-9)
    assert_allclose(found.excess[6:12], kurtosis(pcs), atol=1e-9)
    assert len(found.gaps) == 6 + 6 + 64


def test_kurtosis_and_distances_are_those_of_the_textbook(cloud):
    """Mardia (1970), eq. 3.5, and d² with n − 1 in the covariance."""
    away = cloud.z - cloud.z.mean(axis=0)
    square = np.einsum("ij,jk,ik->i", away, np.linalg.inv(np.cov(away.T)), away)
    found, n = sizes(cloud.z), len(away)
    assert found.kurtosis == pytest.approx(np.mean((square * n / (n - 1)) ** 2) / 48)
    assert_allclose(found.quantiles[9:-9], np.quantile(square, SHARES)[9:-9], rtol=0.01)
    law = beta(3, (n - 7) / 2, scale=(n - 1) ** 2 / n)
    assert_allclose(found.law_quantiles, law.ppf(SHARES))
    assert found.radial_gap == pytest.approx(ks_1samp(square, law.cdf).statistic, abs=0.003)


def test_the_beta_law_is_exact_for_few_rows():
    """30 rows of 12 axes, 200 times: the chi-squared law would be off by 0.1."""
    rng = np.random.default_rng(0)
    square = [np.sum(gaussian_set((30, 12), rng) ** 2, axis=1) for _ in range(200)]
    assert kstest(np.ravel(square), lambda x: law_below(x, 30, 12)).statistic < 0.01
    assert kstest(np.ravel(square), chi2(12).cdf).statistic > 0.08
    assert_allclose(law_below(law_quantiles(SHARES, 30, 12), 30, 12), SHARES)


def test_kurtosis_of_a_gaussian_sample_is_expected_below_one():
    """E = (n − 1) / (n + 1) with n in the covariance: 0.905 for 20 rows."""
    rng, ratios = np.random.default_rng(0), []
    for _ in range(1000):
        sums = RadialSums(3)
        sums.add(np.sum(gaussian_set((20, 3), rng).astype(float) ** 2, axis=1))
        ratios.append(sums.kurtosis)
    assert np.mean(ratios) == pytest.approx(19 / 21, abs=3 * np.std(ratios) / np.sqrt(1000))


def test_the_core_of_a_contaminated_gaussian_holds_the_rest():
    """A tenth of the points is three times as wide: the core is found from, and is, the others."""
    z = gaussian(20_000, 32)
    z[::10] *= 3
    assert sizes(z).core_share == pytest.approx(0.9, abs=0.01)
    assert sizes(gaussian(20_000, 32)).core_share == pytest.approx(1, abs=0.01)


def test_the_core_finds_the_covariance(cloud):
    found = fitted_core(as_rows(np.vstack([cloud.z, cloud.z[:150] * 50])))
    matrix = found.axes.T * found.variance @ found.axes
    assert_allclose(matrix, cloud.covariance, atol=0.1 * np.trace(cloud.covariance) / 6)


@pytest.mark.parametrize("n", [100, 3000])
def test_what_chance_leaves(n):
    """Lilliefors' law and those of the moments, by simulation of 2,000 columns."""
    z = gaussian(n, 2000)
    sums = MarginalSums(z.mean(axis=0), z.std(axis=0, ddof=1))
    sums.add(z)
    assert np.mean(sums.gaps > chance_gap(n)) == pytest.approx(0.05, abs=0.02)
    largest = sums.gaps.reshape(250, 8).max(axis=1)
    assert np.mean(largest > chance_gap(n, 8)) == pytest.approx(0.05, abs=0.035)
    skewness, excess = chance_moments(n)
    assert np.mean(np.abs(sums.skewness) > skewness) == pytest.approx(0.05, abs=0.02)
    assert np.mean(np.abs(sums.excess) > excess) == pytest.approx(0.05, abs=0.025)


# --- what each statistic sees, and what it does not ---


def test_heavy_tails_show_in_the_distances():
    found = sizes(student(5000, 64, 5))
    assert found.radial_gap > 0.3
    assert found.kurtosis_ratio > 1.5
    assert found.core_share < 0.5


def test_two_clusters_show_along_their_axis_alone():
    """The distances are blind to one of 64 axes; its marginal is not."""
    found = sizes(two_clusters(5000, 64))
    assert found.radial_gap < found.chance["radial_gap"]
    assert abs(found.kurtosis_ratio - 1) < 0.002
    assert found.core_share == pytest.approx(1, abs=0.02)
    assert found.gaps.argmax() in (2, 64)  # axis 2, or the first component, which is that axis
    assert found.gaps.max() > 3 * found.chance["gap"]
    assert found.marginals()["number"][:2] in ((2, 0), (0, 2))


@pytest.mark.parametrize(
    ("make", "seen"),
    [
        (lambda: student(2000, 16, 5), [True, True, True, None, True, True]),
        (lambda: two_clusters(2000, 16), [None, None, True, False, True, True]),
        (lambda: gaussian(2000, 16), [False] * 6),
    ],
    ids=["t5", "two clusters", "Gaussian"],
)
def test_the_tests_see_what_they_can(make, seen):
    found = ls.normality(make(), n_null=39, rng=1)
    for p, expected in zip(found.p_values, seen, strict=True):
        assert expected is None or (p <= 0.05) == expected
    assert (found.p_value <= 0.05) == any(seen)


def test_the_classifier_sees_a_dependence_that_no_marginal_shows():
    """x₂ has the sign of x₀ x₁: every marginal along the axes is normal, no two are correlated."""
    z = gaussian(6000, 3)
    z[:, 2] = np.abs(z[:, 2]) * np.sign(z[:, 0] * z[:, 1])
    found = ls.normality(z * [3, 2, 1], n_null=19)
    assert found.gaps[:3].max() < found.chance["gap"]
    assert found.auc > 0.55
    assert found.p_values[TESTS.index("classifier")] == 0.05


# --- level ---


@pytest.mark.slow
def test_p_values_of_gaussians_are_uniform(monkeypatch):
    """100 sets along fixed directions, each ranked among 19 of its own: exact for any test."""
    # the classifier, which takes seconds, has its level in benchmarks/calibration_normality.py
    monkeypatch.setattr("latentscope.statistics.gaussianity.sets.separability", lambda *_: 0.5)
    rng = np.random.default_rng(0)
    directions = np.eye(4, dtype=np.float32)
    drawn = [statistics(gaussian_set((60, 4), rng), directions, rng) for _ in range(2000)]
    runs = np.reshape(drawn, (100, 20, 6))
    sets = [Sets(run[0], run[1:]) for run in runs]
    error = 3 * np.sqrt(0.05 * 0.95 / 100)
    for p in [*np.transpose([p_values(one) for one in sets]), [family_p_value(s) for s in sets]]:
        assert np.mean(np.array(p) <= 0.05) <= 0.05 + error
    assert kstest([s for p in map(p_values, sets) for s in p[:5]] - rng.uniform(0, 0.05, 500),
                  "uniform").pvalue > 0.001  # fmt: skip


@pytest.mark.slow
def test_whitened_gaussians_do_not_depend_on_the_covariance():
    """Basu: the p-values of correlated, shifted data are those of N(0, I), also with few rows."""
    p = [
        ls.normality(
            gaussian(40, 5, s) @ (gaussian(5, 5, s) + np.diag([9, 1, 1, 1, 0.1])) + 7,
            n_null=19, rng=s,
        ).p_values
        for s in range(12)
    ]  # fmt: skip
    assert np.mean(p) == pytest.approx(0.525, abs=0.15)
    assert (np.mean(np.array(p) <= 0.05, axis=0) < 0.3).all()


def test_a_gaussian_set_has_mean_0_and_covariance_1():
    points = gaussian_set((50, 6), np.random.default_rng(0))
    assert_allclose(points.mean(axis=0), 0, atol=1e-6)
    assert_allclose(np.cov(points.T), np.eye(6), atol=1e-5)


def test_the_family_counts_every_set_alike():
    null = np.random.default_rng(0).standard_normal((99, 6))
    assert family_p_value(Sets(np.array([0, 0, 0, 9.0, 0, 0]), null)) == 0.01
    assert family_p_value(Sets(np.full(6, -9.0), null)) == 1
    assert family_p_value(Sets(np.zeros(6), np.zeros((19, 6)))) == 1


def test_equal_clouds_cannot_be_told_apart():
    rng = np.random.default_rng(0)
    one, other = (rng.standard_normal((2000, 4)).astype(np.float32) for _ in range(2))
    auc = separability(one, one @ np.eye(4, dtype=np.float32), other, np.eye(4, dtype=np.float32))
    assert auc == pytest.approx(0.5, abs=0.04)


# --- laws ---


def test_affine_maps(cloud, rng, assert_same):
    """Any invertible map leaves distances, components' space and core as they are."""
    matrix = rng.standard_normal((6, 6)) + 3 * np.eye(6)
    one, other = sizes(cloud.z), sizes(cloud.z @ matrix + 5)
    assert other.radial_gap == pytest.approx(one.radial_gap, abs=1e-3)
    assert other.kurtosis == pytest.approx(one.kurtosis, rel=1e-9)
    assert other.core_share == pytest.approx(one.core_share, abs=2e-3)


def test_order_of_rows(cloud, rng, assert_same):
    """Permuting the rows changes no effect size."""
    one, other = sizes(cloud.z), sizes(rng.permutation(cloud.z))
    assert_same(other, one, rtol=1e-9)


def test_permuted_axes_keep_their_marginals(cloud, rng):
    order = rng.permutation(6)
    one, other = sizes(cloud.z), sizes(cloud.z[:, order])
    assert_allclose(other.skewness[:6], one.skewness[:6][order], rtol=1e-9)
    assert_allclose(other.gaps[:6], one.gaps[:6][order], atol=1e-3)


def test_precision(cloud):
    one, other = sizes(cloud.z), sizes(cloud.z.astype(np.float32))
    assert_allclose(other.gaps, one.gaps, atol=1e-3)
    assert_allclose(other.excess, one.excess, atol=1e-4)
    assert other.radial_gap == pytest.approx(one.radial_gap, abs=1e-3)


def test_effect_sizes_do_not_depend_on_the_tests(cloud, assert_same):
    one, other = sizes(cloud.z), ls.normality(cloud.z, n_null=19, n_points=300)
    assert_same(other, one, but=["n_points", "observed", "null"])
    assert (other.n_points, other.n_null, other.n_used) == (300, 19, 3000)


def test_a_large_offset_and_a_wide_spectrum():
    """Offset 1e6, standard deviations from 1e3 to 1e-2: the same cloud, in float64."""
    plain = gaussian(4000, 6)
    found = sizes(1e6 + plain * np.geomspace(1e3, 1e-2, 6))
    assert_allclose(found.gaps[:6], sizes(plain).gaps[:6], atol=1e-3)
    assert found.kurtosis_ratio == pytest.approx(1, abs=0.03)


def test_constant_and_repeated_axes_are_left_out():
    z = np.column_stack([gaussian(500, 3), np.full(500, 4.0)])
    z = np.column_stack([z, z[:, 0]])
    found = ls.normality(z, n_null=19)
    assert_array_equal(found.axes, [0, 1, 2, 4])
    assert found.n_directions == 3
    assert found.marginal_names[3:5] == [("axis", 4), ("component", 0)]
    assert found.p_value > 0.05


def test_ties_are_a_departure():
    """Integers from −3 to 3 are no Gaussian, and their gap is that of their steps."""
    z = np.random.default_rng(0).integers(-3, 4, (2000, 2))
    found = ls.normality(z, n_null=19)
    assert found.gaps.max() > 0.08
    assert found.p_value == 0.05


# --- words ---


def test_verdicts():
    few = sizes(gaussian(20, 30))
    assert few.verdict == (
        "Cannot tell: 20 rows are too few to judge the shape of a cloud along 19 directions; at "
        "least 57 are needed."
    )
    far = ls.normality(student(3000, 16, 3), n_null=19).verdict
    assert "So the cloud is far from a Gaussian (p = 0.05, from 3,000 rows and 19 Gaussian" in far
    two = ls.normality(two_clusters(3000, 64), n_null=19).verdict
    most = "differs most from a normal distribution, by 0.1"
    assert f"that of axis 2 {most}" in two or f"that of principal component 1 {most}" in two
    assert "So the cloud is not Gaussian along" in two
    fine = ls.normality(gaussian(3000, 6), n_null=19).verdict
    assert fine.startswith(
        "A Gaussian fitted to the core of the cloud, without tails and outliers, "
    )
    assert "The tests do not reject a Gaussian (p = " in fine
    assert fine.endswith("which does not prove that the cloud is one.")
    assert sizes(gaussian(3000, 6)).verdict.endswith("was not tested (n_null=0).")


def test_a_departure_too_small_for_the_rows_of_the_tests():
    z = gaussian(60_000, 3)
    z[:, 0] += 0.02 * z[:, 0] ** 3
    words = ls.normality(z, n_null=19, n_points=100).verdict
    assert words.endswith("but all 60,000 rows together show that the cloud is not Gaussian.")


def test_a_core_that_holds_too_much_is_said():
    cube = np.random.default_rng(0).random((5000, 64))
    assert sizes(cube).verdict.startswith("The core of the cloud holds 1")


def test_too_few_rows_are_no_evidence():
    """n ≤ p + 1: every cloud has all its rows at one distance, and no test is made."""
    found = ls.normality(gaussian(12, 30), n_null=19)
    assert (found.n_points, found.n_null, found.p_value, found.auc) == (0, 0, None, None)
    assert found.core_share is None
    assert found.radial_gap == pytest.approx(0, abs=1e-9)
    assert_allclose(found.quantiles, found.law_quantiles, rtol=0.01)
    assert found.kurtosis_ratio == pytest.approx(1)
    assert found.verdict.startswith("Cannot tell")
    assert found.table()["p_value"] == (None,) * 7


def test_tables():
    found = ls.normality(two_clusters(1000, 4), n_null=19)
    assert found.tests()["test"] == TESTS
    assert_array_equal(found.tests()["p_value"], found.p_values)
    assert found.table()["value"][3] == found.gaps.max()
    assert found.table()["p_value"][1:] == tuple(found.p_values)
    assert list(found.headline().values())[-1] == found.p_value
    assert len(found.marginals()["gap"]) == 4 + 4 + 64


# --- refusals ---

GOOD = gaussian(50, 3)
REFUSED = {
    "points coincide": (np.ones((9, 3)), {}, "z must hold points that differ .* coincide"),
    "few sets": (GOOD, {"n_null": 9}, "n_null must be 0, or at least 19 to reach p = 0.05; got 9"),
    "negative sets": (GOOD, {"n_null": -1}, "n_null must be an integer at least 0; got -1"),
    "few rows tested": (GOOD, {"n_points": 4}, "n_points must be at least 5, two more .* got 4"),
    "no rows tested": (GOOD, {"n_points": 2}, "n_points must be an integer at least 3; got 2"),
    "seed": (GOOD, {"rng": -1}, "rng must be an integer at least 0"),
}


@pytest.mark.parametrize(("z", "options", "match"), REFUSED.values(), ids=REFUSED)
def test_refusals(z, options, match):
    with pytest.raises(DataError, match=match):
        ls.normality(z, **options)


def test_half_a_set_is_refused():
    with pytest.raises(DataTypeError, match=r"n_null must be an integer at least 0; got 19\.5"):
        ls.normality(GOOD, n_null=19.5)


def test_no_table_of_tests_without_sets():
    with pytest.raises(DataError, match="tests need Gaussian sets; this result has none"):
        sizes(GOOD).tests()
