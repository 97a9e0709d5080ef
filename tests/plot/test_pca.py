"""The figure of a PCA shows its spectrum and the level of noise."""

import numpy as np


def test_pca_shows_spectrum_and_noise(results, curve):
    ax = results["pca"].plot()
    np.testing.assert_allclose(curve(ax, "components"), results["pca"].variance_ratio)
    noise = results["pca"].noise_variance / results["pca"].total_variance
    np.testing.assert_allclose(curve(ax, "noise"), noise)
