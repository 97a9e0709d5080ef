"""_noise: the Marchenko-Pastur law, against eigenvalues of simulated noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latentscope.analysis._noise import noise_edge, noise_spectrum


def eigenvalues(n_points, z_dim, seed):
    z = np.random.default_rng(seed).standard_normal((n_points, z_dim))
    return np.linalg.eigvalsh(np.cov(z.T))[::-1]


@pytest.mark.parametrize(("n_points", "z_dim"), [(2000, 20), (400, 200), (150, 300), (101, 100)])
def test_spectrum_is_that_of_simulated_noise(n_points, z_dim):
    """The mean of five simulations, each eigenvalue to 3 %, or 0.03 near zero."""
    simulated = np.mean([eigenvalues(n_points, z_dim, seed) for seed in range(5)], axis=0)
    assert_allclose(noise_spectrum(n_points, z_dim), simulated, rtol=0.03, atol=0.03)


@pytest.mark.parametrize(("n_points", "z_dim"), [(1000, 10), (400, 200), (150, 300), (30, 50)])
def test_spectrum_has_the_variance_of_noise(n_points, z_dim):
    """The law has mean 1, whatever the ratio; beyond the rank n − 1 eigenvalues are 0."""
    spectrum = noise_spectrum(n_points, z_dim)
    assert_allclose(spectrum.mean(), 1, rtol=0.02)
    assert np.all(np.diff(spectrum) <= 0)
    assert (spectrum > 0).sum() == min(z_dim, n_points - 1)


@pytest.mark.parametrize(("n_points", "z_dim"), [(2000, 100), (300, 600)])
def test_edge_bounds_the_largest_eigenvalue(n_points, z_dim):
    """(1 + √γ)²: the largest of five simulations is within 5 % of it."""
    largest = [eigenvalues(n_points, z_dim, seed)[0] for seed in range(5)]
    assert_allclose(largest, (1 + np.sqrt(z_dim / (n_points - 1))) ** 2, rtol=0.05)
    assert_allclose(noise_edge(n_points, z_dim), np.mean(largest), rtol=0.03)
    assert noise_spectrum(n_points, z_dim)[0] < noise_edge(n_points, z_dim)
