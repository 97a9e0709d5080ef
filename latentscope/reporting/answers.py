"""The answers to all questions, for every set that allows them.

Several answers rest on a p-value, and of several tests one may come out significant by chance. So
the p-values of a set are corrected for each other by Holm's method; what is significant alone, but
not then, is no answer.

References
----------
S. Holm (1979), Scandinavian Journal of Statistics 6, 65–70.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.questions.question import Answer, Question
from latentscope.reporting.study import Study
from latentscope.statistics import ALPHA


class Answered(NamedTuple):
    """One question, with the answers by name of the set."""

    question: str
    sets: Mapping[str, Answer]


def answers(
    studies: Sequence[Study], questions: tuple[Question, ...] = QUESTIONS
) -> list[Answered]:
    """Answer the questions that the sets allow."""
    by_set = {study.name: _answers(study, questions) for study in studies}
    found = [
        (one.title, {name: of[one.key] for name, of in by_set.items() if one.key in of})
        for one in questions
    ]
    return [Answered(title, sets) for title, sets in found if sets]


def corrected(
    study: Study, questions: tuple[Question, ...] = QUESTIONS
) -> dict[str, tuple[float, float]]:
    """Return the p-values on which answers rest, alone and corrected, by key of the question."""
    alone = [(p, one.key) for one in questions if (p := one.p_value(study)) is not None]
    found, least = {}, 0.0
    for i, (p, key) in enumerate(sorted(alone)):
        least = min(1.0, max(least, (len(alone) - i) * p))
        found[key] = p, least
    return found


def _answers(study: Study, questions: tuple[Question, ...]) -> dict[str, Answer]:
    """Return the answers on one set, by key of the question."""
    found = {one.key: answer for one in questions if (answer := one.answer(study))}
    tests = corrected(study, questions)
    for key, (alone, p) in tests.items():
        if key in found and alone <= ALPHA < p:
            found[key] = _unsure(found[key], alone, p, len(tests))
    return found


def _unsure(answer: Answer, alone: float, p: float, n_tests: int) -> Answer:
    """Return an answer that says how easily chance gives this one."""
    return Answer(
        f"May be chance: p = {p:.2g}, corrected for {n_tests} questions",
        f"Asked alone, the answer would be “{answer.verdict}” (p = {alone:.2g}). But {n_tests} "
        "answers about this set rest on tests, and the more tests, the more easily chance gives "
        f"one of them such a result. The answer alone: {answer.text}",
    )
