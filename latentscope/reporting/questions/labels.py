"""Do labels have a direction? Those whose two means differ by more than chance."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from latentscope._table import Table
from latentscope.analysis.direction import Direction, direction
from latentscope.errors import LatentscopeError
from latentscope.reporting.questions.question import Analysis, Answer, Question, numbers
from latentscope.reporting.study import Study
from latentscope.reporting.wording import plural

N_LABELS = 60  # whose directions are computed
N_NAMED = 4  # labels in the sentence
STANDS_OUT = 2.0  # times chance: labels above it have a direction


class Labels(NamedTuple):
    """Directions, the clearest first, and the labels left out, each with the reason."""

    directions: tuple[Direction, ...] = ()
    left_out: Mapping[str, str] = {}

    @property
    def clear(self) -> tuple[Direction, ...]:
        """The directions that are longer than chance explains."""
        return tuple(one for one in self.directions if one.times_chance > STANDS_OUT)


def _directions(study: Study) -> Labels:
    labels = list(study.rows.labels)
    found, left_out = [], {}
    for label in labels[:N_LABELS]:
        try:
            found.append(direction(study.rows, label))
        except LatentscopeError as error:
            left_out[f"label {label}"] = str(error)
    reason = f"the report uses only the first {N_LABELS} labels."
    left_out |= {f"label {label}": reason for label in labels[N_LABELS:]}
    return Labels(tuple(sorted(found, key=lambda one: -one.times_chance)), left_out)


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
    clear, n_labels = labels.clear, len(labels.directions)
    listed = ", ".join(
        f"{one.label} ({one.times_chance:.3g} times as long; the means are {one.separation:.2g} "
        "standard deviations apart)"
        for one in (clear or labels.directions)[:N_NAMED]
    )
    return Answer(
        f"{len(clear):,} of {n_labels:,} {plural('does', 'do', len(clear))}",
        "The direction of a label leads from the mean of the points without it to the mean of "
        f"those with it. It counts if it is more than {STANDS_OUT:g} times as long as by chance. "
        f"{'Clearest' if clear else 'None counts; the longest'}: {listed}.",
    )


def _tables(study: Study) -> Mapping[str, Table]:
    found = labels_of(study).directions
    if not found:
        return {}
    columns: dict[str, list[Any]] = {
        "label": [one.label for one in found],
        "with": [one.n_with for one in found],
        "without": [one.n_without for one in found],
        "length": [one.length for one in found],
        "by chance": [one.chance_length for one in found],
        "separation in σ": [one.separation for one in found],
    }
    return {"Directions of the labels": Table(**columns)}


def _left_out(study: Study) -> Mapping[str, str]:
    return labels_of(study).left_out


QUESTION = Question(
    key="labels",
    title="Do labels have a direction?",
    computes=(LABELS,),
    answer=_answer,
    tables=_tables,
    left_out=_left_out,
)
