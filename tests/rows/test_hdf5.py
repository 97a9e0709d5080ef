"""Chunks read without the HDF5 library hold what it reads, and are checked as it checks them."""

import pickle
from contextlib import contextmanager

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import latentscope
from latentscope.errors import DataError, FileFormatError
from latentscope.rows import hdf5 as hdf5_rows
from latentscope.rows.hdf5 import plain_chunks
from latentscope.rows.matrix import as_matrix

N, D = 2_500, 32  # the third chunk of 1,000 rows is half full
z = np.random.default_rng(0).standard_normal((N, D)).astype("f4")


@contextmanager
def stored(path, values=z, **options):
    """Write a dataset and open it for reading."""
    with h5py.File(path, "w", userblock_size=options.pop("userblock_size", 0)) as file:
        file.create_dataset("z", data=values, **{"chunks": (1000, D), **options})
    with h5py.File(path) as file:
        yield file["z"]


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("fletcher32", [False, True])
@pytest.mark.parametrize(("start", "stop"), [(0, N), (0, 1000), (999, 2001), (2400, N), (5, 6)])
def test_rows_are_those_that_the_library_reads(tmp_path, dtype, fletcher32, start, stop):
    with stored(tmp_path / "z.h5", z.astype(dtype), fletcher32=fletcher32) as dataset:
        rows = plain_chunks(dataset)
        assert (rows.shape, rows.dtype) == (dataset.shape, dataset.dtype)
        np.testing.assert_array_equal(rows[start:stop], dataset[start:stop])
        np.testing.assert_array_equal(as_matrix("z", dataset).read(start, stop), z[start:stop])


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (z, {"compression": "gzip"}),
        (z, {"shuffle": True}),
        (z, {"chunks": (1000, D // 2)}),
        (z, {"chunks": None}),
        (z, {"chunks": (10, D)}),
        (z, {"userblock_size": 512}),
        (z.astype("f2"), {}),
        (z.astype("i4"), {}),
    ],
)
def test_everything_else_is_left_to_the_library(tmp_path, values, options):
    with stored(tmp_path / "z.h5", values, **options) as dataset:
        assert plain_chunks(dataset) is None
        np.testing.assert_array_equal(as_matrix("z", dataset).read(0, N), values)


def test_chunks_never_written_or_larger_than_a_reading_are_left_to_the_library(
    tmp_path, monkeypatch
):
    with h5py.File(tmp_path / "z.h5", "w") as file:
        file.create_dataset("z", (N, D), "f4", chunks=(1000, D))[:1000] = z[:1000]
    with h5py.File(tmp_path / "z.h5") as file:
        assert plain_chunks(file["z"]) is None
        assert (as_matrix("z", file["z"]).read(1000, N) == 0).all()
    with stored(tmp_path / "z.h5") as dataset:
        monkeypatch.setattr(hdf5_rows, "_MAX_CHUNK_BYTES", 1000 * D * 4 - 1)
        assert plain_chunks(dataset) is None


def test_a_file_that_this_process_writes_is_left_to_the_library(tmp_path):
    """What was written last may not be on the disk yet."""
    with h5py.File(tmp_path / "z.h5", "w") as file:
        dataset = file.create_dataset("z", data=np.zeros_like(z), chunks=(1000, D))
        matrix = as_matrix("z", dataset)
        dataset[:] = z
        np.testing.assert_array_equal(matrix.read(0, N), z)


@pytest.mark.parametrize("at", [0, 999, 1000, N - 1])
def test_a_damaged_row_is_noticed_by_its_checksum(tmp_path, at):
    path = tmp_path / "z.h5"
    with stored(path, fletcher32=True):
        content = path.read_bytes()
    place = content.index(z[at].tobytes())
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    first = at // 1000 * 1000
    with (
        h5py.File(path) as file,
        pytest.raises(FileFormatError, match=f"/z is damaged: .* rows from {first:,} on"),
    ):
        latentscope.pca(file["z"])


def test_a_damaged_checksum_is_noticed(tmp_path):
    path = tmp_path / "z.h5"
    with stored(path, fletcher32=True) as dataset:
        place = dataset.id.get_chunk_info(1)
        content = path.read_bytes()
    end = place.byte_offset + place.size
    path.write_bytes(content[: end - 1] + bytes([content[end - 1] ^ 1]) + content[end:])
    with h5py.File(path) as file, pytest.raises(FileFormatError, match="rows from 1,000 on"):
        latentscope.pca(file["z"])


def test_checksums_of_old_writers_are_accepted_as_the_library_does(tmp_path):
    """Before version 1.6.3 the bytes of each half of the sum were the other way round."""
    with h5py.File(tmp_path / "z.h5", "w") as file:
        dataset = file.create_dataset("z", data=z[:1000], chunks=(1000, D), fletcher32=True)
        file.flush()
        _, chunk = dataset.id.read_direct_chunk((0, 0))
        swapped = chunk[:-4] + bytes(chunk[-4:][k] for k in (1, 0, 3, 2))
        dataset.id.write_direct_chunk((0, 0), swapped)
    with h5py.File(tmp_path / "z.h5") as file:
        np.testing.assert_array_equal(file["z"][:], z[:1000])
        np.testing.assert_array_equal(plain_chunks(file["z"])[:], z[:1000])


def test_a_file_that_is_cut_off_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "z.h5"
    with stored(path) as dataset:
        rows = plain_chunks(dataset)
        with path.open("r+b") as file:
            file.truncate(rows.places[2] + 100)
        with pytest.raises(FileFormatError, match="truncated while it was read"):
            rows.read(0, N)


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "z.h5"
    with stored(path) as dataset:
        rows = plain_chunks(dataset)
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(FileFormatError, match="changed while it was read"):
            rows.read(0, N)


def test_rows_travel_to_other_processes(tmp_path):
    with stored(tmp_path / "z.h5", fletcher32=True) as dataset:
        rows = pickle.dumps(plain_chunks(dataset))
    np.testing.assert_array_equal(pickle.loads(rows)[:], z)


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=0, max_size=600), st.integers(1, 700))
def test_fletcher_sums_are_their_definition(content, repeats):
    """Σ wᵢ and Σ (n − i) wᵢ modulo 65535, across the bounds of the kernel's pieces."""
    words = np.frombuffer((content[: len(content) // 2 * 2] * repeats), np.uint16)
    n = len(words)
    once = int(words.sum(dtype=np.uint64)) % 65535
    weights = np.arange(n, 0, -1, dtype=np.uint64)
    assert hdf5_rows.fletcher_sums(words) == (
        once,
        int((words * weights).sum(dtype=np.uint64)) % 65535,
    )


@pytest.fixture
def two_folders(tmp_path, monkeypatch):
    """Folders a and b with files of one name; the working folder is a."""
    for number, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        latentscope.save(tmp_path / folder / "l.h5", 100**number * z)
    monkeypatch.chdir(tmp_path / "a")
    return tmp_path


def test_a_relative_path_means_the_folder_in_which_it_was_opened(two_folders, monkeypatch):
    with latentscope.load("l.h5") as latents:
        monkeypatch.chdir(two_folders / "b")
        assert latentscope.radius_density(latents).maximum < 50
        copy = pickle.loads(pickle.dumps(latents))
        np.testing.assert_array_equal(copy.z, z)


def test_an_open_file_that_its_name_no_longer_leads_to_is_read_through_the_library(
    two_folders, monkeypatch
):
    with h5py.File("l.h5") as file:
        monkeypatch.chdir(two_folders / "b")
        assert latentscope.radius_density(file["z"]).maximum < 50
        with pytest.raises(DataError, match="by a name that still leads to it"):
            pickle.dumps(latentscope.Latents(file["z"]))
