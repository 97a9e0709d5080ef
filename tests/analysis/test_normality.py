"""normality: is the cloud a Gaussian, and how far from one?"""

import dataclasses

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
from latentscope.statistics.gaussianity.searched import (
    least_normal_directions,
    searched_departures,
)
from latentscope.statistics.gaussianity.sets import (
    TESTS,
    Sets,
    family_p_value,
    gaussian_set,
    given_departures,
    p_values,
    sampled_departures,
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


def turned(make, n, d, seed=0):
    """Return rows of unit covariance whose first axes hold a shape, turned at random, stretched."""
    rng = np.random.default_rng(seed)
    z = make(rng.standard_normal((n, d)), rng)
    z = (z - z.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    return z @ np.linalg.qr(rng.standard_normal((d, d)))[0] * np.linspace(3, 0.5, d)


def two_groups(z, rng):
    """4 standard deviations apart along the first axis."""
    z[:, 0] += np.where(rng.random(len(z)) < 0.5, 2, -2)
    return z


def banana(z, rng):
    z[:, 1] += z[:, 0] ** 2
    return z


def heavy_tails(z, rng):
    """Of Laplace's law along three axes."""
    z[:, :3] = rng.laplace(size=(len(z), 3))
    return z


def ring(z, rng):
    angle = rng.uniform(0, 2 * np.pi, len(z))
    z[:, :2] = 2 * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.2 * z[:, :2]
    return z


SHAPES = (two_groups, banana, heavy_tails, ring)


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
        (lambda: student(2000, 16, 5), [True, True, True, None, True, True, None, True, True]),
        (lambda: two_clusters(2000, 16), [None, None, True, False, True, True, False, True, True]),
        (lambda: gaussian(2000, 16), [False] * 9),
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


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_along_no_axis_are_found(shape):
    """In 12 directions, 4 p² = 576 rows are what the search needs; no axis shows the shape."""
    found = ls.normality(turned(shape, 3000, 12), n_null=19)
    assert found.p_value == 0.05
    assert found.kind != "like a Gaussian"
    seen = found.p_values[TESTS.index("distribution along directions searched for") : -1]
    assert seen.min() == 0.05


def test_a_turned_and_stretched_gaussian_is_like_one():
    found = ls.normality(turned(lambda z, rng: z, 3000, 12), n_null=39)
    assert found.kind == "like a Gaussian"
    assert found.p_value > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_in_two_or_three_of_64_directions_are_found(shape):
    assert ls.normality(turned(shape, 20_000, 64), n_null=39).p_value <= 0.05


@pytest.mark.slow
def test_few_large_gaussians_are_rejected():
    p = [ls.normality(turned(lambda z, rng: z, 4000, 64, s), n_null=39).p_value for s in range(6)]
    assert np.sum(np.array(p) <= 0.05) <= 1


@pytest.mark.parametrize(("shape", "n_shown"), [(heavy_tails, 3), (two_groups, 1)])
def test_the_search_finds_the_directions_themselves(shape, n_shown):
    """Of independent components, FastICA returns the axes; here to within 15 degrees."""
    rng = np.random.default_rng(0)
    z = shape(rng.standard_normal((4000, 12)), rng)
    z = ((z - z.mean(axis=0)) / z.std(axis=0)).astype(np.float32)
    found = least_normal_directions(z, rng)
    assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.abs(found[:, :n_shown]).max(axis=0).min() > np.cos(np.radians(15))


def test_the_search_finds_the_third_moment():
    """x₂ has the sign of x₀ x₁: along (±1, ±1, 1) / √3 the cloud is skewed."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((8000, 8), dtype=np.float32)
    z[:, 2] = np.abs(z[:, 2]) * np.sign(z[:, 0] * z[:, 1])
    found = least_normal_directions(z, rng)
    assert np.abs(found[:, :3]).min(axis=1).max() > 0.45


def test_directions_are_tested_in_rows_that_did_not_suggest_them():
    """In a Gaussian, what a search finds is gone in the other half: gaps as of 32 given columns."""
    rng = np.random.default_rng(0)
    cloud = gaussian_set((1000, 64), rng)
    gap, skewness, excess = searched_departures(cloud, rng)
    assert gap < chance_gap(500, 32)
    assert (skewness, excess) < chance_moments(500, 32)
    half = cloud[:500]
    same = half @ least_normal_directions(half, rng).T
    sums = MarginalSums(same.mean(axis=0), same.std(axis=0))
    sums.add(same)
    assert np.abs(sums.skewness).max() > 2 * chance_moments(500, 32)[0]


def test_one_row_repeated_in_a_half_leaves_numbers():
    cloud = np.zeros((20, 3), dtype=np.float32)
    cloud[10:] = gaussian(10, 3)
    assert np.isfinite(searched_departures(cloud, np.random.default_rng(0))).all()


# --- level ---


@pytest.mark.slow
def test_p_values_of_gaussians_are_uniform(monkeypatch):
    """100 sets along fixed directions, each ranked among 19 of its own: exact for any test."""
    # the classifier, which takes seconds, has its level in benchmarks/calibration_normality.py
    monkeypatch.setattr("latentscope.statistics.gaussianity.sets.separability", lambda *_: 0.5)
    rng = np.random.default_rng(0)
    directions = np.eye(4, dtype=np.float32)
    clouds = (gaussian_set((60, 4), rng) for _ in range(2000))
    drawn = [
        np.append(given_departures(one, directions), sampled_departures(one, directions, rng))
        for one in clouds
    ]
    runs = np.reshape(drawn, (100, 20, 9))
    sets = [Sets(run[0], run[1:]) for run in runs]
    error = 3 * np.sqrt(0.05 * 0.95 / 100)
    for p in [*np.transpose([p_values(one) for one in sets]), [family_p_value(s) for s in sets]]:
        assert np.mean(np.array(p) <= 0.05) <= 0.05 + error
    assert kstest([s for p in map(p_values, sets) for s in p[:8]] - rng.uniform(0, 0.05, 800),
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
    null = np.random.default_rng(0).standard_normal((99, 9))
    assert family_p_value(Sets(np.array([0, 0, 0, 9.0, 0, 0, 0, 0, 0]), null)) == 0.01
    assert family_p_value(Sets(np.full(9, -9.0), null)) == 1
    assert family_p_value(Sets(np.zeros(9), np.zeros((19, 9)))) == 1


def test_no_more_sets_are_drawn_than_decide(monkeypatch):
    """After 20 sets that match the cloud no rejection is left; 99 sets far from it are enough."""
    monkeypatch.setattr("latentscope.statistics.gaussianity.sets.separability", lambda *_: 0.5)
    z = gaussian(300, 3)
    asked = ls.normality(z, n_null=399)
    assert 20 <= asked.n_null < 100
    assert asked.p_value > 0.05
    z[:, 0] = np.abs(z[:, 0])
    assert ls.normality(z, n_null=399).n_null == 99
    assert ls.normality(z, n_null=19).n_null == 19


@pytest.mark.slow
def test_larger_clouds_than_sets_keep_the_level():
    """Statistics of all rows against those of sets a tenth as large, scaled by √10."""
    p = [
        ls.normality(gaussian(3000, 8, s), n_null=19, n_points=300, rng=s).p_values
        for s in range(60)
    ]
    assert (np.mean(np.array(p)[:, :5] <= 0.05, axis=0) <= 0.05 + 3 * 0.028).all()
    assert np.mean(np.array(p)[:, :5]) == pytest.approx(0.525, abs=0.08)


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
    found = ls.normality(z, n_null=39)
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
        "Cannot tell: 20 rows are too few to judge the shape of a cloud along 30 directions; at "
        "least 90 are needed."
    )
    far = ls.normality(student(3000, 16, 3), n_null=19).verdict
    assert "So the cloud is far from a Gaussian (p = 0.05, from 3,000 rows and 19 Gaussian" in far
    two = ls.normality(two_clusters(3000, 64), n_null=19).verdict
    most = "differs most from a normal distribution, by 0.1"
    assert f"that of axis 2 {most}" in two or f"that of principal component 1 {most}" in two
    assert "So the cloud is not Gaussian along some directions" in two
    fine = ls.normality(gaussian(3000, 6), n_null=19).verdict
    assert fine.startswith(
        "Counted by their distance from the centre alone, the core of the cloud holds "
    )
    assert "The tests do not reject a Gaussian (p = " in fine
    assert fine.endswith("which does not prove that the cloud is one.")
    assert sizes(gaussian(3000, 6)).verdict.endswith("was not tested (n_null=0).")


def test_all_rows_decide_not_only_those_of_the_sets():
    """A departure that 100 rows would not show: the words and the p-value come from all."""
    z = gaussian(60_000, 3)
    z[:, 0] += 0.02 * z[:, 0] ** 3
    found = ls.normality(z, n_null=19, n_points=100)
    assert found.p_value == 0.05
    assert "So the cloud is close to a Gaussian, but not one (p = 0.05, from 60,000 rows, of " in (
        found.verdict
    )


@pytest.mark.slow
@pytest.mark.parametrize("freedom", [None, 120, 5])
def test_the_verdict_is_that_of_any_seed(freedom):
    """Also where the rows of the search are a tenth: 20,000 rows of t120 are never Gaussian."""
    z = gaussian(20_000, 8) if freedom is None else student(20_000, 8, freedom)
    expected = {
        None: "like a Gaussian", 120: "close to a Gaussian, but not one", 5: "far from a Gaussian",
    }  # fmt: skip
    found = [ls.normality(z, n_null=39, n_points=2000, rng=s).kind for s in range(10)]
    assert found.count(expected[freedom]) >= 9


def test_how_far_is_not_said_with_few_rows_per_direction():
    """Five rows per direction: a rejection, but no size."""
    found = ls.normality(student(160, 32, 3), n_null=19)
    assert (found.p_value, found.kind) == (0.05, "not a Gaussian")
    assert ls.normality(student(1600, 32, 3), n_null=19).kind == "far from a Gaussian"


def test_what_the_search_cannot_see_is_said():
    few = ls.normality(gaussian(1000, 32, seed=1), n_null=19).verdict
    assert few.endswith(
        "Along a few of 32 directions that are not axes, 1,000 rows show only strong departures: "
        "two equal groups, a ring or heavy tails need about 4,100 rows."
    )
    fewer = ls.normality(gaussian(200, 32), n_null=19).verdict
    assert fewer.endswith("about 4,100 rows, a bend or a small group about 700.")


def test_without_sets_nothing_is_claimed():
    assert sizes(student(3000, 4, 3)).kind == "not tested"


def test_a_core_that_holds_too_much_is_said():
    cube = np.random.default_rng(0).random((5000, 64))
    assert "the core of the cloud holds 1" in sizes(cube).verdict


def test_too_few_rows_are_no_evidence():
    """n ≤ p + 1: every cloud has all its rows at one distance, and no test is made."""
    found = ls.normality(gaussian(12, 30), n_null=19)
    assert (found.n_points, found.n_null, found.p_value, found.auc) == (0, 0, None, None)
    assert found.core_share is None
    assert found.radial_gap == pytest.approx(0, abs=1e-9)
    assert_allclose(found.quantiles, found.law_quantiles, rtol=0.01)
    assert found.kurtosis_ratio == pytest.approx(1)
    assert found.verdict.startswith("Cannot tell")
    assert found.table()["p_value"] == (None,) * 10
    assert found.table()["value"][:3] == found.table()["by_chance"][:3] == (None,) * 3
    assert list(found.headline().values())[:3] == [None] * 3
    panel = found.plot()[0]
    assert not panel.lines
    assert panel.get_title() == "distances: too few rows to measure them"


def test_the_rows_that_are_asked_for_are_enough():
    """60 rows span 59 directions, but rows are needed for all 100."""
    few = sizes(gaussian(60, 100)).verdict
    n = int(few.partition("at least ")[2].partition(" ")[0])
    assert n == 300
    assert sizes(gaussian(n, 100)).kind == "not tested"


@pytest.mark.parametrize(("n", "p", "limit"), [(150, 4, 0.085), (178, 13, 0.072)])
def test_limits_of_chance_are_those_of_gaussian_sets(n, p, limit):
    """95 % limits with estimated mean and covariance, by simulation; 1.36 / √n is 30 % more."""
    found = ls.normality(gaussian(n, p, 1), n_null=99)
    tests = found.tests()["gaussian_95"]
    assert found.table()["by_chance"][1] == tests[0] == pytest.approx(limit, rel=0.15)
    assert found.table()["by_chance"][2] == 1 + tests[1]
    assert found.table()["by_chance"][3:6] == tests[2:5]
    assert f"; up to {tests[0]:.2g} by chance)" in found.verdict
    assert f"; by chance at most {1.36 / np.sqrt(n):.2g})" in sizes(gaussian(n, p)).verdict


def test_groups_around_an_empty_centre_are_not_called_a_gaussian_core():
    rng = np.random.default_rng(0)
    blobs = rng.standard_normal((2000, 4)) + 6 * np.eye(4)[rng.integers(4, size=2000)]
    assert "accounts for" not in sizes(blobs).verdict
    assert "Counted by their distance from the centre alone" in sizes(blobs).verdict


@pytest.mark.parametrize("rejected", [None, 0, 1])
def test_distances_are_called_gaussian_only_if_both_their_tests_say_so(rejected):
    found = ls.normality(two_clusters(3000, 64), n_null=39)
    observed = np.array(found.observed)
    observed[:2] = np.median(found.null[:, :2], axis=0)
    if rejected is not None:
        observed[rejected] = 1.1 * found.null[:, rejected].max()
    kind = dataclasses.replace(found, observed=observed).kind
    end = ", although its distances from the mean are like a Gaussian's" * (rejected is None)
    assert kind == f"not Gaussian along some directions{end}"


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
