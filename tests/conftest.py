"""Clouds that the tests share, and how results are compared."""

import os
from typing import NamedTuple

os.environ["TQDM_DISABLE"] = "1"  # before tqdm is imported
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait leave the cores to others

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

SEEDS = range(5)


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
    monkeypatch.setattr("latentscope._sources.READ_BYTES", 7_000)
    monkeypatch.setattr("latentscope.rows._BLOCK_BYTES", 1_000)


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
        scale = np.abs(other).max()
        assert_allclose(one, other, rtol=rtol, atol=rtol * scale, err_msg=name)
    else:
        assert_array_equal(one, other, err_msg=name)


def pytest_sessionfinish(session):
    """Fail the whole run in CI if a test was skipped: there everything must be installed."""
    skipped = session.config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped", [])
    if os.environ.get("CI") and skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
