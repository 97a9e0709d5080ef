"""_quadratic: the radius of a Gaussian, against laws in closed form and against draws."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi, ncx2

from latentscope.statistics.quadratic import gaussian_radius_density, without_sampling_spread


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
