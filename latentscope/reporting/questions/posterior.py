"""Does z differ from mu, the mean that the encoder gives?"""

from collections.abc import Iterator, Mapping

from latentscope._table import Table
from latentscope.analysis.posterior import ACTIVE_VARIANCE, COLLAPSED_KL, Posterior
from latentscope.plot.posterior import draw_kl
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number, percent, plural

LITTLE_NOISE = 0.01  # share of the variance of z below which z is almost mu
MUCH_NOISE = 0.5  # share of the variance of z


def _answer(study: Study) -> Answer | None:
    found = study.overview.posterior
    if found is None:
        return None
    if found.logvar_scale != "log-variance" and not found.is_mu:
        return Answer("Cannot tell: logvar is not a log-variance", _scale_text(found.logvar_scale))
    verdict = "; ".join(filter(None, (_verdict(found), *_idle(found))))
    return Answer(verdict, " ".join(_text(found)))


def _scale_text(scale: str) -> str:
    if scale == "undetermined":
        return "The spread of z around mu does not fit logvar, on any of the scales in use."
    return (
        f"Judged by the spread of z around mu, logvar is the {scale}. Convert it to the "
        "log-variance first."
    )


def _verdict(found: Posterior) -> str:
    noise = found.noise_share
    if found.is_mu:
        return f"No, z is mu: noise would make up {percent(noise)} of the variance of draws"
    if noise < LITTLE_NOISE:
        return "Hardly: z is almost mu"
    return "Yes: noise is part of z" if found.collapsed.any() or noise > MUCH_NOISE else "Somewhat"


def _idle(found: Posterior) -> Iterator[str]:
    """Say how many axes carry next to nothing."""
    for kind, which in (("collapsed", found.collapsed), ("nearly dead", found.nearly_dead)):
        n = int(which.sum())
        if n:
            yield f"{_of_all(n, found)} {kind}"


def _text(found: Posterior) -> Iterator[str]:
    yield from _noise(found)
    if found.n_diverged:
        n = found.n_used * found.z_dim
        yield (
            f"{found.n_diverged:,} of {n:,} values of logvar "
            f"{plural('has', 'have', found.n_diverged)} diverged: the largest is "
            f"{number(found.logvar_maximum)}. The shares, divergences and counts of axes here "
            "leave out such values and the mu of each, because a single one can outweigh all "
            "others."
        )
    yield (
        f"The posterior's KL divergence from N(0, I), which measures how much the posterior says "
        f"about the input, is {number(float(found.bulk_kl.sum()))} nats per point."
    )
    yield from _axes(found)


def _noise(found: Posterior) -> Iterator[str]:
    share = percent(found.noise_share)
    if found.is_mu:
        yield (
            "The encoder gives a mean, mu, and a log-variance, logvar. In these latents z is mu: "
            "no noise was added, so the answers to the other questions describe mu, not draws from "
            "the posterior. Judged by mu and logvar, noise would make up "
            f"{share} of the variance of such draws. The mean of logvar is "
            f"{number(found.logvar_mean)}; whether it is a log-variance cannot be checked "
            "without noise."
        )
        return
    yield (
        "The encoder gives a mean, mu, and a log-variance, logvar; z is mu plus noise of that "
        f"variance. The noise makes up {share} of the variance of z. {_radii(found)} The mean of "
        f"logvar is {number(found.logvar_mean)}; z differs from mu by at most "
        f"{number(found.deviation_maximum)} along an axis."
    )


def _radii(found: Posterior) -> str:
    """Compare the distances from the origin: in percent, unless mu lies almost there."""
    difference = float(found.relative_difference[0])
    if difference <= 1:  # False if it is undefined
        return (
            "On average, the distance of z from the origin differs from that of mu by "
            f"{percent(difference)} of the latter."
        )
    return (
        f"The mean distance from the origin is {number(found.z_radius[1])} for z, and "
        f"{number(found.mu_radius[1])} for mu."
    )


def _axes(found: Posterior) -> Iterator[str]:
    n_collapsed, n_dead = int(found.collapsed.sum()), int(found.nearly_dead.sum())
    if n_collapsed:
        yield (
            f"Along {_of_all(n_collapsed, found)}, mu hardly varies (its variance is at most "
            f"{ACTIVE_VARIANCE}) and the divergence is below {COLLAPSED_KL} nats: "
            f"{plural('it is', 'they are', n_collapsed)} collapsed. Draws along "
            f"{plural('it', 'them', n_collapsed)} are only noise, whatever the input."
        )
    if n_dead:
        yield (
            f"Along {_of_all(n_dead, found)}, mu varies a little more, so that "
            f"{plural('it counts', 'they count', n_dead)} as active, but the divergence is also "
            f"below {COLLAPSED_KL} nats: {plural('it is', 'they are', n_dead)} nearly dead."
        )
    if not n_collapsed and not n_dead:
        yield f"No axis carries less than {COLLAPSED_KL} nats."


def _of_all(n: int, found: Posterior) -> str:
    return f"{n:,} of {found.z_dim:,} {plural('axis', 'axes', found.z_dim)}"


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
    "exceeds 0.01, and nearly dead if it carries less than 0.1 nats all the same.",
    misleads="Both limits are conventions. An axis of very small scale on which mu is precise "
    "carries information although it is not active; its KL divergence, in nats, shows this.",
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
