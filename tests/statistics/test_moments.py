"""_moments: mergeable means, variances and covariances."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latentscope.errors import DataError
from latentscope.statistics.moments import (
    Covariance,
    DoubleCovariance,
    Moments,
    principal_axes,
    principal_frame,
    varying_axes,
)


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
        for name in {"mean", "squares", "products"} & set(dir(found)):
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


def turned(z, seed=1):
    """Return the points in a random frame."""
    axes = len(z.T)
    return z @ np.linalg.qr(np.random.default_rng(seed).standard_normal((axes, axes)))[0]


def varying(z):
    found = DoubleCovariance(z.shape[1])
    found.add(z.astype("f8"))
    return varying_axes(found, z.dtype)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("large", [1.0, 100.0])
@pytest.mark.parametrize("small", [1e-3, 1e-4, 1e-5, 1e-6])
def test_a_small_axis_is_kept_beside_a_large_one(large, small, dtype):
    """Two small axes, of one and two units, whose variance is as little as 1e-16 of the largest."""
    std = np.array([large, 1.0, 1.0, 2 * small, small])
    z = (np.random.default_rng(0).standard_normal((3000, 5)) * std).astype(dtype)
    variance, axes = varying(z)
    expected = np.linalg.svd(z.astype("f8") - z.mean(axis=0, dtype="f8"), compute_uv=False)
    assert_allclose(np.sqrt(variance), expected / np.sqrt(2999), rtol=1e-4)
    assert_allclose(axes @ axes.T, np.eye(5), atol=1e-12)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("offset", [0.0, 10.0])
def test_a_small_direction_is_kept_in_any_frame(offset, dtype):
    """A ten-thousandth of the others, across all axes: far above the rounding of float32."""
    z = turned(np.random.default_rng(0).standard_normal((3000, 4)) * [1, 1, 1, 1e-4]) + offset
    variance, _ = varying(z.astype(dtype))
    assert_allclose(np.sqrt(variance), [1, 1, 1, 1e-4], rtol=0.05)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("offset", [0.0, 10.0, 1e4])
def test_sums_of_other_axes_are_no_directions(offset, dtype):
    """Twenty axes that are sums of five others, rounded to the precision of the rows."""
    random = np.random.default_rng(0)
    z = (random.standard_normal((3000, 5)) + offset).astype(dtype)
    z = np.column_stack([z, z @ random.standard_normal((5, 20)).astype(dtype)])
    assert len(varying(z)[0]) == 5


def test_nothing_varies_where_all_rows_are_alike():
    variance, axes = varying(np.full((50, 3), 0.1))
    assert variance.shape == (0,)
    assert axes.shape == (0, 3)


@pytest.fixture
def wide():
    """Forty points of a hundred axes, of widths from 1e-5 to 1, off the origin."""
    random = np.random.default_rng(5)
    return 3 + random.standard_normal((40, 100)) * np.geomspace(1e-5, 1, 100)


@pytest.mark.parametrize("cuts", [[], [1, 7], [20], [30, 31]])
def test_rows_that_are_kept_have_the_covariance_of_all(cuts, wide):
    """Kept while they are at most half as many as the axes; merged with sums beyond that."""
    parts = np.split(wide, cuts)
    found = summarised(Covariance, parts)
    assert found.sums is None
    assert_allclose(found.mean, wide.mean(axis=0))
    assert_allclose(found.covariance, np.cov(wide.T), atol=1e-12)
    assert_allclose(found.axis_variance, wide.var(axis=0, ddof=1))
    more = summarised(Covariance, [*parts, wide[::-1]])
    assert more.sums is not None
    assert_allclose(more.covariance, np.cov(np.vstack([wide, wide]).T), atol=1e-12)
    assert_allclose(more.axis_variance, np.vstack([wide, wide]).var(axis=0, ddof=1), rtol=1e-6)


def test_a_frame_by_the_side_of_the_rows_is_that_by_the_side_of_the_axes(wide):
    found = summarised(Covariance, [wide])
    variance, axes = principal_frame(found)
    expected, vectors = principal_axes(np.cov(wide.T))
    assert_allclose(variance, expected[:40], atol=1e-12)
    assert_allclose(axes @ axes.T, np.eye(40), atol=1e-12)
    assert_allclose(np.abs((axes[:20] * vectors[:20]).sum(axis=1)), 1, rtol=1e-6)


def test_as_many_directions_vary_as_rows_less_one(wide):
    assert len(varying(wide)[0]) == 39
    assert len(varying(np.vstack([wide, wide]))[0]) == 39
    assert len(varying(wide * np.r_[np.ones(5), np.zeros(95)] - 3)[0]) == 5


def test_scales_over_eighteen_magnitudes_are_resolved():
    """Against each axis alone: they are independent."""
    scale = np.array([1e-9, 1.0, 1e9, 1e-3])
    z = np.linalg.qr(np.random.default_rng(0).standard_normal((400, 4)))[0]
    z = (z - z.mean(axis=0)) * scale
    variance, _ = varying(z)
    assert_allclose(variance, np.sort(z.var(axis=0, ddof=1))[::-1], rtol=0.1)
    assert variance[-1] > 1e-22


def test_overflow_of_kept_rows_is_refused():
    z = np.zeros((3, 8))
    z[:2, 5] = 1e200, -1e200
    with pytest.raises(DataError, match=r"small enough to square.*axis 5 overflows"):
        summarised(Covariance, [z])
