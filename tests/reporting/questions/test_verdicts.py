"""The verdicts are right where the truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from latentscope.reporting.answers import answers
from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.questions.labels import LABELS

QUESTION = {one.key: one for one in QUESTIONS}


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("radius", "prior", "About 2.74, like N(0, I)"),
        ("radius", "off_centre", "About 14."),  # below √(8 · 25 + 8)
        ("data", "prior", "Nothing noteworthy"),
        ("data", "same", "Note: copies"),
        ("axes", "prior", "None stands out"),
        ("axes", "stretched", "Axis 0 (92."),  # 81 / 88
        ("axes", "same", "None: all points coincide"),
        ("clusters", "prior", "No clusters found"),
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
        ("posterior", "half_used", "Yes: noise is part of z; 4 of 8 axes collapsed"),
        ("posterior", "mu_as_z", "No, z is mu: noise would make up 50."),  # 4.01 of 8.01
        ("posterior", "diverged", "Somewhat"),
        ("posterior", "at_zero", "Yes: noise is part of z; 8 of 8 axes collapsed"),
        ("posterior", "dim", "Somewhat; 1 of 8 axes nearly dead"),
        ("random_points", "few", "Too few rows to tell"),
        ("random_points", "prior", "99.9% of points of N(0, I) lie within the distances of the d"),
        ("random_points", "mu_as_z", "Points of N(0, I) vary along directions in which mu does"),
        ("random_points", "off_centre", "0.0% of points of N(0, I) lie within the distances of"),
        ("random_points", "flat", "Points of N(0, I) vary along directions in which the data do"),
        ("radius", "unit", "About 7.968, like N(0, I)"),
        ("radius", "shells", "About 8.003, unlike N(0, I)"),  # whose mean is 7.969
        ("radius", "few", "About 2.767, with too few points to compare with N(0, I)"),
        ("labels", "labelled", "1 of 2 labels does"),
        ("labels", "kinds", "1 of 2 labels does"),  # the kind, but not the animal
        ("labels", "rare", "Cannot tell"),
    ],
)
def test_verdicts(asked, key, name, expected):
    assert QUESTION[key].answer(asked(name, key)).verdict.startswith(expected)


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("posterior", "half_used", "Along 4 of 8 axes, mu hardly varies"),
        ("posterior", "half_used", "they are collapsed. Draws along them are only noise"),
        ("posterior", "mu_as_z", "In these latents z is mu: no noise was added"),
        ("posterior", "mu_as_z", "noise would make up 50."),
        ("posterior", "diverged", "1 of 24,000 values of logvar has diverged: the largest is 30."),
        ("posterior", "diverged", "The noise makes up 11."),  # e⁻² / (1 + e⁻²)
        ("posterior", "at_zero", "from the origin is 2.7"),
        ("posterior", "at_zero", "for z, and 0 for mu."),
        ("posterior", "dim", "Along 1 of 8 axes, mu varies a little more, so that it counts as"),
        ("random_points", "mu_as_z", "z is mu here, without noise"),
        ("labels", "labelled", "Clearest: first (p < 1e-12; "),
        ("labels", "kinds", "Clearest: kind = dog (p < 1e-12; "),
        ("labels", "kinds", " 1 more label or category has too few points to tell."),
        (
            "radius",
            "shells",
            "of the points, the radius would have to change to match theirs (by ch",
        ),
        ("axes", "stretched", "axis 0 (centre"),
        ("data", "prior", "used. Exact copies of rows, "),  # near-copies may go unseen
        ("data", "few", "; repeated values, an index or a row with much of the variance only amo"),
    ],
)
def test_sentences_hold_the_numbers(asked, key, name, expected):
    assert expected in QUESTION[key].answer(asked(name, key)).text


def test_questions_that_a_set_does_not_allow_are_not_asked(asked):
    studies = [asked(name, "posterior") for name in ("prior", "variance", "just_mu", "half_used")]
    (found,) = answers(studies, (QUESTION["posterior"],))
    assert list(found.sets) == ["variance", "just_mu", "half_used"]
    assert asked("prior", "posterior").left_out.keys() == {"posterior"}


def test_categories_are_asked_one_by_one(asked):
    study = asked("kinds", "labels")
    names = {one.name for one in LABELS.of(study).directions}
    assert names == {
        "kind = dog", "animal = cat", "animal = dog", "animal = eel", "rare",
    }  # fmt: skip
    assert QUESTION["labels"].left_out(study) == {
        "label name": "the report compares at most 20 categories with the others; this label has "
        "3,000."
    }
    table = QUESTION["labels"].tables(study)["Directions of the labels"]
    assert table["label"][-1] == "rare"
    assert table["p"][-1] is None


def test_coins_have_no_direction(asked):
    (coin,) = [
        one for one in LABELS.of(asked("labelled", "labels")).directions if one.label == "coin"
    ]
    assert coin.n_labels == 2
    assert not coin.is_significant


@pytest.mark.parametrize(
    ("doubt", "expected"),
    [
        ("misfit", "Perhaps: no smooth density fits, because of filaments or uneven spread"),
        ("edge", "Cannot tell: the windows hold the edge of the cloud"),
    ],
)
def test_a_departure_in_doubt_is_no_structure(asked, doubt, expected):
    study = asked("ring", "scan")
    scan = study.results["scan"]
    n = len(scan.sign)
    doubtful = replace(
        scan, doubt=(doubt,) * n, sign=("cannot tell",) * n, family_p=np.full(n, 0.01)
    )
    assert QUESTION["scan"].answer(replace(study, results={"scan": doubtful})).verdict == expected
