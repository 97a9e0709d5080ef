"""A number that stands in a figure and in a sentence is the same in both."""

import re

import pytest

from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.questions.clusters import CURVE
from latentscope.reporting.questions.tsne import map_text

QUESTION = {one.key: one for one in QUESTIONS}


def drawn_text(question, study):
    """Return the text of each figure."""
    svgs = question.figure.draw(study, Drawer())
    return [" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg)) for svg in svgs]


@pytest.mark.parametrize("name", ["prior", "clustered", "heavy"])
def test_how_far_the_inertia_lies_below_a_gaussian_s(asked, name):
    study = asked(name, "clusters")
    figure, *_ = drawn_text(QUESTION["clusters"], study)
    sentence = QUESTION["clusters"].answer(study).text
    (drawn,) = re.findall(r"([\d.]+%) below a Gaussian \(median over k\)", figure)
    (said,) = re.findall(r"it is ([\d.]+%) below the Gaussian's \(median over k\)", sentence)
    assert drawn == said == f"{CURVE.of(study).below_gaussian:.1%}"


def test_the_elbow(asked):
    study = asked("clustered", "clusters")
    figure, *_ = drawn_text(QUESTION["clusters"], study)
    (drawn,) = re.findall(r"elbow at (\d+),", figure)
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
    (drawn,) = re.findall(r"([\d.]+), a Gaussian", figure)
    (said,) = re.findall(r"([\d.]+) ±", QUESTION["dimension"].answer(study).verdict)
    assert float(drawn) == pytest.approx(float(said), rel=0.05)  # in three digits, and in two
