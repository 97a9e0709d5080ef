"""A small set of latents, in memory and in files of every kind.

A test that takes `ending` runs for each format that the table of docs/formats.md says is written;
`@pytest.mark.endings` takes some of them out.
"""

import re
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest

import latentscope
from latentscope import Latents
from latentscope.errors import LatentscopeWarning

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def table_of_the_page():
    """Return the table: for each ending the cells of its row by their column."""
    pattern = re.compile(r"^(\| format .*)\n\|[-|]+\n((?:\|.*\n)+)", re.MULTILINE)
    head, rows = pattern.search(PAGE.read_text()).groups()
    columns = [cell.strip() for cell in head.strip("|").split("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]
    return {row[0].strip("."): dict(zip(columns, row, strict=True)) for row in cells}


TABLE = table_of_the_page()
WRITTEN = tuple(ending for ending, cells in TABLE.items() if cells["written"] == "yes")


def pytest_configure(config):
    config.addinivalue_line("markers", "endings(without, more): formats that a test runs for")


def pytest_generate_tests(metafunc):
    if "ending" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("endings")
        given = marker.kwargs if marker else {}
        without, more = given.get("without", ()), given.get("more", ())
        metafunc.parametrize("ending", [x for x in (*WRITTEN, *more) if x not in without])


@pytest.fixture(scope="session")
def table():
    """For each format, what docs/formats.md says of it, in words."""
    return TABLE


@pytest.fixture(scope="session")
def cloud():
    return np.random.default_rng(0).standard_normal((3000, 16), dtype=np.float32)


@pytest.fixture
def z(cloud):
    return cloud.copy()


@pytest.fixture(scope="session")
def described():
    """Latents of given z, with all that files can hold."""

    def build(z):
        return Latents(
            z,
            mu=z + 0.5,
            logvar=z - 4,
            ids=[f"{i:06d}.jpg" for i in range(len(z))],
            labels={
                "smiling": z[:, 0] > 0,
                "age": np.arange(len(z)),
                "name": ["é", 'ß, "x"', "x"] * (len(z) // 3),
            },
            meta={"model": "vae", "fact": 5.0},
        )

    return build


@pytest.fixture
def latents(z, described):
    return described(z)


@pytest.fixture
def path(tmp_path, latents):
    latentscope.save(tmp_path / "latents.h5", latents)
    return tmp_path / "latents.h5"


@pytest.fixture(scope="session")
def write_all(described):
    """Write one file of each format into a folder; return them by their ending."""

    def write(folder, z):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LatentscopeWarning)  # of what a format cannot hold
            for ending in WRITTEN:
                latentscope.save(folder / f"latents.{ending}", described(z))
        return {ending: folder / f"latents.{ending}" for ending in WRITTEN}

    return write


@pytest.fixture(scope="session")
def files(tmp_path_factory, write_all, cloud):
    """One file of each kind that `save` writes, by its ending; nobody changes them."""
    return write_all(tmp_path_factory.mktemp("files"), cloud)


@pytest.fixture(scope="session")
def make():
    """Write a file by hand: `make(path, build)` calls `build` with the open file."""

    def make_file(path, build):
        with h5py.File(path, "w") as file:
            build(file)
        return path

    return make_file
