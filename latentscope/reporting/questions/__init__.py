"""The questions of the report: each module asks one, computes it, answers it and draws it.

What they share is in `question`; `compare` alone asks about several sets at once.
"""

from typing import Any

from latentscope.reporting.questions import (
    axes,
    clusters,
    data,
    dimension,
    labels,
    normality,
    overview,
    pca,
    pictures,
    planes,
    posterior,
    radius,
    random_points,
    scan,
    tsne,
)
from latentscope.reporting.questions.question import Analysis, Question

# In the order in which they are computed and answered, and their tables shown.
QUESTIONS: tuple[Question, ...] = (
    overview.QUESTION,
    data.QUESTION,
    radius.QUESTION,
    axes.QUESTION,
    pca.QUESTION,
    planes.QUESTION,
    scan.QUESTION,
    dimension.QUESTION,
    clusters.QUESTION,
    normality.QUESTION,
    tsne.QUESTION,
    posterior.QUESTION,
    random_points.QUESTION,
    labels.QUESTION,
    pictures.QUESTION,
)

FIGURES = (  # in the order of their sections
    radius.QUESTION,
    axes.QUESTION,
    pca.QUESTION,
    planes.QUESTION,
    scan.QUESTION,
    dimension.QUESTION,
    normality.QUESTION,
    clusters.QUESTION,
    tsne.QUESTION,
    posterior.QUESTION,
)


def analyses(questions: tuple[Question, ...] = QUESTIONS) -> list[Analysis[Any]]:
    """Return what the questions compute, in order."""
    return [analysis for question in questions for analysis in question.computes]
