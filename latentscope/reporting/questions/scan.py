"""Are there filaments or voids in the planes of the first principal components?"""

from latentscope.analysis.scan_planes import PlaneScan, scan_planes
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Analysis, Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.statistics import ALPHA

N_AXES = 4  # components
N_NULL = 99  # null sets per window
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
    components = f"the first {int(scan.axes.max()) + 1} principal components"
    found = scan.is_structured
    if found.any():
        first = int(found.argmax())
        one, other = sorted(int(axis) + 1 for axis in scan.axes[first])
        plane = f"the plane of principal components {one} and {other}"
        verdict = f"{scan.sign[first].capitalize()} points in {plane}"
    elif "none" in scan.sign and scan.family_p[0] > ALPHA:
        verdict = f"None in the planes of {components}"
    else:
        verdict = {
            "few points": f"Cannot tell: too few points ({scan.n_window.max():,})",
            "misfit": "Perhaps: no smooth density fits, because of filaments or uneven spread",
            "edge": "Cannot tell: the windows hold the edge of the cloud",
        }[scan.doubt[0]]
    return Answer(
        verdict,
        f"{scan.verdict} At most {scan.n_points:,} points of each window were compared. Structure "
        "that is finer than the distance between these points, runs across many axes, or lies "
        f"outside {components} is not seen.",
    )


def _p_value(study: Study) -> float | None:
    scan = SCAN.of(study)
    return None if scan is None else float(scan.family_p[0])


def _draw(study: Study, drawer: Drawer) -> list[str]:
    scan = SCAN.of(study)
    return [] if scan is None else [drawer.result(scan)]


FIGURE = Figure(
    title="Are there filaments or voids in the planes of the first principal components?",
    shows="How far the points of each window depart from a smooth density in four ways: close "
    "pairs, nearest neighbours, empty space and alignment. Grey: the largest departure that chance "
    "alone exceeds in one scan of twenty, over all windows.",
    misleads="A plane shows only what lies along it: a filament that runs across many axes is "
    "hidden by the projection of all other points. Structure finer than the spacing of the points "
    "is not seen either.",
    draw=_draw,
)
QUESTION = Question(
    key="scan",
    title="Are there filaments or voids?",
    computes=(SCAN,),
    answer=_answer,
    p_value=_p_value,
    figure=FIGURE,
)
