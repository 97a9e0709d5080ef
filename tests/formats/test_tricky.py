"""Cases in which numbers, labels or files could be lost in silence."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import safetensors.numpy
import torch

import latentscope
from latentscope import Latents
from latentscope.errors import (
    DataError,
    DataTypeError,
    FileFormatError,
    MissingFileError,
    TooLargeError,
)

TABLES = ("csv", "tsv", "parquet")


@pytest.fixture
def z():
    return np.random.default_rng(0).standard_normal((6, 4), dtype=np.float32)


@pytest.mark.parametrize("table_ending", TABLES)
@pytest.mark.parametrize("name", ["z4", "z", "mu", "logvar_2", "id", "index"])
def test_labels_that_would_be_read_as_something_else(tmp_path, z, table_ending, name):
    with pytest.raises(DataError, match=f"cannot hold a label called '{name}'"):
        latentscope.save(tmp_path / f"a.{table_ending}", Latents(z, labels={name: range(6)}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("table_ending", TABLES)
def test_labels_beside_one_axis_and_numbered_labels(tmp_path, z, table_ending):
    labels = {"age": np.linspace(0, 1, 6), "x0": z[:, 1], "x1": z[:, 2]}
    latentscope.save(tmp_path / f"a.{table_ending}", Latents(z[:, :1], labels=labels))
    with latentscope.load(tmp_path / f"a.{table_ending}") as found:
        assert found.z_dim == 1
        assert list(found.labels) == list(labels)
        np.testing.assert_array_equal(np.asarray(found.z[:]).astype("f4"), z[:, :1])


@pytest.mark.parametrize("table_ending", TABLES)
def test_text_of_digits_stays_text(tmp_path, z, table_ending):
    ids = [f"{i:03}" for i in range(6)]
    latentscope.save(tmp_path / f"a.{table_ending}", Latents(z, ids=ids, labels={"code": ids}))
    with latentscope.load(tmp_path / f"a.{table_ending}") as found:
        assert list(found.ids[:]) == ids
        assert list(found.labels["code"][:]) == ids


def test_vectors_without_labels_remove_old_metadata(tmp_path, z):
    path = tmp_path / "vectors.tsv"
    latentscope.save(path, Latents(z, labels={"old": range(6), "other": range(6)}))
    assert (tmp_path / "metadata.tsv").exists()
    latentscope.save(path, z)
    assert dict(latentscope.load(path).labels) == {}


def test_missing_whole_numbers_of_parquet(tmp_path, z):
    ages = pa.array([1, None, 3, 4, 5, 6])
    flags = pa.array([True, None, False, True, True, True])
    table = pa.table({**{f"z{i}": z[:, i] for i in range(4)}, "age": ages, "flag": flags})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    found = latentscope.load(tmp_path / "a.parquet")
    np.testing.assert_array_equal(found.labels["age"], [1, np.nan, 3, 4, 5, 6])
    np.testing.assert_array_equal(found.labels["flag"], [1, np.nan, 0, 1, 1, 1])
    pa.parquet.write_table(pa.table({"z0": ages, "z1": ages}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"z0 of .* must hold whole numbers in all rows"):
        latentscope.radius_density(latentscope.load(tmp_path / "b.parquet"))


def test_zarr_takes_no_other_folder_away(tmp_path, z):
    (tmp_path / "my.zarr").mkdir()
    (tmp_path / "my.zarr" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="which would be lost"):
        latentscope.save(tmp_path / "my.zarr", z)
    assert (tmp_path / "my.zarr" / "thesis.txt").read_text() == "years of work"
    latentscope.save(tmp_path / "a.zarr", z)
    latentscope.save(tmp_path / "a.zarr", 2 * z)
    np.testing.assert_array_equal(latentscope.load(tmp_path / "a.zarr").z[:], 2 * z)


def test_isolation_takes_no_modules_of_the_folder(tmp_path, z):
    latentscope.save(tmp_path / "a.h5", z)
    (tmp_path / "h5py.py").write_text("open('harmed', 'w')")
    program = "import latentscope; print(latentscope.load('a.h5', isolated=True).n_points)"
    command = [sys.executable, "-P", "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "6\n", done.stderr
    assert not (tmp_path / "harmed").exists()


def test_isolated_rows_outlive_their_latents(tmp_path, z):
    latentscope.save(tmp_path / "a.h5", z)
    rows = latentscope.load(tmp_path / "a.h5", isolated=True).z
    np.testing.assert_array_equal(rows[2:4], z[2:4])
    folder = rows.path.parent
    del rows
    assert not folder.exists()


@pytest.mark.parametrize("text", ["[1]", "{bad", "5", '{"meta": 3}'])
def test_damaged_meta(tmp_path, z, text):
    path = tmp_path / "a.safetensors"
    safetensors.numpy.save_file({"z": z}, path, metadata={"latentscope": text})
    with pytest.raises(FileFormatError, match="meta"):
        latentscope.load(path)


def test_meta_that_unpacks_to_much(tmp_path, z):
    np.savez(tmp_path / "a.npz", z=z)
    with zipfile.ZipFile(tmp_path / "a.npz", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("meta.json", b" " * (65 * 2**20))
    with pytest.raises(TooLargeError, match=r"meta\.json"):
        latentscope.load(tmp_path / "a.npz")


def test_tensors_that_repeat_one_number(tmp_path, monkeypatch):
    torch.save(torch.zeros(1).expand(4000, 1000), tmp_path / "a.pt")
    monkeypatch.setattr("latentscope._limits.SUSPECT_BYTES", 10**6)
    with pytest.raises(TooLargeError, match=r"a tensor of .* declares"):
        latentscope.load(tmp_path / "a.pt")


def test_a_file_that_is_gone_and_another_folder(tmp_path, z, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", z)
    found = latentscope.load("a.npy")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir("sub")
    assert latentscope.radius_density(found).n_used == 6
    os.unlink(tmp_path / "a.npy")
    with pytest.raises(MissingFileError, match="no such file"):
        latentscope.radius_density(found)


def test_one_value(tmp_path, z):
    np.savez(tmp_path / "a.npz", z=z, n=np.array(3))
    with pytest.raises(DataError, match=r"n of .* is one value"):
        latentscope.load(tmp_path / "a.npz", key="n")


def test_names_that_are_none(tmp_path, z):
    with pytest.raises(DataTypeError, match="path must name a file; got"):
        latentscope.load("x" * 300 + "::k")
    with pytest.raises(DataTypeError, match="path must name a file; got 5"):
        latentscope.save(5, z)
    with pytest.raises(DataError, match="key must be the path"):
        latentscope.load(tmp_path / "a.h5", key=b"z", isolated=True)


def test_a_column_of_pandas_index_is_no_label(tmp_path, z):
    frame = pd.DataFrame(z, columns=[f"z{i}" for i in range(4)])
    frame.to_parquet(tmp_path / "a.parquet")
    with latentscope.load(tmp_path / "a.parquet") as found:
        assert (dict(found.labels), found.ids) == ({}, None)
        assert json.dumps(dict(found.meta)) == "{}"
