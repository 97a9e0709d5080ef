"""`backends` lists all, also those that cannot be imported."""

import json
import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import latentscope
from latentscope.backend import discovery

BUILT_IN = ["onnx", "tensorflow", "torch"]


def announce(monkeypatch, value):
    """Let a distribution announce a backend "mine"."""
    point = EntryPoint("mine", value, discovery.GROUP)

    def found(*, group, name="mine"):
        return [point] if name == "mine" else []

    monkeypatch.setattr(discovery, "entry_points", found)
    monkeypatch.setattr("latentscope.cli.backends.entry_points", found)


def test_the_built_in_backends(good):
    source = f"latentscope-analysis {latentscope.__version__}"
    assert [line.split(maxsplit=1)[0] for line in good("backends").splitlines()[1:]] == BUILT_IN
    assert json.loads(good("backends", "--json"))[1:] == [
        {"name": "tensorflow", "can": ["load", "train"], "source": source, "problem": ""},
        {"name": "torch", "can": ["load"], "source": source, "problem": ""},
    ]


def test_backends_of_others(good, monkeypatch):
    monkeypatch.setitem(sys.modules, "mine", SimpleNamespace(can=("load",), load=len))
    announce(monkeypatch, "mine")
    mine, *_ = json.loads(good("backends", "--json"))
    assert mine == {"name": "mine", "can": ["load"], "source": "unknown (mine)", "problem": ""}


def test_a_broken_backend_does_not_hide_the_others(good, monkeypatch, tmp_path):
    (tmp_path / "broken_backend.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    announce(monkeypatch, "broken_backend")
    lines = good("backends").splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["mine", *BUILT_IN]
    assert (lines[1].split()[1], lines[5]) == ("–", "mine: division by zero")


def test_a_missing_framework_is_told_with_its_install_line(good, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    found = json.loads(good("backends", "--json"))[BUILT_IN.index("tensorflow")]
    assert found["can"] == []
    assert "pip install 'latentscope-analysis[tensorflow]'" in found["problem"]
