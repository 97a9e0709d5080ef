"""Without the library that a format needs, the error names the line that installs it."""

import subprocess
import sys

import pytest

import latentscope
from latentscope.errors import MissingDependencyError

NEEDS = {
    "safetensors": "safetensors",
    "zarr": "zarr",
    "parquet": "pyarrow",
    "h5ad": "anndata",
}


@pytest.mark.parametrize(("name", "library"), NEEDS.items())
def test_reading_and_writing(files, tmp_path, monkeypatch, z, name, library):
    for module in [one for one in sys.modules if one.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError, match=rf"{library}.*latentscope-analysis\[formats"):
        latentscope.load(files[name])
    if name != "safetensors":  # written without the library
        with pytest.raises(MissingDependencyError, match=r"latentscope-analysis\[formats"):
            latentscope.save(tmp_path / f"a.{name}", z)
        assert list(tmp_path.iterdir()) == []


def test_pt(tmp_path, monkeypatch, torch):
    torch.save(torch.ones((3, 2)), tmp_path / "a.pt")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"\.pt files needs torch.*\[torch"):
        latentscope.load(tmp_path / "a.pt")


@pytest.mark.parametrize("name", ["h5", "npz", "npy", "csv", "tsv"])
def test_the_core_reads_these(files, name):
    """In a process that has no library but NumPy and h5py."""
    libraries = ["anndata", "pandas", "pyarrow", "safetensors", "torch", "zarr"]
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({libraries}))\n"
        f"import latentscope; print(latentscope.load({str(files[name])!r}).n_points)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("3000\n", 0), done.stderr
