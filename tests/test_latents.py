"""The container says what it holds, and refuses parts that do not speak of the same points."""

import h5py
import numpy as np
import pytest

from latentscope.errors import DataError, DataTypeError
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
