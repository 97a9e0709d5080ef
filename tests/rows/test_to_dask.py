"""Rows of every kind of source become Dask arrays that any process can read by their path."""

import pickle
import sys
from pathlib import Path

import cloudpickle
import dask
import h5py
import numpy as np
import pandas as pd
import pytest
import zarr

import latentscope as ls
from latentscope.errors import DataError, FileFormatError, MissingDependencyError
from latentscope.latents import Latents
from latentscope.rows.files import DerivedRows, RawRows

N, D = 1000, 3
Z = np.random.default_rng(0).standard_normal((N, D))
ROW = D * 8


def hdf5(folder, **options):
    with h5py.File(folder / "z.h5", "w") as file:
        file.create_dataset("deep/z", data=Z, **options)
    return ls.load(folder / "z.h5")


def npy(folder, z=Z, order="C"):
    path = folder / "z.npy"
    np.save(path, np.asarray(z, order=order))
    return np.load(path, mmap_mode="r")


def raw(folder):
    (folder / "z.raw").write_bytes(b"head" + Z.tobytes())
    return RawRows(folder / "z.raw", 4, (N, D), "<f8")


def flattened(folder):
    with h5py.File(folder / "z.h5", "w") as file:
        file.create_dataset("z", data=Z.reshape(N, 3, 1), chunks=(30, 2, 1))
    return ls.load(folder / "z.h5", flatten=True)


def saved(path):
    ls.save(path, Z)
    return ls.load(path)


def derived(folder):
    return DerivedRows(folder / "z.raw", raw(folder), np.negative, (N, D), "f8")


SOURCES = {
    "HDF5 chunks": lambda folder: hdf5(folder, chunks=(30, 2)),
    "HDF5 contiguous": hdf5,
    "zarr": lambda folder: zarr.create_array(folder / "z.zarr", data=Z, chunks=(30, 2)),
    "zarr 2": lambda folder: zarr.create_array(
        folder / "z.zarr", data=Z, chunks=(30, 3), zarr_format=2
    ),
    "zarr in a group": lambda folder: zarr.open_group(folder / "g.zarr", mode="w").create_array(
        "a/z", data=Z, chunks=(30, 3)
    ),
    "zarr shards": lambda folder: zarr.create_array(
        folder / "z.zarr", data=Z, chunks=(10, 3), shards=(30, 3)
    ),
    "zarr in memory": lambda folder: zarr.array(Z, chunks=(30, 3)),
    "npy": npy,
    "npy, Fortran order": lambda folder: npy(folder, order="F"),
    "npy, some rows": lambda folder: npy(folder, np.vstack([Z[:700], Z]))[700:],
    "npy, big-endian": lambda folder: npy(folder, Z.astype(">f8")),
    "rows of a file": raw,
    "derived rows": derived,
    "HDF5 chunks of 3-d": flattened,
    "array": lambda folder: Z,
    "frame": lambda folder: pd.DataFrame(Z),
    "Dask array": lambda folder: Latents(Z).to_dask(chunk_bytes=30 * ROW).z,
}
SOURCES |= {
    f"load {suffix}": lambda folder, suffix=suffix: saved(folder / f"z{suffix}")
    for suffix in (".npy", ".h5ad", ".zarr", ".parquet", ".safetensors")
}
IN_MEMORY = {"zarr in memory", "array", "frame", "Dask array"}
IN_FILES = [name for name in SOURCES if name not in IN_MEMORY]


def latents_of(name, folder):
    source = SOURCES[name](folder)
    return source if isinstance(source, Latents) else Latents(source)


@pytest.mark.parametrize("name", SOURCES)
def test_the_rows_are_the_same_in_whole_stored_pieces(name, tmp_path):
    latents = latents_of(name, tmp_path)
    lazy = latents.to_dask(chunk_bytes=70 * ROW)
    latents.close()
    with dask.config.set(scheduler="threads"):
        computed = lazy.z.compute()
    np.testing.assert_array_equal(computed, -Z if name == "derived rows" else Z)
    assert lazy.z.dtype == computed.dtype
    if name.startswith("load"):
        return  # pieces as `save` makes them
    pieces = 30 if name == "Dask array" else 60 if "chunks" in name or "zarr" in name else 70
    assert lazy.z.chunks[0][0] == (70 if name == "zarr in memory" else pieces)


@pytest.mark.parametrize("name", IN_FILES)
def test_what_travels_is_a_path(name, tmp_path):
    """No array, and no open file."""
    lazy = latents_of(name, tmp_path).to_dask(chunk_bytes=500 * ROW)
    assert len(pickle.dumps(dict(lazy.z.dask))) < 4000


@pytest.mark.parametrize("name", IN_FILES)
def test_the_name_is_that_of_the_file_as_it_is(name, tmp_path):
    latents = latents_of(name, tmp_path)
    first, second, third = (latents.to_dask(chunk_bytes=n * ROW).z for n in (70, 70, 300))
    assert first.name == second.name
    assert (first.name == third.name) == (first.chunks == third.chunks)


@pytest.mark.parametrize("name", IN_FILES)
def test_the_working_folder_does_not_matter(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    z = latents_of(name, Path()).to_dask().z
    (tmp_path / "other").mkdir()
    monkeypatch.chdir("other")
    copy = pickle.loads(cloudpickle.dumps(z))
    np.testing.assert_array_equal(abs(copy.compute()), abs(Z))


def test_the_name_changes_with_the_file(tmp_path):
    first = hdf5(tmp_path).to_dask().z
    second = hdf5(tmp_path).to_dask().z
    assert first.name != second.name


def test_slices_read_what_they_need(tmp_path):
    z = hdf5(tmp_path, chunks=(30, 2)).to_dask(chunk_bytes=60 * ROW).z
    for index in (
        np.s_[5:50, 1:],
        np.s_[::7],
        np.s_[-3:],
        np.s_[[4, 2, 999]],
        np.s_[17],
        np.s_[:0],
    ):
        np.testing.assert_array_equal(z[index].compute(), Z[index])


def test_arrays_of_a_vae_are_cut_alike_and_all_else_is_kept(tmp_path):
    vae = Latents(
        Z, Z + 1, Z - 9, ids=[str(i) for i in range(N)], labels={"a": Z[:, 0]}, meta={"b": 1}
    )
    ls.save(tmp_path / "z.h5", vae)
    with ls.load(tmp_path / "z.h5") as latents:
        lazy = latents.to_dask(chunk_bytes=10_000)
        assert lazy.z.chunks == lazy.mu.chunks == lazy.logvar.chunks
        assert lazy.ids[3] == "3"
        assert lazy.labels["a"][3] == Z[3, 0]
        assert lazy.meta == {"b": 1}
    np.testing.assert_array_equal(lazy.mu[5].compute(), Z[5] + 1)
    with pytest.raises(FileFormatError, match="not of specified type"):
        lazy.labels["a"][3]  # whose file was closed


def test_a_chunk_is_about_64_mib():
    z = np.broadcast_to(np.float32(0), (3_000_000, 16))
    assert Latents(z).to_dask().z.chunks[0] == (2**20, 2**20, 3_000_000 - 2**21)


@pytest.mark.parametrize("name", ["HDF5 chunks", "npy", "zarr", "rows of a file"])
def test_a_file_that_changed_is_refused(name, tmp_path):
    z = latents_of(name, tmp_path).to_dask().z
    (path,) = [path for path in tmp_path.iterdir() if path.name.startswith("z")]
    path = path / "zarr.json" if path.is_dir() else path
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(FileFormatError, match="changed while it was read"):
        z.compute(scheduler="synchronous")


def test_a_missing_zarr_folder_is_no_zeros(tmp_path):
    z = latents_of("zarr", tmp_path).to_dask().z
    (tmp_path / "z.zarr").rename(tmp_path / "away")
    with pytest.raises(
        ls.errors.MissingFileError,
        match=r"z\.zarr must exist under the same path on every machine with Dask",
    ):
        z.compute(scheduler="synchronous")


def test_refused(tmp_path):
    with h5py.File(tmp_path / "z.h5", "w") as file:
        latents = Latents(file.create_dataset("z", data=Z))
        with pytest.raises(DataError, match=r"opened read-only.*mode 'r\+'.*load\(path\)"):
            latents.to_dask()
    with pytest.raises(DataError, match=r"contiguous rows of it.*strides \(48, 8\)\. Pass a"):
        Latents(npy(tmp_path)[::2]).to_dask()
    with pytest.raises(DataError, match="chunk_bytes must be an integer at least 1; got 0"):
        Latents(Z).to_dask(chunk_bytes=0)


def test_dask_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.array", None)
    message = r"to_dask needs dask\.array, .*pip install 'latentscope-analysis\[dask\]'"
    with pytest.raises(MissingDependencyError, match=message):
        Latents(Z).to_dask()
