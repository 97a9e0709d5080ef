"""Does z differ from mu, the mean that the encoder gives?"""

from collections.abc import Iterator, Mapping

from latentscope._table import Table
from latentscope.analysis.posterior import COLLAPSED_KL, Posterior
from latentscope.plot.posterior import draw_kl
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number, percent, plural

LITTLE_NOISE = 0.01  # share of the variance of z below which z is almost mu
MUCH_NOISE = 0.5  # share of the variance of z
SCALES = ("log-variance", "unknown: z equals mu")


def _answer(study: Study) -> Answer | None:
    found = study.overview.posterior
    if found is None:
        return None
    if found.logvar_scale not in SCALES:
        return Answer("Cannot tell: logvar is not a log-variance", _scale_text(found.logvar_scale))
    noise = float(found.mean_variance.sum() / (found.mean_variance + found.mu_variance).sum())
    idle = int((found.kl < COLLAPSED_KL).sum())
    return Answer(_verdict(noise, idle), " ".join(_text(found, noise, idle)))


def _scale_text(scale: str) -> str:
    if scale == "undetermined":
        return "The spread of z around mu does not fit logvar, on any of the scales in use."
    return (
        f"Judged by the spread of z around mu, logvar is the {scale}. Convert it to the "
        "log-variance first."
    )


def _verdict(noise: float, idle: int) -> str:
    if noise < LITTLE_NOISE:
        return "Hardly: z is almost mu"
    return "Yes: noise is part of z" if idle or noise > MUCH_NOISE else "Somewhat"


def _text(found: Posterior, noise: float, idle: int) -> Iterator[str]:
    yield (
        "The encoder gives a mean, mu, and a log-variance, logvar; z is mu plus noise of that "
        f"variance. The noise makes up {percent(noise)} of the variance of z. On average, the "
        f"distances of z and of mu from the origin differ by "
        f"{percent(float(found.relative_difference[0]))}, and logvar is "
        f"{number(found.logvar_mean)}; z differs from mu by at most "
        f"{number(found.deviation_maximum)} along an axis."
    )
    yield (
        f"The posterior's KL divergence from N(0, I), which measures how much z says about the "
        f"input, is {number(found.total_kl)} nats per point; {idle:,} of {found.z_dim:,} "
        f"{plural('axis', 'axes', found.z_dim)} {plural('carries', 'carry', idle)} less than "
        f"{COLLAPSED_KL} nats."
    )
    if n_collapsed := int(found.collapsed.sum()):
        yield (
            f"Along {n_collapsed:,} of these, mu hardly varies either: there z holds only noise, "
            "whatever the input."
        )


def _draw(study: Study, drawer: Drawer) -> list[str]:
    found = study.overview.posterior
    return [] if found is None else drawer.panels(1, lambda panels: draw_kl(panels[0], found))


def _tables(study: Study) -> Mapping[str, Table]:
    found = study.overview.posterior
    return {} if found is None else {"Posterior": found.table()}


def _left_out(study: Study) -> Mapping[str, str]:
    if study.overview.posterior is not None:
        return {}
    return {"posterior": "the latents have no mu and logvar; those of an autoencoder never do."}


FIGURE = Figure(
    title="Which axes does the VAE use?",
    shows="How much each axis says about the input: the KL divergence of the posterior from the "
    "prior N(0, I), largest first. An axis is called active if the variance of mu along it "
    "exceeds 0.01.",
    misleads="An axis along which mu varies only a little can be called active and still carry "
    "next to nothing; its KL divergence, in nats, shows this.",
    draw=_draw,
)
QUESTION = Question(
    key="posterior",
    title="Does z differ from mu, the mean that the encoder gives?",
    answer=_answer,
    figure=FIGURE,
    tables=_tables,
    left_out=_left_out,
)
