"""Cases in which numbers, labels or files could be lost in silence."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import safetensors.numpy
import zarr

import latentscope
from latentscope import Latents
from latentscope.errors import (
    DataError,
    DataTypeError,
    FileFormatError,
    IncompleteFileError,
    LatentscopeWarning,
    MissingFileError,
    TooLargeError,
    UnsafeFileError,
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


def test_tensors_that_repeat_one_number(tmp_path, monkeypatch, torch):
    torch.save(torch.zeros(1).expand(4000, 1000), tmp_path / "a.pt")
    monkeypatch.setattr("latentscope._disk.limits.SUSPECT_BYTES", 10**6)
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
    with pytest.raises(DataError, match=r"n of .* is a single value"):
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


class TestZarr:
    @pytest.fixture
    def path(self, tmp_path, z):
        latentscope.save(tmp_path / "a.zarr", Latents(z, labels={"age": range(6)}))
        return tmp_path / "a.zarr"

    def test_another_folder(self, path, z, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        found = latentscope.load("a.zarr")
        monkeypatch.chdir("/")
        np.testing.assert_array_equal(found.z[:], z)

    def test_chunks_that_vanish_are_no_zeros(self, path):
        found = latentscope.load(path)
        shutil.rmtree(path / "z" / "c")
        with pytest.raises(IncompleteFileError, match=r"has no chunk c/0/0: .*read as 0"):
            latentscope.radius_density(found)

    def test_a_folder_that_vanishes(self, path):
        found = latentscope.load(path)
        shutil.rmtree(path)
        with pytest.raises(MissingFileError, match="no such file"):
            latentscope.radius_density(found)

    def test_the_word_pickle_does_no_harm(self, path, z):
        zarr.open_group(str(path))["z"].attrs["note"] = "made from pickle files"
        np.testing.assert_array_equal(latentscope.load(path).z[:], z)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('z0,z1,t\n1,2,"a\n3,4,c\n5,6,d\n', "unexpected end of data"),
        ("z0,z0,z1\n1,2,3\n4,5,6\n", "different names"),
        ("z0,z1,z2\n1,2,x\n4,5,y\n", "missing: z2"),
        ("z0,z1,z2\nx,2,3\ny,5,6\n", "missing: z0"),
    ],
)
def test_tables_that_would_lose_something(tmp_path, text, match):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises((FileFormatError, DataError), match=match):
        latentscope.load(tmp_path / "a.csv")


@pytest.mark.parametrize("missing", ["", "NA", "NaN"])
@pytest.mark.parametrize("row", [0, 55])
def test_missing_numbers_of_tables_are_nan(tmp_path, missing, row):
    lines = [["1", "2", "3"] for _ in range(60)]
    lines[row][2] = missing
    (tmp_path / "a.csv").write_text("z0,z1,z2\n" + "\n".join(map(",".join, lines)))
    found = latentscope.load(tmp_path / "a.csv")
    assert np.isnan(found.z[row, 2])
    assert latentscope.finite_rows(found).n_total == 60


def test_wide_tables(tmp_path):
    z = np.random.default_rng(0).standard_normal((3, 9000))
    latentscope.save(tmp_path / "a.csv", z)
    np.testing.assert_array_equal(latentscope.load(tmp_path / "a.csv").z, z)


def test_bytes_behind_a_member_are_no_numbers(tmp_path, z):
    """The stored member declares more rows than it holds; another member follows."""
    np.save(tmp_path / "a.npy", z)
    raw = (tmp_path / "a.npy").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("z.npy", raw[:-40])
        archive.writestr("other.npy", raw)
    with pytest.raises(FileFormatError, match=r"z\.npy of .* must end with its numbers"):
        latentscope.load(tmp_path / "a.npz", key="z")


def test_cells_behind_a_link(tmp_path, z):
    latentscope.save(tmp_path / "secret.h5ad", Latents(z, labels={"code": range(6)}))
    latentscope.save(tmp_path / "a.h5ad", z)
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        del file["obs"]
        file["obs"] = h5py.ExternalLink(str(tmp_path / "secret.h5ad"), "/obs")
    with pytest.raises(UnsafeFileError, match=r"obs of .* is a link"):
        latentscope.load(tmp_path / "a.h5ad")


def test_labels_behind_a_link_are_left_out_aloud(tmp_path, z):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["z"] = z
        file["labels/x"] = h5py.ExternalLink("other.h5", "/x")
    with pytest.warns(LatentscopeWarning, match=r"labels/x is left out"):
        latentscope.load(tmp_path / "a.h5").close()


def test_a_list_that_holds_itself(tmp_path, torch):
    endless = [torch.ones((2, 2))]
    endless += [endless] * 8
    torch.save(endless, tmp_path / "a.pt")
    with pytest.raises(TooLargeError, match="over 10,000 tensors"):
        latentscope.load(tmp_path / "a.pt")


def test_the_posterior_of_something_else_is_said(tmp_path, z):
    np.savez(tmp_path / "a.npz", X_pca=z, qz_m=z, qz_v=np.exp(z))
    with (
        pytest.warns(
            LatentscopeWarning, match=r"qz_m and qz_v, stored beside .*X_pca .*, are taken"
        ),
        pytest.warns(LatentscopeWarning, match="is a variance"),
    ):
        latentscope.load(tmp_path / "a.npz", key="X_pca")
    with pytest.warns(LatentscopeWarning, match="is a variance"):
        assert latentscope.load(tmp_path / "a.npz", key="qz_m").kind == "vae"


def test_isolated_latents_do_not_go_to_workers(tmp_path, z):
    latentscope.save(tmp_path / "a.h5", z)
    with (
        latentscope.load(tmp_path / "a.h5", isolated=True) as found,
        pytest.raises(DataError, match="isolated latents are in a temporary one"),
    ):
        found.to_dask()


def test_a_reader_that_loses_its_parent_ends(tmp_path, z):
    """Nothing stays in the folder of temporary files when the caller is killed."""
    latentscope.save(tmp_path / "a.h5", z)
    (tmp_path / "tmp").mkdir()
    folder = tmp_path / "tmp" / "latentscope-x"
    folder.mkdir()
    os.mkfifo(folder / "latents.npz")  # the reader waits here
    options = json.dumps({"key": None})
    command = [sys.executable, "-m", "latentscope.formats._child", str(tmp_path / "a.h5")]
    child = subprocess.Popen(
        [*command, str(folder / "latents.npz"), options], stdin=subprocess.PIPE
    )
    child.stdin.close()
    assert child.wait(30) == 1
    assert not folder.exists()
