"""_moments: mergeable means, variances and covariances."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latentscope.errors import DataError
from latentscope.statistics.moments import Covariance, Moments, principal_axes


def summarised(kind, parts):
    """Return the summary of each part, merged in the given order."""
    merged = kind(parts[0].shape[1])
    for part in parts:
        summary = merged.empty()
        summary.add(part)
        merged.merge(summary)
    return merged


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_offset_costs_no_digits(dtype, offset, cloud):
    """Against NumPy in float64 on the same rows: 1e-6 of the variances."""
    z = (cloud.z + offset).astype(dtype)
    parts = np.array_split(z, 7)
    moments, covariance = summarised(Moments, parts), summarised(Covariance, parts)
    z = z.astype("f8")
    assert_allclose(moments.mean, z.mean(axis=0), rtol=1e-12)
    assert_allclose(moments.std**2, z.var(axis=0), rtol=1e-6)
    assert_allclose(covariance.mean, z.mean(axis=0), rtol=1e-12)
    scale = np.sqrt(np.outer(z.var(axis=0), z.var(axis=0)))
    assert np.all(np.abs(covariance.covariance - np.cov(z.T)) < 1e-6 * scale)


@pytest.mark.parametrize("kind", [Moments, Covariance])
def test_any_order_of_merging(kind, cloud):
    """Blocks of any size, merged in any order, give the sums of all rows."""
    parts = np.split(cloud.z[:200], [1, 4, 150])
    expected = summarised(kind, [cloud.z[:200]])
    for order in permutations(parts):
        found = summarised(kind, list(order))
        assert found.n == 200
        for name in set(vars(found)) - {"n"}:
            assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-10)


def test_merging_nothing_changes_nothing(cloud):
    found = summarised(Covariance, [cloud.z])
    found.merge(found.empty())
    assert found.n == 3000
    assert_allclose(found.covariance, np.cov(cloud.z.T))


@pytest.mark.parametrize("scale", [1e-30, 1e-18, 1e18, 1e30])
def test_scale_beyond_single_precision_products(scale, cloud):
    """float32 values whose squares leave float32 have a variance all the same."""
    z = (scale * cloud.z).astype("f4")
    expected = np.cov(z.T.astype("f8") / scale)
    found = summarised(Covariance, [z]).covariance / scale / scale
    assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


def test_outlier_costs_no_digits_of_other_axes(cloud):
    """1e30 on one axis leaves the variances of the others."""
    z = cloud.z.copy()
    z[5, 2] = 1e30
    parts, others = np.array_split(z, 5), [0, 1, 3, 4, 5]
    for variance in (
        summarised(Moments, parts).std ** 2,
        np.diag(summarised(Covariance, parts).covariance),
    ):
        assert_allclose(variance[others], cloud.z[:, others].var(axis=0), rtol=1e-3)
        assert_allclose(variance[2], 1e60 / 3000, rtol=1e-3)


@pytest.mark.parametrize("kind", [Moments, Covariance])
def test_overflow_is_refused(kind):
    with pytest.raises(DataError, match=r"small enough to square.*axis 1 overflows.*rescale z"):
        summarised(kind, [np.array([[0.0, 1e200], [1.0, -1e200]])])


def test_principal_axes_in_closed_form():
    """[[a, b], [b, a]] has the eigenvalues a ± b along (1, ±1) / √2, the largest entry positive."""
    variance, axes = principal_axes(np.array([[3.0, -1.0], [-1.0, 3.0]]))
    assert_allclose(variance, [4, 2])
    assert_allclose(np.abs(axes), np.sqrt(0.5))
    assert axes[0].prod() < 0 < axes[1].prod()
    assert axes[1].min() > 0
