"""_gaussian_fit: all curves at once, against SciPy one by one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import curve_fit
from scipy.stats import norm

from latentscope.statistics.gaussian_fit import fit_gaussians, gaussian_curves

EDGES = np.arange(-12, 12.1, 0.25)


def model(edges, amplitude, center, sigma):
    """Return the mean density over each bin, by SciPy's normal distribution function."""
    return amplitude * np.diff(norm.cdf(edges, center, sigma)) / np.diff(edges)


def densities(points):
    """Return the histogram of each column, of shape (n_axes, n_bins)."""
    counts = np.array([np.histogram(column, EDGES)[0] for column in points.T])
    return counts / (len(points) * 0.25)


def moments_of(points):
    return {"center": points.mean(axis=0), "sigma": points.std(axis=0)}


def test_curves_are_those_of_scipy():
    amplitude, center, sigma = np.array([[1.0, 0.5], [0.0, -3.0], [1.0, 0.2]])
    found = gaussian_curves(EDGES, amplitude, center, sigma)
    expected = [model(EDGES, *row) for row in zip(amplitude, center, sigma, strict=True)]
    assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("shape", ["gaussian", "skewed", "two humps", "uniform"])
def test_optimum_is_that_of_curve_fit(shape, rng):
    """Least squares of the same model by scipy.optimize.curve_fit, to 1e-4 of σ."""
    scale, shift = np.array([0.3, 1.0, 2.5, 1.0]), np.array([0.0, 4.0, -1.0, 0.1])
    normal = rng.standard_normal((4000, 4))
    points = (
        shift
        + scale
        * {
            "gaussian": normal,
            "skewed": normal + 0.3 * normal**2,
            "two humps": normal + 2.5 * (rng.uniform(size=normal.shape) < 0.25),
            "uniform": rng.uniform(-1.7, 1.7, normal.shape),
        }[shape]
    )
    density = densities(points)
    found = fit_gaussians(EDGES, density, **moments_of(points))
    assert found[3].all()
    for axis, curve in enumerate(density):
        start = [1.0, points[:, axis].mean(), points[:, axis].std()]
        expected, _ = curve_fit(model, EDGES, curve, start, xtol=1e-12, ftol=1e-12)
        parameters = np.array([part[axis] for part in found[:3]])
        assert_allclose(parameters, expected, atol=1e-4 * max(1.0, expected[2]))


def test_exact_curves_are_recovered():
    """A curve that is the model gives back its amplitude, centre and σ, also from afar."""
    truth = np.array([[1.0, 0.0, 1.0], [0.6, 3.03, 0.2], [0.9, -5.0, 2.0]])
    density = np.array([model(EDGES, *row) for row in truth])
    found = fit_gaussians(EDGES, density, center=truth[:, 1] + 1, sigma=2 * truth[:, 2])
    assert_allclose(np.array(found[:3]).T, truth, atol=1e-5)


def test_curves_do_not_disturb_each_other(rng):
    """Fitted alone or with others: the same numbers."""
    points = rng.standard_normal((500, 5)) * [0.4, 1, 2, 1, 3]
    together = np.array(fit_gaussians(EDGES, densities(points), **moments_of(points)))
    for axis in range(5):
        alone = points[:, [axis]]
        found = np.array(fit_gaussians(EDGES, densities(alone), **moments_of(alone)))
        assert_allclose(found[:, 0], together[:, axis], rtol=1e-9)


@pytest.mark.parametrize("values", [[-1.0, 1.0], [-8.0, 0.1, 8.0], [0.1] * 9 + [9.0]])
def test_a_few_spikes_do_not_stop_the_fit(values):
    """Curves that no Gaussian fits end with finite numbers, converged or not."""
    points = np.array(values)[:, None]
    found = fit_gaussians(EDGES, densities(points), **moments_of(points))
    assert np.isfinite(np.array(found)).all()
