"""Files that are broken, or malicious: refused, with the reason; nothing in them runs."""

import errno
import json
import os
import pickle
import struct
import zipfile
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import zarr

import latentscope
from latentscope.errors import (
    AccessError,
    DataError,
    FileFormatError,
    IncompleteFileError,
    LatentscopeError,
    LatentscopeWarning,
    TooLargeError,
    UnsafeFileError,
)

PYTORCH = "needs PyTorch: pip install '.[torch]'"

OF_FILES = pytest.mark.endings(without=("zarr",))  # a folder


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.fixture
def mark(tmp_path):
    """The file that a payload would create; it must not be there after the test."""
    yield tmp_path / "harmed"
    assert not (tmp_path / "harmed").exists()


@pytest.fixture
def nobody(tmp_path):
    """Let root, who may read everything, be somebody else for a while."""

    @contextmanager
    def somebody_else():
        is_root = os.geteuid() == 0
        if is_root:
            for folder in (tmp_path, *tmp_path.parents[:2]):
                folder.chmod(0o755)
            os.seteuid(65534)
        try:
            yield
        finally:
            if is_root:
                os.seteuid(0)

    return somebody_else


def to_pkl(path, payload):
    path.write_bytes(pickle.dumps(payload))


def to_npy(path, payload):
    np.save(path, np.array([[payload]], dtype=object), allow_pickle=True)


def to_npz(path, payload):
    np.savez(path, z=np.array([[payload]], dtype=object))


def to_pt(path, payload):
    torch = pytest.importorskip("torch", reason=PYTORCH)
    torch.save({"z": payload}, path)


def to_old_pt(path, payload):
    torch = pytest.importorskip("torch", reason=PYTORCH)
    torch.save({"z": payload}, path, _use_new_zipfile_serialization=False)


def to_zarr(path, payload):
    """A zarr array of objects whose chunk is a pickle."""
    path.mkdir()
    described = {
        "zarr_format": 2, "shape": [1, 1], "chunks": [1, 1], "dtype": "|O", "order": "C",
        "fill_value": 0, "compressor": None, "filters": [{"id": "pickle", "protocol": 5}],
    }  # fmt: skip
    (path / ".zarray").write_text(json.dumps(described))
    (path / "0.0").write_bytes(pickle.dumps(payload))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.pkl", to_pkl),
        ("a.joblib", to_pkl),
        ("a.npy", to_npy),
        ("a.npz", to_npz),
        ("a.pt", to_pt),
        ("b.pt", to_old_pt),
    ],
)
def test_pickles_never_run(tmp_path, mark, name, write):
    write(tmp_path / name, Payload(mark))
    with pytest.raises(UnsafeFileError, match="safetensors"):
        latentscope.load(tmp_path / name)


def test_pickles_in_zarr_never_run(tmp_path, mark):
    to_zarr(tmp_path / "a.zarr", Payload(mark))
    with pytest.raises((UnsafeFileError, FileFormatError), match=r"pickled objects|cannot be read"):
        latentscope.load(tmp_path / "a.zarr")


def test_the_payload_does_run_where_it_is_let(tmp_path):
    """The tests above can fail."""
    to_pkl(tmp_path / "a.pkl", Payload(tmp_path / "mark"))
    pickle.loads((tmp_path / "a.pkl").read_bytes())
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        (b"\x00\x01\x02" * 40, "no known signature"),
        (b'{"a": [1, 2]}', "JSON"),
    ],
)
@pytest.mark.endings(without=("zarr",), more=("pt",))
def test_what_is_none_is_told(tmp_path, ending, content, match):
    (tmp_path / f"a.{ending}").write_bytes(content)
    with pytest.raises(FileFormatError, match=match):
        latentscope.load(tmp_path / f"a.{ending}")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
@OF_FILES
def test_files_that_were_cut_off_are_refused(files, tmp_path, ending, share):
    whole = files[ending].read_bytes()
    path = tmp_path / f"cut.{ending}"
    path.write_bytes(whole[: int(share * len(whole))])
    if ending in ("csv", "tsv"):  # fewer lines are a table too; half a line is none
        path.write_bytes(path.read_bytes().rpartition(b"\n")[0] + b"\n1")
    with pytest.raises(LatentscopeError, match=r"cut|read|must|damaged|no file"):  # noqa: SIM117
        with latentscope.load(path) as found:
            latentscope.radius_density(found)


class TestTooLarge:
    def test_an_array_that_declares_more_than_the_file_holds(self, tmp_path):
        np.save(tmp_path / "a.npy", np.ones((10, 4), "f4"))
        raw = (tmp_path / "a.npy").read_bytes().replace(b"(10, 4), ", b"(9000000000, 4), ", 1)
        (tmp_path / "a.npy").write_bytes(raw)
        with pytest.raises(FileFormatError, match=r"cannot be read|must end at byte"):
            latentscope.load(tmp_path / "a.npy")

    def test_a_declared_bomb_is_not_unpacked(self, tmp_path, monkeypatch):
        np.savez_compressed(tmp_path / "a.npz", z=np.zeros((1_000_000, 100), "u1"))
        monkeypatch.setattr("latentscope._disk.limits.SUSPECT_BYTES", 10**6)
        monkeypatch.setattr("latentscope._disk.limits.SUSPECT_RATIO", 100)
        with pytest.raises(TooLargeError, match="stores"):
            latentscope.load(tmp_path / "a.npz")

    def test_more_than_the_memory(self, tmp_path, monkeypatch):
        np.savez_compressed(tmp_path / "a.npz", z=np.ones((100, 100)))
        monkeypatch.setattr("latentscope._disk.limits._memory", lambda: 1000)
        with pytest.raises(TooLargeError, match="must be read as one piece"):
            latentscope.load(tmp_path / "a.npz")

    def test_parquet_of_repeated_numbers(self, tmp_path, monkeypatch):
        table = pa.table({f"z{i}": np.zeros(10**6, "f4") for i in range(4)})
        pa.parquet.write_table(table, tmp_path / "a.parquet")
        monkeypatch.setattr("latentscope._disk.limits.SUSPECT_BYTES", 10**6)
        monkeypatch.setattr("latentscope._disk.limits.SUSPECT_RATIO", 100)
        with pytest.raises(TooLargeError, match="declares"):
            latentscope.load(tmp_path / "a.parquet")

    def test_zarr_of_a_kilobyte_that_declares_a_terabyte(self, tmp_path):
        array = zarr.create_array(
            str(tmp_path / "a.zarr"), shape=(10**10, 64), chunks=(10**4, 64), dtype="f4"
        )
        array[:10] = 1
        with pytest.raises(TooLargeError, match="declares"):
            latentscope.load(tmp_path / "a.zarr")

    def test_safetensors_with_an_endless_header(self, tmp_path):
        (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", 2**60) + b"{" * 100)
        with pytest.raises(FileFormatError, match="no known signature"):
            latentscope.load(tmp_path / "a.safetensors")


class TestZarr:
    def test_chunks_that_were_never_written(self, tmp_path):
        array = zarr.create_array(
            str(tmp_path / "a.zarr"), shape=(100, 4), chunks=(10, 2), dtype="f4"
        )
        array[:35] = 1
        with pytest.raises(IncompleteFileError, match="first 40 were written"):
            latentscope.load(tmp_path / "a.zarr")
        assert latentscope.load(tmp_path / "a.zarr", allow_incomplete=True).n_points == 40

    def test_links_are_not_followed(self, tmp_path):
        np_array = np.ones((10, 4), "f4")
        zarr.create_array(str(tmp_path / "secret.zarr"), data=np_array)
        zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
        (tmp_path / "a.zarr" / "z").symlink_to(tmp_path / "secret.zarr")
        with pytest.raises(UnsafeFileError, match="trust_links=True"):
            latentscope.load(tmp_path / "a.zarr")
        assert latentscope.load(tmp_path / "a.zarr", trust_links=True).n_points == 10

    def test_a_folder_that_is_none(self, tmp_path):
        with pytest.raises(FileFormatError, match="is a folder"):
            latentscope.load(tmp_path)

    def test_broken_metadata(self, files, tmp_path):
        (tmp_path / "a.zarr").mkdir()
        (tmp_path / "a.zarr" / "zarr.json").write_text("{")
        with pytest.raises(FileFormatError, match="cannot be read as zarr"):
            latentscope.load(tmp_path / "a.zarr")


def test_links_in_obs_are_not_followed(files, tmp_path):
    """An AnnData file whose column of cells lies in another file."""
    path = tmp_path / "a.h5ad"
    path.write_bytes(files["h5ad"].read_bytes())
    with h5py.File(path, "r+") as file:
        del file["obs/age"]
        file["obs/age"] = h5py.ExternalLink(str(files["h5"]), "/labels/age")
    with pytest.raises(UnsafeFileError, match="trust_links=True"):
        latentscope.load(path)


class TestChanging:
    @pytest.mark.endings(without=("zarr", "h5ad", "csv", "tsv"))
    def test_a_file_that_changes_while_it_is_read(self, files, tmp_path, ending):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(files[ending].read_bytes())
        with latentscope.load(path) as found:
            rows = latentscope.rows.as_rows(found)
            os.utime(path, ns=(1, 1))
            with pytest.raises(FileFormatError, match="changed while it was read"):
                latentscope.radius_density(rows)

    @pytest.mark.endings(without=("zarr", "h5", "h5ad", "csv", "tsv", "parquet"))
    def test_a_file_that_shrinks_while_it_is_read(self, files, tmp_path, ending):
        """A mapped file would end the interpreter with a bus error."""
        path = tmp_path / f"a.{ending}"
        path.write_bytes(files[ending].read_bytes())
        with latentscope.load(path) as found:
            os.truncate(path, 1000)
            with pytest.raises(FileFormatError, match=r"was truncated|is truncated|changed while"):
                latentscope.radius_density(found)

    def test_a_memory_map_of_numpy(self, files, tmp_path):
        path = tmp_path / "a.npy"
        path.write_bytes(files["npy"].read_bytes())
        rows = latentscope.rows.as_rows(np.load(path, mmap_mode="r"))
        os.utime(path, ns=(1, 1))
        with pytest.raises(FileFormatError, match="changed while it was read"):
            latentscope.radius_density(rows)


class TestSystem:
    @pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
    @OF_FILES
    def test_a_file_that_the_system_does_not_give(self, files, monkeypatch, ending, code):
        """No permission, a failing disk, a lost network drive: when the file is opened."""
        real = Path.open

        def fail(path, *args, **options):
            if path == files[ending]:
                raise OSError(code, os.strerror(code), str(path))
            return real(path, *args, **options)

        monkeypatch.setattr(Path, "open", fail)
        with pytest.raises(AccessError, match=os.strerror(code)):
            latentscope.load(files[ending])

    @pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
    def test_a_drive_that_is_lost_while_reading(self, files, monkeypatch, code):
        found = latentscope.load(files["npy"])

        def fail(*args, **options):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(Path, "open", fail)
        with pytest.raises(AccessError, match="Check its permissions and disk"):
            latentscope.radius_density(found)

    def test_permission(self, tmp_path, nobody):
        path = tmp_path / "a.npy"
        np.save(path, np.ones((3, 2)))
        path.chmod(0)
        with nobody(), pytest.raises(AccessError, match="Permission denied"):
            latentscope.load(path)


def test_a_zip_of_something_else(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FileFormatError, match="zip archive without arrays"):
        latentscope.load(tmp_path / "a.npz")


def test_nan_in_a_file_is_told_by_its_rows(tmp_path):
    z = np.ones((10, 3))
    z[4] = np.nan
    np.save(tmp_path / "a.npy", z)
    with pytest.raises(DataError, match=r"1 of 10 rows contain NaN or infinity \(rows 4\)"):
        latentscope.radius_density(latentscope.load(tmp_path / "a.npy"))


def test_a_stored_member_is_not_read_beyond_its_end(tmp_path):
    """Its size in the directory may claim the bytes of the next member."""
    rows = np.ones((20, 4), np.float32)
    head = struct.pack("<6sBBH", b"\x93NUMPY", 1, 0, 118)
    head += b"{'descr': '<f4', 'fortran_order': False, 'shape': (40, 4)}".ljust(117) + b"\n"
    with zipfile.ZipFile(path := tmp_path / "a.npz", "w") as archive:
        archive.writestr("z.npy", head + rows.tobytes())
        archive.writestr("private.bin", rows.tobytes())
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02") + 24
    raw[at : at + 4] = struct.pack("<I", len(head) + 2 * rows.nbytes)
    path.write_bytes(raw)
    with pytest.raises(FileFormatError, match="its two sizes must agree"):
        latentscope.load(path)


@pytest.mark.parametrize("version", [1, 2])
def test_a_header_that_declares_much_is_not_read(tmp_path, version):
    path, n = tmp_path / "a.npy", 65_000 if version == 1 else 2**30
    path.write_bytes(
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", n)
    )
    os.truncate(path, n + 4096)
    with pytest.raises(FileFormatError, match=f"declares {n:,} bytes; at most 10,000 are read"):
        latentscope.load(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
@pytest.mark.parametrize("isolated", [False, True])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, isolated):
    os.mkfifo(path := tmp_path / "a.h5")
    with pytest.raises(FileFormatError, match="is a pipe or device"):
        latentscope.load(path, isolated=isolated)


def test_a_list_of_texts_that_is_a_number_is_refused(tmp_path):
    head = {"__metadata__": {"latentscope": json.dumps({"text": 5})}}
    head["z"] = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
    packed = json.dumps(head).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(packed)) + packed + bytes(16))
    with pytest.raises(FileFormatError, match="must list its arrays of text; it holds 5"):
        latentscope.load(path)


def test_an_archive_on_several_disks_is_refused(tmp_path):
    np.savez(path := tmp_path / "a.npz", z=np.ones((4, 2)))
    raw = path.read_bytes()
    at = raw.rindex(b"PK\x05\x06")
    path.write_bytes(raw[:at] + b"PK\x06\x07" + struct.pack("<LQL", 0, at, 2) + raw[at:])
    with pytest.raises(FileFormatError, match="span multiple disks"):
        latentscope.load(path)


def named_column(file):
    file["obs"].attrs["column-order"] = ["/uns/v"]


def named_index(file):
    file["obs"].attrs["_index"] = "/uns/v"


def linked_column(file):
    file["obs/x"] = h5py.SoftLink("/uns/v")
    file["obs"].attrs["column-order"] = ["x"]


def old_categories(file):
    """As anndata 0.7 wrote them: a reference to their names."""
    file["obs/x"] = np.zeros(6, np.int8)
    file["obs/x"].attrs["categories"] = file["uns/v"].ref
    file["obs"].attrs["column-order"] = ["x"]


@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize("lead", [named_column, named_index, linked_column, old_categories])
def test_columns_of_cells_do_not_lead_out_of_the_file(tmp_path, lead, isolated):
    """A column led to any file's bytes, by its name, a link or a reference."""
    cells(path := tmp_path / "a.h5ad")
    (secret := tmp_path / "secret.txt").write_text("private words in a file")
    with h5py.File(path, "r+") as file:
        file["uns"].create_dataset("v", (6,), "S1", external=[(str(secret), 0, 6)])
        lead(file)
    with pytest.raises(UnsafeFileError, match=r"may be elsewhere|is a link|in other files"):
        latentscope.load(path, isolated=isolated)


def test_a_column_with_a_slash_in_its_name_is_read(tmp_path):
    cells(path := tmp_path / "a.h5ad")
    with h5py.File(path, "r+") as file:
        file["obs/CD4/CD8"] = np.arange(6)
        file["obs/CD4/CD8"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        file["obs"].attrs["column-order"] = ["CD4/CD8"]
    with pytest.warns(LatentscopeWarning, match=r"column CD4/CD8 is called CD4_CD8"):
        found = latentscope.load(path)
    with found:
        assert found.labels["CD4_CD8"].tolist() == list(range(6))


def cells(path):
    anndata = pytest.importorskip("anndata", reason="needs anndata")
    one = anndata.AnnData(np.ones((6, 2), np.float32), obsm={"X_z": np.eye(6)})
    one.write_h5ad(path)
