"""The container says what it holds, and refuses parts that do not speak of the same points."""

import copy
import pickle
import subprocess
import sys

import h5py
import numpy as np
import pytest

import latentscope
from latentscope.errors import DataError, DataTypeError, FileFormatError, MissingFileError
from latentscope.latents import Latents
from latentscope.rows import as_rows

Z = np.arange(12.0).reshape(6, 2)


@pytest.fixture
def vae():
    return Latents(
        Z, Z + 1, Z + 2, ids=list("abcdef"), labels={"smiling": [True] * 6}, meta={"epochs": 3}
    )


def test_autoencoder():
    latents = Latents(Z)
    assert (latents.kind, latents.n_points, latents.z_dim, len(latents)) == ("ae", 6, 2, 6)
    assert list(latents.arrays) == ["z"]
    assert latents.arrays["z"] is Z
    assert (latents.labels, latents.meta) == ({}, {})


def test_vae(vae):
    assert vae.kind == "vae"
    assert list(vae.arrays) == ["z", "mu", "logvar"]
    assert vae.meta["epochs"] == 3


def test_rows_of_latents(vae):
    matrices = as_rows(vae).matrices
    for name, offset in {"z": 0, "mu": 1, "logvar": 2}.items():
        np.testing.assert_array_equal(matrices[name].read(1, 4), Z[1:4] + offset)


@pytest.mark.parametrize(
    ("latents", "text"),
    [
        (Latents(Z), "<Latents of 6 points in 2 dimensions: z>"),
        (
            Latents(Z, Z, Z, ids=range(6)),
            "<Latents of 6 points in 2 dimensions: z, mu, logvar, ids>",
        ),
        (
            Latents(Z, labels={"a": Z[:, 0], "b": Z[:, 1]}),
            "<Latents of 6 points in 2 dimensions: z, labels a, b>",
        ),
        (Latents(np.zeros((1500, 1))), "<Latents of 1,500 points in 1 dimensions: z>"),
    ],
)
def test_repr(latents, text):
    assert repr(latents) == text


@pytest.mark.parametrize("name", ["z", "mu", "labels", "meta"])
def test_latents_are_frozen(vae, name):
    with pytest.raises(AttributeError, match=f"cannot assign to field '{name}'"):
        setattr(vae, name, None)


@pytest.mark.parametrize("name", ["labels", "meta"])
def test_mappings_are_read_only_copies(name):
    given = {"a": [1, 2, 3, 4, 5, 6]}
    latents = Latents(Z, **{name: given})
    given["b"] = given["a"]
    assert list(getattr(latents, name)) == ["a"]
    with pytest.raises(TypeError, match="does not support item assignment"):
        getattr(latents, name)["c"] = 1


def test_equality_is_identity(vae):
    assert vae == vae
    assert Latents(Z) != Latents(Z)
    assert len({vae, vae}) == 1


REFUSED = {
    "mu alone": ({"mu": Z}, DataError, "must come together; logvar is missing"),
    "logvar alone": ({"logvar": Z}, DataError, "must come together; mu is missing"),
    "short mu": ({"mu": Z[:5], "logvar": Z}, DataError, r"mu .* z, \(6, 2\); got \(5, 2\)"),
    "wide logvar": (
        {"mu": Z, "logvar": np.zeros((6, 3))},
        DataError,
        r"logvar .* z, \(6, 2\); got \(6, 3\)",
    ),
    "text mu": ({"mu": [["a", "b"]] * 6, "logvar": Z}, DataTypeError, "mu must hold real numbers"),
    "few ids": ({"ids": ["a"] * 4}, DataError, "ids must have one entry per row of z, 6; got 4"),
    "many labels": (
        {"labels": {"age": np.zeros(6), "sex": np.zeros(7)}},
        DataError,
        r"labels\['sex'\] must have one entry per row of z, 6; got 7",
    ),
    "one label": ({"labels": {"age": 3}}, DataError, r"labels\['age'\] must"),
    "one id": ({"ids": 7}, DataError, "ids must"),
    "flat z": ({"z": Z[:, 0]}, DataError, r"z must have shape .* got \(6,\)"),
}


@pytest.mark.parametrize(("parts", "error", "match"), REFUSED.values(), ids=REFUSED)
def test_refused(parts, error, match):
    with pytest.raises(error, match=match):
        Latents(**{"z": Z, **parts})


def test_with_closes_the_file(tmp_path):
    file = h5py.File(tmp_path / "z.h5", "w")
    data = file.create_dataset("z", data=Z)
    with Latents(data):
        pass
    assert file  # which the caller opened
    with Latents(data, file=file) as latents:
        assert len(latents) == 6
    assert not file
    latents.close()  # once more
    with pytest.raises(DataError, match="closed HDF5 file"):
        as_rows(latents)


@pytest.mark.parametrize("column", ["abcdef", b"abcdef", {"a": 1}, {1, 2, 3, 4, 5, 6}, 7])
def test_what_is_no_column_is_refused(column):
    with pytest.raises(DataError, match=r"labels\['age'\] must "):
        Latents(Z, labels={"age": column})


def test_closing_arrays_in_memory_does_nothing(vae):
    vae.close()
    assert len(vae) == 6


# --- latents that lie in an HDF5 file, in other processes ---


def test_a_view_of_a_dataset_is_read_when_it_is_pickled(tmp_path):
    with h5py.File(tmp_path / "z.h5", "w") as file:
        file["z"], file["names"] = Z, list("abcdef")
    with h5py.File(tmp_path / "z.h5") as file:
        latents = Latents(file["z"], ids=file["names"].asstr())
        found = pickle.loads(pickle.dumps(latents))
    assert list(found.ids) == list("abcdef")


@pytest.fixture
def stored(tmp_path, vae):
    latentscope.save(tmp_path / "vae.h5", vae)
    with latentscope.load(tmp_path / "vae.h5") as latents:
        yield latents


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_latents_of_a_file_can_be_pickled(stored, vae, copied):
    found = copied(stored)
    stored.close()  # the copy opens the file by itself
    assert repr(found) == repr(vae)
    for name, array in found.arrays.items():
        np.testing.assert_array_equal(array[:], vae.arrays[name])
    assert list(found.ids[:]) == list("abcdef")
    assert list(found.labels["smiling"][:]) == [True] * 6
    assert found.meta == {"epochs": 3}
    np.testing.assert_array_equal(as_rows(found).matrices["mu"].read(2, 5), Z[2:5] + 1)
    assert pickle.loads(pickle.dumps(found)).ids[0] == "a"  # once more


def test_another_process_reads_the_file(stored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with latentscope.load("vae.h5") as latents:
        (tmp_path / "latents.pickle").write_bytes(pickle.dumps(latents))
    (tmp_path / "elsewhere").mkdir()
    code = """
import pickle, latentscope
latents = pickle.load(open("../latents.pickle", "rb"))
assert latents.ids[1] == "b" and latents.z[1, 1] == 3, latents
assert latentscope.radius_density(latents).n_used == 6
"""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path / "elsewhere", check=True
    )


def test_a_shallow_copy_reads_through_the_same_file(stored):
    assert copy.copy(stored).z is stored.z


def test_pickled_latents_of_a_file_that_changed_or_went(stored, tmp_path):
    pickled = pickle.dumps(stored)
    stored.close()
    with (tmp_path / "vae.h5").open("ab") as file:
        file.write(b"more")
    with pytest.raises(FileFormatError, match=r"vae\.h5 changed while it was read"):
        pickle.loads(pickled).z[:]
    (tmp_path / "vae.h5").unlink()
    with pytest.raises(MissingFileError, match=r"no such file: \S+vae\.h5"):
        pickle.loads(pickled).z[:]


def test_latents_of_a_file_that_is_written_cannot_be_pickled(tmp_path):
    with h5py.File(tmp_path / "z.h5", "w") as file:
        latents = Latents(file.create_dataset("z", data=Z))
        with pytest.raises(DataError, match=r"z must .* opened read-only.*Close it, and pass "):
            pickle.dumps(latents)
        assert copy.copy(latents).z is latents.z
    with pytest.raises(DataError, match="z is a dataset of a closed HDF5 file"):
        pickle.dumps(latents)
