"""Clouds that the tests share, and how results are compared."""

import os
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple

os.environ["TQDM_DISABLE"] = "1"  # before tqdm is imported
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait leave the cores to others
os.environ.setdefault("OMP_NUM_THREADS", "1")  # pytest-xdist has a worker per core already
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latentscope._validate import generator
from latentscope.errors import DataError
from latentscope.images import Images, as_images, as_unit
from latentscope.latents import Latents

SEEDS = range(5)
EXTRAS = {  # package: the extra that brings it
    "onnx": "onnx", "tensorflow": "tensorflow", "torch": "torch", "jax": "dev", "playwright": "dev",
    "mypy": "dev",
}  # fmt: skip
N_SLOW = pytest.StashKey[int]()
MISSING = {package for package in EXTRAS if find_spec(package) is None}


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run also what is marked slow")


def pytest_collection_modifyitems(config, items):
    """Leave out what is slow, unless asked for it; skip what needs a package that is missing."""
    for item in items:
        for marker in item.iter_markers("needs"):
            (package,) = marker.args
            if package in MISSING:
                item.add_marker(pytest.mark.skip(reason=install_line(package)))
    if not config.getoption("slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
        config.stash[N_SLOW] = len(slow)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take over from a worker of pytest-xdist how many tests it left out."""
    node.config.stash[N_SLOW] = getattr(node, "workeroutput", {}).get("n_slow", 0)


def pytest_terminal_summary(terminalreporter, config):
    if n_slow := config.stash.get(N_SLOW, 0):
        terminalreporter.write_line(f"{n_slow} slow tests were left out; --slow runs them too")


class Without(pytest.Module):
    """A module of tests that is skipped as a whole, before its imports fail."""

    def collect(self):
        pytest.skip(install_line(framework(self.path.parent.name)), allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    """Skip the tests of a backend whose framework is missing."""
    if framework(module_path.parent.name) in MISSING:
        return Without.from_parent(parent, path=module_path)
    return None


def framework(module):
    """Return "torch" for the modules of latentscope_torch; others keep their name."""
    return module.partition(".")[0].removeprefix("latentscope_")


def install_line(package):
    return f"needs {package}: pip install '.[{EXTRAS[package]}]'"


@pytest.fixture(scope="session")
def needed():
    """Skip the test where a package is missing, or the framework of a backend's module."""

    def check(module):
        if framework(module) in MISSING:
            pytest.skip(install_line(framework(module)))

    return check


@pytest.fixture(scope="session")
def torch(needed):
    needed("torch")
    return import_module("torch")


class Cloud(NamedTuple):
    """Draws of a Gaussian whose mean and covariance are known."""

    z: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray


@pytest.fixture(scope="session")
def cloud():
    """3,000 draws of N(m, A Aᵀ) in 6 dimensions: x = m + A g has that mean and covariance."""
    rng = np.random.default_rng(7)
    root = rng.standard_normal((6, 6)) + 2 * np.eye(6)
    mean = np.array([5.0, 0.0, -3.0, 1.0, 0.0, 2.0])
    z = mean + rng.standard_normal((3000, 6)) @ root.T
    z.flags.writeable = False
    return Cloud(z, mean, root @ root.T)


@pytest.fixture(params=SEEDS)
def rng(request):
    """Five seeds, for laws."""
    return np.random.default_rng(request.param)


@pytest.fixture
def rotation(rng):
    """A random rotation of 6 axes: the orthogonal factor of a Gaussian matrix."""
    return np.linalg.qr(rng.standard_normal((6, 6)))[0]


@pytest.fixture
def small_blocks(monkeypatch):
    """Read in runs of a few hundred rows and blocks of a few dozen, so that much is merged."""
    monkeypatch.setattr("latentscope.rows.matrix.READ_BYTES", 7_000)
    monkeypatch.setattr("latentscope.rows.source._BLOCK_BYTES", 1_000)


@pytest.fixture
def counted_rows(monkeypatch):
    """Return the steps of progress bars over rows, instead of showing them."""
    steps = []

    class Bar(nullcontext):
        def __init__(self, **options):
            super().__init__(SimpleNamespace(update=steps.append))

    monkeypatch.setattr("latentscope.rows.reduction.tqdm", Bar)
    return steps


@pytest.fixture(scope="session")
def assert_same():
    """Compare two results field by field: whole numbers exactly, others to rtol of the largest."""

    def compare(one, other, *, rtol=0.0, but=()):
        assert type(one) is type(other)
        _compare(one.to_dict(), other.to_dict(), rtol, but, type(one).__name__)

    return compare


def _compare(one, other, rtol, but, name):
    if isinstance(one, dict):
        assert one.keys() == other.keys(), name
        for key in one.keys() - set(but):
            _compare(one[key], other[key], rtol, but, f"{name}.{key}")
    elif isinstance(one, list) and one and isinstance(one[0], dict):
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            _compare(a, b, rtol, but, f"{name}[{i}]")
    elif rtol and np.asarray(one).dtype.kind == "f":
        scale = np.abs(other).max(initial=0.0)
        assert_allclose(one, other, rtol=rtol, atol=rtol * scale, err_msg=name)
    else:
        assert_array_equal(one, other, err_msg=name)


@pytest.fixture(scope="session")
def small_maps():
    """Let reports map few points and draw few nulls: what those show is tested elsewhere."""
    few = {
        "scan.N_AXES": 2, "scan.N_NULL": 39, "dimension.N_POINTS": 1000, "clusters.N_POINTS": 300,
        "clusters.N_NULL": 19, "normality.N_POINTS": 600, "normality.N_NULL": 19,
        "tsne.N_POINTS": 200,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in few.items():
            patch.setattr(f"latentscope.reporting.questions.{name}", value)
        yield


class LinearModel:
    """Probabilistic PCA in closed form: a VAE of NumPy, to show what the protocol needs.

    With eigenvalues λ of the covariance and noise σ², W = U (Λ − σ²)^½ and the posterior of z is
    N(Wᵀ(x − m) / λ, σ² / λ). M. E. Tipping, C. M. Bishop (1999), doi:10.1111/1467-9868.00196, eqs
    (6), (7), (12).
    """

    kind = "vae"
    meta = MappingProxyType({"model": "probabilistic PCA"})

    def __init__(self, images, z_dim):
        self.image_shape, self.z_dim = tuple(images.shape[1:]), z_dim
        x = as_unit(images).reshape(len(images), -1).astype(float)
        self.mean = x.mean(axis=0)
        _, singular, axes = np.linalg.svd(x - self.mean, full_matrices=False)
        variance = singular**2 / len(x)
        self.noise = variance[z_dim:].sum() / (x.shape[1] - z_dim)
        self.variance = variance[:z_dim]
        self.weights = axes[:z_dim].T * np.sqrt(self.variance - self.noise)

    def encode(self, images, *, rng=0):
        images = as_images(images)
        if images.image_shape != self.image_shape:
            raise DataError(f"images must have shape {self.image_shape}; got {images.image_shape}.")
        x = as_unit(images.take(slice(None))).reshape(len(images), -1)
        mu = ((x - self.mean) @ self.weights / self.variance).astype(np.float32)
        logvar = np.broadcast_to(np.log(self.noise / self.variance), mu.shape).astype(np.float32)
        draws = generator(rng).standard_normal(mu.shape, np.float32)
        return Latents(mu + np.exp(logvar / 2) * draws, mu, logvar)

    def decode(self, z):
        if np.shape(z)[1:] != (self.z_dim,):
            raise DataError(f"z must have {self.z_dim} columns; got shape {np.shape(z)}.")
        pixels = np.asarray(z) @ self.weights.T + self.mean
        return np.clip(pixels, 0, 1).astype(np.float32).reshape(-1, *self.image_shape)


@pytest.fixture(scope="session")
def blobs():
    """200 images of 8×8×3 bytes that vary along three patterns, and a little noise."""
    rng = np.random.default_rng(1)
    patterns = rng.standard_normal((3, 8, 8, 3))
    pixels = np.tensordot(rng.standard_normal((200, 3)) * [30, 20, 10], patterns, axes=1)
    pixels = (128 + pixels + rng.standard_normal(pixels.shape)).clip(0, 255).astype(np.uint8)
    pixels.flags.writeable = False
    labels = {"row": np.arange(200), "even": np.arange(200) % 2 == 0}
    return Images(pixels, ids=[f"{row:03}.png" for row in range(200)], labels=labels)


@pytest.fixture(scope="session")
def linear_model(blobs):
    """A model of those images, without any framework."""
    return LinearModel(blobs.pixels, 3)


def pytest_sessionfinish(session):
    """Fail the whole run in CI if a test was skipped: there everything must be installed."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["n_slow"] = session.config.stash.get(N_SLOW, 0)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")  # None in a worker
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
