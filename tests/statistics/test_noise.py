"""_noise: the Marchenko-Pastur law, against eigenvalues of simulated noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latentscope.statistics.noise import components_above_noise, noise_floor, noise_spectrum


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


def counted(z):
    """Return what stands out from the noise of a cloud."""
    z = z - z.mean(axis=0)
    variance, axes = np.linalg.eigh(np.cov(z.T))
    return components_above_noise(variance[::-1], *z.shape, z @ axes[:, ::-1], z.dtype)


def elliptical(rng, n_points, z_dim, dof):
    return rng.standard_normal((n_points, z_dim)) / np.sqrt(rng.chisquare(dof, (n_points, 1)) / dof)


HEAVY = {
    "elliptical t5": lambda rng: elliptical(rng, 600, 24, 5),
    "elliptical t10": lambda rng: elliptical(rng, 600, 24, 10),
    "elliptical t10, more axes than points": lambda rng: elliptical(rng, 60, 100, 10),
    "t3": lambda rng: rng.standard_t(3, (600, 24)),
    "lognormal": lambda rng: rng.lognormal(size=(600, 24)),
    "exponential": lambda rng: rng.exponential(size=(600, 24)),
}


@pytest.mark.parametrize("draw", HEAVY.values(), ids=HEAVY)
def test_heavy_tails_are_no_components(draw):
    """1 % at most, of 100 clouds 5 with 99.9 %, where the law of a Gaussian's noise claims some."""
    found = [counted(draw(np.random.default_rng(seed))) for seed in range(100)]
    assert np.mean([one.is_heavy for one in found]) > 0.9
    assert sum(one.n_above > 0 for one in found) <= 5


def test_components_are_found_under_heavy_tails():
    """Three axes of three times the width, in every one of ten clouds."""
    for seed in range(10):
        z = elliptical(np.random.default_rng(seed), 2000, 24, 5) * np.r_[3, 3, 3, np.ones(21)]
        found = counted(z)
        assert found.is_heavy
        assert found.n_above == 3
        assert_allclose(found.level, 5 / 3, rtol=0.15)  # the variance of t5


@pytest.mark.parametrize("spikes", [[], [1000.0], [30.0, 5.0, 2.0]])
@pytest.mark.parametrize(("n_points", "z_dim"), [(2000, 40), (300, 40), (60, 90)])
def test_gaussians_have_no_heavy_tails(n_points, z_dim, spikes):
    """Whatever their spectrum; then the floor alone decides."""
    scale = np.sqrt(np.r_[spikes, np.ones(z_dim - len(spikes))])
    for seed in range(20):
        z = np.random.default_rng(seed).standard_normal((n_points, z_dim)) * scale
        found = counted(z)
        assert not found.is_heavy
        variance = np.linalg.eigvalsh(np.cov(z.T))[::-1]
        assert found.n_above == noise_floor(variance, n_points, z_dim)[1]


@pytest.mark.parametrize("scale", [1e-80, 1e80])
def test_tails_in_any_unit(scale, rng):
    z = elliptical(rng, 500, 8, 5)
    one, other = counted(z), counted(scale * z)
    assert (other.n_above, other.is_heavy) == (one.n_above, one.is_heavy) == (0, True)
