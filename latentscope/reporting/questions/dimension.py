"""How many dimensions? The intrinsic dimension, beside a Gaussian's."""

from latentscope.analysis.dimension import IntrinsicDimension, intrinsic_dimension
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Analysis, Answer, Figure, Question
from latentscope.reporting.study import Study

N_POINTS = 5000  # rows whose neighbours are counted


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
    if found.dimension is None or found.error is None:
        return Answer("Cannot tell", found.verdict)
    number = f"{found.dimension:.2g} ± {found.error:.1g}"
    if found.error > found.dimension / 2:
        number = f"Not settled, {found.dimension:.2g} at the finest scale"
    return Answer(f"{number}; a Gaussian {found.null_dimension:.2g}", found.verdict)


def _draw(study: Study, drawer: Drawer) -> list[str]:
    found = DIMENSION.of(study)
    return [] if found is None or not len(found.dimensions) else [drawer.result(found)]


FIGURE = Figure(
    title="How many dimensions?",
    shows="Along how many directions the nearest neighbours differ, from coarse to fine, beside a "
    "Gaussian of as many points and the same covariance.",
    misleads="Few points in many dimensions look flatter than they are, the Gaussian's too: "
    "compare the two, not the number with z_dim. Noise on a thin filament gives all dimensions "
    "back at the finest scales.",
    draw=_draw,
)
QUESTION = Question(
    key="dimension", title=FIGURE.title, computes=(DIMENSION,), answer=_answer, figure=FIGURE
)
