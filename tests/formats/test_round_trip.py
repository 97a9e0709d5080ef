"""What `save` writes, `load` reads: the same numbers, ids, labels and meta, in every format."""

import numpy as np
import pytest

import latentscope
from latentscope import Latents
from latentscope.errors import DataError, LatentscopeWarning

POSTERIOR = {"yes": {"z", "mu", "logvar"}, "no": {"z"}}
META = {"yes": {"model": "vae", "fact": 5.0}, "no": {}}


def test_the_numbers_are_the_same(files, described, cloud, table, ending):
    with latentscope.load(files[ending]) as found:
        for name, array in found.arrays.items():
            given = described(cloud).arrays[name]
            np.testing.assert_array_equal(np.asarray(array[:]).astype(np.float32), given)
        assert set(found.arrays) == POSTERIOR[table[ending]["mu, logvar"]]


def test_ids_and_labels_travel(files, described, cloud, table, ending):
    given = described(cloud)
    with latentscope.load(files[ending]) as found:
        if table[ending]["ids, labels"] == "no":
            assert (found.ids, dict(found.labels)) == (None, {})
            return
        assert list(found.ids[:]) == list(given.ids)
        assert found.labels.keys() == given.labels.keys()
        for name, column in given.labels.items():
            np.testing.assert_array_equal(np.asarray(found.labels[name][:]), np.asarray(column))
        assert found.labels["smiling"].dtype == bool


def test_meta_travel(files, table, ending):
    with latentscope.load(files[ending]) as found:
        assert dict(found.meta) == META[table[ending]["meta"]]


def test_rows_stay_in_the_file(files, table, ending):
    with latentscope.load(files[ending]) as found:
        assert isinstance(found.z, np.ndarray) == (table[ending]["streams"] == "no")
        np.testing.assert_array_equal(found.z[5:7], found.z[:][5:7])
        np.testing.assert_array_equal(found.z[7], found.z[:][7])


def test_analyses_give_the_same(files, cloud, ending):
    with latentscope.load(files[ending]) as found:
        radius = latentscope.radius_density(found)
        np.testing.assert_array_equal(radius.counts, latentscope.radius_density(cloud).counts)
        variance = latentscope.pca(found).variance
        rtol = 1e-6 if ending in ("csv", "tsv") else 1e-12  # text holds the digits of float32
        np.testing.assert_allclose(variance, latentscope.pca(cloud).variance, rtol=rtol)


def test_contents_list_the_arrays(files, ending):
    contents = latentscope.contents(files[ending])
    shapes = {path: item.shape for path, item in contents.items.items()}
    assert (3000, 16) in shapes.values()
    assert str(files[ending]) in repr(contents)
    contents.close()


@pytest.mark.endings(without=("npy", "tsv"))
def test_from_one_file_to_the_other(files, tmp_path, ending):
    """Latents that lie in a file are streamed into another."""
    with latentscope.load(files[ending]) as given:
        latentscope.save(tmp_path / "back.h5", given)
        with latentscope.load(tmp_path / "back.h5") as found:
            for name, array in given.arrays.items():
                np.testing.assert_array_equal(found.arrays[name][:], array[:])
            assert list(found.ids[:]) == list(given.ids[:])


@pytest.mark.parametrize(("name", "lost"), [("npy", "mu, logvar, ids, label smi"), ("tsv", "mu")])
def test_what_is_left_out_is_said(tmp_path, latents, name, lost):
    with pytest.warns(LatentscopeWarning, match=f"cannot hold {lost}"):
        latentscope.save(tmp_path / f"a.{name}", latents)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "u1", "?", ">f4"])
def test_other_types_become_floats(tmp_path, ending, dtype):
    z = (np.arange(60).reshape(20, 3) % 7).astype(dtype)
    latentscope.save(tmp_path / f"a.{ending}", z)
    with latentscope.load(tmp_path / f"a.{ending}") as found:
        np.testing.assert_array_equal(np.asarray(found.z[:], dtype=float), z.astype(float))


@pytest.mark.parametrize("path", ["a", "a.pt", "a.pkl", "a.txt"])
def test_other_names_are_refused(tmp_path, z, path):
    with pytest.raises(DataError, match=r"path must end with one of \.h5.*got .*a"):
        latentscope.save(tmp_path / path, z)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.endings(without=("h5", "npy"))
def test_what_cannot_be_written_leaves_the_old_file(tmp_path, z, ending):
    path = tmp_path / f"a.{ending}"
    latentscope.save(path, z)
    with pytest.raises(DataError, match="must hold numbers or strings"):
        latentscope.save(path, Latents(2 * z, labels={"bad": [object()] * len(z)}))
    with latentscope.load(path) as found:
        np.testing.assert_array_equal(np.asarray(found.z[:]).astype("f4"), z)
    assert len(list(tmp_path.iterdir())) == 1
