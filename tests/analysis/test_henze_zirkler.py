"""henze_zirkler: the test in few dimensions, refused in many."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import dblquad
from scipy.stats import kstest

import latentscope as ls
from latentscope.analysis.henze_zirkler import _null_moments, _statistic
from latentscope.errors import DataError


def standardised(z):
    away = z - z.mean(axis=0)
    spread = np.atleast_2d(np.cov(away.T, bias=True))
    return away @ np.linalg.inv(np.linalg.cholesky(spread)).T


def by_double_sum(z):
    """Return HZ by its formula, pair by pair (Henze and Zirkler 1990, eqs 2.1 to 2.4)."""
    y, (n, p) = standardised(z), z.shape
    b = ((2 * p + 1) * n / 4) ** (1 / (p + 4)) / np.sqrt(2)
    pairs = sum(np.exp(-(b**2) / 2 * np.sum((u - v) ** 2)) for u in y for v in y)
    single = sum(np.exp(-(b**2) * np.sum(u**2) / (2 * (1 + b**2))) for u in y)
    return pairs / n - 2 * (1 + b**2) ** (-p / 2) * single + n * (1 + 2 * b**2) ** (-p / 2)


@pytest.mark.parametrize("p", [1, 2, 5])
def test_the_formula(p, rng):
    z = rng.standard_normal((40, p)) @ rng.standard_normal((p, p)) + 3
    found = ls.henze_zirkler(z)
    assert found.statistic == pytest.approx(by_double_sum(z), rel=1e-9)
    assert (found.n_directions, found.n_points, found.n_used) == (p, 40, 40)


def test_it_is_the_distance_of_characteristic_functions():
    """n ∫ |ψ(t) − exp(−|t|²/2)|² φ_β(t) dt, integrated numerically in two dimensions."""
    y, beta = standardised(np.random.default_rng(0).exponential(size=(15, 2))), 0.9

    def integrand(s, t):
        empirical = np.exp(1j * (y @ [s, t])).mean()
        weight = np.exp(-(s**2 + t**2) / (2 * beta**2)) / (2 * np.pi * beta**2)
        return abs(empirical - np.exp(-(s**2 + t**2) / 2)) ** 2 * weight

    whole, _ = dblquad(integrand, -6, 6, -6, 6, epsabs=1e-7)
    assert _statistic(y, beta) == pytest.approx(15 * whole, rel=1e-5)


@pytest.mark.parametrize("p", [2, 3, 10])
def test_moments_and_level(p):
    """300 Gaussians: mean and spread of the statistic, and p-values that are uniform nearly."""
    rng = np.random.default_rng(p)
    found = [ls.henze_zirkler(rng.standard_normal((200, p))) for _ in range(300)]
    values = [one.statistic for one in found]
    mean, std = _null_moments(p, found[0].smoothing)
    assert np.mean(values) == pytest.approx(mean, rel=0.05)
    assert np.std(values) == pytest.approx(std, rel=0.15)
    assert np.mean([one.p_value <= 0.05 for one in found]) == pytest.approx(0.05, abs=0.038)
    assert kstest([one.p_value for one in found], "uniform").statistic < 0.1


def test_the_law_has_these_moments():
    found = ls.henze_zirkler(np.random.default_rng(0).standard_normal((100, 2)))
    assert_allclose(found.law.stats("mv"), [found.null_mean, found.null_std**2])


def test_it_sees_what_is_no_gaussian():
    rng = np.random.default_rng(0)
    ring = np.exp(1j * rng.uniform(0, 7, 500)) + 0.1 * rng.standard_normal(500)
    assert ls.henze_zirkler(np.column_stack([ring.real, ring.imag])).p_value < 1e-6
    assert ls.henze_zirkler(rng.standard_t(4, (2000, 3))).p_value < 1e-6


@pytest.mark.parametrize("make", ["Gaussian", "t5", "cube", "two clusters"])
def test_in_256_dimensions_it_is_1_for_any_cloud(make):
    """Why more than ten are refused."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((1000, 256))
    y = {
        "Gaussian": lambda: z,
        "t5": lambda: z / np.sqrt(rng.chisquare(5, (1000, 1)) / 5),
        "cube": lambda: rng.random((1000, 256)),
        "two clusters": lambda: z + 4 * (np.arange(1000)[:, None] % 2) * np.eye(256)[0],
    }[make]()
    beta = (1000 * 513 / 4) ** (1 / 260) / np.sqrt(2)
    assert f"{_statistic(standardised(y), beta):.6f}" == "1.000000"


# --- laws ---


def test_affine_maps(cloud, rng):
    """Any invertible map leaves the statistic as it is."""
    matrix = rng.standard_normal((6, 6)) + 3 * np.eye(6)
    one, other = ls.henze_zirkler(cloud.z), ls.henze_zirkler(cloud.z @ matrix - 9)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-8)


def test_some_rows_of_many(cloud):
    found = ls.henze_zirkler(cloud.z, n_points=400, rng=3)
    assert (found.n_points, found.n_used, found.n_total) == (400, 3000, 3000)
    assert found.statistic == ls.henze_zirkler(cloud.z, n_points=400, rng=3).statistic
    assert found.statistic != ls.henze_zirkler(cloud.z, n_points=400, rng=4).statistic


def test_constant_axes_do_not_count(rng):
    z = rng.standard_normal((100, 3))
    wide = np.column_stack([z, np.full((100, 12), 7.0)])
    assert ls.henze_zirkler(wide).statistic == pytest.approx(ls.henze_zirkler(z).statistic)


# --- refusals ---

REFUSED = {
    "many directions": (
        np.random.default_rng(0).standard_normal((50, 11)), {},
        r"at most 10 directions .* varies along 11\. .* tends to 1 .* Use latentscope\.normality",
    ),
    "few rows": (np.eye(4)[:, :3], {}, "10 different rows .*; its 4 rows .* 3 dir"),
    "points coincide": (np.ones((9, 2)), {}, "must vary, .* its 9 rows .* vary along 0"),
    "few points": (np.eye(9), {"n_points": 2}, "n_points must be an integer at least 3; got 2"),
}  # fmt: skip


@pytest.mark.parametrize(("z", "options", "match"), REFUSED.values(), ids=REFUSED)
def test_refusals(z, options, match):
    with pytest.raises(DataError, match=match):
        ls.henze_zirkler(z, **options)


def test_copies_count_once(rng):
    z = rng.standard_normal((300, 2))
    once, twice = ls.henze_zirkler(z), ls.henze_zirkler(np.vstack([z, z[::-1]]))
    assert twice.n_points == 300
    assert_allclose(twice.statistic, once.statistic)
