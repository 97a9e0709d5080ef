"""Is there anything about the rows themselves that the other answers would describe instead?"""

from latentscope.analysis._data_notes import MIN_ROWS
from latentscope.reporting.questions.question import Answer, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import plural

_NONE = (
    "Exact copies of rows, constant axes, repeated values, normalised rows, a row with much of the "
    "variance or an index among the axes would be named here."
)
_NONE_OF_FEW = (
    "Exact copies of rows, constant axes or normalised rows would be named here; repeated values, "
    f"an index or a row with much of the variance only among {MIN_ROWS} rows or more."
)


def _answer(study: Study) -> Answer:
    found = study.overview
    rows = f"All {found.n_used:,} rows are used."
    if found.n_used < found.n_total:
        rows = f"{found.n_used:,} of {found.n_total:,} rows are used."
    if not found.notes:
        return Answer(
            "Nothing noteworthy", f"{rows} {_NONE if found.n_used >= MIN_ROWS else _NONE_OF_FEW}"
        )
    kinds = list(dict.fromkeys(note.kind for note in found.notes))
    verdict = f"{plural('Note', 'Notes', len(kinds))}: {', '.join(kinds)}"
    return Answer(verdict, " ".join([rows, *(note.text for note in found.notes)]))


QUESTION = Question(key="data", title="What is noteworthy about the rows?", answer=_answer)
