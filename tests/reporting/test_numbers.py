"""report.json holds every result that the page rests on."""

import json
from dataclasses import replace

import pytest

from latentscope.reporting.answers import answers
from latentscope.reporting.numbers import all_numbers
from latentscope.reporting.page import page
from latentscope.reporting.questions import analyses

pytestmark = pytest.mark.slow  # whole reports

RESULTS = {
    "overview", "planes", "scan", "dimension", "clusters", "gap", "normality", "tsne",
    "tsne of a Gaussian", "random points", "labels", "pictures",
}  # fmt: skip


class Read(dict):
    """Results that note which of them are read."""

    def __init__(self, results):
        super().__init__(results)
        self.keys_read = set()

    def get(self, key, default=None):
        self.keys_read.add(key)
        return super().get(key, default)

    def __getitem__(self, key):
        return self.get(key)


@pytest.fixture(scope="module")
def read(studies, made):
    """What each set's sentences, figures and tables read of its results, by the set's name."""
    noted = [replace(study, results=Read(study.results)) for study in studies]
    page(noted, answers(noted), made.numbers)
    return {study.name: study.results.keys_read for study in noted}


def missing(read, numbers):
    """Return (set, key) of what a page rests on and its numbers lack."""
    return {
        (name, key)
        for name, keys in read.items()
        for key in {*keys, "overview"}
        if numbers["sets"][name].get(key, "absent") in ("absent", {}, [])
    }


def test_the_page_reads_every_result(read):
    assert read == {name: RESULTS - {"overview"} for name in ("plain", "vae")}


def test_every_result_that_the_page_reads_is_there(read, made):
    assert missing(read, made.numbers) == {("plain", "labels")}  # it has no labels
    for name in ("plain", "vae"):
        assert made.numbers["sets"][name].keys() >= RESULTS
    assert [key for key in RESULTS if made.numbers["sets"]["plain"][key] is None] == ["pictures"]
    assert None not in made.numbers["sets"]["vae"].values()


@pytest.mark.parametrize("analysis", analyses(), ids=lambda one: one.key)
def test_a_result_that_is_left_out_of_the_numbers_is_missed(analysis, studies, read, monkeypatch):
    others = [one for one in analyses() if one is not analysis]
    monkeypatch.setattr("latentscope.reporting.numbers.analyses", lambda: others)
    found = missing(read, all_numbers(studies, answers(studies), {}))
    assert found == {("plain", analysis.key), ("vae", analysis.key), ("plain", "labels")}


def test_each_result_is_that_of_its_analysis(studies, made):
    for study in studies:
        numbers = made.numbers["sets"][study.name]
        for analysis in analyses():
            expected = json.loads(json.dumps(analysis.numbers(analysis.of(study))))
            assert numbers[analysis.key] == expected, analysis.key


@pytest.mark.parametrize("key", ["planes", "tsne", "tsne of a Gaussian", "overview"])
def test_no_single_point_is_there(made, key):
    text = json.dumps(made.numbers["sets"]["plain"][key])
    assert not any(f'"{bulky}":' in text for bulky in ("xy", "indices", "components"))


def test_the_numbers_of_scan_gap_and_dimension_are_those_of_the_sentences(made):
    found = made.numbers["sets"]["plain"]
    assert found["scan"]["family_p"][0] > 0.05
    assert found["gap"]["n_clusters"] == list(range(1, 11))
    assert len(found["gap"]["stability"]) == 10
    assert len(found["dimension"]["dimensions"]) > 0
    assert found["normality"]["radial_gap"] > 0
