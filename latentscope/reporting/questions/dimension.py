"""How many dimensions do the points fill? The intrinsic dimension, and a Gaussian's."""

from latentscope.analysis._dimension_words import about, interval, share
from latentscope.analysis.dimension import IntrinsicDimension, intrinsic_dimension
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Analysis, Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import unrepeated

N_POINTS = 5000  # rows whose nearest neighbours are used


def _estimate(study: Study) -> IntrinsicDimension:
    return study.kept.get(
        "dimension", IntrinsicDimension, intrinsic_dimension, study.rows,
        n_points=N_POINTS, rng=study.rng,
    )  # fmt: skip


DIMENSION = Analysis(key="dimension", title="dimension", run=_estimate)


def _answer(study: Study) -> Answer | None:
    found = DIMENSION.of(study)
    if found is None:
        return None
    if found.dimension is None or found.is_paired:
        return Answer("Cannot tell", unrepeated(found.verdict))
    number, beside = interval(found), share(found)
    if found.is_settled:
        number = f"{about(found):.2g} ({number})"
    elif not number.startswith("at least"):
        number = f"not settled: {number}"
    text = f"{number}; {beside} of a Gaussian's" if beside else number
    return Answer(text[:1].upper() + text[1:], found.verdict)


def _draw(study: Study, drawer: Drawer) -> list[str]:
    found = DIMENSION.of(study)
    return [] if found is None or not len(found.dimensions) else [drawer.result(found)]


FIGURE = Figure(
    title="How many dimensions do the points fill?",
    shows="The number of directions along which points differ from their nearest neighbours "
    "(intrinsic dimension), from coarse to fine scales, next to that of a Gaussian with as many "
    "points and the same covariance.",
    misleads="Few points in many dimensions seem to fill fewer dimensions than they do. This is "
    "also true of the Gaussian, so compare the two with each other, not with the number of axes. "
    "At the finest scales, noise around a thin filament fills all dimensions.",
    draw=_draw,
)
QUESTION = Question(
    key="dimension", title=FIGURE.title, computes=(DIMENSION,), answer=_answer, figure=FIGURE
)
