"""Sources of rows: which rows there are, which are finite, and which are taken or drawn."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentscope.errors import DataError
from latentscope.latents import Latents
from latentscope.rows import (
    as_rows,
    collect,
    finite_rows,
    matrix,
    reduce,
    row_numbers,
    sample_rows,
    source,
    take,
)
from latentscope.statistics.moments import Moments

few = settings(max_examples=25, deadline=None)


def test_blocks_fit_the_cache(monkeypatch, cloud):
    monkeypatch.setattr(source, "_BLOCK_BYTES", 10 * 3 * 8)
    sizes = [len(block.rows) for block in as_rows(cloud).read(("z",), 0, 83)]
    assert sizes == [10] * 8 + [3]


@pytest.mark.parametrize("block", [1, 4, 1000])
def test_finite_rows_leaves_them_out(monkeypatch, holed, block, summaries, assert_equal, holes):
    monkeypatch.setattr(source, "_BLOCK_BYTES", block * 3 * 8)
    kept = np.delete(holed, list(holes), axis=0)
    assert_equal(
        reduce(finite_rows(holed), *summaries(3)),
        reduce(kept, *summaries(3)),
        rtol=1e-6 if holed.dtype == "f4" else 1e-12,
        atol=1e-5 if holed.dtype == "f4" else 1e-11,
    )
    np.testing.assert_array_equal(collect(finite_rows(holed), lambda block: block.z), kept)


def test_finite_rows_keeps_the_original_row_numbers(holed, holes):
    rows = finite_rows(holed)
    expected = np.delete(np.arange(83), list(holes))
    np.testing.assert_array_equal(row_numbers(rows), expected)
    assert rows.n_total == 83
    np.testing.assert_array_equal(take(rows, expected[[0, 5, -1]]), holed[expected[[0, 5, -1]]])


def test_finite_rows_of_finite_rows_are_the_same(holed):
    np.testing.assert_array_equal(
        row_numbers(finite_rows(finite_rows(holed))), row_numbers(finite_rows(holed))
    )


def test_finite_rows_of_latents_keep_labels_and_ids(holed):
    latents = Latents(holed, ids=[f"{i}" for i in range(83)], labels={"age": np.arange(83)})
    rows = finite_rows(latents)
    assert rows.ids is latents.ids
    assert rows.labels == latents.labels
    assert (finite_rows(holed).ids, finite_rows(holed).labels) == (None, {})


def test_rows_with_labels_travel_between_processes():
    latents = Latents(np.eye(3), ids=list("abc"), labels={"age": np.arange(3)}, meta={"seed": 1})
    copy = pickle.loads(pickle.dumps(finite_rows(latents)))
    assert copy.drops_nonfinite
    assert (copy.ids, copy.meta) == (["a", "b", "c"], {"seed": 1})
    np.testing.assert_array_equal(copy.labels["age"], [0, 1, 2])


def test_rows_keep_what_was_asked_of_them_until_told_otherwise():
    rows = as_rows([[1.0], [np.nan]], least=1, name="candidates")
    assert (as_rows(rows).least, as_rows(rows).name) == (1, "candidates")
    assert (as_rows(rows, least=2, name="z").least, as_rows(rows, name="z").name) == (2, "z")
    with pytest.raises(DataError, match=r"candidates must have shape .* At least 5 points are"):
        as_rows(rows, least=5)


@pytest.mark.parametrize(("n_left", "verb"), [(0, "are"), (1, "is")])
def test_at_least_two_finite_rows_are_needed(n_left, verb):
    z = np.full((5, 2), np.nan)
    z[:n_left] = 1.0
    with pytest.raises(DataError, match=f"two finite rows are needed; {n_left} of 5 {verb}"):
        reduce(finite_rows(z), Moments(2))


# --- collect, take, row_numbers, sample_rows ---


def test_collect_keeps_the_order_of_rows(monkeypatch, cloud):
    monkeypatch.setattr(matrix, "READ_BYTES", 5 * 3 * 8)
    monkeypatch.setattr(source, "_BLOCK_BYTES", 2 * 3 * 8)
    np.testing.assert_array_equal(collect(cloud, lambda block: block.z), cloud)
    np.testing.assert_array_equal(collect(cloud, lambda block: block.rows), np.arange(83))


@few
@given(indices=st.sets(st.integers(0, 82)), run=st.integers(1, 90))
def test_take_equals_indexing(indices, run, cloud):
    indices = np.array(sorted(indices), dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "READ_BYTES", run * 3 * 8)
        np.testing.assert_array_equal(take(cloud, indices), cloud[indices])


def test_row_numbers_of_finite_sources_are_all(cloud):
    np.testing.assert_array_equal(row_numbers(cloud), np.arange(83))


@pytest.mark.parametrize(("n", "n_chosen"), [(1, 1), (20, 20), (77, 77), (10_000, 77)])
def test_sample_rows_chooses_from_the_finite_rows(holed, n, n_chosen, holes):
    indices, n_used = sample_rows(finite_rows(holed), n, np.random.default_rng(0))
    assert (len(indices), n_used) == (n_chosen, 77)
    assert (np.diff(indices) > 0).all()
    assert not set(indices) & set(holes)


def test_sample_rows_repeats_and_is_fair(cloud):
    """Same seed, same rows; over many seeds every row is as likely as any other."""
    drawn = [sample_rows(cloud, 20, np.random.default_rng(seed))[0] for seed in range(400)]
    np.testing.assert_array_equal(drawn[0], sample_rows(cloud, 20, np.random.default_rng(0))[0])
    counts = np.bincount(np.concatenate(drawn), minlength=83)
    expected = 400 * 20 / 83
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
