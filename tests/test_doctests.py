"""Every example in a docstring runs and ends in the number that it shows."""

import doctest
import importlib
import pkgutil

import latentscope_tensorflow
import pytest

import latentscope

MODULES = [
    found.name
    for package in (latentscope, latentscope_tensorflow)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
MODULES += ["latentscope", "latentscope_tensorflow"]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # examples may write files
    module = importlib.import_module(name)
    report = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    tests = doctest.DocTestFinder().find(module)
    n_failed = sum(runner.run(test, out=report.append).failed for test in tests)
    assert n_failed == 0, "".join(report)
