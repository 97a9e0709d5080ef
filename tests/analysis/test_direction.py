"""direction: which way in the latent space does a label point?"""

import tracemalloc
from itertools import combinations

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import f as f_law
from scipy.stats import ttest_ind

import latentscope as ls
from latentscope.analysis._label_groups import split
from latentscope.errors import DataError, DataTypeError
from latentscope.rows import as_rows

N = 3000


def labelled(z, values, name="smiling"):
    return ls.Latents(z, labels={name: values})


@pytest.fixture
def smiling(rng):
    return rng.random(N) < 0.3


def test_figures_are_those_of_numpy(cloud, smiling):
    found = ls.direction(labelled(cloud.z, smiling), "smiling")
    has, lacks = cloud.z[smiling], cloud.z[~smiling]
    vector = has.mean(axis=0) - lacks.mean(axis=0)
    unit = vector / np.linalg.norm(vector)
    squares = sum(((part @ unit - (part @ unit).mean()) ** 2).sum() for part in (has, lacks))
    chance = cloud.z.var(axis=0, ddof=1).sum() * (1 / len(has) + 1 / len(lacks))
    assert_allclose(found.vector, vector, rtol=1e-9)
    assert_allclose(found.length, np.linalg.norm(vector))
    assert_allclose(found.spread, np.sqrt(squares / (N - 2)))
    assert_allclose(found.chance_length, np.sqrt(chance))
    assert_allclose(found.times_chance, found.length / np.sqrt(chance))
    assert (found.n_with, found.n_without) == (len(has), len(lacks))
    assert (found.n_used, found.n_total, found.threshold) == (N, N, 0.5)
    assert (found.value, found.name, found.n_labels, found.n_categories) == (None, "smiling", 1, 1)


def test_cohens_d_of_two_gaussians(rng, smiling):
    """Means 1.5 standard deviations apart along one axis: d = 1.5 (Cohen 1988, eq. 2.2.1)."""
    z = rng.standard_normal((N, 4)) * [1, 2, 1, 1]
    z[smiling, 1] += 3
    found = ls.direction(labelled(z, smiling), "smiling")
    assert found.separation == pytest.approx(1.5, abs=0.12)
    assert found.length == pytest.approx(3, abs=0.25)
    assert_allclose(found.vector, [0, 3, 0, 0], atol=0.3)


def test_chance_length_is_that_of_all_permutations(rng):
    """Mean square over every way to deal out a label: 7 of 4 and 3 are 35 ways, exactly."""
    z = rng.standard_normal((7, 3)) + 2
    squares = []
    for chosen in combinations(range(7), 3):
        has = np.isin(np.arange(7), chosen)
        squares.append(np.sum((z[has].mean(axis=0) - z[~has].mean(axis=0)) ** 2))
    for has in (np.arange(7) < 3, np.arange(7) > 3):
        found = ls.direction(labelled(z, has), "smiling")
        assert_allclose(found.chance_length, np.sqrt(np.mean(squares)))


def test_a_label_of_chance_is_as_long_as_chance(rng):
    z = rng.standard_normal((N, 64))
    found = ls.direction(labelled(z, rng.random(N) < 0.5), "smiling")
    assert found.times_chance == pytest.approx(1, abs=0.35)
    assert found.separation < 0.6


@pytest.mark.parametrize(
    ("values", "threshold", "n_with"),
    [
        ([0, 1, 1, 0, 1, 0], 0.5, 3),
        ([-1, 1, -1, -1, -1, -1], 0.0, 1),  # as in CelebA's list
        ([True, False, False, True, False, False], 0.5, 2),
        ([1, 2, 3, 4, 5, 6], 3.5, 3),
        ([0.0, 0.5, 1.0, 1.0, 1.0, 1.0], 0.75, 4),  # the median is the largest
        ([7, 7, 7, 7, 8, 9], 7.0, 2),
        (np.array([0, 255, 255, 0, 0, 0], np.uint8), 127.5, 2),
        (np.array([-128, 127, 0, 0, 0, 0], np.int8), 0.0, 1),
        ([1e30, -1e30, 1e30, 0, 0, 0], 0.0, 2),
    ],
)
def test_numbers_are_split(values, threshold, n_with):
    """Two values in the middle between them, others at the median."""
    z = np.random.default_rng(0).standard_normal((6, 2))
    found = ls.direction(labelled(z, values), "smiling")
    assert (found.threshold, found.n_with, found.n_without) == (threshold, n_with, 6 - n_with)
    has = np.asarray(values) > threshold
    assert_allclose(found.vector, z[has].mean(axis=0) - z[~has].mean(axis=0))


# --- is it more than chance? ---

WIDTHS = np.array([5, 2, 1.5, 1, 1, 0.5])


def test_one_axis_is_students_and_welchs_t_test(rng, smiling):
    """The larger of the two p-values; Hotelling's exactly, the length to a saddlepoint's error."""
    z = rng.standard_normal((N, 1))
    z[smiling] = 2 * z[smiling] + 0.2
    found = ls.direction(labelled(z, smiling), "smiling")
    has, lacks = z[smiling, 0], z[~smiling, 0]
    p = [ttest_ind(has, lacks, equal_var=equal).pvalue for equal in (True, False)]
    assert p[1] > p[0]  # the smaller group is wider
    assert found.hotelling_p_value == pytest.approx(p[1], rel=0.1)
    has = has / 2
    equal = ls.direction(
        labelled(np.append(has, lacks)[:, None], np.arange(N) < len(has)), "smiling"
    )
    p = [ttest_ind(has, lacks, equal_var=equal).pvalue for equal in (True, False)]
    assert equal.hotelling_p_value == pytest.approx(max(p), rel=0.1)


def test_hotelling_of_equal_groups_is_the_f_law(rng):
    """Mardia, Kent, Bibby (1979), theorem 3.6.1, on two groups of the same covariance."""
    half = rng.standard_normal((N // 2, 5)) * np.arange(1, 6)
    z, label = np.r_[half, half + 0.04], np.arange(N) >= N // 2
    found = ls.direction(labelled(z, label), "smiling")
    square = N / 4 * (np.full(5, 0.04) @ np.linalg.solve(np.cov(half.T), np.full(5, 0.04)))
    expected = f_law.sf(square * (N - 6) / (5 * (N - 2)), 5, N - 6)
    assert found.hotelling_p_value == pytest.approx(expected, rel=0.02)


def test_p_value_is_that_of_permutations(rng):
    """Length and T² of a label, against those of 2,000 of its permutations."""
    z, label = rng.standard_normal((300, 6)) * WIDTHS, np.arange(300) < 120
    z[label, 5] += 0.12
    found = ls.direction(labelled(z, label), "smiling")
    inverse = np.linalg.inv(np.cov(z.T))
    lengths, squares = [], []
    for one in [label, *(rng.permutation(label) for _ in range(2000))]:
        difference = z[one].mean(axis=0) - z[~one].mean(axis=0)
        lengths.append(difference @ difference)
        squares.append(difference @ inverse @ difference)
    for values, p in ((lengths, found.length_p_value), (squares, found.hotelling_p_value)):
        share = np.mean(np.array(values) >= values[0])
        assert p == pytest.approx(share, abs=4 * np.sqrt(share / 2000) + 2e-3)


def claims(draw, n_with, n_clouds, n_labels=20):
    """Return the number of clouds in which any of some random labels has a direction."""
    found = 0
    for seed in range(n_clouds):
        rng = np.random.default_rng(seed)
        labels = {f"coin {i}": rng.permutation(400) < n_with for i in range(n_labels)}
        given = ls.Latents(draw(rng), labels=labels)
        found += any(ls.direction(given, label).is_significant for label in labels)
    return found


CLOUDS = {
    "axes of unequal width": lambda rng: rng.standard_normal((400, 6)) * WIDTHS,
    "t3": lambda rng: rng.standard_t(3, (400, 6)),
    "lognormal": lambda rng: rng.lognormal(size=(400, 6)),
}


@pytest.mark.parametrize("n_with", [4, 200])
@pytest.mark.parametrize("cloud_of", CLOUDS.values(), ids=CLOUDS)
def test_coins_have_no_direction(cloud_of, n_with):
    """In at most 5 % of the clouds any of 10: of 20 clouds at most 4, with 99.7 %."""
    assert claims(cloud_of, n_with, 20, n_labels=10) <= 4


@pytest.mark.slow
@pytest.mark.parametrize("n_with", [4, 30, 200])
@pytest.mark.parametrize("cloud_of", CLOUDS.values(), ids=CLOUDS)
def test_coins_have_no_direction_in_many_clouds(cloud_of, n_with):
    """Of 150 clouds at most 16, with 99.9 %."""
    assert claims(cloud_of, n_with, 150) <= 16


@pytest.mark.parametrize(("z_dim", "largest"), [(64, 1e-6), (256, 0.05)])
def test_a_small_shift_of_one_of_many_axes_is_found(z_dim, largest, rng):
    z, label = rng.standard_normal((2000, z_dim)), rng.integers(0, 2, 2000)
    z[:, 7] += 0.5 * label
    found = ls.direction(labelled(z, label), "smiling")
    assert found.times_chance < 2
    assert found.p_value < largest
    assert found.verdict.startswith("smiling has a direction: the means of groups of ")


def test_a_shift_along_a_quiet_axis_is_found_by_hotelling(rng):
    z, label = rng.standard_normal((2000, 6)) * [30, 1, 1, 1, 1, 0.1], rng.integers(0, 2, 2000)
    z[:, 5] += 0.05 * label
    found = ls.direction(labelled(z, label), "smiling")
    assert found.hotelling_p_value < 1e-6 < 0.01 < found.length_p_value
    assert found.p_value == 2 * found.hotelling_p_value


def test_a_label_of_the_spread_alone_has_no_direction():
    """The points far out lie on both sides: of 40 clouds at most 6 claim a direction (99.8 %)."""
    found = 0
    for seed in range(40):
        z = np.random.default_rng(seed).standard_normal((800, 4))
        far = np.abs(z[:, 0]) > 2.2
        found += ls.direction(labelled(z, far), "smiling").is_significant
    assert found <= 6


def test_p_value_is_corrected_for_all_labels_and_categories(cloud, smiling):
    kind = np.array(["cat", "dog", "eel"])[np.arange(N) % 3]
    alone = ls.direction(labelled(cloud.z, smiling), "smiling")
    many = ls.Latents(cloud.z, labels={"smiling": smiling, "kind": kind, "third": smiling})
    found = ls.direction(many, "smiling")
    assert (found.n_labels, found.n_categories, found.n_tests) == (3, 1, 6)
    assert found.p_value == min(1.0, 3 * alone.p_value)
    assert "corrected for 3 labels)" in found.verdict
    dog = ls.direction(many, "kind", value="dog")
    assert (dog.n_categories, dog.n_tests) == (3, 18)
    assert "corrected for 3 labels and 3 categories)" in dog.verdict


@pytest.mark.parametrize(
    ("n", "n_with", "can_tell"), [(2, 1, False), (5, 2, False), (8, 4, True), (400, 1, False)]
)
def test_few_points_cannot_tell(n, n_with, can_tell, rng):
    """Fewer than two in a group, or fewer than 20 ways to choose the group."""
    label = np.arange(n) < n_with
    found = ls.direction(
        labelled(rng.standard_normal((n, 2)) + 90 * label[:, None], label), "smiling"
    )
    assert (found.p_value is not None) == found.is_significant == can_tell
    if not can_tell:
        assert found.verdict == (
            f"Cannot tell whether smiling has a direction: groups of {n_with} and {n - n_with} "
            "points are too small."
        )
        assert found.length_p_value is found.hotelling_p_value is None


def test_no_p_value_is_below_that_of_all_ways_to_choose(rng):
    """Four of eight: 70 ways."""
    label = np.arange(8) < 4
    found = ls.direction(
        labelled(1e9 * label[:, None] + rng.standard_normal((8, 2)), label), "smiling"
    )
    assert_allclose([found.length_p_value, found.hotelling_p_value], 1 / 70)


def test_a_p_value_above_the_level_is_not_called_equality(rng):
    """They differ more than the means of most random groups, but not significantly."""
    label = np.arange(400) % 2
    z = rng.standard_normal((400, 2))
    z -= label[:, None] * (z[label == 1].mean(axis=0) - z[label == 0].mean(axis=0))
    found = ls.direction(labelled(z + 0.25 * label[:, None] * [1, 0], label), "smiling")
    assert 0.05 < found.p_value < 0.2
    assert "do not differ significantly more than those of random groups (p = 0." in found.verdict


def test_points_that_coincide_cannot_tell():
    found = ls.direction(labelled(np.ones((30, 2)), np.arange(30) % 2), "smiling")
    assert found.verdict.endswith("has a direction: the points do not differ enough.")


def test_more_directions_than_points_leave_the_length(rng):
    label = np.arange(60) % 2
    found = ls.direction(
        labelled(rng.standard_normal((60, 90)) + 0.6 * label[:, None], label), "smiling"
    )
    assert found.hotelling_p_value is None
    assert found.p_value == found.length_p_value < 1e-6


def test_collapsed_axes_and_copies_change_nothing(cloud, smiling):
    """Hotelling's test sees the directions in which the points vary."""
    one = ls.direction(labelled(cloud.z, smiling), "smiling")
    more = ls.direction(labelled(np.c_[cloud.z, np.ones((N, 2)), cloud.z], smiling), "smiling")
    assert_allclose(more.hotelling_p_value, one.hotelling_p_value, rtol=1e-6)
    assert_allclose(more.length_p_value, one.length_p_value, rtol=1e-6)


@pytest.mark.parametrize("kind", ["U", "O", "file", "whole numbers"])
def test_a_category_against_the_rest(kind, cloud, tmp_path, assert_same):
    number = np.arange(N) % 3
    text = np.array(["cat", "dog", "eel"])[number]
    expected = ls.direction(labelled(cloud.z, number == 1), "smiling")
    values, value = {
        "U": (text, "dog"), "O": (text.astype(object), "dog"), "file": (text, "dog"),
        "whole numbers": (number, 1),
    }[kind]  # fmt: skip
    latents = labelled(cloud.z, values)
    if kind == "file":
        ls.save(tmp_path / "z.h5", latents)
        latents = ls.load(tmp_path / "z.h5")
    found = ls.direction(latents, "smiling", value=value)
    latents.close()
    assert_same(found, expected, but=["value", "threshold", "n_categories"])
    assert (found.value, found.threshold, found.n_categories) == (value, None, 3)
    assert found.name == f"smiling = {value}"
    found.save(tmp_path / "direction.json")
    assert_same(ls.Direction.load(tmp_path / "direction.json"), found)


def test_an_unknown_category_is_refused(cloud):
    given = labelled(cloud.z, np.array(["cat", "dog"])[np.arange(N) % 2])
    with pytest.raises(DataError, match=r"'cat', 'dog'; got 'emu'\. Points of that category"):
        ls.direction(given, "smiling", value="emu")


# --- laws ---


def test_the_opposite_label_points_the_other_way(cloud, smiling):
    one, other = (ls.direction(labelled(cloud.z, x), "smiling") for x in (smiling, ~smiling))
    assert_allclose(other.vector, -one.vector)
    assert_allclose(other.separation, one.separation)


def test_rotation(cloud, smiling, rotation):
    """The vector rotates with z; its length, chance and spread stay."""
    one, other = (
        ls.direction(labelled(cloud.z @ r, smiling), "smiling") for r in (np.eye(6), rotation)
    )
    assert_allclose(other.vector, one.vector @ rotation, atol=1e-9)
    assert_allclose([other.chance_length, other.spread], [one.chance_length, one.spread])


def test_order_of_rows(cloud, smiling, rng, assert_same):
    """Rows and labels permuted alike change nothing."""
    order = rng.permutation(N)
    one = ls.direction(labelled(cloud.z, smiling), "smiling")
    other = ls.direction(labelled(cloud.z[order], smiling[order]), "smiling")
    assert_same(other, one, rtol=1e-9)


def test_precision(cloud, smiling, assert_same):
    z = cloud.z.astype(np.float32)
    one, other = (ls.direction(labelled(x, smiling), "smiling") for x in (z, z.astype(float)))
    assert_same(one, other, rtol=1e-5)


def test_many_blocks(cloud, smiling, small_blocks, monkeypatch, assert_same):
    """Labels meet their rows whatever the blocks."""
    many = ls.direction(labelled(cloud.z, smiling), "smiling")
    monkeypatch.undo()
    assert_same(many, ls.direction(labelled(cloud.z, smiling), "smiling"), rtol=1e-9)


def test_latents_in_a_file(cloud, smiling, tmp_path, assert_same):
    given = labelled(cloud.z.astype(np.float32), smiling)
    ls.save(tmp_path / "z.h5", given)
    with ls.load(tmp_path / "z.h5") as stored:
        assert_same(ls.direction(stored, "smiling"), ls.direction(given, "smiling"))


@pytest.mark.parametrize("scale", [1e30, 1e-90])
def test_scale(scale, cloud, smiling):
    """z in another unit: lengths in that unit, the same separation."""
    one, other = (ls.direction(labelled(s * cloud.z, smiling), "smiling") for s in (1, scale))
    assert_allclose(other.vector, scale * one.vector)
    assert_allclose([other.separation, other.times_chance], [one.separation, one.times_chance])


def test_one_axis():
    found = ls.direction(labelled([[0.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1]), "smiling")
    assert (found.length, found.vector.tolist()) == (5.0, [5.0])
    assert found.separation == pytest.approx(5 / np.sqrt(0.5))


def test_groups_that_are_points():
    """No spread within: infinitely separate if apart, not at all if z is one point."""
    apart = ls.direction(labelled([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1]), "smiling")
    assert (apart.separation, apart.spread) == (np.inf, 0.0)
    alike = ls.direction(labelled(np.ones((4, 2)), [0, 0, 1, 1]), "smiling")
    assert (alike.separation, alike.times_chance, alike.length) == (0.0, 0.0, 0.0)


def test_input_is_left_alone(cloud, smiling):
    before = smiling.copy()
    ls.direction(labelled(cloud.z, smiling), "smiling")
    np.testing.assert_array_equal(smiling, before)


def test_result_describes_itself_and_comes_back(cloud, smiling, tmp_path, assert_same):
    found = ls.direction(labelled(cloud.z, smiling), "smiling")
    assert repr(found).startswith("<Direction of 3,000 rows: label smiling, with ")
    found.save(tmp_path / "direction.json")
    assert_same(ls.Direction.load(tmp_path / "direction.json"), found)
    assert not found.vector.flags.writeable


@pytest.mark.parametrize("kind", ["bool", "uint8", "h5py"])
def test_splitting_a_label_takes_about_a_byte_per_row(kind, tmp_path):
    """A billion labels of a property cost two gigabytes for a moment, and one for the passes."""
    n = 2_000_000
    values = np.arange(n) % 3 == 0
    with h5py.File(tmp_path / "labels.h5", "w") as file:
        column = {
            "bool": lambda: values,
            "uint8": lambda: values.astype(np.uint8),
            "h5py": lambda: file.create_dataset("smiling", data=values),
        }[kind]()
        given = ls.Latents(np.broadcast_to(np.float32(0), (n, 1)), labels={"smiling": column})
        tracemalloc.start()
        has_it = split(as_rows(given), "smiling", None).has_it
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert has_it.nbytes == n
    assert peak < 2.5 * n
    np.testing.assert_array_equal(has_it, values)


# --- rows that are left out ---


@pytest.mark.parametrize("kind", ["property", "number", "NaN where z has it"])
def test_finite_rows_keep_their_labels(kind, cloud, smiling):
    """As if the rows were never there: their labels have no part in the median either."""
    z = cloud.z.copy()
    bad = z[:, 0] > np.quantile(z[:, 0], 0.8)
    z[bad, 1] = np.nan
    values = {
        "property": smiling,
        "number": z[:, 0] + smiling,
        "NaN where z has it": np.where(bad, np.nan, smiling),
    }[kind]
    given = labelled(z, values)
    with pytest.raises(DataError, match=r"Pass latentscope\.finite_rows|must be finite"):
        ls.direction(given, "smiling")
    found = ls.direction(ls.finite_rows(given), "smiling")
    expected = ls.direction(labelled(z[~bad], values[~bad]), "smiling")
    assert (found.n_used, found.n_total) == (np.count_nonzero(~bad), N)
    assert found.threshold == expected.threshold
    assert_allclose(found.vector, expected.vector, rtol=1e-9)
    assert_allclose(found.times_chance, expected.times_chance, rtol=1e-9)
    assert_allclose(found.separation, expected.separation, rtol=1e-9)


# --- refusals ---

Z = np.random.default_rng(0).standard_normal((6, 2))
REFUSED = {
    "an array": (
        Z, "a", DataTypeError, r"Latents .*; got ndarray.*NaN\? Pass finite_rows\(latents\)",
    ),
    "rows": (ls.finite_rows(Z), "a", DataError, r"got none. Pass .*, or finite_rows of such"),
    "no labels": (ls.Latents(Z), "a", DataError, "must have labels; got none"),
    "another name": (
        labelled(Z, range(6)), "smilng", DataError, "one of 'smiling'; got 'smilng'. Did you mean",
    ),
    "objects": (
        labelled(Z, np.array([1, None] * 3)), "smiling", DataError,
        "must hold numbers or text; got object",
    ),
    "times": (
        labelled(Z, np.arange(6).astype("M8[s]")), "smiling", DataError, "text; got datetime64",
    ),
    "text without value": (
        labelled(Z, list("abcabc")), "smiling", DataError,
        r"categories of labels\['smiling'\], 'a', 'b', 'c'; none was given. Points of that categ",
    ),
    "many texts": (
        labelled(np.ones((12, 1)), list("abcdefghijkl")), "smiling", DataError,
        r"'j' … \(12 in all\); none was given",
    ),
    "one text": (labelled(Z, ["x"] * 6), "smiling", DataError, "must differ; all are 'x'"),
    "one value": (labelled(Z, [3] * 6), "smiling", DataError, "must differ; all are 3"),
    "NaN": (
        labelled(Z, [0, 1, np.nan, 1, np.inf, 0]), "smiling", DataError, "finite; 2 of 6 are not",
    ),
    "NaN in z": (
        labelled(np.where(Z > 1, np.nan, Z), [0, 1] * 3), "smiling", DataError,
        "every value of z must be finite",
    ),
    "too large": (labelled(1e200 * Z, [0, 1] * 3), "smiling", DataError, "small enough to square"),
}  # fmt: skip


@pytest.mark.parametrize(("latents", "label", "error", "match"), REFUSED.values(), ids=REFUSED)
def test_refusals(latents, label, error, match):
    with pytest.raises(error, match=match):
        ls.direction(latents, label)


@pytest.mark.parametrize("low", [2**53, 2**64 - 2], ids=["beyond float64", "at the end of uint64"])
def test_whole_numbers_that_float64_cannot_tell_apart(low):
    z = np.random.default_rng(0).standard_normal((200, 3))
    label = np.where(z[:, 0] > 0, low + 1, low).astype(np.uint64)
    found = ls.direction(ls.Latents(z, labels={"a": label}), "a")
    assert found.n_with == np.count_nonzero(z[:, 0] > 0)


CUT = {
    "median": (np.repeat([0, 1, 2], 50), " (those with values above 1, about the median, and the"),
    "mostly the highest": (
        np.repeat([0, 1, 2], [20, 30, 100]),
        " (those with values above 1.5 and",
    ),
    "two values": (np.repeat([0, 1], 75), " points d"),
}


@pytest.mark.parametrize(("values", "words"), CUT.values(), ids=CUT)
def test_the_verdict_says_how_numbers_were_split(values, words):
    z = np.random.default_rng(0).standard_normal((150, 3)) + values[:, None]
    found = ls.direction(ls.Latents(z, labels={"species": values}), "species")
    assert f"points{words.removeprefix(' points')}" in found.verdict
    assert found.is_cut == (len(np.unique(values)) > 2)
    assert "corrected" not in found.verdict
