"""Is the cloud Gaussian, and if not, how far from it?"""

from typing import Any

import numpy as np
from scipy.stats import f as f_law

from latentscope._table import percentage
from latentscope.analysis.normality import Normality, normality
from latentscope.analysis.support import Support
from latentscope.pictures import PRIOR
from latentscope.reporting.figures import SMALL, Drawer
from latentscope.reporting.questions.question import Analysis, Answer, Figure, Question
from latentscope.reporting.questions.random_points import RANDOM_POINTS
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number, unrepeated

N_POINTS = 10_000  # rows in which directions are searched for
N_NULL = 199  # Gaussian null sets, at most


def _tests(study: Study) -> Normality:
    return study.kept.get(
        "normality", Normality, normality, study.rows,
        n_null=N_NULL, n_points=N_POINTS, rng=study.rng,
    )  # fmt: skip


NORMALITY = Analysis(key="normality", title="normality", run=_tests)


def _answer(study: Study) -> Answer | None:
    found = NORMALITY.of(study)
    if found is None:
        return None
    kind = found.kind[0].upper() + found.kind[1:]
    return Answer(kind, f"{unrepeated(found.verdict)} {_distances(study)}".strip())


def _p_value(study: Study) -> float | None:
    found = NORMALITY.of(study)
    return None if found is None else found.p_value


def _distances(study: Study) -> str:
    """Say how far out the points lie, compared with those of a Gaussian."""
    supports = RANDOM_POINTS.of(study)
    if not supports:
        return ""
    shell = supports[PRIOR]
    low, middle, high = (_left_out(shell, share) for share in (0.001, 0.5, 0.999))
    beyond = 1 - float(np.mean(shell.data_quantiles <= high))
    radius = study.overview.radius
    differs, by_chance = radius.misfit(radius.gaussian_density)
    own = shell.shell
    return (
        f"{percentage(beyond)} of the points lie farther out than 99.9 % of a Gaussian's points "
        "would. The Mahalanobis distance of all points (from their mean, in standard deviations of "
        f"the data) has the median {number(own[1])}; 99.8 % of them lie between "
        f"{number(own[0])} and {number(own[2])}; for as many points of a Gaussian, the median is "
        f"{number(middle)} and the range {number(low)} to {number(high)}. For "
        f"{percentage(differs)} of the points, the distance from the origin would have to change "
        f"to match a Gaussian with the same mean and covariance (by chance: {by_chance:.1%})."
    )


def _left_out(shell: Support, share: float) -> float:
    """Return a quantile of the distance of a Gaussian's point, measured by all other points.

    With n others and p directions, d² is p (n² − 1) / (n (n − p)) times an F(p, n − p).
    """
    n, p = shell.n_used - 1, shell.n_directions
    return float(np.sqrt(p * (n**2 - 1) / (n * (n - p)) * f_law.ppf(share, p, n - p)))


def _draw(study: Study, drawer: Drawer) -> list[str]:
    found: Any = NORMALITY.of(study)
    return [] if found is None else drawer.panels(3, lambda p: found.plot(ax=p), size=SMALL)


FIGURE = Figure(
    title="Is the cloud Gaussian, and if not, how far from it?",
    shows="Mahalanobis distances next to those of a Gaussian; then, next to chance, how "
    "far the points along each direction (a marginal) are from a normal distribution, largest "
    "first; dashed, how far along the directions that a search in other rows found least normal; "
    "then the skewness and excess kurtosis.",
    misleads="With enough rows every test rejects, so look at the size of the differences. Most "
    "projections of high-dimensional data look Gaussian, whatever the data.",
    draw=_draw,
)
QUESTION = Question(
    key="normality",
    title=FIGURE.title,
    computes=(NORMALITY,),
    answer=_answer,
    p_value=_p_value,
    figure=FIGURE,
)
