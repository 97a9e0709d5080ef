"""Summaries: any way to cut and merge the rows gives the same, and no digits are lost."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentscope.analysis.radius import RadiusCounts
from latentscope.errors import DataError
from latentscope.rows import Block, matrix, reduce, source
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.moments import Covariance, Moments

CLOSE = {"rtol": 1e-12, "atol": 1e-11}
few = settings(max_examples=25, deadline=None)


@few
@given(run=st.integers(1, 100), block=st.integers(1, 100))
def test_any_blocking_gives_the_same(run, block, summaries, assert_equal, cloud):
    """s(A) ⊕ s(B) = s(A ∪ B), wherever the rows are cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "READ_BYTES", run * 3 * 8)
        patch.setattr(source, "_BLOCK_BYTES", block * 3 * 8)
        cut = reduce(cloud, *summaries(3))
    assert_equal(cut, reduce(cloud, *summaries(3)), **CLOSE)


@few
@given(data=st.data())
def test_any_merge_order_gives_the_same(data, summaries, assert_equal, cloud):
    """⊕ is associative and commutative, and empty is its neutral element."""
    cuts = data.draw(st.sets(st.integers(1, len(cloud) - 1), max_size=9))
    edges = [0, *sorted(cuts), len(cloud)]
    parts = [summaries(3) for _ in itertools.pairwise(edges)]
    for part, (low, high) in zip(parts, itertools.pairwise(edges), strict=True):
        for summary in part:
            summary.update(Block(np.arange(low, high), {"z": cloud[low:high]}))
    parts = data.draw(st.permutations([*parts, summaries(3)]))
    while len(parts) > 1:  # a random tree
        part = parts.pop(data.draw(st.integers(0, len(parts) - 1)))
        into = parts[data.draw(st.integers(0, len(parts) - 1))]
        for whole, other in zip(into, part, strict=True):
            whole.merge(other)
    assert_equal(parts[0], reduce(cloud, *summaries(3)), **CLOSE)


def test_templates_are_not_changed(summaries, cloud):
    templates = summaries(3)
    before = [pickle.dumps(template) for template in templates]
    reduce(cloud, *templates)
    assert [pickle.dumps(template) for template in templates] == before


def test_input_is_not_changed(summaries, cloud):
    z = cloud.copy()
    reduce(z, *summaries(3))
    np.testing.assert_array_equal(z, cloud)


def test_summaries_travel_to_other_processes(summaries, assert_equal, cloud):
    """A pickled summary goes on where it was."""
    halves = [reduce(half, *summaries(3)) for half in (cloud[:40], cloud[40:])]
    first, second = pickle.loads(pickle.dumps(halves))
    for whole, part in zip(first, second, strict=True):
        whole.merge(part)
    assert_equal(first, reduce(cloud, *summaries(3)), **CLOSE)


# --- values that do not fit ---


@pytest.mark.parametrize("outlier", [1e30, -1e30, 3e38])
def test_float32_outlier_costs_no_digits(outlier, cloud):
    """Moments of float32 rows with an outlier equal those of the same rows in float64."""
    z = cloud.astype("f4")
    z[11, 1] = outlier
    single, double = (reduce(rows, Moments(3), Covariance(3)) for rows in (z, z.astype("f8")))
    for one, other in zip(single, double, strict=True):
        np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12)
    np.testing.assert_allclose(single[0].squares, double[0].squares, rtol=1e-12)
    scale = np.sqrt(np.outer(*[np.diagonal(double[1].products)] * 2))
    assert (np.abs(single[1].products - double[1].products) / scale).max() < 1e-6
    assert (np.diagonal(single[1].products) > 0).all()


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_offset_in_float32_costs_no_digits(offset, cloud):
    """Var(x + c) = Var(x): −48 was measured where float32 squares are summed."""
    z = (cloud + offset).astype("f4")
    for summary in reduce(z, Moments(3), Covariance(3)):
        variance = summary.std**2 if isinstance(summary, Moments) else summary.covariance.diagonal()
        ddof = 0 if isinstance(summary, Moments) else 1
        np.testing.assert_allclose(variance, z.astype("f8").var(axis=0, ddof=ddof), rtol=1e-6)


@pytest.mark.parametrize("summary", [Moments(3), Covariance(3)])
@pytest.mark.parametrize("outlier", [1e155, -1e200, 1.7e308])
def test_overflow_of_squares_is_refused(summary, outlier, cloud):
    z = cloud.copy()
    z[11, 1] = outlier
    with pytest.raises(DataError, match="axis 1 overflows"):
        reduce(z, summary)


def test_overflow_of_radii_names_an_axis_or_a_row_that_exists(cloud):
    """Row 80 of three axes is too large: no message may speak of axis 80."""
    z = cloud.copy()
    z[80, 1] = 1e200
    with pytest.raises(DataError, match="overflow") as caught:
        reduce(z, RadiusCounts(AxisCounts(1, 1.0)))
    assert "axis 80" not in str(caught.value)
