"""_quadratic: the radius of a Gaussian, against laws in closed form and against draws."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi, chi2, ncx2
from scipy.stats import f as f_law

from latentscope.statistics.quadratic import (
    gaussian_radius_density,
    sum_exceeds,
    without_sampling_spread,
)


def bins_about(middle, sigma):
    return np.linspace(max(0.0, middle - 6 * sigma), middle + 6 * sigma, 61)


@pytest.mark.parametrize("sigma", [1e-3, 1.0])
@pytest.mark.parametrize("z_dim", [1, 2, 3, 8, 256])
def test_isotropic_is_the_chi_law(z_dim, sigma):
    """To 1e-5 of the peak, as its notes say; of one or two axes to 1e-3."""
    edges = bins_about(sigma * np.sqrt(z_dim), sigma)
    expected = np.diff(chi.cdf(edges / sigma, z_dim)) / np.diff(edges)
    found = gaussian_radius_density(edges, np.full(z_dim, sigma**2), np.zeros(z_dim))
    assert_allclose(found, expected, atol=(1e-3 if z_dim < 3 else 1e-5) * expected.max())


@pytest.mark.parametrize("offset", [0.5, 3.0, 30.0, 1e3, 1e4, 1e5])
@pytest.mark.parametrize("z_dim", [3, 256])
def test_off_centre_is_the_noncentral_chi_law(z_dim, offset):
    """radius² / σ² is noncentral χ² with noncentrality offset² / σ²."""
    edges = bins_about(np.hypot(offset, np.sqrt(z_dim)), 1)
    expected = np.diff(ncx2.cdf(edges**2, z_dim, offset**2)) / np.diff(edges)
    found = gaussian_radius_density(edges, np.ones(z_dim), offset * np.eye(z_dim)[0])
    assert_allclose(found, expected, atol=1e-6 * expected.max())


@pytest.mark.parametrize("largest", [1.0, 25.0, 400.0])
def test_one_dominant_axis_against_draws(largest):
    """Off-centre, one axis far wider than seven others: bins hold n p ± 5 √(n p) draws."""
    variance, offset = np.array([largest, *np.linspace(1, 0.1, 7)]), np.arange(8) / 3
    rng = np.random.default_rng(0)
    draws = offset + np.sqrt(variance) * rng.standard_normal((100_000, 8))
    edges = np.linspace(0, 6 * np.sqrt(largest) + 6, 41)
    counts = np.histogram(np.linalg.norm(draws, axis=1), edges)[0]
    expected = 100_000 * gaussian_radius_density(edges, variance, offset) * np.diff(edges)
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected) + 3)
    assert_allclose(expected.sum(), 100_000, rtol=1e-3)


def test_a_point_has_one_radius():
    """No variance: all in the bin of the offset's length, 5."""
    found = gaussian_radius_density(np.arange(8.0), np.zeros(2), np.array([3.0, 4.5]))
    assert_allclose(found, [0, 0, 0, 0, 0, 1, 0, 0][:7])


def test_sampling_spread_is_taken_out(rng):
    """Σλ² of N(0, I) drawn n = 200 times exceeds z_dim; without the spread it is z_dim again."""
    variance = np.linalg.eigvalsh(np.cov(rng.standard_normal((200, 100)).T))
    assert (variance**2).sum() > 140
    corrected = without_sampling_spread(variance, 200)
    assert_allclose((corrected**2).sum(), 100, rtol=0.05)
    assert_allclose(corrected.sum(), variance.sum())


@pytest.mark.parametrize("p", [0.999, 0.5, 0.05, 1e-3, 1e-12, 1e-90])
@pytest.mark.parametrize(("n", "rtol"), [(1, 0.2), (3, 0.08), (64, 0.02)])
def test_sum_of_equal_weights_is_chi_squared(n, rtol, p):
    weights = np.full(n, 1e-30)
    assert_allclose(sum_exceeds(weights, 1e-30 * chi2.isf(p, n)), p, rtol=rtol)


@pytest.mark.parametrize("p", [0.999, 0.5, 0.05, 1e-3, 1e-12])
@pytest.mark.parametrize("dof", [4, 30])
def test_sum_with_an_estimated_scale_is_fishers_f(dof, p):
    """Five equal weights: five times F(5, dof)."""
    assert_allclose(sum_exceeds(np.ones(5), 5 * f_law.isf(p, 5, dof), dof), p, rtol=0.1)


def test_sum_of_unequal_weights_against_draws(rng):
    weights = np.array([25, 4, 2.25, 1, 1, 0.1])
    draws = (rng.standard_normal((200_000, 6)) ** 2) @ weights
    values = np.quantile(draws, [0.1, 0.5, 0.9, 0.999])
    assert_allclose([sum_exceeds(weights, x) for x in values], [0.9, 0.5, 0.1, 1e-3], rtol=0.1)


def test_sums_at_the_ends():
    """Nothing exceeds a sum of no weights; 0 is always reached; huge values never are."""
    assert [sum_exceeds(np.zeros(3), x) for x in (0.0, 1.0)] == [1.0, 0.0]
    assert sum_exceeds(np.ones(3), 0.0) == 1.0
    assert_allclose([sum_exceeds(np.ones(9), x, 3.0) for x in (1e-300, 1e300)], [1, 0], atol=1e-9)
