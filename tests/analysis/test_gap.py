"""cluster_gap: are there clusters at all?"""

import json
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import adjusted_rand_score

import latentscope as ls
from latentscope.analysis._groups import seen_apart, seen_size
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
    assert result.verdict.startswith(f"{k} clusters: points are rarer between them than within")
    assert result.headline()["clusters"] == k
    assert result.groups.shape == result.indices.shape == (result.n_used,)
    sizes = np.bincount(result.groups)
    assert (np.diff(sizes) <= 0).all()  # the largest comes first


QUICK = {"Gaussian", "uniform square", "t5 in 2 axes", "ring"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in WITHOUT],
)
def test_no_clusters_is_an_answer(name):
    result = of_cloud(name)
    assert result.best is None
    assert result.verdict.startswith("No clusters found")
    assert not result.groups.any()
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


def test_what_would_be_missed_is_said():
    """Of the cases measured, the nearest that is no easier; None where there is none."""
    assert seen_apart(999, 64) == seen_apart(500, 17) == 4.5
    assert seen_apart(1_000_000, 2) == 4.5
    assert seen_apart(99, 2) is None
    assert seen_apart(4000, 257) is None
    apart, size = seen_apart(N, 3), seen_size(N)
    assert f"their centres lay {apart:g} of these widths (standard deviations) apart" in (
        of_noise().verdict
    )
    assert of_noise().verdict.endswith(f"than about {size} points would mostly be missed.")
    assert [seen_size(n) for n in (100, 3000, 4000)] == [24, 24, 32]
    few = found(noise(2, n=90), n_clusters=(1, 2)).verdict
    assert few.endswith("(90 along 2 directions), even groups that lie far apart may be missed.")


def test_a_better_fit_without_groups_is_told():
    result = of_cloud("uniform square")
    assert result.p_value == 0.05
    assert (
        "K-means with 1 to 7 centroids finds tighter groups than in a Gaussian" in result.comparison
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_agreement_is_the_adjusted_rand_index(seed):
    one, other = np.random.default_rng(seed).integers(4, size=(2, 60))
    other[:30] = one[:30]
    assert adjusted_rand(one, other) == pytest.approx(adjusted_rand_score(one, other))
    assert adjusted_rand(one, one) == 1
    assert adjusted_rand(0 * one, 0 * one) == 1


def test_the_number_of_groups_does_not_depend_on_the_k_of_k_means():
    z = CLUSTERED["four in 2 axes"][0]
    for ks in ((1, 4, 5), (1, 4), (2, 3)):
        assert found(z, n_clusters=ks).best == 4


def test_k_means_is_also_run_about_the_number_of_groups():
    assert found(noise(2), n_clusters=None).n_clusters.tolist() == list(range(1, 11))
    lines = np.repeat(np.arange(12.0), 40)[:, None]
    z = 20 * lines + noise(1, n=480)
    assert found(z, n_clusters=None).n_clusters.tolist() == list(range(1, 15))


def agreement(z, truth, **options):
    return adjusted_rand_score(
        truth, ls.cluster_gap(z, n_null=19, n_clusters=(1, 2), **options).groups
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_groups_that_k_means_does_not_see(seed):
    """Small ones, long ones, two along a direction that no axis shows, and crescents."""
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1, 2, 3], [2000, 1000, 800, 40])
    centers = 3 * rng.standard_normal((4, 12))
    assert agreement(centers[truth] + rng.standard_normal((3840, 12)), truth) > 0.97
    truth = rng.integers(4, size=1200)
    long = rng.standard_normal((1200, 6)) * [8, 1, 1, 1, 1, 1] + np.outer(7 * truth, np.eye(6)[1])
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    assert agreement(long @ turn, truth) > 0.9
    truth = rng.integers(2, size=2000)
    direction = rng.standard_normal(64)
    apart = np.outer(5 * truth, direction / np.linalg.norm(direction))
    assert agreement(rng.standard_normal((2000, 64)) + apart, truth) > 0.9
    angle, truth = rng.uniform(0, np.pi, 1500), rng.integers(2, size=1500)
    x = np.where(truth, 1 - np.cos(angle), np.cos(angle))
    y = np.where(truth, 0.5 - np.sin(angle), np.sin(angle))
    moons = np.column_stack([x, y]) + 0.06 * rng.standard_normal((1500, 2))
    assert agreement(moons, truth) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("k", [11, 15, 30])
def test_many_groups_are_all_found(k):
    rng = np.random.default_rng(k)
    truth = rng.integers(k, size=2400)
    z = 4 * rng.standard_normal((k, 16))[truth] + rng.standard_normal((2400, 16))
    assert found(z, n_clusters=None).best == k


@pytest.mark.slow
def test_a_single_peak_is_divided_in_a_twentieth_of_all_sets_at_most():
    """60 sets of three kinds: at 5 %, 7 or more of 60 are beyond 97 %."""
    rng = np.random.default_rng(3)
    clouds = [rng.standard_normal((200, 3)) for _ in range(20)]
    clouds += [rng.exponential(size=(200, 3)) for _ in range(20)]
    clouds += [rng.uniform(size=(200, 2)) for _ in range(20)]
    assert sum(found(z, n_clusters=(1, 2)).best is not None for z in clouds) < 7


def test_labels_that_agree_are_named():
    truth = np.repeat([0, 1], 150)
    names = np.array(["T", "B"])[truth]
    z = noise(3) + np.outer(12 * truth, [1, 0, 0])
    labels = {"coin": np.arange(N) % 2, "cell": names, "weight": z[:, 0]}
    result = found(ls.Latents(z, labels=labels))
    assert result.label_names == ("coin", "cell")
    assert result.label_agreement[1] == pytest.approx(1, abs=0.03)
    assert "Of the labels, 'cell' agrees most with them (adjusted Rand index" in result.verdict


def test_rounded_values_are_no_groups():
    assert found(noise(2).round(1)).best is None
    assert found((3 * noise(2)).round()).best is None


@pytest.mark.parametrize("scale", [0.2, 0.4, 1.0, 3.0])
def test_coarsely_rounded_values_are_no_groups(scale):
    """A few dozen different rows, of which some occur once and others hundreds of times."""
    result = found((scale * noise(2, n=1000)).round())
    assert result.best is None
    assert result.valley_p_value > 0.05


def test_coins_are_no_groups():
    assert found(np.random.default_rng(0).integers(2, size=(600, 5))).best is None


def test_copies_are_no_groups():
    result = found(np.repeat(noise(3)[:100], 3, axis=0))
    assert result.best is None
    assert (result.n_used, result.n_searched) == (300, 100)
    assert result.p_value > 0.05  # k-means sees each of them once, too


def test_groups_are_searched_among_enough_different_points():
    z = np.vstack([noise(2)[:35], noise(2)[35:70] + 30])
    result = found(np.vstack([z, z[:40]]))
    assert (result.n_used, result.n_searched, result.best) == (110, 70, None)
    assert result.verdict.endswith("there are 70 (the other rows repeat them).")
    assert result.headline()["clusters"] == "cannot tell"


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
    """With more centroids, k-means ends in one or another optimum, by its random start."""
    assert_allclose(found(LONG @ rotation).log_inertia[:3], of_long().log_inertia[:3], atol=0.02)
    assert found(LONG @ rotation).best is None


def test_few_of_many_rows_and_the_seed(assert_same):
    z = noise(3)
    result = found(z, n_points=200, rng=4)
    assert (result.n_used, result.n_total) == (200, N)
    assert_same(found(z, n_points=200, rng=np.random.default_rng(4)), result)
    assert (found(z, n_points=200).stability != result.stability).any()
    assert repr(result).startswith(
        "<ClusterGap of 200 of 300 rows: clusters none, p of the valley "
    )


def test_a_result_comes_back_from_its_file(tmp_path, assert_same):
    result = of_noise()
    result.save(tmp_path / "gap.json")
    assert_same(ClusterGap.load(tmp_path / "gap.json"), result)


# --- weak data and refusals ---


def test_fewer_points_than_directions_tell_nothing():
    result = found(noise(60, n=50), n_clusters=(1, 2, 3))
    assert result.best is result.p_value is None
    assert result.verdict == (
        "Cannot tell: at least 80 different points are needed to search for clusters; there are 50."
    )
    assert result.headline() == {"clusters": "cannot tell"}
    json.dumps(result.to_dict(), allow_nan=False)
    assert result.plot()[0].get_title() == ""
    assert result.table()["gap"] == (0, 0, 0)


def test_constant_axes_change_nothing(assert_same):
    z = noise(3)
    wide = found(np.column_stack([z, np.full(N, 5.0)]))
    assert wide.n_directions == 3
    assert_allclose(wide.log_inertia, of_noise().log_inertia, atol=0.01)


def test_groups_are_found_where_there_are_fewer_points_than_axes():
    truth = np.repeat([0, 1], 60)
    z = noise(200, n=120) + np.outer(20 * truth, np.eye(200)[0])
    result = found(z, n_clusters=(1, 2))
    assert result.p_value is None
    assert adjusted_rand_score(truth, result.groups) == 1


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
    assert gap.get_title() == "p = 0.05 of the gap"
    (bars,) = gap.containers
    assert_array_equal(bars.lines[0].get_ydata(), result.gap)
    (line,) = [line for line in stability.lines if line.get_label() == "data"]
    assert_array_equal(line.get_ydata(), result.stability)
    texts = [text.get_text() for text in gap.get_legend().get_texts()]
    assert {"95 % of 19 Gaussians", "4 groups"} <= set(texts)
