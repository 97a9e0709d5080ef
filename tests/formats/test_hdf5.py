"""HDF5 schema 1: what is written comes back, and what is broken or hostile is refused."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest

import latentscope
from latentscope import Latents
from latentscope.errors import (
    DataError,
    DataTypeError,
    FileFormatError,
    LatentscopeWarning,
)


class TestRoundTrip:
    def test_everything_comes_back(self, path, latents):
        with latentscope.load(path) as back:
            for name, array in latents.arrays.items():
                np.testing.assert_array_equal(back.arrays[name], array)
            assert list(back.ids[:]) == list(latents.ids)
            assert set(back.labels) == set(latents.labels)
            for name, column in latents.labels.items():
                np.testing.assert_array_equal(back.labels[name][:], column)
            assert dict(back.meta) == dict(latents.meta)
            assert back.kind == "vae"

    def test_schema(self, path):
        with h5py.File(path) as file:
            assert file["z"].dtype == np.float32
            assert file["z"].fletcher32
            assert file["z"].chunks[1] == 16
            attributes = dict(file.attrs)
        assert json.loads(attributes.pop("model")) == {"model": "vae", "fact": 5.0}
        assert attributes.pop("created_by") == f"latentscope {latentscope.__version__}"
        assert attributes == {
            "schema": "latentscope",
            "schema_version": 1,
            "kind": "vae",
            "z_dim": 16,
            "n_points": 3000,
            "complete": True,
        }

    def test_rows_stay_in_the_file_until_asked_for(self, path):
        with latentscope.load(path) as back:
            assert isinstance(back.z, h5py.Dataset)

    @pytest.mark.parametrize(
        ("stored", "given"),
        [("f4", "f2"), ("f4", "f4"), ("f8", "f8"), ("f8", ">f8"), ("f8", "i8"), ("f4", "u1")],
    )
    def test_no_precision_is_lost(self, tmp_path, stored, given):
        z = np.arange(20).reshape(10, 2).astype(given)
        latentscope.save(tmp_path / "a.h5", z)
        with latentscope.load(tmp_path / "a.h5") as back:
            assert back.z.dtype == stored
            np.testing.assert_array_equal(back.z, z)

    def test_a_file_can_be_saved_over_itself(self, path, latents):
        with latentscope.load(path) as back:
            latentscope.save(path, back)
        with latentscope.load(path) as again:
            np.testing.assert_array_equal(again.z, latents.z)
            assert list(again.ids[:3]) == ["000000.jpg", "000001.jpg", "000002.jpg"]

    def test_analysis_of_the_file_equals_that_of_the_array(self, path, z):
        with latentscope.load(path) as back:
            np.testing.assert_array_equal(
                latentscope.radius_density(back).counts, latentscope.radius_density(z).counts
            )

    def test_closed_latents_say_so(self, path):
        with latentscope.load(path) as back:
            pass
        with pytest.raises(DataError, match="closed HDF5 file"):
            latentscope.pca(back)


class TestForeignFiles:
    def test_the_only_candidate_is_taken(self, make, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda file: file.update({"deep/down": z, "label": z[:, 0]}))
        with latentscope.load(path) as back:
            np.testing.assert_array_equal(back.z, z)

    def test_key_chooses(self, make, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda file: file.update({"a": z, "b": 2 * z}))
        with latentscope.load(path, key="b") as back:
            np.testing.assert_array_equal(back.z, 2 * z)

    @pytest.mark.parametrize(
        ("arrays", "key", "match"),
        [
            (
                ["a", "b"],
                None,
                r"got a \(3,000 × 16, float32\), b \(3,000 × 16, float32\)\. Choose with",
            ),
            ([], None, "got none"),
            (["a"], "c", r"key must name a dataset .*\(a\); got 'c'"),
        ],
    )
    def test_candidates_are_listed(self, make, tmp_path, z, arrays, key, match):
        path = make(tmp_path / "a.h5", lambda file: file.update(dict.fromkeys(arrays, z)))
        with pytest.raises(DataError, match=match):
            latentscope.load(path, key=key)

    def test_soft_links_inside_the_file_are_followed(self, make, tmp_path, z):
        def build(file):
            file["group/data"] = z
            file["z"] = h5py.SoftLink("/group/data")

        with latentscope.load(make(tmp_path / "a.h5", build)) as back:
            np.testing.assert_array_equal(back.z, z)

    def test_dataset_that_is_no_matrix_is_refused(self, make, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda file: file.update({"z": z[:, 0]}))
        with pytest.raises(DataError, match=r"shape \(n_points, z_dim\); got \(3000,\)"):
            latentscope.load(path)

    def test_mu_and_logvar_beside_the_key_come_along(self, make, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda f: f.update({"a/z": z, "a/mu": z, "a/logvar": z}))
        with latentscope.load(path, key="a/z") as back:
            assert back.kind == "vae"

    def test_half_a_posterior_is_left_out_aloud(self, make, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda file: file.update({"z": z, "mu": z}))
        with (
            pytest.warns(
                LatentscopeWarning,
                match=r"mu is left out: the other half of the posterior .* is missing",
            ),
            latentscope.load(path) as back,
        ):
            assert back.kind == "ae"

    def test_what_others_call_labels_ids_and_model_does_no_harm(self, make, tmp_path, z):
        def build(file):
            file.update({"z": z, "labels": z[:, 0], "ids/deep": z[:5]})
            file.attrs["model"] = "resnet50"

        with latentscope.load(make(tmp_path / "a.h5", build)) as back:
            assert list(back.labels) == ["labels"]  # one number per row is a label
            assert back.ids is None
            assert dict(back.meta) == {}

    def test_links_to_other_files_are_not_even_opened(self, make, tmp_path, z):
        os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever

        def build(file):
            file["z"] = z
            for name in ("labels", "ids", "mu", "logvar"):
                file[name] = h5py.ExternalLink(str(tmp_path / "pipe"), "/x")

        path = make(tmp_path / "a.h5", build)
        with pytest.warns(LatentscopeWarning, match=r"ids is left out"):
            back = latentscope.load(path)
        with back:
            assert back.kind == "ae"

    @pytest.mark.parametrize("key", [3, b"a", "", "a\0b"])
    def test_no_key(self, make, tmp_path, z, key):
        path = make(tmp_path / "a.h5", lambda file: file.update({"a": z}))
        with pytest.raises(DataError, match="key must be the path of a dataset"):
            latentscope.load(path, key=key)

    def test_text_is_refused(self, make, tmp_path):
        path = make(tmp_path / "a.h5", lambda file: file.update({"z": np.full((3, 2), b"x")}))
        with pytest.raises(DataTypeError, match="real numbers"):
            latentscope.load(path)


class TestSaving:
    def test_bytes_are_text(self, tmp_path):
        latents = Latents([[1.0], [2.0]], ids=[b"a", "b"], labels={"s": np.array([b"x", b"y"])})
        latentscope.save(tmp_path / "a.h5", latents)
        with latentscope.load(tmp_path / "a.h5") as back:
            assert list(back.ids[:]) == ["a", "b"]
            assert list(back.labels["s"][:]) == ["x", "y"]

    def test_one_point_can_be_saved(self, tmp_path):
        latentscope.save(tmp_path / "a.h5", [[1.0, 2.0]])
        with latentscope.load(tmp_path / "a.h5") as back:
            assert back.n_points == 1

    def test_a_result_has_its_own_save(self, tmp_path):
        result = latentscope.radius_density([[1.0], [2.0]])
        with pytest.raises(DataTypeError, match=r"result\.save\(path\)"):
            latentscope.save(tmp_path / "a.h5", result)

    def test_a_full_disk_is_an_error_and_no_crash(self, path):
        """In a process of its own: HDF5 crashes where it cannot close a file."""
        program = textwrap.dedent(
            """
            import gc, resource, sys, numpy as np, latentscope
            resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, -1))
            for _ in range(2):
                try:
                    latentscope.save(sys.argv[1], np.zeros((500_000, 4)))
                except OSError as error:
                    print(error)
                gc.collect()
            """
        )
        before = path.read_bytes()
        command = [sys.executable, "-c", program, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("File too large") == 2
        assert path.read_bytes() == before
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize(
        ("changes", "error", "match"),
        [
            ({"labels": {"a/b": [1, 2]}}, DataError, "name without '/'; got 'a/b'"),
            ({"labels": {"": [1, 2]}}, DataError, "name without '/'"),
            ({"labels": {"a": [1j, 2]}}, DataTypeError, r"labels\['a'\] must hold numbers or str"),
            ({"labels": {"a": [object(), 2]}}, DataTypeError, "numbers or strings"),
            ({"meta": {"a": object()}}, DataTypeError, "meta must hold only what JSON can"),
            ({"meta": {"a": float("nan")}}, DataTypeError, "meta must hold only what JSON can"),
            ({"meta": {1: "a"}}, DataTypeError, "names in meta must be strings"),
            ({"ids": ["a", None]}, DataTypeError, "ids must hold numbers or strings; got None"),
            ({"ids": ["a", "b\0"]}, DataError, "ids must hold text that UTF-8 can encode"),
            ({"ids": ["a", "\ud800"]}, DataError, "ids must hold text that UTF-8 can encode"),
            ({"labels": {"a\0": [1, 2]}}, DataError, "name without '/'"),
        ],
    )
    def test_refusals_leave_nothing(self, tmp_path, changes, error, match):
        with pytest.raises(error, match=match):
            latentscope.save(tmp_path / "a.h5", Latents([[1.0], [2.0]], **changes))
        assert not list(tmp_path.iterdir())

    def test_failure_while_writing_keeps_the_old_file(self, path, z, monkeypatch):
        def fail(self, start, stop):
            raise OSError("No space left on device")

        before = path.read_bytes()
        monkeypatch.setattr(latentscope.rows.matrix.Matrix, "read", fail)
        with pytest.raises(OSError, match="No space left"):
            latentscope.save(path, z)
        assert path.read_bytes() == before
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]

    def test_killed_while_writing_keeps_the_old_file(self, path):
        """SIGKILL in the middle of save: the old file is whole, no other reads as complete."""
        program = textwrap.dedent(
            """
            import sys, time, numpy as np, latentscope, latentscope.rows.matrix as sources
            read = sources.Matrix.read
            def slow(self, start, stop):
                print("writing", flush=True)
                time.sleep(60)
                return read(self, start, stop)
            sources.Matrix.read = slow
            latentscope.save(sys.argv[1], np.ones((3000, 16), "f4"))
            """
        )
        before = path.read_bytes()
        command = [sys.executable, "-c", program, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"writing\n"
            process.send_signal(signal.SIGKILL)
        assert path.read_bytes() == before
        leftovers = [entry for entry in path.parent.iterdir() if entry != path]
        for leftover in leftovers:
            with pytest.raises(FileFormatError, match=r"not a file of|cannot be|finished"):
                latentscope.load(leftover)
