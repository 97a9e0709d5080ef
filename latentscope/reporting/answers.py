"""The answers to all questions, for every set that allows them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.questions.question import Answer, Question
from latentscope.reporting.study import Study


class Answered(NamedTuple):
    """One question, with the answers by name of the set."""

    question: str
    sets: Mapping[str, Answer]


def answers(
    studies: Sequence[Study], questions: tuple[Question, ...] = QUESTIONS
) -> list[Answered]:
    """Answer the questions that the sets allow."""
    found = [(one.title, _on_sets(one, studies)) for one in questions]
    return [Answered(title, sets) for title, sets in found if sets]


def _on_sets(question: Question, studies: Sequence[Study]) -> dict[str, Answer]:
    found = {study.name: question.answer(study) for study in studies}
    return {name: answer for name, answer in found.items() if answer}
