"""Import is cheap, gives every public name, and notices another package of the same name."""

import ast
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import latentscope

HEAVY = [
    "click",
    "matplotlib",
    "sklearn",
    "scipy",
    "openTSNE",
    "h5py",
    "numba",
    "faiss",
    "tensorflow",
    "torch",
    "onnx",
    "onnxruntime",
    "pandas",
    "zarr",
    "dask",
    "distributed",
]


def run(code, folder, *options):
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_is_cheap(tmp_path):
    done = run("import json, sys, latentscope; print(json.dumps(list(sys.modules)))", tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert "latentscope" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_import_says_and_writes_nothing(tmp_path):
    done = run("import latentscope", tmp_path, "-W", "error")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", latentscope.__all__)
def test_public_names_resolve(name):
    assert getattr(latentscope, name) is not None


def test_public_names_are_there_once():
    assert len(set(latentscope.__all__)) == len(latentscope.__all__)


@pytest.mark.parametrize("name", ["no_such_name", "reduce", "_private"])
def test_other_names_do_not_resolve(name):
    with pytest.raises(AttributeError, match=f"module 'latentscope' has no attribute '{name}'"):
        getattr(latentscope, name)


LAZY = [
    "latentscope",
    "latentscope.datasets",
    "latentscope.rows",
    "latentscope_onnx",
    "latentscope_tensorflow",
    "latentscope_torch",
]


@pytest.mark.parametrize("package", LAZY)
def test_dir_lists_the_public_names(package):
    module = importlib.import_module(package)
    assert dir(module) == sorted(module.__all__)


def seen_by_checkers(module):
    """Return what a package imports for checkers alone: the modules by the names they define."""
    body = ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
    (block,) = (
        node
        for node in body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {alias.name: node.module for node in block.body for alias in node.names}


@pytest.mark.parametrize("package", LAZY)
def test_checkers_see_what_is_imported_on_first_use(package):
    module = importlib.import_module(package)
    homes = {
        name: home if home.startswith(package) else f"{package}.{home}"
        for name, home in module._HOME.items()
    }
    homes |= dict.fromkeys(getattr(module, "_MODULES", ()), package)
    assert seen_by_checkers(module) == homes
    at_once = {"__version__", "can"} & vars(module).keys()
    assert sorted(module.__all__) == sorted({*homes, *at_once})


@pytest.fixture
def copy(tmp_path):
    """Return a folder with a copy of the package's first two files."""
    package = Path(latentscope.__file__).parent
    (tmp_path / "latentscope").mkdir()
    for name in ("__init__.py", "_version.py"):
        shutil.copy(package / name, tmp_path / "latentscope" / name)
    return tmp_path


# -S: without site-packages, so that only the copy can be imported


def test_mixed_installation_is_refused(copy):
    server = copy / "latentscope" / "server" / "app.py"
    server.parent.mkdir()
    server.touch()
    done = run("import latentscope", copy, "-S")
    assert done.returncode == 1
    assert "ImportError: two packages share the import name 'latentscope'" in done.stderr
    assert (
        "pip uninstall -y latentscope latentscope-analysis && pip install latentscope-analysis"
        in done.stderr
    )


def test_pure_installation_is_not(copy):
    done = run("import latentscope; print(latentscope.__file__)", copy, "-S")
    assert Path(done.stdout.strip()) == copy / "latentscope" / "__init__.py"


def test_kernels_compile_where_nothing_can_be_cached():
    """In a read-only install without a home there is no place for the compiled code."""
    code = (
        "from numba.core import caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "import latentscope\n"
        "print(latentscope.radius_density([[3.0, 4.0], [0.0, 5.0]]).mean)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "5.0\n", done.stderr
