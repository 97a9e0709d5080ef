"""Answering all questions on one set of latents; each is answered, or left out with a reason."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from latentscope.analysis.overview import overview
from latentscope.backend.protocols import Model
from latentscope.errors import DataError, LatentscopeError, LatentscopeWarning
from latentscope.images import Images
from latentscope.reporting.kept import Kept
from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.questions.question import Analysis, Question
from latentscope.reporting.study import Study
from latentscope.rows.source import as_rows


def studied(
    name: str,
    source: Any,
    folder: Path,
    rng: int,
    announce: Callable[[str], None],
    *,
    model: Model | None = None,
    images: Images | None = None,
    questions: tuple[Question, ...] = QUESTIONS,
) -> Study:
    """Compute the answers to questions about one set of latents.

    Parameters
    ----------
    name : str
    source : Latents, array-like of shape (n_points, z_dim), or Rows
    folder : Path
        Where slow results are kept.
    rng : int
        Seed.
    announce : callable
        Called before the overview, and before each analysis.
    model : Model, optional
        Decodes these latents.
    images : Images, optional
        The page shows some of them, with their reconstructions.
    questions : tuple of Question
    """
    announce(f"{name}: overview")
    study = _begun(name, source, folder, rng)
    study = replace(study, model=model, images=images)
    for question in questions:
        for analysis in question.computes:
            announce(f"{name}: {analysis.title}")
            study = _with(study, analysis)
        study = replace(study, left_out={**study.left_out, **question.left_out(study)})
    return study


def _begun(name: str, source: Any, folder: Path, rng: int) -> Study:
    """Return a study that holds only the overview."""
    try:
        with _noted() as remarks:
            rows = as_rows(source)
            found = overview(rows)
    except DataError as error:
        raise DataError(
            f"{name}: {error.message}", parameter=error.parameter, remedy=error.remedy
        ) from error
    kept = Kept(folder, name, found)
    return Study(
        name=name, rows=rows, rng=rng, kept=kept, overview=found,
        remarks=tuple(remarks),
    )  # fmt: skip


def _with(study: Study, analysis: Analysis[Any]) -> Study:
    """Return the study with one more result, or with the reason why it is missing."""
    try:
        with _noted() as remarks:
            result = analysis.run(study)
    except LatentscopeError as error:
        return replace(study, left_out={**study.left_out, analysis.title: str(error)})
    return replace(
        study,
        results={**study.results, analysis.key: result},
        remarks=tuple(dict.fromkeys([*study.remarks, *remarks])),
    )


@contextmanager
def _noted() -> Iterator[list[str]]:
    """Collect the warnings of the block, each once, instead of showing them."""
    remarks: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LatentscopeWarning)
        yield remarks
    texts = [str(one.message) for one in caught if issubclass(one.category, LatentscopeWarning)]
    remarks += dict.fromkeys(texts)
