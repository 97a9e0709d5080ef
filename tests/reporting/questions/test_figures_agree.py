"""A number that stands in a figure and in a sentence is the same in both."""

import re
from dataclasses import replace

import numpy as np
import pytest

import latentscope
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.questions.clusters import CURVE
from latentscope.reporting.questions.tsne import map_text

pytestmark = pytest.mark.slow  # whole reports

QUESTION = {one.key: one for one in QUESTIONS}


def drawn_text(question, study):
    """Return the text of each figure."""
    svgs = question.figure.draw(study, Drawer())
    return [" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg)) for svg in svgs]


def lower(text):
    """Return how far below a Gaussian's a text says the inertia to be."""
    (found,) = re.findall(r"([\d.]+% below|no lower than) (?:a|the) Gaussian", text)
    return found


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [([0.9, 0.69, 0.64], "31.0% below"), ([0.9, 1.1, 1.2], "no lower than")],
)
def test_how_far_the_inertia_lies_below_a_gaussian_s(asked, ratio, expected):
    """The median over k, which is not what it is at the k of the lowest ratio."""
    curve = latentscope.InertiaCurve(
        n_used=3000, n_total=3000, n_gaussian=3000, n_clusters=np.array([2, 3, 4]), elbow=None,
        inertia=np.array(ratio), gaussian_inertia=np.ones(3),
    )  # fmt: skip
    study = replace(asked("prior", "radius"), results={CURVE.key: curve})
    (figure,) = drawn_text(QUESTION["clusters"], study)
    assert lower(figure) == lower(QUESTION["clusters"].answer(study).text) == expected
    assert "(median over k)" in figure


@pytest.mark.parametrize("name", ["prior", "clustered"])
def test_the_same_of_clouds(asked, name):
    study = asked(name, "clusters")
    figure, *_ = drawn_text(QUESTION["clusters"], study)
    assert lower(figure) == lower(QUESTION["clusters"].answer(study).text)


def test_the_elbow(asked):
    study = asked("clustered", "clusters")
    figure, *_ = drawn_text(QUESTION["clusters"], study)
    (drawn,) = re.findall(r"elbow at (\d+)", figure)
    (said,) = re.findall(r"an elbow at k = (\d+) beyond", QUESTION["clusters"].answer(study).text)
    assert drawn == said == "4"


def test_the_p_value_of_clusters(asked):
    study = asked("clustered", "clusters")
    _, gap, _ = drawn_text(QUESTION["clusters"], study)
    assert re.findall(r"clusters, (p = [\d.]+)", gap) == re.findall(
        r"\((p = [\d.]+)\)", QUESTION["clusters"].answer(study).verdict
    )


def test_neighbours_that_the_maps_keep(studies):
    (study, _) = studies
    drawn = re.findall(
        r"([\d]+%) of neighbours kept", " ".join(drawn_text(QUESTION["tsne"], study))
    )
    said = re.findall(r"([\d]+%)", map_text(study))
    assert len(drawn) == 2
    assert drawn == said[:2]


def test_the_dimension(asked):
    study = asked("ring", "dimension")
    (figure,) = drawn_text(QUESTION["dimension"], study)
    (drawn,) = re.findall(r"TwoNN: ([\d.]+ to [\d.]+) \(finest", figure)
    answer = QUESTION["dimension"].answer(study)
    assert f"({drawn})" in answer.verdict
    assert f"95 % interval: {drawn})" in answer.text
