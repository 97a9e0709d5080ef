"""What is kept is used again if it is whole and every constant that it depends on is the same."""

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import latentscope
from latentscope.reporting.asking import studied
from latentscope.reporting.kept import Kept
from latentscope.reporting.questions import clusters, dimension, normality, scan, tsne

MODULES = {
    one.__name__.rpartition(".")[2]: one for one in (clusters, dimension, normality, scan, tsne)
}
CALLED = {  # what takes long in each module
    "clusters": ("inertia_curve", "cluster_gap"), "dimension": ("intrinsic_dimension",),
    "normality": ("normality",), "scan": ("scan_planes",), "tsne": ("tsne", "gaussian"),
}  # fmt: skip
SETTINGS = {
    "clusters.CLUSTERS", "clusters.ROWS_PER_CLUSTER",
    "clusters.N_POINTS", "clusters.N_NULL", "dimension.N_POINTS",
    "normality.N_POINTS", "normality.N_NULL", "scan.N_AXES", "scan.N_NULL", "scan.NULL",
    "tsne.N_POINTS", "tsne.PERPLEXITY", "tsne.ROWS_PER_NEIGHBOUR",
}  # fmt: skip
CONSTANTS = [
    (name, constant)
    for name, module in MODULES.items()
    for constant, value in vars(module).items()
    if constant.isupper() and isinstance(value, int | float | str | tuple | range)
    and constant != "SMALL"  # of figures
]  # fmt: skip


def others(value):
    """Return other values of a constant."""
    if isinstance(value, str):
        return [f"{value}r"]
    if isinstance(value, tuple | range):
        return [value[:-1]]
    return [value // 2 if isinstance(value, int) else value / 2, value * 2, value * 10]


@pytest.fixture(scope="module")
def bare(sets, tmp_path_factory):
    """A study of one set with the overview alone."""
    folder = tmp_path_factory.mktemp("kept")
    return studied("prior", sets["prior"], folder, 0, lambda step: None, questions=())


def stand_in(function, calls):
    """Return a stand-in for a long analysis, which notes the settings that it is called with."""

    def called(rows, *settings, **options):
        calls.append((function, settings, options))
        return SimpleNamespace()

    return called


@pytest.fixture
def run(bare, monkeypatch):
    """Ask one question and return what its long analyses are called with, and the kept names."""

    def run_module(name):
        calls, names = [], []

        class Noting(Kept):
            def get(self, what, kind, analysis, rows, **options):
                names.append(self.path(what, options).name)
                return analysis(rows, **options)

        study = replace(bare, kept=Noting(bare.kept.folder, bare.name, bare.overview))
        with monkeypatch.context() as patch:
            for function in CALLED[name]:
                patch.setattr(MODULES[name], function, stand_in(function, calls))
            for analysis in MODULES[name].QUESTION.computes:
                results = {**study.results, analysis.key: analysis.run(study)}
                study = replace(study, results=results)
        return calls, names

    return run_module


@pytest.mark.parametrize(("name", "constant"), CONSTANTS)
def test_a_constant_that_changes_an_analysis_changes_the_name(name, constant, run, monkeypatch):
    """Each call has its own name, so that a change of the one must show in the other."""
    before, names = run(name)
    influences = False
    for value in others(getattr(MODULES[name], constant)):
        with monkeypatch.context() as patch:
            patch.setattr(MODULES[name], constant, value)
            calls, changed = run(name)
        if str(calls) != str(before):
            influences = True
            assert set(changed) != set(names)
    assert influences == (f"{name}.{constant}" in SETTINGS)


def test_all_settings_were_looked_at():
    assert {f"{name}.{constant}" for name, constant in CONSTANTS} >= SETTINGS


def test_the_seed_and_the_rows_change_the_names(bare):
    path = bare.kept.path("tsne", {"rng": 0})
    assert bare.kept.path("tsne", {"rng": 1}) != path
    z = np.array(bare.rows.matrices["z"].read(0, bare.rows.n_total))
    z[7, 1] += 1e-3
    other = studied("prior", z, bare.kept.folder, 0, lambda step: None, questions=())
    assert other.kept.path("tsne", {"rng": 0}) != path


def test_an_analysis_with_another_setting_is_made_anew(tmp_path, monkeypatch):
    def kept():
        z = np.random.default_rng(0).standard_normal((60, 3))
        studied("it", z, tmp_path / "r", 0, lambda step: None, questions=(clusters.QUESTION,))
        return set((tmp_path / "r").iterdir())

    before = kept()
    monkeypatch.setattr(clusters, "N_NULL", 21)
    (anew,) = kept() - before
    assert anew.name.startswith("it-gap-")
    assert latentscope.ClusterGap.load(anew).n_null == 21


def wrong_number(path):
    text = path.read_text()
    assert '"n_used": 60' in text
    path.write_text(text.replace('"n_used": 60', '"n_used": 61'))


def without_checksum(path):
    """As a version wrote it that had none, or the user with `save`."""
    latentscope.RadiusDensity.load(path).save(path)


def harms(*contents):
    return [lambda path, content=content: path.write_bytes(content) for content in contents]


def fields_changed(**changes):
    def harm(path):
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return harm


def linked(path):
    """Put a link to a file that the user needs in its place."""
    path.rename(path.with_name("precious"))
    path.symlink_to(path.with_name("precious"))


def emptied(path):
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def piped(path):
    path.unlink()
    os.mkfifo(path)


HARMS = [
    wrong_number, without_checksum, linked, emptied, piped,
    *harms(b"", b"[" * 100_000, b"null", b"[]", b"{}", b"\xff\xfe", b'{"checksum": 5}'),
    fields_changed(counts=[10**30]), fields_changed(counts={"shape": [10**12]}),
    fields_changed(counts=5), fields_changed(checksum=None), fields_changed(checksum=[1]),
]  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_not_as_it_was_written_is_made_anew(tmp_path, harm):
    z = np.random.default_rng(0).standard_normal((60, 3))
    kept = Kept(tmp_path / "kept", "it", latentscope.overview(z))
    calls = []

    def analysis(rows, **options):
        calls.append(options)
        return latentscope.radius_density(z)

    def got():
        return kept.get("radius", latentscope.RadiusDensity, analysis, z, rng=0)

    first = got()
    assert got().to_dict() == first.to_dict()
    assert len(calls) == 1
    path = kept.path("radius", {"rng": 0})
    assert latentscope.RadiusDensity.load(path).n_used == 60
    harm(path)
    beside = {one: one.read_bytes() for one in path.parent.iterdir() if one.name == "precious"}
    assert got().to_dict() == first.to_dict()
    assert len(calls) == 2
    assert got().to_dict() == first.to_dict()
    assert len(calls) == 2
    assert not path.is_symlink()
    assert not path.with_name("nowhere").exists()
    assert all(one.read_bytes() == content for one, content in beside.items())
