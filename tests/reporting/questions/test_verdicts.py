"""The verdicts are right where the truth is known."""

import pytest

from latentscope.reporting.answers import answers
from latentscope.reporting.questions import QUESTIONS

QUESTION = {one.key: one for one in QUESTIONS}


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("radius", "prior", "About 2.74, like N(0, I)"),
        ("radius", "off_centre", "About 14."),  # below √(8 · 25 + 8)
        ("axes", "prior", "None stands out"),
        ("axes", "stretched", "Axis 0 (92%)"),  # 81 / 88
        ("axes", "same", "None: all points coincide"),
        ("clusters", "prior", "No separate clusters found"),
        ("clusters", "clustered", "4 clusters"),
        ("normality", "prior", "Like a Gaussian"),
        ("normality", "off_centre", "Like a Gaussian"),
        ("normality", "heavy", "Far from a Gaussian"),
        ("normality", "clustered", "Not a Gaussian"),
        ("normality", "wide", "Like a Gaussian"),  # three rows per direction
        ("normality", "few", "Cannot tell"),
        ("scan", "prior", "None in the planes of the first 2 principal components"),
        ("scan", "stretched", "None in the planes of the first 2 principal components"),
        ("scan", "ring", "Filament-like points in the plane of principal components 1 and 2"),
        ("dimension", "few", "Cannot tell"),
        ("dimension", "ring", "1."),
        ("posterior", "variance", "Cannot tell: logvar is not a log-variance"),
        ("posterior", "just_mu", "Hardly: z is almost mu"),
        ("posterior", "half_used", "Yes: noise is part of z"),
        ("random_points", "few", "Too few rows to tell"),
        ("random_points", "prior", "Points of N(0, I) lie as far out as the data"),
        ("random_points", "off_centre", "Points of N(0, I) miss the data"),
        ("labels", "labelled", "1 of 2 does"),
    ],
)
def test_verdicts(asked, key, name, expected):
    assert QUESTION[key].answer(asked(name, key)).verdict.startswith(expected)


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("posterior", "half_used", "4 of 8 axes carry less than 0.1 nats"),
        ("labels", "labelled", "Clearest: first ("),
        ("axes", "stretched", "axis 0 (centre"),
    ],
)
def test_sentences_hold_the_numbers(asked, key, name, expected):
    assert expected in QUESTION[key].answer(asked(name, key)).text


def test_questions_that_a_set_does_not_allow_are_not_asked(asked):
    studies = [asked(name, "posterior") for name in ("prior", "variance", "just_mu", "half_used")]
    (found,) = answers(studies, (QUESTION["posterior"],))
    assert list(found.sets) == ["variance", "just_mu", "half_used"]
    assert asked("prior", "posterior").left_out.keys() == {"posterior"}
