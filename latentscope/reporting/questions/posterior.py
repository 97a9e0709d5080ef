"""Is z just mu, and does this VAE behave like an AE?"""

from collections.abc import Iterator, Mapping

from latentscope._table import Table
from latentscope.analysis.posterior import COLLAPSED_KL, Posterior
from latentscope.plot.posterior import draw_kl
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number, percent

LITTLE_NOISE = 0.01  # share in the variance of z below which z is just mu
MUCH_NOISE = 0.5  # share in the variance of z
SCALES = ("log-variance", "unknown: z equals mu")


def _answer(study: Study) -> Answer | None:
    found = study.overview.posterior
    if found is None:
        return None
    if found.logvar_scale not in SCALES:
        text = f"By the spread of z about mu, logvar is: {found.logvar_scale}. Convert it first."
        return Answer("Cannot tell: logvar is no log-variance", text)
    noise = float(found.mean_variance.sum() / (found.mean_variance + found.mu_variance).sum())
    idle = int((found.kl < COLLAPSED_KL).sum())
    return Answer(_verdict(noise, idle), " ".join(_text(found, noise, idle)))


def _verdict(noise: float, idle: int) -> str:
    if noise < LITTLE_NOISE:
        return "Yes: z is just mu"
    return "No: noise is part of z" if idle or noise > MUCH_NOISE else "In between"


def _text(found: Posterior, noise: float, idle: int) -> Iterator[str]:
    yield (
        f"Noise makes {percent(noise)} of the variance of z. The radii of z and mu differ by "
        f"{percent(float(found.relative_difference[0]))} on average, z − mu is at most "
        f"{number(found.deviation_maximum)}; logvar is {number(found.logvar_mean)} on average."
    )
    yield (
        f"The KL divergence is {number(found.total_kl)} nats per point, and {idle:,} of "
        f"{found.z_dim:,} axes carry less than {COLLAPSED_KL} nats."
    )
    if idle:
        yield "Those axes hold the prior's noise, whatever the input."


def _draw(study: Study, drawer: Drawer) -> list[str]:
    found = study.overview.posterior
    return [] if found is None else drawer.panels(1, lambda panels: draw_kl(panels[0], found))


def _tables(study: Study) -> Mapping[str, Table]:
    found = study.overview.posterior
    return {} if found is None else {"Posterior": found.table()}


def _left_out(study: Study) -> Mapping[str, str]:
    if study.overview.posterior is not None:
        return {}
    return {"posterior": "there are no mu and logvar; an autoencoder has none."}


FIGURE = Figure(
    title="Which axes does the VAE use?",
    shows="The KL divergence of the posterior from the prior along each axis, largest first; "
    "active are those along which the variance of mu exceeds 0.01.",
    misleads="An axis can be called active because mu varies a little along it, and still carry "
    "next to nothing: the nats tell.",
    draw=_draw,
)
QUESTION = Question(
    key="posterior",
    title="Is z just mu, and does this VAE behave like an AE?",
    answer=_answer,
    figure=FIGURE,
    tables=_tables,
    left_out=_left_out,
)
