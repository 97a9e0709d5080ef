"""Damaged files of every format: an error of ours, or the same data.

For one file of each format, the seeds 0 … COUNT − 1 give as many damaged copies. What has checksums
never gives other numbers; the rest gives those that are in the file now.
"""

import re
import runpy
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import latentscope
from latentscope.errors import FileFormatError
from latentscope.formats import isolated

COUNT = 300
ARRAYS = re.compile(r"\b(z|mu|logvar)\b")
fuzz = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "fuzz.py")))


@pytest.fixture(scope="module")
def small(tmp_path_factory, write_all):
    """One small file of each format."""
    folder = tmp_path_factory.mktemp("small")
    z = np.random.default_rng(0).standard_normal((60, 4), dtype=np.float32)
    return write_all(folder, z)


@pytest.fixture
def whole(small, ending, tmp_path, request):
    """The small file of one format."""
    if ending != "pt":
        return small[ending]
    torch, path = request.getfixturevalue("torch"), tmp_path / "latents.pt"
    z = np.random.default_rng(0).standard_normal((60, 4), dtype=np.float32)
    torch.save({"z": torch.from_numpy(z), "age": torch.arange(60)}, path)
    return path


@pytest.mark.slow
@pytest.mark.endings(more=("pt",))
def test_damaged_files(whole, table, tmp_path, monkeypatch, ending):
    found = fuzz.outcomes(whole, tmp_path, COUNT)
    kinds = {what.partition(":")[0] for what in found.values()}
    allowed = {"refused", "same", "left out"}
    if table[ending]["checksums"] == "no":
        allowed.add("changed")
    if table[ending]["refuses hostile"] == "isolated":  # by the HDF5 library
        allowed.add("ended")
    assert kinds <= allowed, Counter(found.values()).most_common(5)
    if ending == "h5ad":  # z, mu and logvar have checksums, what anndata writes has not
        assert [what for what in found.values() if ARRAYS.search(what)] == []
    check_that_isolation_helps(whole, tmp_path, monkeypatch, found)


def check_that_isolation_helps(path, folder, monkeypatch, found):
    """What ends or holds the process that reads is an error of ours where another one reads."""
    monkeypatch.setattr(isolated, "PATIENCE", 2)
    for seed in [seed for seed, what in found.items() if what == "ended"][:2]:
        target = folder / f"ending{path.suffix}"
        target.write_bytes(fuzz.mutated(path.read_bytes(), np.random.default_rng(seed)))
        with pytest.raises(FileFormatError, match="it is damaged or malicious"):
            latentscope.load(target, isolated=True)
