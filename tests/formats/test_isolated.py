"""Reading in another process: the same latents, and its end is an error of ours."""

import textwrap

import numpy as np
import pytest

import latentscope
from latentscope.errors import (
    DataError,
    FileFormatError,
    LatentscopeWarning,
    TooLargeError,
    UnsafeFileError,
)
from latentscope.formats import isolated


def test_the_same_latents(files, cloud):
    with (
        latentscope.load(files["h5"]) as direct,
        latentscope.load(files["h5"], isolated=True) as found,
    ):
        np.testing.assert_array_equal(found.z[:], cloud)
        np.testing.assert_array_equal(found.logvar[:], direct.logvar[:])
        assert list(found.ids) == list(direct.ids[:])
        assert found.labels.keys() == direct.labels.keys()
        assert found.meta == direct.meta
        folder = found.z.path.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_options_are_passed_on(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.ones((4, 3)), b=np.ones((4, 2, 3)))
    with latentscope.load(f"{tmp_path / 'a.npz'}::b", flatten=True, isolated=True) as found:
        assert found.z_dim == 6


def test_errors_and_warnings_arrive(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.ones((4, 3)), b=np.ones((4, 2)))
    with pytest.raises(DataError, match="Choose with key="):
        latentscope.load(tmp_path / "a.npz", isolated=True)
    (tmp_path / "a.pkl").write_bytes(b"\x80\x04")
    with pytest.raises(UnsafeFileError, match="is a pickle"):
        latentscope.load(tmp_path / "a.pkl", isolated=True)
    np.savez(tmp_path / "v.npz", mean=np.ones((4, 3)), var=np.ones((4, 3)))
    with (
        pytest.warns(LatentscopeWarning, match="is a variance"),
        pytest.warns(LatentscopeWarning, match="z is set to the mean"),
    ):
        latentscope.load(tmp_path / "v.npz", isolated=True).close()


@pytest.mark.parametrize(
    ("end", "match"),
    [
        ("os.kill(os.getpid(), 11)", "SIGSEGV.*it is damaged or malicious"),
        ("os._exit(7)", "exit code 7"),
    ],
)
def test_a_crash_is_an_error(files, monkeypatch, tmp_path, end, match):
    self_ending(monkeypatch, tmp_path, end)
    with pytest.raises(FileFormatError, match=match):
        latentscope.load(files["h5"], isolated=True)


def test_too_much_memory_is_an_error(files, monkeypatch, tmp_path):
    text = 'print(\'{"error": "TooLargeError", "message": "needs more"}\'); sys.exit(1)'
    self_ending(monkeypatch, tmp_path, text)
    with pytest.raises(TooLargeError, match="needs more"):
        latentscope.load(files["h5"], isolated=True)


def test_an_endless_loop_is_an_error(files, monkeypatch, tmp_path):
    self_ending(monkeypatch, tmp_path, "while True: pass")
    monkeypatch.setattr(isolated, "PATIENCE", 1)
    with pytest.raises(FileFormatError, match="busy for 1 s without returning a row"):
        latentscope.load(files["h5"], isolated=True)


def self_ending(monkeypatch, tmp_path, text):
    """Put a program in the place of the one that reads."""
    (tmp_path / "ending.py").write_text(textwrap.dedent(f"import os, sys\n{text}\n"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(isolated, "_CHILD", "ending")
