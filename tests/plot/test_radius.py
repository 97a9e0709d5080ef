"""The figure of radii shows the counts and the curves that they are compared with."""

import numpy as np
import pytest

import latentscope


def test_radius_shows_counts_and_curves(results, curve):
    ax = results["radius"].plot()
    (steps,) = ax.patches
    np.testing.assert_array_equal(steps.get_data().values, results["radius"].density)
    np.testing.assert_array_equal(steps.get_data().edges, results["radius"].edges)
    assert curve(ax, "Gaussian").max() == pytest.approx(
        results["radius"].gaussian_density.max(), rel=0.2
    )
    mode_of_chi = np.exp(-2) * 2**4 / (2**1.5 * 0.75 * np.sqrt(np.pi))  # at radius 2 = √(5 − 1)
    assert curve(ax, "N(0, I) in 5 dimensions").max() == pytest.approx(mode_of_chi, rel=1e-3)


def test_a_far_shell_is_named_and_does_not_squeeze_the_data(curve):
    """Points at 100 times the scale of N(0, I): its curve is not drawn, the data fill the panel."""
    z = 100 * np.random.default_rng(0).standard_normal((5000, 16))
    ax = latentscope.radius_density(z, bin_width=20).plot()
    assert np.isnan(curve(ax, "N(0, I) in 16 dimensions: peak at 3.87")).all()
    assert ax.get_ylim()[1] < 2 * ax.patches[0].get_data().values.max()
