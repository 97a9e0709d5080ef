"""Are there filaments or voids in the planes of the first components?"""

from latentscope.analysis.scan_planes import PlaneScan, scan_planes
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Analysis, Answer, Figure, Question
from latentscope.reporting.study import Study

N_AXES = 4  # components
N_NULL = 99  # sets of the null per window
NULL = "smooth"


def _scan(study: Study) -> PlaneScan:
    return study.kept.get(
        "scan", PlaneScan, scan_planes, study.rows,
        n_axes=N_AXES, null=NULL, n_null=N_NULL, frame=study.overview.pca, rng=study.rng,
    )  # fmt: skip


SCAN = Analysis(key="scan", title="structure", run=_scan)


def _answer(study: Study) -> Answer | None:
    scan = SCAN.of(study)
    if scan is None:
        return None
    components = f"PC 1 to {int(scan.axes.max()) + 1}"
    verdict = f"None in planes of {components}"
    if scan.is_structured[0]:
        verdict = f"{scan.sign[0].capitalize()} in {scan.plane_names[0]}"
    return Answer(
        verdict,
        f"{scan.verdict} At most {scan.n_points:,} points of each window were compared: what is "
        f"finer than they are apart, lies across many axes, or in other axes than {components}, is "
        "not seen.",
    )


def _draw(study: Study, drawer: Drawer) -> list[str]:
    scan = SCAN.of(study)
    return [] if scan is None else [drawer.result(scan)]


FIGURE = Figure(
    title="Is there structure in the planes of the first components?",
    shows="How far the points of each window depart from a smooth density, by near pairs, nearest "
    "neighbours, empty space and alignment. In grey: what chance reaches in one scan of twenty, "
    "all windows together.",
    misleads="Planes show what lies along them: a filament across many axes is covered by the "
    "projection of all other points. Structure finer than the spacing of the points is not seen "
    "either.",
    draw=_draw,
)
QUESTION = Question(
    key="scan",
    title="Are there filaments or voids?",
    computes=(SCAN,),
    answer=_answer,
    figure=FIGURE,
)
