"""Any way to cut the rows gives the same summaries; errors and bad rows are told."""

import dataclasses
import itertools
import os
import pickle
import threading

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentscope.analysis.radius import RadiusCounts
from latentscope.errors import DataError, FileFormatError
from latentscope.latents import Latents
from latentscope.rows import (
    Block,
    Collected,
    Summary,
    as_rows,
    collect,
    finite_rows,
    matrix,
    reduce,
    reduction,
    row_numbers,
    sample_rows,
    source,
    take,
)
from latentscope.rows.matrix import as_matrix
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.moments import Covariance, Moments
from latentscope.statistics.posterior_sums import PosteriorSums

CLOSE = {"rtol": 1e-12, "atol": 1e-11}
cloud = np.random.default_rng(0).standard_normal((83, 3)) * [1, 3, 0.2] + [0, 5, -1]
few = settings(max_examples=25, deadline=None)


def summaries(z_dim):
    return Moments(z_dim), Covariance(z_dim), AxisCounts(z_dim, 0.25), RadiusCounts(0.5)


def counted(summary):
    """Return what must be the same to the bit, of one of `summaries`."""
    bins = summary if isinstance(summary, AxisCounts) else summary.counts
    bins = bins.trimmed()
    return bins.n, bins.first, bins.counts.tolist()


def assert_equal(one, other, **tolerance):
    """Assert the same counts, and moments within the tolerance."""
    for a, b in zip(one[:2], other[:2], strict=True):
        assert a.n == b.n
        np.testing.assert_allclose(a.mean, b.mean, **tolerance)
    np.testing.assert_allclose(one[0].squares, other[0].squares, **tolerance)
    np.testing.assert_allclose(one[1].products, other[1].products, **tolerance)
    assert counted(one[2]) == counted(other[2])
    assert counted(one[3]) == counted(other[3])
    assert (one[3].minimum, one[3].maximum) == (other[3].minimum, other[3].maximum)


@few
@given(run=st.integers(1, 100), block=st.integers(1, 100))
def test_any_blocking_gives_the_same(run, block):
    """s(A) ⊕ s(B) = s(A ∪ B), wherever the rows are cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "READ_BYTES", run * 3 * 8)
        patch.setattr(source, "_BLOCK_BYTES", block * 3 * 8)
        cut = reduce(cloud, *summaries(3))
    assert_equal(cut, reduce(cloud, *summaries(3)), **CLOSE)


@few
@given(data=st.data())
def test_any_merge_order_gives_the_same(data):
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


def recording(z):
    """Return z as a source, and the list of row numbers read from it so far."""
    matrix, log = as_matrix("z", z), []

    def get(start, stop):
        log.extend(range(start, stop))
        return z[start:stop]

    return dataclasses.replace(matrix, _get=get), log


def test_several_summaries_read_every_row_once(monkeypatch):
    monkeypatch.setattr(matrix, "READ_BYTES", 10 * 3 * 8)
    source, log = recording(cloud)
    reduce(source, *summaries(3))
    assert sorted(log) == list(range(len(cloud)))


@pytest.mark.parametrize(
    ("summary", "read"), [(Moments, ["z"]), (PosteriorSums, ["z", "mu", "logvar"])]
)
def test_only_the_arrays_that_summaries_need_are_read(summary, read):
    sources = {name: recording(cloud) for name in ("z", "mu", "logvar")}
    latents = Latents(**{name: matrix for name, (matrix, _) in sources.items()})
    reduce(latents, summary(3))
    for name, (_, log) in sources.items():
        assert sorted(log) == (list(range(len(cloud))) if name in read else [])


def test_arrays_of_latents_stay_in_step(monkeypatch, tmp_path):
    """z, mu and logvar are cut at the same rows though their chunks differ."""
    monkeypatch.setattr(matrix, "READ_BYTES", 10 * 3 * 8)
    chunk_rows = {"z": 4, "mu": 7, "logvar": 13}
    with h5py.File(tmp_path / "latents.h5", "w") as file:
        datasets = {
            name: file.create_dataset(name, data=cloud, chunks=(n, 3))
            for name, n in chunk_rows.items()
        }
        (kept,) = reduce(Latents(**datasets), Kept())
    np.testing.assert_array_equal(kept.array, np.hstack([cloud] * 3))


class Kept(Collected):
    """All values of z, mu and logvar, side by side."""

    needs = ("z", "mu", "logvar")

    def __init__(self, function=None):
        super().__init__(lambda block: np.hstack([block.z, block.mu, block.logvar]))


def test_templates_are_not_changed():
    templates = summaries(3)
    before = [pickle.dumps(template) for template in templates]
    reduce(cloud, *templates)
    assert [pickle.dumps(template) for template in templates] == before


def test_input_is_not_changed():
    z = cloud.copy()
    reduce(z, *summaries(3))
    np.testing.assert_array_equal(z, cloud)


def test_summaries_travel_to_other_processes():
    """A pickled summary goes on where it was."""
    halves = [reduce(half, *summaries(3)) for half in (cloud[:40], cloud[40:])]
    first, second = pickle.loads(pickle.dumps(halves))
    for whole, part in zip(first, second, strict=True):
        whole.merge(part)
    assert_equal(first, reduce(cloud, *summaries(3)), **CLOSE)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("is_stored", [False, True])
def test_results_repeat_bit_for_bit_with_any_number_of_threads(monkeypatch, dtype, is_stored):
    monkeypatch.setattr(matrix, "READ_BYTES", 10 * 3 * 4)
    stored = dataclasses.replace(as_matrix("z", cloud.astype(dtype)), is_stored=is_stored)
    dumps = []
    for n in (1, 2, 3, 7):
        monkeypatch.setattr(reduction, "n_cores", lambda n=n: n)
        dumps.append([pickle.dumps(summary.__dict__) for summary in reduce(stored, *summaries(3))])
    assert all(other == dumps[0] for other in dumps)


# --- errors end the reduction, and no thread stays ---


class Failing(Summary):
    """Raises an error when it is updated with the row `at`, or when it is merged."""

    def __init__(self, error, at=0, where="update"):
        self.error, self.at, self.where = error, at, where

    def empty(self):
        return Failing(self.error, self.at, self.where)

    def update(self, block):
        if self.where == "update" and self.at in block.rows:
            raise self.error

    def merge(self, other):
        if self.where == "merge":
            raise self.error


def workers():
    return [thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("where", ["update", "merge"])
@pytest.mark.parametrize("error", [ZeroDivisionError("stop"), KeyboardInterrupt("stop")])
def test_errors_propagate_and_end_the_reading(monkeypatch, error, where, n):
    monkeypatch.setattr(matrix, "READ_BYTES", 3 * 8)  # a row per run: 1,000 runs
    monkeypatch.setattr(reduction, "n_cores", lambda: n)
    source, log = recording(np.zeros((1000, 3)))
    threads = workers()
    with pytest.raises(type(error), match="stop"):
        reduce(source, Moments(3), Failing(error, at=0, where=where))
    assert workers() == threads
    assert len(log) <= 2 * n + 1  # what was under way; nothing new is begun


def test_error_of_a_late_row_propagates(monkeypatch):
    monkeypatch.setattr(matrix, "READ_BYTES", 3 * 8)
    with pytest.raises(ZeroDivisionError, match="late"):
        reduce(np.zeros((200, 3)), Failing(ZeroDivisionError("late"), at=199))


def test_error_of_the_source_propagates():
    def get(start, stop):
        raise OSError("disk gone")

    source = dataclasses.replace(as_matrix("z", cloud), _get=get)
    with pytest.raises(FileFormatError, match=r"rows 0 to .* cannot be read: disk gone"):
        reduce(source, Moments(3))


def test_few_runs_are_under_way_at_once(monkeypatch):
    """Memory is bounded: at most two runs per thread wait to be merged."""
    monkeypatch.setattr(matrix, "READ_BYTES", 3 * 8)
    monkeypatch.setattr(reduction, "n_cores", lambda: 2)
    source, log = recording(np.zeros((300, 3)))
    ahead = []

    class Watching(Moments):
        def merge(self, other):
            ahead.append(len(log) - len(ahead))

    reduce(source, Watching(3))
    assert len(ahead) == 300
    assert max(ahead) <= 4


# --- rows that are not finite, and values that do not fit ---

HOLES = {3: np.nan, 17: np.inf, 40: -np.inf, 41: np.nan, 60: np.inf, 82: np.nan}


@pytest.fixture(params=["f4", "f8"])
def holed(request):
    z = cloud.astype(request.param)
    for i, (row, value) in enumerate(HOLES.items()):
        z[row, i % 3] = value
    return z


@pytest.mark.parametrize("block", [1, 4, 1000])
def test_nonfinite_rows_are_refused_with_count_and_first_rows(monkeypatch, holed, block):
    monkeypatch.setattr(source, "_BLOCK_BYTES", block * 3 * 8)
    with pytest.raises(
        DataError, match=r"6 of 83 rows .* \(rows 3, 17, 40, 41, 60, …\)\. Pass .*fin"
    ):
        reduce(holed, Moments(3))


def test_a_single_nan_is_found():
    z = cloud.copy()
    z[-1, -1] = np.nan
    with pytest.raises(DataError, match=r"1 of 83 rows .* \(rows 82\)\."):
        reduce(z, Moments(3))


def test_a_nan_in_mu_or_logvar_is_found():
    latents = Latents(cloud, np.where(cloud == cloud[7, 1], np.nan, cloud), cloud)
    with pytest.raises(DataError, match=r"1 of 83 rows .* \(rows 7\)"):
        reduce(latents, PosteriorSums(3))
    (sums,) = reduce(finite_rows(latents), PosteriorSums(3))
    assert sums.mu.n == 82


@pytest.mark.parametrize("block", [1, 4, 1000])
def test_finite_rows_leaves_them_out(monkeypatch, holed, block):
    monkeypatch.setattr(source, "_BLOCK_BYTES", block * 3 * 8)
    kept = np.delete(holed, list(HOLES), axis=0)
    assert_equal(
        reduce(finite_rows(holed), *summaries(3)),
        reduce(kept, *summaries(3)),
        rtol=1e-6 if holed.dtype == "f4" else 1e-12,
        atol=1e-5 if holed.dtype == "f4" else 1e-11,
    )
    np.testing.assert_array_equal(collect(finite_rows(holed), lambda block: block.z), kept)


def test_finite_rows_keeps_the_original_row_numbers(holed):
    rows = finite_rows(holed)
    expected = np.delete(np.arange(83), list(HOLES))
    np.testing.assert_array_equal(row_numbers(rows), expected)
    assert rows.n_total == 83
    np.testing.assert_array_equal(take(rows, expected[[0, 5, -1]]), holed[expected[[0, 5, -1]]])


def test_finite_rows_of_finite_rows_are_the_same(holed):
    np.testing.assert_array_equal(
        row_numbers(finite_rows(finite_rows(holed))), row_numbers(finite_rows(holed))
    )


@pytest.mark.parametrize("n_left", [0, 1])
def test_at_least_two_finite_rows_are_needed(n_left):
    z = np.full((5, 2), np.nan)
    z[:n_left] = 1.0
    with pytest.raises(DataError, match=f"two finite rows are needed; {n_left} of 5 are"):
        reduce(finite_rows(z), Moments(2))


@pytest.mark.parametrize("outlier", [1e30, -1e30, 3e38])
def test_float32_outlier_costs_no_digits(outlier):
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
def test_offset_in_float32_costs_no_digits(offset):
    """Var(x + c) = Var(x): −48 was measured where float32 squares are summed."""
    z = (cloud + offset).astype("f4")
    for summary in reduce(z, Moments(3), Covariance(3)):
        variance = summary.std**2 if isinstance(summary, Moments) else summary.covariance.diagonal()
        ddof = 0 if isinstance(summary, Moments) else 1
        np.testing.assert_allclose(variance, z.astype("f8").var(axis=0, ddof=ddof), rtol=1e-6)


@pytest.mark.parametrize("summary", [Moments(3), Covariance(3)])
@pytest.mark.parametrize("outlier", [1e155, -1e200, 1.7e308])
def test_overflow_of_squares_is_refused(summary, outlier):
    z = cloud.copy()
    z[11, 1] = outlier
    with pytest.raises(DataError, match="axis 1 overflows"):
        reduce(z, summary)


def test_overflow_of_radii_names_an_axis_or_a_row_that_exists():
    """Row 80 of three axes is too large: no message may speak of axis 80."""
    z = cloud.copy()
    z[80, 1] = 1e200
    with pytest.raises(DataError, match="overflow") as caught:
        reduce(z, RadiusCounts(1.0))
    assert "axis 80" not in str(caught.value)


# --- collect, take, row_numbers, sample_rows ---


def test_collect_keeps_the_order_of_rows(monkeypatch):
    monkeypatch.setattr(matrix, "READ_BYTES", 5 * 3 * 8)
    monkeypatch.setattr(source, "_BLOCK_BYTES", 2 * 3 * 8)
    np.testing.assert_array_equal(collect(cloud, lambda block: block.z), cloud)
    np.testing.assert_array_equal(collect(cloud, lambda block: block.rows), np.arange(83))


@few
@given(indices=st.sets(st.integers(0, 82)), run=st.integers(1, 90))
def test_take_equals_indexing(indices, run):
    indices = np.array(sorted(indices), dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "READ_BYTES", run * 3 * 8)
        np.testing.assert_array_equal(take(cloud, indices), cloud[indices])


def test_row_numbers_of_finite_sources_are_all():
    np.testing.assert_array_equal(row_numbers(cloud), np.arange(83))


@pytest.mark.parametrize(("n", "n_chosen"), [(1, 1), (20, 20), (77, 77), (10_000, 77)])
def test_sample_rows_chooses_from_the_finite_rows(holed, n, n_chosen):
    indices, n_used = sample_rows(finite_rows(holed), n, np.random.default_rng(0))
    assert (len(indices), n_used) == (n_chosen, 77)
    assert (np.diff(indices) > 0).all()
    assert not set(indices) & set(HOLES)


def test_sample_rows_repeats_and_is_fair():
    """Same seed, same rows; over many seeds every row is as likely as any other."""
    drawn = [sample_rows(cloud, 20, np.random.default_rng(seed))[0] for seed in range(400)]
    np.testing.assert_array_equal(drawn[0], sample_rows(cloud, 20, np.random.default_rng(0))[0])
    counts = np.bincount(np.concatenate(drawn), minlength=83)
    expected = 400 * 20 / 83
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_blocks_fit_the_cache(monkeypatch):
    monkeypatch.setattr(source, "_BLOCK_BYTES", 10 * 3 * 8)
    sizes = [len(block.rows) for block in as_rows(cloud).read(("z",), 0, 83)]
    assert sizes == [10] * 8 + [3]


def test_n_cores_is_what_this_process_may_use():
    assert 1 <= reduction.n_cores() <= (os.cpu_count() or 1)
