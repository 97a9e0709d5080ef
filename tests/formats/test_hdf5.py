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
    IncompleteFileError,
    LatentscopeError,
    LatentscopeWarning,
    MissingFileError,
    TooLargeError,
    UnsafeFileError,
)


@pytest.fixture
def z():
    return np.random.default_rng(0).standard_normal((3000, 16), dtype=np.float32)


@pytest.fixture
def latents(z):
    return Latents(
        z,
        mu=z + 0.5,
        logvar=z - 4,
        ids=[f"{i:06d}.jpg" for i in range(len(z))],
        labels={"smiling": z[:, 0] > 0, "age": np.arange(len(z)), "name": ["é", "ß", "x"] * 1000},
        meta={"model": "vae", "fact": 5.0},
    )


@pytest.fixture
def path(tmp_path, latents):
    latentscope.save(tmp_path / "latents.h5", latents)
    return tmp_path / "latents.h5"


def make(path, build):
    """Write a file by hand."""
    with h5py.File(path, "w") as file:
        build(file)
    return path


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
    def test_the_only_candidate_is_taken(self, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda file: file.update({"deep/down": z, "label": z[:, 0]}))
        with latentscope.load(path) as back:
            np.testing.assert_array_equal(back.z, z)

    def test_key_chooses(self, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda file: file.update({"a": z, "b": 2 * z}))
        with latentscope.load(path, key="b") as back:
            np.testing.assert_array_equal(back.z, 2 * z)

    @pytest.mark.parametrize(
        ("arrays", "key", "match"),
        [
            (["a", "b"], None, r"got a \(3000, 16\), b \(3000, 16\)\. Choose with key="),
            ([], None, "got none"),
            (["a"], "c", r"key must name a dataset .*\(a \(3000, 16\)\); got 'c'"),
        ],
    )
    def test_candidates_are_listed(self, tmp_path, z, arrays, key, match):
        path = make(tmp_path / "a.h5", lambda file: file.update(dict.fromkeys(arrays, z)))
        with pytest.raises(DataError, match=match):
            latentscope.load(path, key=key)

    def test_soft_links_inside_the_file_are_followed(self, tmp_path, z):
        def build(file):
            file["group/data"] = z
            file["z"] = h5py.SoftLink("/group/data")

        with latentscope.load(make(tmp_path / "a.h5", build)) as back:
            np.testing.assert_array_equal(back.z, z)

    def test_dataset_that_is_no_matrix_is_refused(self, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda file: file.update({"z": z[:, 0]}))
        with pytest.raises(DataError, match=r"shape \(n_points, z_dim\); got \(3000,\)"):
            latentscope.load(path)

    def test_mu_and_logvar_beside_the_key_come_along(self, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda f: f.update({"a/z": z, "a/mu": z, "a/logvar": z}))
        with latentscope.load(path, key="a/z") as back:
            assert back.kind == "vae"

    def test_half_a_posterior_is_left_out_aloud(self, tmp_path, z):
        path = make(tmp_path / "a.h5", lambda file: file.update({"z": z, "mu": z}))
        with (
            pytest.warns(LatentscopeWarning, match="holds mu without its partner"),
            latentscope.load(path) as back,
        ):
            assert back.kind == "ae"

    def test_what_others_call_labels_ids_and_model_does_no_harm(self, tmp_path, z):
        def build(file):
            file.update({"z": z, "labels": z[:, 0], "ids/deep": z[:5]})
            file.attrs["model"] = "resnet50"

        with latentscope.load(make(tmp_path / "a.h5", build)) as back:
            assert dict(back.labels) == {}
            assert back.ids is None
            assert dict(back.meta) == {}

    def test_links_to_other_files_are_not_even_opened(self, tmp_path, z):
        os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever

        def build(file):
            file["z"] = z
            for name in ("labels", "ids", "mu", "logvar"):
                file[name] = h5py.ExternalLink(str(tmp_path / "pipe"), "/x")

        with latentscope.load(make(tmp_path / "a.h5", build)) as back:
            assert back.kind == "ae"

    @pytest.mark.parametrize("key", [3, b"a", "", "a\0b"])
    def test_no_key(self, tmp_path, z, key):
        path = make(tmp_path / "a.h5", lambda file: file.update({"a": z}))
        with pytest.raises(DataError, match="key must be the path of a dataset"):
            latentscope.load(path, key=key)

    def test_text_is_refused(self, tmp_path):
        path = make(tmp_path / "a.h5", lambda file: file.update({"z": np.full((3, 2), b"x")}))
        with pytest.raises(DataTypeError, match="real numbers"):
            latentscope.load(path)


class TestNotHdf5:
    @pytest.mark.parametrize(
        ("content", "match"),
        [
            (b"", "is empty"),
            (b"\n<!DOCTYPE html><html>", "HTML"),
            (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
            (b"\x93NUMPY\x01\x00", "numpy.load"),
            (b"PK\x03\x04....", "zip archive"),
            (b"\x1f\x8b\x08", "gzip"),
            (b'{"result": 1}', "RadiusDensity.load"),
            (os.urandom(8).hex().encode(), "no signature"),
        ],
    )
    def test_says_what_it_looks_like(self, tmp_path, content, match):
        path = tmp_path / "a.h5"
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match=match):
            latentscope.load(path)

    def test_pickles_are_never_loaded(self, tmp_path):
        (tmp_path / "a.h5").write_bytes(b"\x80\x04\x95")
        with pytest.raises(UnsafeFileError, match=r"is a pickle.*safetensors"):
            latentscope.load(tmp_path / "a.h5")

    def test_a_pipe_does_not_hang(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FileFormatError, match="folder, pipe or device"):
            latentscope.load(tmp_path / "pipe")

    @pytest.mark.parametrize("path", [None, 3, "x" * 5000])
    def test_no_path(self, path):
        with pytest.raises(DataTypeError, match="path must name a file; got"):
            latentscope.load(path)

    def test_missing_file(self, tmp_path):
        with pytest.raises(MissingFileError, match=r"no such file: .*nowhere\.h5"):
            latentscope.load(tmp_path / "nowhere.h5")

    def test_folder(self, tmp_path):
        with pytest.raises(FileFormatError, match="is a folder"):
            latentscope.load(tmp_path)


class TestBroken:
    @pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
    def test_truncated(self, path, share):
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(FileFormatError, match="cannot be read as HDF5"):
            latentscope.load(path)

    def test_damaged_rows_are_noticed_by_their_checksum(self, path, z):
        content = path.read_bytes()
        place = content.index(z[100:102].tobytes())
        path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
        with (
            latentscope.load(path) as back,
            pytest.raises(FileFormatError, match=r"rows 0 to 2,999 cannot be read"),
        ):
            latentscope.radius_density(back)

    @pytest.mark.parametrize("seed", range(60))
    def test_flipped_bytes_give_our_error_or_the_same_numbers(self, path, z, seed):
        """No damage may crash, hang, or change a number in silence."""
        rng = np.random.default_rng(seed)
        content = bytearray(path.read_bytes())
        places = rng.integers(4096 if seed % 2 else len(content), size=3)
        for place in places:
            content[place] ^= int(rng.integers(1, 256))
        path.write_bytes(content)
        try:
            with latentscope.load(path) as back:
                values = np.array(back.z)
                radius = latentscope.radius_density(back)
        except (LatentscopeError, OSError):
            return
        np.testing.assert_array_equal(values, z)
        assert radius.n_used == len(z)

    def test_newer_schema(self, path):
        with h5py.File(path, "a") as file:
            file.attrs["schema_version"] = 2
        with pytest.raises(FileFormatError, match=r"schema_version must be 1; .* has 2"):
            latentscope.load(path)

    def test_unfinished_file(self, path):
        with h5py.File(path, "a") as file:
            file.attrs["complete"] = False
        with pytest.raises(IncompleteFileError, match="was not finished"):
            latentscope.load(path)

    @pytest.mark.parametrize("written", [0, 500, 512])
    def test_rows_never_written_are_no_zeros(self, tmp_path, z, written):
        def build(file):
            data = file.create_dataset("z", (len(z), 16), "f4", chunks=(64, 8))
            data[:written] = z[:written]

        path = make(tmp_path / "a.h5", build)
        whole_chunks = -(-written // 64) * 64
        with pytest.raises(IncompleteFileError, match=f"first {whole_chunks} were written"):
            latentscope.load(path)
        if written == 512:
            back = latentscope.load(path, allow_incomplete=True)
            np.testing.assert_array_equal(back.z, z[:512])

    def test_labels_are_cut_with_the_rows(self, tmp_path, z):
        def build(file):
            data = file.create_dataset("z", (len(z), 16), "f4", chunks=(64, 16))
            data[:512] = z[:512]
            file["labels/age"] = np.arange(len(z))

        back = latentscope.load(make(tmp_path / "a.h5", build), allow_incomplete=True)
        np.testing.assert_array_equal(back.labels["age"], np.arange(512))

    def test_a_column_of_ours_must_fit(self, path):
        with h5py.File(path, "a") as file:
            del file["ids"]
            file["ids"] = "one"
        with pytest.raises(DataError, match="ids must"):
            latentscope.load(path)

    def test_one_piece_never_written(self, tmp_path):
        path = make(tmp_path / "a.h5", lambda file: file.create_dataset("z", (100, 4), "f4"))
        with pytest.raises(IncompleteFileError, match="first 0 were written"):
            latentscope.load(path)

    def test_declared_enormous(self, tmp_path):
        def build(file):
            data = file.create_dataset("z", (10**9, 64), "f4", chunks=(100, 64))
            data[:100] = 1

        with pytest.raises(TooLargeError, match=r"declares 238 GiB and stores 25,600 bytes"):
            latentscope.load(make(tmp_path / "a.h5", build))


def external(file, secret):
    file["z"] = h5py.ExternalLink(str(secret), "z")


def external_group(file, secret):
    file["group"] = h5py.ExternalLink(str(secret), "group")
    file["z"] = h5py.SoftLink("/group/z")


def relative_soft(file, secret):
    file["a/out"] = h5py.ExternalLink(str(secret), "/")
    file["a/z"] = h5py.SoftLink("out/z")
    file["z"] = h5py.SoftLink("a/z")


def virtual(file, secret):
    layout = h5py.VirtualLayout((3000, 16), "f4")
    layout[:] = h5py.VirtualSource(str(secret), "z", (3000, 16))
    file.create_virtual_dataset("z", layout)


def storage(file, secret):
    file.create_dataset("z", (3000, 16), "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])


def in_labels(file, secret):
    file["z"] = np.ones((3000, 16), "f4")
    file.attrs.update(schema="latentscope", schema_version=1, complete=True)
    file["labels/x"] = h5py.ExternalLink(str(secret), "z")


class TestHostile:
    @pytest.fixture
    def secret(self, tmp_path, z):
        return make(tmp_path / "secret.h5", lambda file: file.update({"z": z, "group/z": z}))

    @pytest.mark.parametrize(
        "build", [external, external_group, relative_soft, virtual, storage, in_labels]
    )
    def test_data_outside_the_file_are_not_read(self, tmp_path, secret, build):
        path = make(tmp_path / "a.h5", lambda file: build(file, secret))
        with pytest.raises(UnsafeFileError, match="trust_links=True"):
            latentscope.load(path)

    @pytest.mark.parametrize("build", [external, external_group, virtual])
    def test_trust_reads_them(self, tmp_path, secret, build, z):
        path = make(tmp_path / "a.h5", lambda file: build(file, secret))
        with latentscope.load(path, trust_links=True) as back:
            np.testing.assert_array_equal(back.z, z)

    def test_circle_of_links(self, tmp_path):
        def build(file):
            file["z"] = h5py.SoftLink("/y")
            file["y"] = h5py.SoftLink("/z")

        with pytest.raises(FileFormatError, match="circle of links"):
            latentscope.load(make(tmp_path / "a.h5", build))


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
            ({"meta": {"a": object()}}, DataTypeError, "what JSON can"),
            ({"meta": {"a": float("nan")}}, DataTypeError, "what JSON can"),
            ({"meta": {1: "a"}}, DataTypeError, "names in meta must be strings"),
            ({"ids": ["a", None]}, DataTypeError, "ids must hold numbers or strings; got None"),
            ({"ids": ["a", "b\0"]}, DataError, "ids must hold text that UTF-8 can"),
            ({"ids": ["a", "\ud800"]}, DataError, "ids must hold text that UTF-8 can"),
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
        monkeypatch.setattr(latentscope._sources.Matrix, "read", fail)
        with pytest.raises(OSError, match="No space left"):
            latentscope.save(path, z)
        assert path.read_bytes() == before
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]

    def test_killed_while_writing_keeps_the_old_file(self, path):
        """SIGKILL in the middle of save: the old file is whole, no other reads as complete."""
        program = textwrap.dedent(
            """
            import sys, time, numpy as np, latentscope, latentscope._sources as sources
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
            with pytest.raises(FileFormatError, match=r"not an HDF5 file|cannot be read|finished"):
                latentscope.load(leftover)
