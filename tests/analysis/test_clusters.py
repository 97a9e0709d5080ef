"""inertia_curve: k-means over k, beside a Gaussian."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans

import latentscope as ls
from latentscope.errors import DataError, DataTypeError

CORNERS = 12 * np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1.0]])
KS = [2, 3, 4, 5, 6, 8]


@pytest.fixture
def four(rng):
    """1,200 points in four separate clusters, and the cluster of each."""
    label = rng.integers(4, size=1200)
    return rng.standard_normal((1200, 3)) + CORNERS[label], label


@pytest.mark.parametrize("n", [1500, 12_000], ids=["on the sample", "beyond the sample"])
@pytest.mark.parametrize("shape", ["gaussian", "uniform"])
def test_inertia_is_that_of_scikit_learn(shape, n):
    """Within 2 % of KMeans, best of three starts."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((n, 3)) * [3, 1, 1] if shape == "gaussian" else rng.uniform(size=(n, 3))
    ks = [2, 4, 7]
    expected = [KMeans(k, n_init=3, random_state=0).fit(z).inertia_ for k in ks]
    result = ls.inertia_curve(z, n_clusters=ks)
    assert_allclose(result.inertia, expected, rtol=0.02)
    assert (result.n_used, result.n_gaussian) == (n, min(n, 10_000))


def test_inertia_of_one_cluster_and_of_a_cluster_per_row(cloud):
    """k = 1 leaves Σ|x − mean|², k = n nothing."""
    z = cloud.z[:40]
    result = ls.inertia_curve(z, n_clusters=[40, 1])
    assert_array_equal(result.n_clusters, [1, 40])
    assert_allclose(result.inertia, [((z - z.mean(axis=0)) ** 2).sum(), 0], atol=1e-9)


def test_the_gaussian_has_the_variance_of_the_data(cloud):
    """At k = 1 inertia is the total variance, which data and Gaussian share."""
    result = ls.inertia_curve(cloud.z, n_clusters=[1, 2])
    assert_allclose(result.gaussian_inertia[0], result.inertia[0], rtol=1e-6)


def test_inertia_of_separate_clusters(four):
    """At k = 4 it is the sum of squares about the mean of each cluster."""
    z, label = four
    within = sum(z[label == c].var(axis=0).sum() * (label == c).sum() for c in range(4))
    result = ls.inertia_curve(z, n_clusters=KS)
    assert_allclose(result.inertia[KS.index(4)], within, rtol=1e-6)
    assert result.elbow == 4
    ratio = result.table()["ratio"]
    assert_allclose(ratio, result.inertia / result.gaussian_inertia)
    assert ratio[KS.index(4)] < 0.5


@pytest.mark.parametrize("k", [2, 3, 5])
def test_inertia_along_a_line(k, rng):
    """Uniform on (−b, b): k equal pieces of variance (2b / k)² / 12 each."""
    z = rng.uniform(-3, 3, (4000, 1))
    assert_allclose(ls.inertia_curve(z, n_clusters=[k]).inertia, 4000 * 3 / k**2, rtol=0.05)


@pytest.mark.parametrize("scale", [[1, 1, 1], [8, 1, 1]])
def test_a_gaussian_has_no_elbow_and_is_its_own_reference(scale, rng):
    z = rng.standard_normal((3000, 3)) * scale + 5
    result = ls.inertia_curve(z, n_clusters=range(2, 13))
    assert result.elbow is None
    # the variance of 3,000 draws of one long axis has a standard error of √(2 / 3000) = 2.6 %
    assert_allclose(result.inertia, result.gaussian_inertia, rtol=0.12)
    assert np.all(np.diff(result.inertia) < 0)


def test_a_uniform_square_has_no_elbow(rng):
    z = rng.uniform(size=(2000, 2))
    assert ls.inertia_curve(z, n_clusters=range(2, 13)).elbow is None


def test_k_are_sorted_and_counted_once(cloud, assert_same):
    one = ls.inertia_curve(cloud.z, n_clusters=[5, 2, 5, 3])
    assert_array_equal(one.n_clusters, [2, 3, 5])
    assert_same(one, ls.inertia_curve(cloud.z, n_clusters=(k for k in (2, 3, 5))))


def test_another_seed_is_another_start(cloud):
    one, other = (ls.inertia_curve(cloud.z, n_clusters=[7], rng=rng) for rng in (0, 1))
    assert one.gaussian_inertia != other.gaussian_inertia
    assert_allclose(one.inertia, other.inertia, rtol=0.05)


def test_order_and_rotation(four, rng):
    """Permuting rows, permuting axes or rotating z leaves separate clusters as they are."""
    z, _ = four
    expected = ls.inertia_curve(z, n_clusters=KS)
    rotation = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    for same in (rng.permutation(z), rng.permutation(z, axis=1), z @ rotation):
        result = ls.inertia_curve(same, n_clusters=KS)
        assert result.elbow == expected.elbow
        assert_allclose(result.inertia[2], expected.inertia[2], rtol=1e-6)
        assert_allclose(result.inertia[3:], expected.inertia[3:], rtol=0.05)


def test_scale(four):
    """Three times z has nine times the inertia, and the same elbow."""
    z, _ = four
    one, three = (ls.inertia_curve(factor * z, n_clusters=KS) for factor in (1, 3))
    assert_allclose(three.inertia, 9 * one.inertia, rtol=1e-3)
    assert_allclose(three.gaussian_inertia, 9 * one.gaussian_inertia, rtol=1e-3)
    assert three.elbow == one.elbow


def test_offset_in_single_precision(four):
    """An offset of 1e4 in float32 costs no more than the rounding of the points."""
    z, _ = four
    near = ls.inertia_curve(z, n_clusters=[4])
    far = ls.inertia_curve((z + 1e4).astype(np.float32), n_clusters=[4])
    assert_allclose(far.inertia, near.inertia, rtol=1e-4)


@pytest.mark.parametrize(
    ("n_clusters", "error", "match"),
    [
        ([0, 2], DataError, r"n_clusters must be an integer from 1 to 2000 .*; got 0"),
        ([2001], DataError, r"from 1 to 2000 \(seeds fit\); got 2001"),
        ([2.5], DataTypeError, "n_clusters must be an integer.*got 2.5"),
        ([], DataError, "at least one k; got none"),
        (8, DataTypeError, r"several k, like range\(2, 81, 2\); got 8"),
    ],
)
def test_wrong_k_are_refused(n_clusters, error, match, cloud):
    with pytest.raises(error, match=match):
        ls.inertia_curve(cloud.z, n_clusters=n_clusters)


@pytest.mark.parametrize(("seed", "error"), [(-1, DataError), (None, DataTypeError)])
def test_wrong_seeds_are_refused(seed, error, cloud):
    with pytest.raises(error, match=f"rng must be an integer at least 0 .*; got {seed}"):
        ls.inertia_curve(cloud.z, rng=seed)
