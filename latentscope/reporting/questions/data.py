"""Is there anything about the rows themselves that the other answers would describe instead?"""

from latentscope.reporting.questions.question import Answer, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import plural

_NONE = (
    "Copies, constant axes, repeated values, normalised rows, a row far from the others or an "
    "index among the axes would be named here."
)


def _answer(study: Study) -> Answer:
    found = study.overview
    rows = f"All {found.n_used:,} rows are used."
    if found.n_used < found.n_total:
        rows = f"{found.n_used:,} of {found.n_total:,} rows are used."
    if not found.notes:
        return Answer("Nothing noteworthy", f"{rows} {_NONE}")
    kinds = list(dict.fromkeys(note.kind for note in found.notes))
    verdict = f"{plural('Note', 'Notes', len(kinds))}: {', '.join(kinds)}"
    return Answer(verdict, " ".join([rows, *(note.text for note in found.notes)]))


QUESTION = Question(key="data", title="What is noteworthy about the rows?", answer=_answer)
