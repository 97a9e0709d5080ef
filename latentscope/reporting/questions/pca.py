"""Which directions carry the variance? The spectrum of the principal components."""

from collections.abc import Mapping

from latentscope._table import Table
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Figure, Question
from latentscope.reporting.study import Study

N_ROWS = 12  # of the table


def _draw(study: Study, drawer: Drawer) -> list[str]:
    return [drawer.result(study.overview.pca)]


def _tables(study: Study) -> Mapping[str, Table]:
    columns = study.overview.pca.table()
    first = Table(**{name: column[:N_ROWS] for name, column in columns.items()})
    return {f"Principal components, the first {N_ROWS}": first}


FIGURE = Figure(
    title="Which directions carry the variance?",
    shows="The share of each principal component, beside that of the original axes, and beside "
    "what noise at the level of the last components would show.",
    misleads="A falling spectrum is no structure: it says that the cloud is stretched. In a VAE "
    "the collapsed axes hold the prior's variance and may be among the components above the floor.",
    draw=_draw,
)
QUESTION = Question(key="pca", title=FIGURE.title, figure=FIGURE, tables=_tables)
