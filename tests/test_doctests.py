"""Every example in a docstring runs and ends in the number that it shows."""

import doctest
import importlib
import pkgutil

import latentscope_onnx
import latentscope_tensorflow
import latentscope_torch
import pytest

import latentscope

PACKAGES = (latentscope, latentscope_onnx, latentscope_tensorflow, latentscope_torch)
MODULES = [
    found.name
    for package in PACKAGES
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
MODULES += [package.__name__ for package in PACKAGES]

NEEDS = {"latentscope.backend.discovery": "tensorflow"}  # which its example gets


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, needed, tmp_path, monkeypatch):
    needed(NEEDS.get(name, name))
    monkeypatch.chdir(tmp_path)  # examples may write files
    module = importlib.import_module(name)
    report = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    tests = doctest.DocTestFinder().find(module)
    n_failed = sum(runner.run(test, out=report.append).failed for test in tests)
    assert n_failed == 0, "".join(report)
