"""Rows of a file behave as a read-only array, and read just what is asked for."""

import pickle

import h5py
import numpy as np
import pytest

import latentscope
from latentscope.errors import FileFormatError
from latentscope.rows import collect
from latentscope.rows.files import DerivedRows, RawRows, from_bfloat16

SHAPE = (40, 3, 2)


@pytest.fixture
def array():
    return np.arange(np.prod(SHAPE), dtype="<f4").reshape(SHAPE)


@pytest.fixture(params=[False, True])
def rows(request, tmp_path, array):
    """The numbers behind a header of 7 bytes, by rows or by columns."""
    raw = array.tobytes(order="F" if request.param else "C")
    (tmp_path / "a.raw").write_bytes(b"header!" + raw)
    return RawRows(tmp_path / "a.raw", 7, SHAPE, "<f4", is_fortran=request.param)


@pytest.mark.parametrize(
    "index",
    [
        0, -1, slice(3, 9), slice(None), slice(None, None, 5), slice(20, 2, -3), [4, 2, 39],
        np.arange(40) % 7 == 0, (3, 1), (slice(2, 5), slice(None), 0), (slice(None), 1),
        [], slice(5, 5), np.array([1, -1]), (4, 2, 1), np.int64(6),
    ],
    ids=str,
)  # fmt: skip
def test_an_index_gives_what_numpy_gives(rows, array, index):
    np.testing.assert_array_equal(rows[index], array[index])


def test_as_an_array(rows, array):
    assert (rows.shape, rows.ndim, len(rows), rows.dtype) == (SHAPE, 3, 40, np.dtype("f4"))
    np.testing.assert_array_equal(np.asarray(rows), array)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(rows))[:], array)
    assert repr(rows) == "<RawRows 40 × 3 × 2 float32 of a.raw>"


def test_out_of_range(rows):
    with pytest.raises(IndexError, match="out of range"):
        rows[40]


def test_a_file_that_is_too_short(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(100))
    with pytest.raises(FileFormatError, match="it ends at byte 100: it is truncated"):
        RawRows(tmp_path / "a.raw", 7, SHAPE, "<f4")


def test_bfloat16(tmp_path):
    """The upper half of a float32."""
    numbers = np.array([[1.5, -2.0], [0.0, 3.25]], "<f4")
    upper = (numbers.view("<u4") >> 16).astype("<u2")
    np.testing.assert_array_equal(from_bfloat16(upper), numbers)
    (tmp_path / "a.raw").write_bytes(upper.tobytes())
    rows = RawRows(tmp_path / "a.raw", 0, (2, 2), "bfloat16")
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows[:], numbers)


def test_derived_rows(rows, array):
    derived = DerivedRows(rows.path, rows, np.negative, SHAPE, "f4")
    np.testing.assert_array_equal(derived[3:5], -array[3:5])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(derived))[7], -array[7])


def test_what_a_function_raises_is_told(rows):
    derived = DerivedRows(rows.path, rows, np.linalg.inv, SHAPE, "f4")
    with pytest.raises(FileFormatError, match=r"rows 0 to 1 of .*a\.raw cannot be read"):
        derived[:2]


def test_rows_that_a_function_keeps_stay_what_they_were(tmp_path, monkeypatch):
    """What is kept of a block must not be read over."""
    monkeypatch.setattr("latentscope.rows.matrix.READ_BYTES", 2**16)
    z = np.random.default_rng(0).standard_normal((100_000, 16)).astype("f4")
    np.save(tmp_path / "z.npy", z)
    with h5py.File(tmp_path / "z.h5", "w") as file:
        file.create_dataset("z", data=z, chunks=(1024, 16), fletcher32=True)
    for name in ("z.npy", "z.h5"):
        with latentscope.load(tmp_path / name) as latents:
            np.testing.assert_array_equal(collect(latents, lambda block: block.z), z)
            np.testing.assert_array_equal(collect(latents, lambda block: block.z[:, 3]), z[:, 3])
