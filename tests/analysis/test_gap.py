"""cluster_gap: are there clusters at all?"""

import dataclasses
import json
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import adjusted_rand_score

import latentscope as ls
from latentscope.analysis.gap import ClusterGap
from latentscope.errors import DataError, DataTypeError
from latentscope.statistics.split_halves import adjusted_rand

N = 300


def noise(z_dim, seed=0, n=N):
    return np.random.default_rng(seed).standard_normal((n, z_dim))


def groups(centers, seed=1, n=N):
    return np.asarray(centers, float)[np.random.default_rng(seed).integers(len(centers), size=n)]


def heavy(z_dim, seed=0, n=N):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, z_dim)) / np.sqrt(rng.chisquare(5, (n, 1)) / 5)


def found(z, **options):
    return ls.cluster_gap(z, **{"n_null": 19, "n_clusters": range(1, 8)} | options)


@cache
def of_cloud(name):
    """Return the result for one of the clouds below, computed once."""
    return found(CLUSTERED[name][0] if name in CLUSTERED else WITHOUT[name])


@cache
def of_noise():
    return found(noise(3))


# --- known answers ---

FOUR = 8 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
CLUSTERED = {
    "four in 2 axes": (noise(2) + groups(FOUR), 4),
    "four in 10 axes": (noise(10) + groups(5 * noise(10, 2)[:4]), 4),
    "two along one of 64 axes": (noise(64) + groups(6 * np.eye(64)[:1] * [[0], [1]]), 2),
    "six distinct points": (np.repeat(noise(3)[:6], 50, axis=0), 6),
}
WITHOUT = {
    "Gaussian": noise(8),
    "correlated Gaussian": noise(8) @ noise(8, 5)[:8],
    "one long axis": noise(8) * np.r_[9, np.ones(7)],
    "uniform square": np.random.default_rng(0).uniform(size=(N, 2)),
    "uniform line": np.random.default_rng(0).uniform(size=(N, 1)),
    "t5 in 2 axes": heavy(2),
    "t5 in 16 axes": heavy(16),
    "t5 with a long axis": heavy(8) * np.r_[6, np.ones(7)],
    "ring": noise(2) / np.linalg.norm(noise(2), axis=1, keepdims=True),
}


@pytest.mark.parametrize("name", CLUSTERED)
def test_clusters_are_found(name):
    result, k = of_cloud(name), CLUSTERED[name][1]
    assert result.best == k
    assert result.verdict.startswith(
        f"{k} clusters: k-means finds tighter groups than in a Gaussian"
    )
    assert result.headline()["clusters"] == k


QUICK = {"Gaussian", "uniform square", "t5 in 2 axes", "ring"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in WITHOUT],
)
def test_no_clusters_is_an_answer(name):
    result = of_cloud(name)
    assert result.best is None
    assert result.verdict.startswith("No separate clusters found")
    assert result.headline()["clusters"] == "none"


@pytest.mark.slow
def test_the_test_of_the_gap_holds_its_level():
    """Correlated Gaussians: of 40 runs at 10 %, 4 reject in the mean; 10 are beyond 99.5 %."""
    mix = noise(4, 7)[:4]
    ps = [found(noise(4, s, 60) @ mix, n_clusters=(2, 3), rng=s).p_value for s in range(40)]
    assert sum(p <= 0.1 for p in ps) <= 10
    assert sum(p <= 0.5 for p in ps) == pytest.approx(20, abs=9)
    assert min(ps) >= 1 / 20


def test_gap_and_error_are_those_of_the_paper():
    """Tibshirani, Walther, Hastie, section 3: gap, and s_k = sd √(1 + 1 / B)."""
    result = of_noise()
    assert_allclose(result.gap, result.null_log_inertia.mean(axis=0) - result.log_inertia)
    spread = result.null_log_inertia.std(axis=0)
    assert_allclose(result.error, spread * np.sqrt(1 + 1 / 19))
    assert_allclose(result.gap[0], 0, atol=1e-9)  # k = 1: the total variance, the same in all
    assert result.stability[0] == 1


def test_a_better_fit_without_groups_is_told():
    result = of_cloud("uniform square")
    assert result.p_value == 0.05
    assert "but the cloud is not Gaussian: k-means with" in result.verdict


@pytest.mark.parametrize("seed", range(5))
def test_the_agreement_is_the_adjusted_rand_index(seed):
    one, other = np.random.default_rng(seed).integers(4, size=(2, 60))
    other[:30] = one[:30]
    assert adjusted_rand(one, other) == pytest.approx(adjusted_rand_score(one, other))
    assert adjusted_rand(one, one) == 1
    assert adjusted_rand(0 * one, 0 * one) == 1


def test_the_largest_k_is_never_the_answer():
    z = CLUSTERED["four in 2 axes"][0]
    assert found(z, n_clusters=(1, 4, 5)).best == 4
    assert found(z, n_clusters=(1, 4)).best is None


def test_few_outliers_are_no_cluster():
    z = noise(16)
    z[:4] += 60
    assert found(z).best is None


# --- laws ---


LONG = noise(6) * np.arange(1, 7)


@cache
def of_long():
    return found(LONG)


@pytest.mark.parametrize(
    "other", [1e30 * LONG, 1e-30 * LONG, LONG + 1e6], ids=["1e30", "1e-30", "shift"]
)
def test_unit_and_shift(other):
    assert_allclose(found(other).log_inertia, of_long().log_inertia, atol=1e-6)


def test_rotation(rotation):
    assert_allclose(found(LONG @ rotation).log_inertia, of_long().log_inertia, atol=0.02)


def test_few_of_many_rows_and_the_seed(assert_same):
    z = noise(3)
    result = found(z, n_points=200, rng=4)
    assert (result.n_used, result.n_total) == (200, N)
    assert_same(found(z, n_points=200, rng=np.random.default_rng(4)), result)
    assert (found(z, n_points=200).stability != result.stability).any()
    assert repr(result).startswith("<ClusterGap of 200 of 300 rows: clusters none, p of the gap ")


def test_a_result_comes_back_from_its_file(tmp_path, assert_same):
    result = of_noise()
    result.save(tmp_path / "gap.json")
    assert_same(ClusterGap.load(tmp_path / "gap.json"), result)


# --- weak data and refusals ---


def test_fewer_points_than_directions_tell_nothing():
    result = found(noise(60, n=50), n_clusters=(1, 2, 3))
    assert result.best is result.p_value is None
    assert result.verdict == (
        "Cannot tell: 50 points are too few to estimate the covariance along 49 directions."
    )
    json.dumps(result.to_dict(), allow_nan=False)
    assert result.plot()[0].get_title() == "cannot tell"
    assert result.table()["gap"] == (0, 0, 0)


def test_constant_axes_change_nothing(assert_same):
    z = noise(3)
    wide = found(np.column_stack([z, np.full(N, 5.0)]))
    assert wide.n_directions == 3
    assert_allclose(wide.log_inertia, of_noise().log_inertia, atol=0.01)


def test_a_high_p_value_is_no_clusters_whatever_the_stability():
    result = of_cloud("four in 2 axes")
    nulls = np.repeat(result.log_inertia[None], 19, axis=0)
    assert dataclasses.replace(result, null_log_inertia=nulls).best is None


REFUSED = {
    "few rows": (noise(2)[:19], {}, DataError, "z must have at least 20 rows .*; got 19"),
    "all alike": (np.ones((50, 2)), {"n_clusters": (1, 2)}, DataError, "all of them coincide"),
    "k beyond": (noise(2)[:50], {"n_clusters": [6]}, DataError, "from 1 to 5 .a tenth"),
    "no k above 1": (noise(2), {"n_clusters": [1]}, DataError, r"hold a k above 1; got \[1\]"),
    "one k": (noise(2), {"n_clusters": 3}, DataTypeError, "n_clusters must be several k.*got 3"),
    "n_null": (noise(2), {"n_null": 18}, DataError, "n_null must be an integer at least 19"),
    "n_points": (noise(2), {"n_points": 3}, DataError, "n_points must be an integer at least 20"),
    "NaN": (np.full((90, 2), np.nan), {}, DataError, "every value of z must be finite"),
}  # fmt: skip


@pytest.mark.parametrize(("z", "options", "error", "match"), REFUSED.values(), ids=REFUSED)
def test_refusals(z, options, error, match):
    with pytest.raises(error, match=match):
        found(z, **options)


# --- figure ---


def test_the_figure_shows_gap_and_stability():
    result = of_cloud("four in 2 axes")
    gap, stability = result.plot()
    assert gap.get_title() == "4 clusters, p = 0.05"
    (bars,) = gap.containers
    assert_array_equal(bars.lines[0].get_ydata(), result.gap)
    (line,) = [line for line in stability.lines if line.get_label() == "data"]
    assert_array_equal(line.get_ydata(), result.stability)
    texts = [text.get_text() for text in gap.get_legend().get_texts()]
    assert {"95 % of 19 Gaussians", "k = 4", "uniform box"} <= set(texts)
