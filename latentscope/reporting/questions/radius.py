"""How far from the origin do the points lie, compared with N(0, I)?"""

from scipy.stats import chi

from latentscope._table import percentage
from latentscope.analysis.radius import Misfit
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number, plural

NEAR = 0.1  # share of the points whose radii may differ from those of N(0, I)
CERTAIN = 2  # times the share by chance, up to which the radii do not differ


def _answer(study: Study) -> Answer:
    radius, d = study.overview.radius, study.overview.radius.z_dim
    offset = study.overview.offset
    typical, misfit = float(chi.mean(d)), radius.prior_misfit
    return Answer(
        f"About {number(radius.mean)}, {_comparison(misfit, offset, typical)}",
        f"The distance from the origin (radius) is {number(radius.mean)} ± {number(radius.std)} "
        f"(mean ± standard deviation), and for 99 % of the points it lies between "
        f"{number(radius.quantile(0.005))} and {number(radius.quantile(0.995))}. Points of N(0, I) "
        f"in {d:,} {plural('dimension', 'dimensions', d)} lie at {number(typical)} ± "
        f"{number(float(chi.std(d)))}; for {percentage(misfit.share)} of the points, the radius "
        f"would have to change to match theirs (by chance: {misfit.by_chance:.1%}). The centre of "
        f"the cloud lies {number(offset)} from the origin.",
    )


def _comparison(misfit: Misfit, offset: float, typical: float) -> str:
    """Compare all radii with those of N(0, I), and the distance of the centre with the radius."""
    if misfit.share > max(NEAR, CERTAIN * misfit.by_chance) or offset > typical / 2:
        return "unlike N(0, I)"
    if misfit.by_chance > NEAR:
        return "with too few points to compare with N(0, I)"
    return "like N(0, I)"


def _draw(study: Study, drawer: Drawer) -> list[str]:
    return [drawer.result(study.overview.radius)]


FIGURE = Figure(
    title="How far from the origin do the points lie?",
    shows="The distribution of the distances from the origin. The solid line is a Gaussian with "
    "the same mean and covariance, the dashed line N(0, I); where N(0, I) lies far away, it is "
    "only named.",
    misleads="The radius alone says little: an off-centre or stretched cloud can have the same "
    "radii as N(0, I) and still lie elsewhere. In many dimensions, the points of every Gaussian "
    "lie in a thin shell.",
    draw=_draw,
)
QUESTION = Question(key="radius", title=FIGURE.title, answer=_answer, figure=FIGURE)
