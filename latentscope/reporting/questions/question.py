"""The common shape of the report's questions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from latentscope._table import Table
from latentscope.reporting.figures import Drawer
from latentscope.reporting.study import Study
from latentscope.results import Result

R = TypeVar("R")

_BULKY = (
    "components",
    "xy",
    "indices",
    "groups",
)  # fields with a number per point, or z_dim² numbers


class Answer(NamedTuple):
    """The answer to one question on one set."""

    verdict: str
    text: str


class Words(NamedTuple):
    """The words of a section: its title, what it shows, and how it misleads."""

    title: str
    shows: str
    misleads: str = ""


def numbers(result: Any) -> Any:
    """Return a result, or several, as report.json holds them.

    Fields that grow with the number of points are left out; the kept results have them.
    """
    if isinstance(result, Result):
        return numbers(result.to_dict())
    if isinstance(result, Mapping):
        return {name: numbers(value) for name, value in result.items() if name not in _BULKY}
    if isinstance(result, list | tuple):
        return [numbers(value) for value in result]
    return result


@dataclass(frozen=True, kw_only=True)
class Analysis(Generic[R]):
    """One result that the report computes.

    Attributes
    ----------
    key : str
        Of the result in report.json.
    title : str
        As the progress bar names it, and the list of what was left out.
    run : callable
        Computes the result, from the study with the results before it. A set that does not allow it
        raises a `LatentscopeError`.
    numbers : callable
        Turns the result, or None where there is none, into what report.json holds.
    """

    key: str
    title: str
    run: Callable[[Study], R]
    numbers: Callable[[R | None], Any] = numbers

    def of(self, study: Study) -> R | None:
        """Return the result for one set, or None where it was left out."""
        result: R | None = study.results.get(self.key)
        return result


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A section of figures.

    Attributes
    ----------
    title : str
    shows, misleads : str
        What the figures show, and how they mislead.
    draw : callable
        Draws those of one set; none, if their result was left out.
    """

    title: str
    shows: str
    misleads: str
    draw: Callable[[Study, Drawer], list[str]]


def _unanswered(_study: Study) -> Answer | None:
    """Answer nothing, where a question has figures alone."""
    return None


def _untested(_study: Study) -> float | None:
    """Return no p-value, where the answer rests on none."""
    return None


def _nothing(_study: Study) -> Mapping[str, Any]:
    """Return no tables, or nothing left out."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the report asks of every set, and how it answers.

    Attributes
    ----------
    key : str
        Names the section of its figures.
    title : str
        As the page asks it.
    computes : tuple of Analysis
        Results that no question before it computes. All of them are in report.json.
    answer : callable
        Returns the answer on one set, or None.
    p_value : callable
        Returns the p-value on which the answer on one set rests, or None.
    figure : Figure or None
    tables : callable
        Returns the tables of one set by title.
    left_out : callable
        Returns parts that one set does not allow, by title, with the reason.
    """

    key: str
    title: str
    computes: tuple[Analysis[Any], ...] = ()
    answer: Callable[[Study], Answer | None] = _unanswered
    p_value: Callable[[Study], float | None] = _untested
    figure: Figure | None = None
    tables: Callable[[Study], Mapping[str, Table]] = _nothing
    left_out: Callable[[Study], Mapping[str, str]] = _nothing
