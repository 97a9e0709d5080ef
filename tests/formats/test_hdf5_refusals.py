"""HDF5 files that are none, broken or hostile: refused, with the reason."""

import os

import h5py
import numpy as np
import pytest

import latentscope
from latentscope.errors import (
    DataError,
    DataTypeError,
    FileFormatError,
    IncompleteFileError,
    LatentscopeError,
    MissingFileError,
    TooLargeError,
    UnsafeFileError,
)


class TestNotHdf5:
    @pytest.mark.parametrize(
        ("content", "match"),
        [
            (b"", "is empty"),
            (b"\n<!DOCTYPE html><html>", "HTML"),
            (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
            (b"\x93NUMPY\x01\x00", "cannot be read as .npy"),
            (b"PK\x03\x04....", "zip archive"),
            (b"\x1f\x8b\x08", "gzip"),
            (b'{"result": 1}', "RadiusDensity.load"),
            (b"no more than a few words", "no known signature"),
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
        with pytest.raises(FileFormatError, match="pipe or device"):
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
            pytest.raises(FileFormatError, match="checksum of its rows from 0 on"),
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
    def test_rows_never_written_are_no_zeros(self, make, tmp_path, z, written):
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

    def test_labels_are_cut_with_the_rows(self, make, tmp_path, z):
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

    def test_one_piece_never_written(self, make, tmp_path):
        path = make(tmp_path / "a.h5", lambda file: file.create_dataset("z", (100, 4), "f4"))
        with pytest.raises(IncompleteFileError, match="first 0 were written"):
            latentscope.load(path)

    def test_declared_enormous(self, make, tmp_path):
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
    def secret(self, make, tmp_path, z):
        return make(tmp_path / "secret.h5", lambda file: file.update({"z": z, "group/z": z}))

    @pytest.mark.parametrize(
        "build", [external, external_group, relative_soft, virtual, storage, in_labels]
    )
    def test_data_outside_the_file_are_not_read(self, make, tmp_path, secret, build):
        path = make(tmp_path / "a.h5", lambda file: build(file, secret))
        with pytest.raises(UnsafeFileError, match="trust_links=True"):
            latentscope.load(path)

    @pytest.mark.parametrize("build", [external, external_group, virtual])
    def test_trust_reads_them(self, make, tmp_path, secret, build, z):
        path = make(tmp_path / "a.h5", lambda file: build(file, secret))
        with latentscope.load(path, trust_links=True) as back:
            np.testing.assert_array_equal(back.z, z)

    def test_circle_of_links(self, make, tmp_path):
        def build(file):
            file["z"] = h5py.SoftLink("/y")
            file["y"] = h5py.SoftLink("/z")

        with pytest.raises(FileFormatError, match="links probably form a cycle"):
            latentscope.load(make(tmp_path / "a.h5", build))
