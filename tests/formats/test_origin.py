"""What was read from where, guessed, or left out is said: nothing is dropped without a word."""

import pickle

import h5py
import numpy as np
import pytest

import latentscope
from latentscope import Latents
from latentscope.errors import DataError, LatentscopeWarning

N, D = 40, 6
Z = np.random.default_rng(0).standard_normal((N, D)).astype(np.float32)
STD = np.exp(0.3 * Z)
WIDTHS = {"std": STD, "z_sigma": STD, "log_sigma": np.log(STD), "log_std": np.log(STD)}


@pytest.mark.parametrize("name", WIDTHS)
def test_a_width_beside_mu_becomes_logvar(tmp_path, name):
    np.savez(path := tmp_path / "a.npz", z=Z, mu=Z + 1, **{name: WIDTHS[name]})
    with pytest.warns(LatentscopeWarning, match=f"{name} is .*; logvar is computed from it"):
        found = latentscope.load(path)
    np.testing.assert_allclose(found.logvar[:], 2 * np.log(STD), atol=1e-5)
    assert found.origin["read_from"] == {"z": "z", "mu": "mu", "logvar": name}


def test_z_that_is_mu_is_said_to_be(tmp_path):
    np.savez(path := tmp_path / "a.npz", mu=Z, logvar=Z - 2)
    with pytest.warns(LatentscopeWarning, match="mu is the mean .* z is set to the mean"):
        found = latentscope.load(path)
    assert found.origin["read_from"]["z"] == "mu"


def test_logvar_is_preferred_to_other_widths(tmp_path):
    np.savez(path := tmp_path / "a.npz", z=Z, mu=Z, std=STD, logvar=Z - 2)
    np.testing.assert_array_equal(latentscope.load(path).logvar[:], Z - 2)


@pytest.mark.parametrize("short", [{"mu": Z[:-1], "logvar": Z}, {"mu": Z[:, 1:], "logvar": Z}])
def test_a_posterior_of_another_shape_is_left_out_aloud(tmp_path, short):
    np.savez(path := tmp_path / "a.npz", z=Z, **short)
    with (
        pytest.warns(LatentscopeWarning, match=r"mu is left out: mu has the shape .*, z has"),
        pytest.warns(LatentscopeWarning, match="logvar is left out: the other half"),
    ):
        assert latentscope.load(path).kind == "ae"


def test_ids_and_labels_of_another_length_are_left_out_aloud(tmp_path):
    np.savez(path := tmp_path / "a.npz", z=Z, ids=np.arange(N - 1), age=np.arange(N + 1))
    with pytest.warns(LatentscopeWarning, match=r"ids \(39, int64\), age \(41, int64\); z has 40"):
        found = latentscope.load(path)
    assert found.ids is None
    assert not found.labels


OURS = Latents(Z, Z + 1, Z - 2, ids=[f"i{row}" for row in range(N)], labels={"age": range(N)})


@pytest.mark.parametrize("name", ["mu", "logvar", "ids", "labels/age"])
def test_in_a_file_of_ours_another_length_is_an_error(tmp_path, name):
    latentscope.save(path := tmp_path / "a.h5", OURS)
    with h5py.File(path, "r+") as file:
        short = file[name][:-1]
        del file[name]
        file[name] = short
    with pytest.raises(DataError, match=rf"{name}.* must have (the shape|one entry per row) of z"):
        latentscope.load(path)


@pytest.mark.parametrize("name", ["mu", "logvar"])
def test_a_vae_of_ours_without_its_posterior_is_an_error(tmp_path, name):
    latentscope.save(path := tmp_path / "a.h5", OURS)
    with h5py.File(path, "r+") as file:
        del file[name]
    with pytest.raises(DataError, match=rf"must hold mu and logvar.*; {name} is missing"):
        latentscope.load(path)


def test_the_origin_is_the_same_from_another_process_and_in_a_copy(tmp_path):
    np.savez(path := tmp_path / "a.npz", codes=Z, age=np.arange(N))
    direct = latentscope.load(path)
    assert direct.origin["format"] == "NumPy .npz"
    assert direct.origin["read_from"] == {"z": "codes", "labels/age": "age"}
    with latentscope.load(path, isolated=True) as isolated:
        assert isolated.origin == direct.origin
    assert pickle.loads(pickle.dumps(direct)).origin == direct.origin
    assert direct.to_dask().origin == direct.origin


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_columns_of_a_table_are_named(tmp_path, suffix):
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    frame = pandas.DataFrame(Z[:, :2].astype(float), columns=["x", "y"]).assign(kind="a")
    path = tmp_path / f"a.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path, index=False)
    with pytest.warns(LatentscopeWarning, match="z is made of the columns x, y; labels: kind"):
        found = latentscope.load(path)
    assert found.origin["read_from"]["z"] == "columns x, y"
    assert "z is made of the columns x, y" in found.origin["notes"][0]


def test_arrays_in_memory_have_no_origin():
    assert not Latents(Z).origin
