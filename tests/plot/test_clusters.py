"""The figure of inertia shows both curves, and the elbow where there is one."""

import numpy as np

import latentscope


def test_clusters_show_both_curves(results, curve):
    ax, result = results["clusters"].plot(), results["clusters"]
    np.testing.assert_allclose(curve(ax, "600 rows"), result.inertia / 600)
    np.testing.assert_allclose(curve(ax, "Gaussian"), result.gaussian_inertia / 600)
    assert ax.get_title().startswith("no elbow\n")


def test_an_elbow_is_marked(curve):
    rng = np.random.default_rng(0)
    centers = 20 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    z = rng.standard_normal((800, 2)) + centers[rng.integers(4, size=800)]
    ax = latentscope.inertia_curve(z, n_clusters=range(2, 9)).plot()
    assert list(curve(ax, "elbow at k = 4")) == [0, 1]
