"""Which directions carry the variance, and which are noise?"""

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
    names = [f"PC {number + 1}" for number in first["component"]]
    first = Table(**{**first, "component": names})
    return {f"Principal components, the first {N_ROWS}": first}


FIGURE = Figure(
    title="Which directions carry the variance, and which are noise?",
    shows="The share of the variance along each principal component, next to that along the "
    "original axes and to what pure Gaussian noise, as strong as that of the last components, "
    "would show.",
    misleads="A falling spectrum is not evidence of clusters or filaments: it only shows that the "
    "cloud is stretched. In a VAE, axes that ignore the input (collapsed axes) have the variance "
    "of the prior and may be among the components above the noise. Where the tails are heavier "
    "than a Gaussian's, chance alone makes large variances; then components are counted only if "
    "two halves of the rows agree, and the title says so.",
    draw=_draw,
)
QUESTION = Question(key="pca", title=FIGURE.title, figure=FIGURE, tables=_tables)
