"""The results of one pass over the rows, on which every other question builds."""

from collections.abc import Mapping

from latentscope._table import Table
from latentscope.reporting.questions.question import Question
from latentscope.reporting.study import Study


def _tables(study: Study) -> Mapping[str, Table]:
    return {"Headline numbers": study.overview.table()}


QUESTION = Question(
    key="overview", title="How do these latent vectors fill their space?", tables=_tables
)
