"""direction: which way in the latent space does a label point?"""

import tracemalloc
from itertools import combinations

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose

import latentscope as ls
from latentscope.analysis.direction import _split
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
        has_it, _ = _split(as_rows(given), "smiling")
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
    "text": (labelled(Z, list("abcdef")), "smiling", DataError, "must hold numbers; got <U1"),
    "objects": (
        labelled(Z, np.array([1, None] * 3)), "smiling", DataError, "must hold numbers; got object",
    ),
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
