"""A real array: the 1,797 handwritten digits that come with scikit-learn, 64 pixels each."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import latentscope


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_radius(digits):
    radius = latentscope.radius_density(digits.data, bin_width=1)
    exact = np.linalg.norm(digits.data, axis=1)
    assert_array_equal(radius.counts, np.histogram(exact, radius.edges)[0])
    assert_allclose([radius.minimum, radius.mean, radius.maximum],
                    [exact.min(), exact.mean(), exact.max()])  # fmt: skip


def test_axes(digits):
    """Three corner pixels are always empty; hardly any pixel is Gaussian, which is said."""
    with pytest.warns(latentscope.errors.LatentscopeWarning, match="instead of a fit"):
        axes = latentscope.axis_density(digits.data, bin_width=1)
    assert_array_equal(np.flatnonzero(axes.is_constant), [0, 32, 39])
    assert_array_equal(axes.counts.sum(axis=1), np.full(64, 1797))
    assert_allclose(axes.std, digits.data.std(axis=0), atol=1e-12)


def test_pca(digits):
    ours, theirs = latentscope.pca(digits.data), PCA().fit(digits.data)
    assert_allclose(ours.variance, theirs.explained_variance_, atol=1e-9)
    assert_allclose(abs(ours.components[:10] @ theirs.components_[:10].T), np.eye(10), atol=1e-8)
    one = digits.data[:1]
    assert_allclose(ours.inverse_transform(ours.transform(one)), one, atol=1e-9)


def test_clusters_and_map(digits):
    """Ten classes, but no elbow: digits shade into each other. The map keeps classes together."""
    curve = latentscope.inertia_curve(digits.data, n_clusters=range(2, 41, 2))
    assert curve.elbow is None
    assert (curve.inertia / curve.gaussian_inertia).min() < 0.8
    embedding = latentscope.tsne(digits.data, n_iter=300)
    near = np.linalg.norm(embedding.xy[:, None] - embedding.xy[None], axis=2).argsort()[:, 1]
    assert (digits.target[near] == digits.target).mean() > 0.95


def test_overview_of_a_file_is_that_of_the_array(digits, tmp_path):
    path = tmp_path / "digits.h5"
    latents = latentscope.Latents(digits.data, labels={"digit": digits.target})
    latentscope.save(path, latents)
    widths = {"radius_bin_width": 1, "axis_bin_width": 1}
    with latentscope.load(path) as stored:
        assert_array_equal(stored.labels["digit"][:], digits.target)
        with pytest.warns(match="instead of a fit"):
            streamed = latentscope.overview(stored, **widths)
    with pytest.warns(match="instead of a fit"):
        once = latentscope.overview(digits.data, **widths)
    assert streamed.to_dict() == once.to_dict()
