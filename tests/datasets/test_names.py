"""The package gives functions, whatever of it was imported before, and loads nothing heavy."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

from latentscope import datasets

MODULES = [found.name for found in pkgutil.iter_modules(datasets.__path__)]


@pytest.mark.parametrize("name", datasets.__all__)
def test_names_are_functions_after_any_import(name):
    for module in MODULES:
        importlib.import_module(f"latentscope.datasets.{module}")
        assert callable(getattr(datasets, name))


def test_no_module_bears_the_name_of_a_function():
    assert set(MODULES) & set(datasets.__all__) == set()


def test_dir_and_other_names():
    assert dir(datasets) == sorted(datasets.__all__)
    with pytest.raises(AttributeError, match=r"latentscope\.datasets' has no attribute 'cifar'"):
        _ = datasets.cifar


def test_import_is_cheap():
    code = "import sys, latentscope.datasets; print('PIL' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


@pytest.mark.parametrize("name", ["celeba", "folder", "mnist"])
def test_no_tensorflow(name):
    code = (
        f"import sys; from latentscope.datasets import {name}; print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
