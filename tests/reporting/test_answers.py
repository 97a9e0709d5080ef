"""Several tests of one set: what is significant alone may be chance among them."""

import pytest

from latentscope.reporting.answers import answers, corrected
from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.questions.question import Answer, Question


def asked_with(*p_values):
    """Return questions whose answers rest on these p-values."""
    return tuple(
        Question(
            key=f"q{i}",
            title=f"Question {i}?",
            answer=lambda study, i=i: Answer(f"Verdict {i}", f"Text {i}."),
            p_value=lambda study, p=p: p,
        )
        for i, p in enumerate(p_values)
    )


@pytest.fixture
def study(asked):
    return asked("prior", "posterior")


def test_holm_by_hand(study):
    """0.01 · 4, then 0.02 · 3, then the larger of 0.03 · 2 and what came before, then 1 · 0.9."""
    found = corrected(study, asked_with(0.03, 0.01, None, 0.9, 0.02))
    expected = {"q1": 0.04, "q4": 0.06, "q0": 0.06, "q3": 0.9}
    assert {key: p for key, (_, p) in found.items()} == pytest.approx(expected)
    assert found["q0"][0] == 0.03


def test_holm_never_exceeds_one(study):
    found = corrected(study, asked_with(0.6, 0.7, 0.8))
    assert [p for _, p in found.values()] == [1, 1, 1]


def test_what_is_significant_only_alone_may_be_chance(study):
    found = [one.sets["prior"] for one in answers([study], asked_with(0.03, 0.001, None, 0.9))]
    verdicts = [one.verdict for one in found]
    expected = "May be chance: p = 0.06, corrected for 3 questions"
    assert verdicts == [expected, "Verdict 1", "Verdict 2", "Verdict 3"]
    assert "Asked alone, the answer would be “Verdict 0” (p = 0.03)." in found[0].text
    assert found[0].text.endswith("Text 0.")


def test_a_single_test_is_not_corrected(study):
    (found,) = answers([study], asked_with(0.049))
    assert found.sets["prior"].verdict == "Verdict 0"


@pytest.mark.parametrize("key", ["scan", "clusters", "normality", "labels"])
def test_answers_that_rest_on_a_test_say_so(key, asked):
    """By chance alone, structure shows in few of a set's answers, each with its own p-value."""
    (question,) = (one for one in QUESTIONS if one.key == key)
    found = asked("labelled" if key == "labels" else "prior", key)
    assert 0 <= question.p_value(found) <= 1


def test_other_answers_rest_on_none(asked):
    others = [
        one for one in QUESTIONS if one.key not in ("scan", "clusters", "normality", "labels")
    ]
    assert {one.p_value(asked("prior", "posterior")) for one in others} == {None}
