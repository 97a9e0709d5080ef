"""Files that other libraries wrote are opened: what is z, what are labels, what is said."""

import zipfile

import anndata
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
import zarr

import latentscope
from latentscope import Latents
from latentscope.errors import DataError, DataTypeError, LatentscopeWarning, UnsafeFileError

PYTORCH = "needs PyTorch: pip install '.[torch]'"

N, D = 60, 5
AGE = np.arange(N)


@pytest.fixture
def z():
    return np.random.default_rng(0).standard_normal((N, D), dtype=np.float32)


def to_npz(path, **arrays):
    np.savez(path, **arrays)


def to_compressed(path, **arrays):
    np.savez_compressed(path, **arrays)


def to_safetensors(path, **arrays):
    safetensors.numpy.save_file(arrays, path)


def to_pt(path, **arrays):
    torch = pytest.importorskip("torch", reason=PYTORCH)
    torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, path)


def to_old_pt(path, **arrays):
    torch = pytest.importorskip("torch", reason=PYTORCH)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    torch.save(tensors, path, _use_new_zipfile_serialization=False)


def to_zarr(path, **arrays):
    group = zarr.open_group(str(path), mode="w")
    for name, array in arrays.items():
        group.create_array(name, data=array, chunks=(7, *array.shape[1:]))


def to_old_zarr(path, **arrays):
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    for name, array in arrays.items():
        group.create_array(name, data=array)


WRITERS = {
    to_npz: ".npz",
    to_compressed: ".npz",
    to_safetensors: ".safetensors",
    to_pt: ".pt",
    to_old_pt: ".pt",
    to_zarr: ".zarr",
    to_old_zarr: ".zarr",
}
each = pytest.mark.parametrize("write", WRITERS)


@each
class TestNamedArrays:
    def test_a_single_matrix_is_z_and_columns_are_labels(self, tmp_path, z, write):
        write(path := tmp_path / f"a{WRITERS[write]}", codes=z, age=AGE, other=AGE[:7])
        left_out = r"left out: other \(7, int64\); z has 60 rows"
        with pytest.warns(LatentscopeWarning, match=left_out):
            found = latentscope.load(path)
        with found:
            np.testing.assert_array_equal(found.z[:], z)
            assert list(found.labels) == ["age"]
            assert found.origin["read_from"] == {"z": "codes", "labels/age": "age"}
            assert "other" in found.origin["notes"][0]
            np.testing.assert_array_equal(found.labels["age"][:], AGE)

    def test_several_are_listed(self, tmp_path, z, write):
        write(path := tmp_path / f"a{WRITERS[write]}", codes=z, wide=np.hstack([z, z]))
        with pytest.raises(DataError, match=r"codes \(60 × 5, float32\).*Choose with key="):
            latentscope.load(path)
        for found in (latentscope.load(path, key="wide"), latentscope.load(f"{path}::wide")):
            with found:
                assert found.z_dim == 2 * D

    def test_mu_and_logvar(self, tmp_path, z, write):
        write(path := tmp_path / f"a{WRITERS[write]}", z=z, z_mean=z + 1, z_log_var=z - 2)
        with latentscope.load(path) as found:
            np.testing.assert_array_equal(found.mu[:], z + 1)
            np.testing.assert_array_equal(found.logvar[:], z - 2)

    def test_a_variance_becomes_its_logarithm_and_z_the_mean(self, tmp_path, z, write):
        write(path := tmp_path / f"a{WRITERS[write]}", qz_m=z, qz_v=np.exp(z))
        with (
            pytest.warns(LatentscopeWarning, match="is a variance; logvar is computed from it"),
            pytest.warns(LatentscopeWarning, match="z is set to the mean"),
        ):
            found = latentscope.load(path)
        with found:
            np.testing.assert_allclose(found.logvar[:], z, atol=1e-6)
            np.testing.assert_array_equal(found.z[:], z)

    def test_deep_arrays_are_flattened_on_demand(self, tmp_path, z, write):
        write(path := tmp_path / f"a{WRITERS[write]}", maps=z.reshape(15, 2, 2, 5))
        with pytest.raises(DataError, match=r"flatten=True to flatten each point to a row of 20"):
            latentscope.load(path)
        with latentscope.load(path, flatten=True) as found:
            np.testing.assert_array_equal(found.z[3:5], z.reshape(15, 20)[3:5])
            assert latentscope.radius_density(found).n_used == 15

    def test_text_and_no_matrix_are_refused(self, tmp_path, z, write):
        write(path := tmp_path / f"a{WRITERS[write]}", age=AGE, points=z[:, 0])
        with pytest.raises(DataError, match=r"got age \(60, int64\), points \(60, float32\)"):
            latentscope.load(path)
        with pytest.raises(DataError, match=r"shape \(n_points, z_dim\); got \(60,\)"):
            latentscope.load(path, key="points")
        with pytest.raises(DataError, match="key must name a dataset"):
            latentscope.load(path, key="nothing")


def test_halves(tmp_path, z, torch):
    """float16 and bfloat16 are promoted to float32, of the very same values."""
    from safetensors.torch import save_file

    half = torch.from_numpy(z)
    save_file({"z": half.bfloat16()}, tmp_path / "a.safetensors")
    torch.save(half.bfloat16(), tmp_path / "a.pt")
    np.save(tmp_path / "a.npy", z.astype(np.float16))
    expected = half.bfloat16().float().numpy()
    for name in ("a.safetensors", "a.pt"):
        np.testing.assert_array_equal(latentscope.load(tmp_path / name).z[:], expected)
    found = latentscope.radius_density(latentscope.load(tmp_path / "a.npy"))
    assert found.mean == latentscope.radius_density(z.astype(np.float16)).mean


def test_fortran_order(tmp_path, z):
    np.save(tmp_path / "a.npy", np.asfortranarray(z))
    found = latentscope.load(tmp_path / "a.npy")
    np.testing.assert_array_equal(found.z[3:9], z[3:9])
    np.testing.assert_array_equal(found.z[:], z)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_directory_of_an_npz_is_read_as_often_for_many_labels_as_for_one(
    tmp_path, z, save, monkeypatch
):
    """Reading it for each label takes the square of their number: 83 s for 5,000."""
    usual, calls = zipfile.ZipFile._RealGetContents, []

    def counted(archive):
        calls.append(archive)
        return usual(archive)

    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", counted)
    counts = []
    for n in (1, 40):
        save(tmp_path / "a.npz", z=z, **{f"label {i}": np.arange(N) for i in range(n)})
        calls.clear()
        found = latentscope.load(tmp_path / "a.npz")
        assert len(found.labels) == n
        counts.append(len(calls))
    assert counts[0] == counts[1] > 0


def test_text_in_npz(tmp_path, z):
    ids = [f"cell{i}" for i in range(N)]
    np.savez(tmp_path / "a.npz", z=z, filenames=ids, kind=np.array([b"a", b"b"] * (N // 2)))
    found = latentscope.load(tmp_path / "a.npz")
    assert list(found.ids) == ids
    assert list(found.labels["kind"][:2]) == [b"a", b"b"]


def test_labels_of_objects_are_left_out_aloud(tmp_path, z):
    np.savez(tmp_path / "a.npz", z=z, name=np.array(["x"] * N, dtype=object))
    with pytest.warns(LatentscopeWarning, match="name is left out.*never loaded"):
        found = latentscope.load(tmp_path / "a.npz")
    np.testing.assert_array_equal(found.z[:], z)


def to_zarr_3(cells, path):
    with anndata.settings.override(zarr_write_format=3):
        cells.write_zarr(path)


@pytest.mark.filterwarnings("ignore:zarr v3 autosharding", "ignore:Consolidated metadata")
class TestAnnData:
    @pytest.fixture
    def cells(self, z):
        obs = pd.DataFrame(
            {
                "cell_type": pd.Categorical(["B", "T"] * (N // 2)),
                "n_genes": AGE,
                "score": [np.nan, 1.5] * (N // 2),
            },
            index=[f"cell{i}" for i in AGE],
        )
        return anndata.AnnData(X=np.ones((N, 3), "f4"), obs=obs, obsm={"X_scVI": z})

    @pytest.fixture(params=["h5ad", "zarr"])
    def store(self, request, tmp_path):
        def write(cells):
            path = tmp_path / f"cells.{request.param}"
            cells.write_h5ad(path) if request.param == "h5ad" else to_zarr_3(cells, path)
            return path

        return write

    def test_obsm_is_z_and_obs_are_labels(self, cells, store, z):
        with latentscope.load(store(cells)) as found:
            np.testing.assert_array_equal(found.z[:], z)
            assert list(found.ids[:2]) == ["cell0", "cell1"]
            assert list(found.labels["cell_type"][:3]) == ["B", "T", "B"]
            np.testing.assert_array_equal(found.labels["n_genes"], AGE)
            np.testing.assert_array_equal(found.labels["score"], [np.nan, 1.5] * (N // 2))

    def test_scvi_names_are_recognised(self, cells, store, z):
        del cells.obsm["X_scVI"]
        cells.obsm["scvi_latent_qzm"], cells.obsm["scvi_latent_qzv"] = z, np.exp(2 * z)
        path = store(cells)
        with (
            pytest.warns(LatentscopeWarning, match="is a variance"),
            pytest.warns(LatentscopeWarning, match="z is set to the mean"),
        ):
            found = latentscope.load(path)
        with found:
            np.testing.assert_allclose(found.logvar[:], 2 * z, atol=1e-5)

    def test_a_draw_beside_its_posterior(self, cells, store, z):
        cells.obsm["X_latent_qzm"], cells.obsm["X_latent_qzv"] = z + 1, np.exp(z)
        path = store(cells)
        with pytest.warns(LatentscopeWarning, match="is a variance"):
            found = latentscope.load(path)
        with found:
            np.testing.assert_array_equal(found.z[:], z)
            np.testing.assert_array_equal(found.mu[:], z + 1)

    def test_several_embeddings_are_listed(self, cells, store, z):
        cells.obsm["X_pca"] = z[:, :2]
        path = store(cells)
        with pytest.raises(DataError, match=r"obsm/X_pca \(60 × 2, float32\), obsm/X_scVI"):
            latentscope.load(path)
        for key in ("X_scVI", "obsm/X_scVI"):
            with latentscope.load(path, key=key) as found:
                np.testing.assert_array_equal(found.z[:], z)

    def test_the_matrix_of_counts_is_taken_only_by_name(self, cells, store):
        del cells.obsm["X_scVI"]
        path = store(cells)
        with pytest.raises(DataError, match="must hold one dataset"):
            latentscope.load(path)
        with latentscope.load(path, key="X") as found:
            assert found.z_dim == 3


class TestTorch:
    def test_a_tensor_alone(self, tmp_path, z, torch):
        torch.save(torch.from_numpy(z).requires_grad_(True), tmp_path / "a.pt")
        np.testing.assert_array_equal(latentscope.load(tmp_path / "a.pt").z[:], z)

    def test_nested(self, tmp_path, z, torch):
        torch.save({"a": {"z": torch.from_numpy(z)}, "names": ["x"] * N}, tmp_path / "a.pt")
        np.testing.assert_array_equal(latentscope.load(tmp_path / "a.pt", key="a/z").z[:], z)

    def test_weights_of_a_model_are_listed(self, tmp_path, torch):
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
        torch.save(model.state_dict(), tmp_path / "a.pt")
        with pytest.raises(DataError, match=r"0\.weight \(4 × 3, float32\)"):
            latentscope.load(tmp_path / "a.pt")

    def test_a_whole_model_is_refused(self, tmp_path, torch):
        torch.save(torch.nn.Linear(3, 4), tmp_path / "a.pt")
        with pytest.raises(UnsafeFileError, match="safetensors"):
            latentscope.load(tmp_path / "a.pt")

    def test_sparse_is_refused(self, tmp_path, z, torch):
        torch.save(torch.from_numpy(z).to_sparse(), tmp_path / "a.pt")
        with pytest.raises((DataError, latentscope.errors.FileFormatError), match="plain array"):
            latentscope.load(tmp_path / "a.pt")


def test_float8_is_refused(tmp_path, z, torch):
    from safetensors.torch import save_file

    tensor = torch.from_numpy(z).to(torch.float8_e4m3fn)
    save_file({"z": tensor}, tmp_path / "a.safetensors")
    with pytest.raises(DataError, match=r"F8_E4M3.*float16 or float32"):
        latentscope.load(tmp_path / "a.safetensors")


def test_complex_is_refused(tmp_path, z):
    np.save(tmp_path / "a.npy", z.astype(complex))
    with pytest.raises(DataTypeError, match="complex128"):
        latentscope.load(tmp_path / "a.npy")


def test_key_given_twice(tmp_path, z):
    np.savez(tmp_path / "a.npz", z=z)
    with pytest.raises(DataError, match="key must be given once"):
        latentscope.load(f"{tmp_path / 'a.npz'}::z", key="z")


def test_a_name_with_colons(tmp_path, z):
    np.save(tmp_path / "a::b.npy", z)
    assert latentscope.load(tmp_path / "a::b.npy").n_points == N


def test_latents_of_files_can_be_pickled(tmp_path, z):
    """So that other processes read them."""
    import pickle

    np.savez(tmp_path / "a.npz", z=z, maps=z)
    found = latentscope.load(tmp_path / "a.npz", key="z")
    again = pickle.loads(pickle.dumps(found.z))
    np.testing.assert_array_equal(again[:], z)
    assert isinstance(pickle.loads(pickle.dumps(Latents(found.z))), Latents)
