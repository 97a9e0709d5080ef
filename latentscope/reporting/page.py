"""The page: a template filled with answers, figures and tables, everything escaped."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import jinja2
from markupsafe import Markup

from latentscope._disk.printable import printable
from latentscope._table import Table, show
from latentscope.pictures import PRIOR
from latentscope.reporting.answers import Answered
from latentscope.reporting.figures import Drawer
from latentscope.reporting.numbers import plain
from latentscope.reporting.questions import FIGURES, QUESTIONS, overview
from latentscope.reporting.questions.compare import SIDE_BY_SIDE, compared, draw
from latentscope.reporting.questions.pictures import GALLERY, HEADLINE, N_HEADLINE, PICTURES
from latentscope.reporting.questions.question import Analysis, Figure, Question
from latentscope.reporting.questions.random_points import RANDOM_POINTS
from latentscope.reporting.questions.tsne import MAP
from latentscope.reporting.study import Study

R = TypeVar("R")


class Section(NamedTuple):
    """A section of figures, as SVG by the names of the sets."""

    key: str
    figure: Figure
    sets: Mapping[str, list[Markup]]


def page(studies: Sequence[Study], found: Sequence[Answered], numbers: dict[str, Any]) -> str:
    """Return the HTML."""
    drawer, comparison = Drawer(), compared(studies)
    supports = _by_set(RANDOM_POINTS, studies)
    return _template().render(
        title=overview.QUESTION.title,
        studies=studies,
        answers=found,
        headline=HEADLINE,
        n_headline=N_HEADLINE,
        shells={name: one[PRIOR].shell for name, one in supports.items()},
        pictures=GALLERY,
        galleries=_by_set(PICTURES, studies),
        figures=[section for one in FIGURES if (section := _section(one, studies, drawer)).sets],
        side_by_side=SIDE_BY_SIDE,
        comparison=[Markup(svg) for svg in draw(comparison, drawer)] if comparison else [],
        compared=comparison and comparison.table(),
        tables={study.name: _tables(study) for study in studies},
        mapped={name: one.rows_text for name, one in _by_set(MAP, studies).items()},
        about=numbers["about"],
        plain=plain,
        numbers=Markup(json.dumps(numbers, allow_nan=False).replace("<", "\\u003c")),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("latentscope.reporting", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    environment.filters["show"] = show
    return environment.get_template("page.html")


def _shown(value: Any) -> Any:
    """Return text without control characters, and what is markup already as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value, lines=True)
    return value


def _section(question: Question, studies: Sequence[Study], drawer: Drawer) -> Section:
    """Draw the figures of a question, for all sets that have any."""
    figure: Any = question.figure
    drawn = {study.name: [Markup(svg) for svg in figure.draw(study, drawer)] for study in studies}
    return Section(question.key, figure, {name: svgs for name, svgs in drawn.items() if svgs})


def _by_set(analysis: Analysis[R], studies: Sequence[Study]) -> dict[str, R]:
    """Return a result by the names of the sets that have it."""
    found = {study.name: analysis.of(study) for study in studies}
    return {name: result for name, result in found.items() if result is not None}


def _tables(study: Study) -> dict[str, Table]:
    return {title: one for each in QUESTIONS for title, one in each.tables(study).items()}
