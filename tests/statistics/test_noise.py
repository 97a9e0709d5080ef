"""_noise: the Marchenko-Pastur law, against eigenvalues of simulated noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latentscope.statistics.noise import noise_floor, noise_spectrum


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


@pytest.mark.parametrize(("n_points", "z_dim"), [(1000, 20), (300, 40), (60, 90)])
def test_noise_is_rarely_above_noise(n_points, z_dim):
    """Once in 100 times by the Tracy-Widom law: 400 draws give at most 10 (4 expected)."""
    found = 0
    for seed in range(400):
        found += noise_floor(eigenvalues(n_points, z_dim, seed), n_points, z_dim)[1] > 0
    assert found <= 10


@pytest.mark.parametrize("spikes", [[1000.0], [1000.0] + 20 * [5.0], [30.0, 5.0, 1.5]])
def test_the_floor_is_that_of_the_bulk(spikes):
    """One axis of huge variance must not hide the smaller ones, nor raise the floor."""
    rng = np.random.default_rng(0)
    scale = np.sqrt(np.concatenate([spikes, np.ones(100 - len(spikes))]))
    z = rng.standard_normal((20_000, 100)) * scale
    variance = np.linalg.eigvalsh(np.cov(z.T))[::-1]
    level, n_above = noise_floor(variance, 20_000, 100)
    assert n_above == len(spikes)
    assert_allclose(level, 1, rtol=0.01)
