"""The figure of a PCA shows its spectrum and the level of noise."""

import numpy as np

import latentscope


def test_pca_shows_spectrum_and_noise(results, curve):
    ax = results["pca"].plot()
    np.testing.assert_allclose(curve(ax, "components"), results["pca"].variance_ratio)
    noise = results["pca"].noise_variance / results["pca"].total_variance
    np.testing.assert_allclose(curve(ax, "Gaussian noise"), noise)


def test_heavy_tails_are_named(z):
    heavy = z / np.sqrt(np.random.default_rng(0).chisquare(3, (len(z), 1)))
    title = latentscope.pca(heavy).plot().get_title()
    assert title.endswith("\n(heavy tails: in both halves of 600 rows)")
    assert "heavy" not in latentscope.pca(z).plot().get_title()
