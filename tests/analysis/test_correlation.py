"""correlation: NumPy's matrix, the strongest pairs, and the largest that chance leaves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr

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
    for axis, other, value, rank, is_beyond in table.rows:
        assert axis < other
        assert value == pytest.approx(expected[axis, other])
        assert rank == pytest.approx(spearmanr(cloud.z[:, axis], cloud.z[:, other]).statistic)
        assert is_beyond == (abs(rank) > result.limit)
    assert sum(table["beyond_chance"]) == result.n_beyond
    assert abs(table["correlation"][0]) == result.largest


@pytest.mark.parametrize(("n", "z_dim"), [(24, 100), (50, 30), (400, 12)])
def test_chance_is_what_independent_axes_give(n, z_dim):
    """Of 400 clouds, 5 % exceed the limit and half the median, to three binomial errors."""
    rng = np.random.default_rng(0)
    found = [ls.correlation(rng.standard_normal((n, z_dim))) for _ in range(400)]
    beyond = np.mean([result.n_beyond > 0 for result in found])
    assert abs(beyond - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 400)
    above = np.mean([result.largest_of_ranks > result.chance_largest for result in found])
    assert abs(above - 0.5) < 3 * np.sqrt(0.25 / 400)


def elliptical(rng, n, z_dim):
    """Return draws of t5 with identity shape: uncorrelated, but dependent."""
    return rng.standard_normal((n, z_dim)) / np.sqrt(rng.chisquare(5, (n, 1)) / 5)


UNCORRELATED = {
    "lognormal": lambda rng, n, z_dim: rng.lognormal(size=(n, z_dim)),
    "t3": lambda rng, n, z_dim: rng.standard_t(3, (n, z_dim)),
    "elliptical t5": elliptical,
    "many zeros": lambda rng, n, z_dim: np.maximum(rng.standard_normal((n, z_dim)), 0),
    "few that are not 0": lambda rng, n, z_dim: (rng.random((n, z_dim)) < 0.01).astype(float),
    "few rows": lambda rng, n, z_dim: rng.standard_normal((8, z_dim)),
}


@pytest.mark.parametrize("draw", UNCORRELATED.values(), ids=UNCORRELATED)
def test_heavy_tails_and_skewed_axes_are_not_correlated(draw):
    """Of 150 clouds, 5 % claim a pair, and no more than 16, with 99.9 %."""
    rng = np.random.default_rng(0)
    found = [ls.correlation(draw(rng, 500, 12)) for _ in range(150)]
    assert sum(result.n_beyond > 0 for result in found) <= 16


def test_pearson_alone_would_claim_pairs_of_lognormal_axes():
    """Why ranks are judged: the largest of Pearson's is far above the limit in most clouds."""
    rng = np.random.default_rng(0)
    found = [ls.correlation(rng.lognormal(size=(2000, 64))) for _ in range(20)]
    assert sum(result.largest > result.limit for result in found) > 15
    assert sum(result.n_beyond > 0 for result in found) <= 4


def test_elliptical_clouds_widen_the_limit(rng):
    assert ls.correlation(elliptical(rng, 4000, 20)).rank_spread == pytest.approx(1.12, abs=0.02)
    assert ls.correlation(rng.standard_normal((4000, 20))).rank_spread < 1.01


def test_an_outlier_makes_no_correlation():
    z = np.random.default_rng(0).standard_normal((1000, 4))
    z[5, [0, 2]] = 1e30
    result = ls.correlation(z)
    assert result.largest > 0.99
    assert result.n_beyond == 0
    assert result.verdict.startswith("No axes are correlated beyond chance: the largest of 6 rank")


def test_pairs_beyond_chance_are_listed_first():
    z = np.random.default_rng(0).standard_normal((1000, 4))
    z[:, 3] += 0.3 * z[:, 1]
    z[5, [0, 2]] = 1e30
    assert ls.correlation(z).planes(2)["beyond_chance"] == (True, False)
    assert ls.correlation(z).planes(1)["axis"] == (1,)


def test_copies_of_few_values_are_found_and_coincidences_are_not():
    """One of 100 values is 1: the same 20 rows are no chance, three common rows are."""
    z = (np.random.default_rng(0).random((2000, 6)) < 0.01).astype(float)
    z[:, 1] = z[:, 0]
    z[:, 3] = 0
    z[np.flatnonzero(z[:, 2])[:3], 3] = 1
    result = ls.correlation(z)
    assert result.rank_matrix[2, 3] > result.limit
    assert np.argwhere(np.triu(result.is_beyond)).tolist() == [[0, 1]]
    without = ls.correlation(z[:, 2:])
    assert "rests on a few points, because most values of these axes are equal" in without.verdict


def test_few_rows_of_many_axes_cannot_tell(rng):
    """Of 8 rows and 780 pairs, one pair has nearly the same order in more than 1 of 20 clouds."""
    result = ls.correlation(rng.standard_normal((8, 40)))
    assert (result.can_tell, result.limit, result.n_beyond) == (False, 1.0, 0)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_few_rows_cannot_tell(n, rng):
    """Of 6 pairs, two have the same order of 5 rows in 1 of 10 clouds."""
    result = ls.correlation(rng.standard_normal((n, 4)))
    assert not result.can_tell
    assert (result.limit, result.n_beyond) == (1.0, 0)
    assert result.verdict == (
        f"Cannot tell whether axes are correlated: {n} rows are too few, or too many of their "
        "values are equal."
    )


def test_ranks_are_of_a_sample_of_many_rows(monkeypatch, rng):
    monkeypatch.setattr("latentscope.analysis.correlation._RANKED_ROWS", 1000)
    monkeypatch.setattr("latentscope.analysis.correlation._MIN_ROWS", 500)
    z = rng.standard_normal((20_000, 3))
    result = ls.correlation(z)
    assert result.n_ranked == pytest.approx(1000, abs=5)
    assert_allclose(result.matrix, np.corrcoef(z.T), atol=1e-12)
    assert f"({result.n_ranked:,} rows were ranked)" in result.verdict
    z[800:] = np.nan
    assert ls.correlation(ls.finite_rows(z)).n_ranked > 700


def test_increasing_maps_change_no_ranks(cloud):
    """exp and cubes of the axes have the same rank correlations, and the same pairs beyond."""
    one, other = ls.correlation(cloud.z), ls.correlation(np.exp(cloud.z / 3) ** 3)
    assert_allclose(other.rank_matrix, one.rank_matrix, atol=1e-12)
    assert_array_equal(other.is_beyond, one.is_beyond)


def test_result_comes_back(cloud, tmp_path, assert_same):
    found = ls.correlation(cloud.z)
    found.save(tmp_path / "correlation.json")
    assert_same(ls.Correlation.load(tmp_path / "correlation.json"), found)


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
    axis, other, value, rank, is_beyond = result.table().rows[0]
    assert (axis, other, is_beyond) == (4, 9, True)
    rho = 0.3 / np.sqrt(1.09)
    assert value == pytest.approx(rho, abs=0.05)
    assert rank == pytest.approx(6 / np.pi * np.arcsin(rho / 2), abs=0.05)  # Kendall (1948), ch. 9
    assert result.verdict.startswith("1 of 780 pairs of axes is correlated beyond chance. The")


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


def test_no_number_below_one_is_called_one():
    """r = 0.998 with two digits would be 1; and of a single pair, nothing is the strongest."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(1000)
    verdict = ls.correlation(np.column_stack([x, x + 0.065 * rng.standard_normal(1000)])).verdict
    assert verdict.startswith("Axes 0 and 1 are correlated beyond chance: r = 0.998, and 0.99")
    verdict = ls.correlation(rng.standard_normal((1000, 2))).verdict
    assert "beyond chance: the only rank correlation is " in verdict
