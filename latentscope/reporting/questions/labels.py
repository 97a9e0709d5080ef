"""Do labels have a direction? Those whose two means differ by more than chance explains."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from latentscope._table import Table
from latentscope.analysis._label_groups import Value, categories
from latentscope.analysis.direction import Direction, direction_within, whole_of
from latentscope.errors import DataError, LatentscopeError
from latentscope.reporting.questions.question import Analysis, Answer, Question, numbers
from latentscope.reporting.study import Study
from latentscope.reporting.wording import plural
from latentscope.statistics import ALPHA

N_LABELS = 60  # whose directions are computed
N_NAMED = 4  # labels in the sentence
N_CATEGORIES = 20  # of a label of text, each of which is compared with the others


class Labels(NamedTuple):
    """Directions, the clearest first, and the labels left out, each with the reason."""

    directions: tuple[Direction, ...] = ()
    left_out: Mapping[str, str] = {}

    @property
    def clear(self) -> tuple[Direction, ...]:
        """The directions that chance does not explain."""
        return tuple(one for one in self.directions if one.is_significant)

    @property
    def told(self) -> tuple[Direction, ...]:
        """The directions of which the points tell anything."""
        return tuple(one for one in self.directions if one.p_value is not None)


def _directions(study: Study) -> Labels:
    labels = list(study.rows.labels)
    if not labels:
        return Labels()
    found, left_out, whole = [], {}, whole_of(study.rows)
    for label in labels[:N_LABELS]:
        try:
            values = _values(study, label)
            found += [direction_within(whole, study.rows, label, value) for value in values]
        except LatentscopeError as error:
            left_out[f"label {label}"] = str(error)
    reason = f"the report uses only the first {N_LABELS} labels."
    left_out |= {f"label {label}": reason for label in labels[N_LABELS:]}
    return Labels(tuple(sorted(found, key=_order)), left_out)


def _values(study: Study, label: str) -> tuple[Value | None, ...]:
    """Return the categories of a label of text; None for a label of numbers, which is split.

    Of two categories, one is enough: the other has the opposite direction.
    """
    found = categories(study.rows, label)
    if len(found) > N_CATEGORIES:
        raise DataError(
            f"the report compares at most {N_CATEGORIES} categories with the others; this label "
            f"has {len(found):,}."
        )
    return (found[1:] if len(found) == 2 else found) or (None,)


def _order(one: Direction) -> tuple[float, float]:
    """Sort by p-value, then by length; what cannot be told comes last."""
    return (2.0 if one.p_value is None else one.p_value), -one.times_chance


def _numbers(labels: Labels | None) -> Any:
    return numbers((labels or Labels()).directions)


LABELS = Analysis(key="labels", title="labels", run=_directions, numbers=_numbers)


def labels_of(study: Study) -> Labels:
    """Return the directions; none if they were left out."""
    return LABELS.of(study) or Labels()


def _answer(study: Study) -> Answer | None:
    labels = labels_of(study)
    if not labels.directions:
        return None
    clear, told = labels.clear, labels.told
    if not told:
        return Answer("Cannot tell", "No label has two groups large enough to test.")
    n_clear, n_told = (len({one.label for one in some}) for some in (clear, told))
    listed = ", ".join(
        f"{one.name} ({one.p_in_words}; {one.times_chance:.3g} times as long as by "
        f"chance; the means are {one.separation:.2g} standard deviations apart)"
        for one in (clear or told)[:N_NAMED]
    )
    return Answer(
        f"{n_clear:,} of {n_told:,} {plural('label', 'labels', n_told)} "
        f"{plural('does', 'do', n_clear)}",
        "The direction of a label leads from the mean of the points without it to the mean of "
        "those with it. It counts if the two means differ by more than those of random groups "
        f"(p ≤ {ALPHA:g}, corrected for all labels and their categories). "
        f"{'Clearest' if clear else 'None counts; the smallest p-values'}: {listed}."
        + _unknown(len(labels.directions) - len(told)),
    )


def _p_value(study: Study) -> float | None:
    found = [one.p_value for one in labels_of(study).directions if one.p_value is not None]
    return min(found, default=None)


def _unknown(n: int) -> str:
    """Say how many labels or categories have too few points to tell."""
    if not n:
        return ""
    what = plural("label or category has", "labels or categories have", n)
    return f" {n:,} more {what} too few points to tell."


def _tables(study: Study) -> Mapping[str, Table]:
    found = labels_of(study).directions
    if not found:
        return {}
    columns: dict[str, list[Any]] = {
        "label": [one.name for one in found],
        "with": [one.n_with for one in found],
        "without": [one.n_without for one in found],
        "length": [one.length for one in found],
        "by chance": [one.chance_length for one in found],
        "separation in σ": [one.separation for one in found],
        "p": [one.headline()["p"] for one in found],
    }
    return {"Directions of the labels": Table(**columns)}


def _left_out(study: Study) -> Mapping[str, str]:
    return labels_of(study).left_out


QUESTION = Question(
    key="labels",
    title="Do labels have a direction?",
    computes=(LABELS,),
    answer=_answer,
    p_value=_p_value,
    tables=_tables,
    left_out=_left_out,
)
