"""The driver reads each row once, in any number of threads; errors and bad rows are told."""

import os
import pickle
import threading

import h5py
import numpy as np
import pytest

from latentscope.errors import DataError, FileFormatError
from latentscope.latents import Latents
from latentscope.rows import (
    Collected,
    Summary,
    finite_rows,
    matrix,
    reduce,
    reduction,
    source,
)
from latentscope.rows.matrix import MatrixInMemory, StoredMatrix
from latentscope.statistics.moments import Moments
from latentscope.statistics.posterior_sums import PosteriorSums


class Recorded:
    """An array that notes the numbers of the rows that are read from it."""

    def __init__(self, z):
        self.z, self.shape, self.dtype, self.log = z, z.shape, z.dtype, []

    def __getitem__(self, rows):
        self.log.extend(range(rows.start, rows.stop))
        return self.z[rows]


def recording(z):
    """Return z as a source, and the list of row numbers read from it so far."""
    recorded = Recorded(z)
    return MatrixInMemory("z", recorded), recorded.log


def test_several_summaries_read_every_row_once(monkeypatch, summaries, cloud):
    monkeypatch.setattr(matrix, "READ_BYTES", 10 * 3 * 8)
    source, log = recording(cloud)
    reduce(source, *summaries(3))
    assert sorted(log) == list(range(len(cloud)))


@pytest.mark.parametrize(
    ("summary", "read"), [(Moments, ["z"]), (PosteriorSums, ["z", "mu", "logvar"])]
)
def test_only_the_arrays_that_summaries_need_are_read(summary, read, cloud):
    sources = {name: recording(cloud) for name in ("z", "mu", "logvar")}
    latents = Latents(**{name: matrix for name, (matrix, _) in sources.items()})
    reduce(latents, summary(3))
    for name, (_, log) in sources.items():
        assert sorted(log) == (list(range(len(cloud))) if name in read else [])


def test_arrays_of_latents_stay_in_step(monkeypatch, tmp_path, cloud):
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


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("is_stored", [False, True])
def test_results_repeat_bit_for_bit_with_any_number_of_threads(
    monkeypatch, dtype, is_stored, summaries, cloud
):
    monkeypatch.setattr(matrix, "READ_BYTES", 10 * 3 * 4)
    kind = StoredMatrix if is_stored else MatrixInMemory
    stored, dumps = kind("z", cloud.astype(dtype)), []
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


def test_error_of_the_source_propagates(cloud):
    class Failing(Recorded):
        def __getitem__(self, rows):
            raise OSError("disk gone")

    with pytest.raises(FileFormatError, match=r"rows 0 to .* cannot be read: disk gone"):
        reduce(StoredMatrix("z", Failing(cloud)), Moments(3))


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


# --- rows that are not finite ---


@pytest.mark.parametrize("block", [1, 4, 1000])
def test_nonfinite_rows_are_refused_with_count_and_first_rows(monkeypatch, holed, block):
    monkeypatch.setattr(source, "_BLOCK_BYTES", block * 3 * 8)
    with pytest.raises(
        DataError, match=r"6 of 83 rows .* \(rows 3, 17, 40, 41, 60, …\)\. Pass .*fin"
    ):
        reduce(holed, Moments(3))


def test_a_single_nan_is_found(cloud):
    z = cloud.copy()
    z[-1, -1] = np.nan
    with pytest.raises(DataError, match=r"1 of 83 rows .* \(rows 82\)\."):
        reduce(z, Moments(3))


def test_a_nan_in_mu_or_logvar_is_found(cloud):
    latents = Latents(cloud, np.where(cloud == cloud[7, 1], np.nan, cloud), cloud)
    with pytest.raises(DataError, match=r"1 of 83 rows .* \(rows 7\)"):
        reduce(latents, PosteriorSums(3))
    (sums,) = reduce(finite_rows(latents), PosteriorSums(3))
    assert sums.mu.n == 82


def test_n_cores_is_what_this_process_may_use():
    assert 1 <= reduction.n_cores() <= (os.cpu_count() or 1)
