"""correlation: NumPy's matrix, the strongest pairs, and the largest that chance leaves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import latentscope as ls
from latentscope.errors import DataError


def test_matrix_is_numpys(cloud):
    assert_allclose(ls.correlation(cloud.z).matrix, np.corrcoef(cloud.z.T), atol=1e-12)


def test_planes_are_ranked_by_size(cloud):
    result = ls.correlation(cloud.z)
    table = result.planes(100)
    expected = np.corrcoef(cloud.z.T)
    assert len(table.rows) == result.n_pairs == 15
    assert (np.diff(np.abs(table["correlation"])) <= 0).all()
    for axis, other, value, is_beyond in table.rows:
        assert axis < other
        assert value == pytest.approx(expected[axis, other])
        assert is_beyond == (abs(value) > result.limit)
    assert sum(table["beyond_chance"]) == result.n_beyond
    assert abs(table["correlation"][0]) == result.largest


@pytest.mark.parametrize(("n", "z_dim"), [(50, 30), (400, 12)])
def test_chance_is_what_independent_axes_give(n, z_dim):
    """Of 400 clouds, 5 % exceed the limit and half the median, to three binomial errors."""
    rng = np.random.default_rng(0)
    found = [ls.correlation(rng.standard_normal((n, z_dim))) for _ in range(400)]
    beyond = np.mean([result.n_beyond > 0 for result in found])
    assert abs(beyond - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 400)
    above = np.mean([result.largest > result.chance_largest for result in found])
    assert abs(above - 0.5) < 3 * np.sqrt(0.25 / 400)


def test_published_sentence_of_32640_pairs():
    """256 axes and 1,000 points: the largest is about 0.13 by chance."""
    z = np.random.default_rng(0).standard_normal((1000, 256))
    result = ls.correlation(z)
    assert result.n_pairs == 32_640
    assert result.chance_largest == pytest.approx(0.13, abs=0.005)
    assert result.largest == pytest.approx(0.13, abs=0.01)


def test_a_known_correlation_is_found(rng):
    """x and 0.3 x + e correlate by 0.3 / √1.09."""
    z = rng.standard_normal((5000, 40))
    z[:, 9] += 0.3 * z[:, 4]
    result = ls.correlation(z)
    axis, other, value, is_beyond = result.table().rows[0]
    assert (axis, other, is_beyond) == (4, 9, True)
    assert value == pytest.approx(0.3 / np.sqrt(1.09), abs=0.05)


def test_constant_axes_have_no_correlation(cloud):
    z = cloud.z.copy()
    z[:, 2] = 1e6
    result = ls.correlation(z)
    assert_array_equal(result.constant_axes, [2])
    assert_array_equal(result.matrix[2], 0)
    assert result.n_pairs == 10
    assert 2 not in result.planes()["axis"] + result.planes()["other"]
    others = [0, 1, 3, 4, 5]
    assert_allclose(result.matrix[np.ix_(others, others)], np.corrcoef(z[:, others].T), atol=1e-12)


def test_two_points_are_always_on_a_line(rng):
    """Any two points correlate by ±1, which is what chance gives."""
    result = ls.correlation(rng.standard_normal((2, 5)))
    assert (result.limit, result.n_beyond) == (1.0, 0)
    assert result.largest == pytest.approx(1)


@pytest.mark.parametrize("factor", [1e-30, 3.0, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_units_change_nothing(factor, dtype, cloud):
    """Axes in other units, and far from the origin, correlate the same."""
    other = (factor * (cloud.z * [1, 2, 3, 4, 5, 6])).astype(dtype)
    assert_allclose(ls.correlation(other).matrix, ls.correlation(cloud.z).matrix, atol=1e-5)


def test_permuted_axes(cloud, rng):
    """Permuting the axes permutes rows and columns."""
    order = rng.permutation(6)
    permuted = ls.correlation(cloud.z[:, order]).matrix
    assert_allclose(permuted, ls.correlation(cloud.z).matrix[np.ix_(order, order)], atol=1e-12)


@pytest.mark.parametrize(
    ("z", "match"),
    [
        (np.ones((9, 3)), "two or more axes that vary to be correlated; 0 of 3 do"),
        (np.arange(9.0)[:, None], "1 of 1 do"),
        (np.arange(18.0).reshape(9, 2) * [1, 0], "1 of 2 do"),
    ],
)
def test_too_few_axes_are_refused(z, match):
    with pytest.raises(DataError, match=match):
        ls.correlation(z)


def test_no_pairs_to_list_are_refused(cloud):
    with pytest.raises(DataError, match="n must be an integer at least 1; got 0"):
        ls.correlation(cloud.z).planes(0)
