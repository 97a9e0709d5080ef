"""Would random points decode to something meaningful? Where they lie; their images' scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from latentscope._table import Table
from latentscope.analysis.support import Shell, Support
from latentscope.pictures import FULL, HALF_WIDTH, PER_AXIS, PRIOR
from latentscope.reporting.questions.clusters import GAP
from latentscope.reporting.questions.pictures import PICTURES, Gallery
from latentscope.reporting.questions.question import Analysis, Answer, Question, numbers
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number
from latentscope.sample import axis_gaussian, gaussian, normal, uniform

N_CANDIDATES = 1000  # random points of each kind whose distances are measured
MOSTLY = 0.9  # of the points
MANY = 300  # rows; with fewer, a verdict on distances would be a guess
MEANINGFUL = 0.5  # score


def _supports(study: Study) -> dict[str, Support]:
    """Return where the random points of each kind lie."""
    rows, n, rng = study.rows, N_CANDIDATES, study.rng
    shell, d = Shell.of(rows), rows.z_dim
    kinds = {
        PRIOR: normal(n, d, rng=rng),
        f"uniform ±{HALF_WIDTH}": uniform(n, d, half_width=HALF_WIDTH, rng=rng),
        PER_AXIS: axis_gaussian(rows, n, rng=rng),
        FULL: gaussian(rows, n, rng=rng),
    }
    return {kind: shell.judge(points) for kind, points in kinds.items()}


def _numbers(supports: dict[str, Support] | None) -> Any:
    return numbers(supports or {})


RANDOM_POINTS = Analysis(
    key="random points", title="random points", run=_supports, numbers=_numbers
)


def _answer(study: Study) -> Answer | None:
    supports, pictures = RANDOM_POINTS.of(study), PICTURES.of(study)
    if not supports:
        return None
    prior, full = supports[PRIOR], supports[FULL]
    text, posterior = _where(prior, full), study.overview.posterior
    is_mu = posterior is not None and posterior.is_mu
    if is_mu:
        text += (
            " z is mu here, without noise: N(0, I) is the prior of draws from the posterior, which "
            "are spread more widely than mu."
        )
    gap = GAP.of(study)
    if gap is not None and gap.best is not None:
        text += " Points in the empty space between clusters also count as lying in this range."
    if pictures:
        listed = ", ".join(f"{one.title} {one.score:.2f}" for one in pictures.random)
        text += f" Meaningful-image scores (1 means like images of the data): {listed}."
    return Answer(_verdict(prior, pictures, is_mu=is_mu), text)


def _where(prior: Support, full: Support) -> str:
    low, _, high = prior.shell
    text = (
        f"99.8 % of the data lie at Mahalanobis distances between {number(low)} and "
        f"{number(high)} from their mean. Points of N(0, I) have a median distance of "
        f"{number(float(np.median(prior.distance)))}, and {prior.share_on_shell:.1%} of them lie "
        "in this range; points of the full Gaussian (the data's mean and covariance) have "
        f"{number(float(np.median(full.distance)))}, and {full.share_on_shell:.1%} lie in it."
    )
    if prior.n_directions == prior.z_dim:
        return text
    return (
        f"{text} These distances are measured only along {prior.n_directions:,} of "
        f"{prior.z_dim:,} directions, those in which the data vary; points of N(0, I) also vary "
        "along the others."
    )


def _verdict(prior: Support, pictures: Gallery | None, *, is_mu: bool) -> str:
    is_near = prior.share_on_shell > MOSTLY and prior.n_directions == prior.z_dim
    if pictures:
        scores = {one.title: one.score for one in pictures.random}
        if scores[PRIOR] > MEANINGFUL and is_near:
            return "Likely, if drawn from N(0, I)"
        if scores[FULL] > MEANINGFUL:
            return "Only if drawn with the mean and covariance of the data"
        return "Unlikely"
    if prior.n_used < MANY:
        return "Too few rows to tell"
    if prior.n_directions < prior.z_dim:
        does = "mu does" if is_mu else "the data do"
        return f"Points of N(0, I) vary along directions in which {does} not"
    data = "mu" if is_mu else "the data"
    return f"{prior.share_on_shell:.1%} of points of N(0, I) lie within the distances of {data}"


def _tables(study: Study) -> Mapping[str, Table]:
    supports = RANDOM_POINTS.of(study)
    if not supports:
        return {}
    found = list(supports.values())
    columns: dict[str, list[Any]] = {
        "points of": list(supports),
        "distance, median": [float(np.median(one.distance)) for one in found],
        "share where 99.8 % of the data lie": [one.share_on_shell for one in found],
        "data, 0.1 %": [one.shell[0] for one in found],
        "data, median": [one.shell[1] for one in found],
        "data, 99.9 %": [one.shell[2] for one in found],
    }
    return {"Random points": Table(**columns)}


QUESTION = Question(
    key="random_points",
    title="Would random points decode to something meaningful?",
    computes=(RANDOM_POINTS,),
    answer=_answer,
    tables=_tables,
)
