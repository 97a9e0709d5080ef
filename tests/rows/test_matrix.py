"""Whatever holds the numbers, rows come out the same; what holds no coordinates is refused."""

from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pytest
import zarr
from scipy import sparse

import latentscope
from latentscope.errors import DataError, DataTypeError, FileFormatError
from latentscope.latents import Latents
from latentscope.rows import as_rows, collect, matrix
from latentscope.rows.files import FileRows
from latentscope.rows.matrix import as_matrix

SMALL = np.arange(22.0).reshape(11, 2)  # whole numbers: the same in every dtype
REAL_DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g"]


class Tensor:
    """What latentscope uses of a torch.Tensor, without torch."""

    __module__ = "torch"

    def __init__(self, values, dtype="torch.float64", device="cpu", needs_grad=False):
        self.values, self.dtype, self.needs_grad = values, dtype, needs_grad
        self.device = SimpleNamespace(type=device)

    def detach(self):
        return Tensor(self.values, self.dtype, self.device.type)

    def float(self):
        return Tensor(self.values.astype("f4"), "torch.float32", self.device.type, self.needs_grad)

    def numpy(self):
        if self.needs_grad or self.dtype == "torch.bfloat16":
            raise TypeError("torch refuses tensors with a gradient, and bfloat16")
        return self.values


class SparseTensor(Tensor):
    """What torch does with a tensor that NumPy cannot hold."""

    __module__ = "torch"

    def detach(self):
        return self

    def numpy(self):
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")


def stand_in(module):
    """Return an object whose class says that it comes from `module`."""
    return type("Array", (), {"__module__": module, "shape": (3, 2), "dtype": np.dtype("f4")})()


def strided(z):
    wide = np.full((3 * len(z), 2 * z.shape[1]), np.nan)
    wide[::3, ::2] = z
    return wide[::3, ::2]


def read_only(z):
    z = z.copy()
    z.flags.writeable = False
    return z


def memmap(z, file):
    mapped = np.memmap(Path(file.filename).with_suffix(".raw"), "f8", "w+", shape=z.shape)
    mapped[:] = z
    return mapped


SOURCES = {
    "lists": lambda z, file: z.tolist(),
    "tuple of arrays": lambda z, file: tuple(z),
    "C order": lambda z, file: np.ascontiguousarray(z),
    "Fortran order": lambda z, file: np.asfortranarray(z),
    "strided view": lambda z, file: strided(z),
    "negative strides": lambda z, file: z[::-1, ::-1].copy()[::-1, ::-1],
    "big-endian": lambda z, file: z.astype(">f8"),
    "read-only": lambda z, file: read_only(z),
    "memmap": memmap,
    "HDF5 contiguous": lambda z, file: file.create_dataset("a", data=z),
    "HDF5 big-endian": lambda z, file: file.create_dataset("b", data=z.astype(">f4")),
    "HDF5 chunks of 3": lambda z, file: file.create_dataset("c", data=z, chunks=(3, 1)),
    "HDF5 gzip": lambda z, file: file.create_dataset("d", data=z, chunks=(4, 2), compression=4),
    "HDF5 integers": lambda z, file: file.create_dataset("e", data=z.astype("u2")),
    "zarr": lambda z, file: zarr.array(z, chunks=(3, 2)),
    "DataFrame": lambda z, file: pd.DataFrame(z),
    "polars": lambda z, file: pl.from_numpy(z),
    "DataFrame, mixed dtypes": lambda z, file: pd.DataFrame(z).astype({0: "i2", 1: "f4"}),
    "DataFrame, nullable": lambda z, file: pd.DataFrame(z).astype({0: "Int64", 1: "Float32"}),
    "DataFrame, equal names": lambda z, file: pd.DataFrame(z, columns=["z", "z"]),
    "tensor": lambda z, file: Tensor(z),
    "tensor with gradient": lambda z, file: Tensor(z, needs_grad=True),
    "tensor of bfloat16": lambda z, file: Tensor(z, "torch.bfloat16"),
    "Latents": lambda z, file: Latents(z),
}


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "z.h5", "w") as opened:
        yield opened


@pytest.fixture(params=SOURCES)
def source(request, file):
    return SOURCES[request.param](SMALL, file)


@pytest.mark.parametrize("run", [1, 4, 100])
def test_every_source_gives_the_same_values(monkeypatch, source, run):
    monkeypatch.setattr(matrix, "READ_BYTES", run * 16)
    z = collect(source, lambda block: block.z.astype("f8"))
    np.testing.assert_array_equal(z, SMALL)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (2, 7), (9, 11), (0, 11)])
def test_every_source_reads_any_run(source, start, stop):
    part = as_rows(source).matrices["z"].read(start, stop)
    np.testing.assert_array_equal(part, SMALL[start:stop])
    assert part.flags.c_contiguous
    assert part.dtype.isnative


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("code", REAL_DTYPES)
def test_dtype_becomes_the_smaller_float_that_holds_it_exactly(code, order):
    z = np.array([[0, 1], [1, 0], [1, 1]]).astype(np.dtype(code).newbyteorder(order))
    matrix = as_matrix("z", z)
    expected = "f8" if code in ("i4", "i8", "u4", "u8", "f8", "g") else "f4"
    assert matrix.dtype == np.dtype(expected)
    assert matrix.read(0, 3).dtype == matrix.dtype
    np.testing.assert_array_equal(matrix.read(0, 3), z.astype("f8"))


@pytest.mark.parametrize("code", ["f4", "f8"])
def test_arrays_in_memory_are_not_copied(code):
    z = SMALL.astype(code)
    assert np.shares_memory(as_matrix("z", z).read(2, 5), z)


def test_missing_values_of_nullable_columns_are_nan():
    frame = pd.DataFrame({"a": [1, None, 3], "b": [True, False, None]})
    matrix = as_matrix("z", frame.astype({"a": "Int64", "b": "boolean"}))
    np.testing.assert_array_equal(matrix.read(0, 3), [[1, 1], [np.nan, 0], [3, np.nan]])


@pytest.mark.parametrize(("chunk_rows", "run"), [(7, 14), (40, 40)])
def test_runs_are_whole_chunks(monkeypatch, file, chunk_rows, run):
    monkeypatch.setattr(matrix, "READ_BYTES", 8 * 8 * 2)
    z = file.create_dataset("z", (100, 2), "f8", chunks=(chunk_rows, 2))
    assert as_matrix("z", z).run == run


def test_huge_chunks_do_not_make_huge_runs(monkeypatch, file):
    monkeypatch.setattr(matrix, "READ_BYTES", 8 * 8 * 2)
    monkeypatch.setattr(matrix, "_BAND_BYTES", 39 * 8 * 2)
    z = file.create_dataset("z", (100, 2), "f8", chunks=(40, 2))
    assert as_matrix("z", z).run == 8


def closed_dataset(file, was_used):
    z = file.create_dataset("z", data=SMALL)
    if was_used:
        as_rows(z)
    file.close()
    return z


def h5(file, data):
    return file.create_dataset("z", data=data)


REFUSED = {
    "masked": (lambda file: np.ma.array(SMALL), DataTypeError, r"masked.*z\.filled\(value\)"),
    "CSR": (lambda file: sparse.csr_array(SMALL), DataTypeError, r"csr_array.*z\.toarray\(\)"),
    "COO": (lambda file: sparse.coo_matrix(SMALL), DataTypeError, r"dense; got coo_matrix"),
    "objects": (lambda file: SMALL.astype(object), DataTypeError, "got dtype object"),
    "text": (lambda file: [["a", "b"], ["c", "d"]], DataTypeError, "got dtype <U1"),
    "bytes": (lambda file: [[b"a", b"b"], [b"c", b"d"]], DataTypeError, r"got dtype \|S1"),
    "file name": (lambda file: "latents.h5", DataTypeError, r"got 'latents\.h5'.*load\(path\)"),
    "complex": (lambda file: SMALL * 1j, DataTypeError, "got dtype complex128"),
    "void": (lambda file: np.zeros((3, 2), "V4"), DataTypeError, r"got dtype \|V4"),
    "record": (lambda file: np.zeros(3, "f4, f4"), DataTypeError, "got dtype .*'f0'"),
    "dates": (lambda file: np.zeros((3, 2), "M8[s]"), DataTypeError, "got dtype datetime64"),
    "durations": (lambda file: np.zeros((3, 2), "m8[s]"), DataTypeError, "got dtype timedelta64"),
    "None": (lambda file: None, DataTypeError, "got dtype object"),
    "mapping": (lambda file: {"a": [1, 2]}, DataTypeError, "got a mapping"),
    "ragged": (lambda file: [[1, 2], [3]], DataTypeError, "cannot be read as an array of numbers"),
    "dask": (lambda file: stand_in("dask.array.core"), DataTypeError, r"z\.compute\(\)"),
    "text column": (
        lambda file: pd.DataFrame({"a": [1, 2], "name": ["x", "y"], "c": [3, 4]}),
        DataTypeError,
        "numbers only; 1 of 3 hold something else: name",
    ),
    "columns of equal names, one of text": (
        lambda file: pd.DataFrame([["x", 1], ["y", 2]], columns=["a", "a"]),
        DataTypeError,
        "numbers only; 1 of 2 hold something else: a",
    ),
    "categories": (
        lambda file: pd.DataFrame(SMALL).astype("category"),
        DataTypeError,
        "2 of 2 hold something else: 0, 1",
    ),
    "sparse tensor": (lambda file: SparseTensor(SMALL), DataTypeError, r"z cannot .*to_dense\(\)"),
    "tensor on a GPU": (lambda file: Tensor(SMALL, device="cuda"), DataError, r"z\.cpu\(\)"),
    "0-d": (lambda file: 3.0, DataError, r"got \(\)\. A single number is not a set of points"),
    "1-d": (lambda file: np.zeros(512), DataError, r"got \(512,\)\..*pass z\[:, None\]"),
    "3-d": (lambda file: np.zeros((4, 3, 2)), DataError, r"got \(4, 3, 2\)\. Flatten each point"),
    "empty list": (lambda file: [], DataError, r"\(n_points, z_dim\); got \(0,\)"),
    "no rows": (lambda file: np.zeros((0, 2)), DataError, r"got \(0, 2\)\. There are no points"),
    "no columns": (lambda file: np.zeros((3, 0)), DataError, r"got \(3, 0\)\. There are no axes"),
    "one row": (lambda file: np.zeros((1, 2)), DataError, r"got \(1, 2\)\. At least two points"),
    "empty frame": (lambda file: pd.DataFrame(), DataError, r"got \(0, 0\)\. There are no axes"),
    "HDF5, closed": (lambda file: closed_dataset(file, False), DataError, "closed HDF5 file"),
    "HDF5, used, closed": (lambda file: closed_dataset(file, True), DataError, "closed HDF5 file"),
    "HDF5, 1-d": (lambda file: h5(file, SMALL[:, 0]), DataError, r"got \(11,\)"),
    "HDF5, one row": (lambda file: h5(file, SMALL[:1]), DataError, r"got \(1, 2\)"),
    "HDF5, complex": (lambda file: h5(file, SMALL * 1j), DataTypeError, "got dtype complex128"),
    "HDF5, text": (lambda file: h5(file, ["a", "b"]), DataTypeError, "got dtype object"),
    "HDF5, null": (lambda file: h5(file, h5py.Empty("f4")), DataError, "must have shape"),
    "zarr, 3-d": (lambda file: zarr.zeros((2, 2, 2), dtype="f4"), DataError, r"got \(2, 2, 2\)"),
    "zarr, 1-d": (lambda file: zarr.zeros((8,), dtype="f4"), DataError, r"got \(8,\)"),
}


@pytest.mark.parametrize(("make", "error", "match"), REFUSED.values(), ids=REFUSED)
def test_refused_sources(file, make, error, match):
    with pytest.raises(error, match=match):
        as_rows(make(file))


def test_messages_name_the_array():
    with pytest.raises(DataError, match=r"mu must have shape.*mu\[:, None\]"):
        as_matrix("mu", [1.0, 2.0])


def test_a_mapped_file_that_changes_is_refused(tmp_path):
    np.save(tmp_path / "z.npy", SMALL)
    matrix = as_matrix("z", np.load(tmp_path / "z.npy", mmap_mode="r"))
    assert matrix.is_stored
    with (tmp_path / "z.npy").open("ab") as file:
        file.write(b"more")
    with pytest.raises(FileFormatError, match=r"z\.npy changed while it was read"):
        matrix.read(0, 3)


@pytest.mark.parametrize(
    "rows",
    [
        slice(None),
        slice(3, 9),
        slice(None, None, -1),
        slice(9, 2, -3),
        slice(5, 5),
        slice(-4, None),
    ],
)
@pytest.mark.parametrize("name", ["z.npy", "z.parquet"])
def test_rows_of_files_are_sliced_as_arrays_are(tmp_path, rows, name):
    latentscope.save(tmp_path / name, SMALL)
    with latentscope.load(tmp_path / name) as latents:
        np.testing.assert_array_equal(latents.z[rows], SMALL[rows])
        np.testing.assert_array_equal(latents.z[rows, 1], SMALL[rows, 1])


def test_a_slice_of_a_long_file_makes_no_list_of_its_rows():
    class Long(FileRows):
        shape, dtype = (10**15, 2), np.dtype(float)

        def read(self, start, stop):
            return np.full((stop - start, 2), float(start))

    assert as_matrix("z", Long()).read(10**14, 10**14 + 3).tolist() == [[1e14, 1e14]] * 3


@pytest.mark.parametrize(
    "part",
    [
        lambda z: z,
        lambda z: z[3:9],
        lambda z: z[3:9][2:],
        lambda z: z.reshape(-1, 1),
        lambda z: z.view("u1"),
        lambda z: z[:, :1],  # and these are read through the mapping
        lambda z: z[::-1],
        lambda z: z[[4, 2]],
        lambda z: z.T,
    ],
)
def test_a_file_mapped_to_read_is_read_without_the_mapping(tmp_path, part):
    np.save(tmp_path / "z.npy", SMALL)
    mapped = part(np.load(tmp_path / "z.npy", mmap_mode="r"))
    matrix = as_matrix("z", mapped)
    assert matrix.is_stored == isinstance(getattr(mapped, "filename", None), Path | str)
    np.testing.assert_array_equal(matrix.read(0, len(mapped)), np.array(mapped, dtype="f8"))


def test_a_file_mapped_to_write_is_read_through_the_mapping(tmp_path):
    np.save(tmp_path / "z.npy", SMALL)
    mapped = np.load(tmp_path / "z.npy", mmap_mode="c")
    mapped[:] = 7
    assert (as_matrix("z", mapped).read(0, len(SMALL)) == 7).all()
