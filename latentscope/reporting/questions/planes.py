"""What does the plane of the first two principal components look like as you zoom in?"""

from collections.abc import Mapping

from latentscope._table import Table
from latentscope.analysis.planes import PlaneZoom, plane_zoom
from latentscope.plot import plot_planes
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Analysis, Figure, Question
from latentscope.reporting.study import Study


def _zoom(study: Study) -> PlaneZoom:
    return plane_zoom(study.rows)


PLANES = Analysis(key="planes", title="planes", run=_zoom)


def _draw(study: Study, drawer: Drawer) -> list[str]:
    planes = PLANES.of(study)
    if planes is None:
        return []
    n = len(planes.half_widths)
    return drawer.panels(n, lambda panels: plot_planes(planes, ax=panels), size=(3.3, 3.5))


def _tables(study: Study) -> Mapping[str, Table]:
    planes = PLANES.of(study)
    if planes is None:
        return {}
    return {"Windows of the plane of the first two components": planes.table()}


FIGURE = Figure(
    title="What does the plane of the first two principal components look like as you zoom in?",
    shows="The points projected onto the first two principal components (PC 1 and PC 2). Each red "
    "square is the next window; the dotted disc is as wide as the largest empty disc (void) that "
    "chance alone would leave.",
    misleads="Random points, if few, always seem to show filaments and voids. Nothing smaller than "
    "the dotted disc is structure, and a window marked as too sparse can show none.",
    draw=_draw,
)
QUESTION = Question(
    key="planes", title=FIGURE.title, computes=(PLANES,), figure=FIGURE, tables=_tables
)
