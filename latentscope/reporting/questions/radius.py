"""Where do the points live? How far from the origin, beside N(0, I)."""

import numpy as np
from scipy.stats import chi

from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number

NEAR = 0.05  # relative difference below which two radii are called alike


def _answer(study: Study) -> Answer:
    radius, d = study.overview.radius, study.overview.radius.z_dim
    offset = float(np.linalg.norm(study.overview.pca.mean))
    typical = float(chi.mean(d))
    is_prior = abs(radius.mean / typical - 1) < NEAR and offset < typical / 2
    verdict = "On the shell of N(0, I)" if is_prior else f"At radius {number(radius.mean)}"
    return Answer(
        verdict,
        f"Radii are {number(radius.mean)} ± {number(radius.std)}, 99 % of them between "
        f"{number(radius.quantile(0.005))} and {number(radius.quantile(0.995))}. N(0, I) in {d:,} "
        f"dimensions has {number(typical)} ± {number(float(chi.std(d)))}. The centre of the cloud "
        f"lies {number(offset)} from the origin.",
    )


def _draw(study: Study, drawer: Drawer) -> list[str]:
    return [drawer.result(study.overview.radius)]


FIGURE = Figure(
    title="On which shell?",
    shows="How many points lie at which distance from the origin; the solid line is a Gaussian of "
    "the same mean and covariance, the dashed one N(0, I), named alone where it lies far away.",
    misleads="The radius alone tells little: an off-centre or stretched cloud can have the radii "
    "of N(0, I) and lie elsewhere altogether. In many dimensions every Gaussian is a thin shell.",
    draw=_draw,
)
QUESTION = Question(key="radius", title="Where do the points live?", answer=_answer, figure=FIGURE)
