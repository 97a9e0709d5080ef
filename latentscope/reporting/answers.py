"""Answers in sentences, each with its numbers and with what chance would give."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import chi

from latentscope._table import show
from latentscope.analysis.axes import AxisDensity
from latentscope.analysis.posterior import COLLAPSED_KL, Posterior
from latentscope.analysis.radius import RadiusDensity
from latentscope.reporting.albums import Gallery
from latentscope.reporting.study import Study

_NEAR = 0.05  # relative difference below which two radii are called alike
_ALIKE = 0.05  # share of the points by which two curves may differ to be called alike
_NOISE = 0.01  # share of the noise in the variance of z below which z is just mu
_TIGHTER = 0.1  # share below the Gaussian's inertia that is worth a word
_BROAD = 3.0  # times its share, from which on an axis is called dominant
_STANDS_OUT = 2.0  # times chance, from which on a label has a direction
_MEANINGFUL = 0.5  # score


class Answer(NamedTuple):
    """One question, with a line for each set: a verdict, and sentences."""

    question: str
    lines: list[tuple[str, str, str]]  # name of the set, verdict, sentences

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each set."""
        return {name: verdict for name, verdict, _ in self.lines}


def answers(studies: list[Study], galleries: dict[str, Gallery | None]) -> list[Answer]:
    """Answer all questions that the sets allow."""
    asked: list[tuple[str, Callable[[Study], tuple[str, str] | None]]] = [
        ("Where do the points live?", _where),
        ("Which axes dominate?", _axes),
        ("Are there clusters?", _clusters),
        ("Is it a Gaussian cloud?", _gaussian),
        ("Is z just mu, and does this VAE behave like an AE?", _posterior),
        (
            "Would random points decode to something?",
            lambda study: _random(study, galleries.get(study.name)),
        ),
        ("Do labels have a direction?", _labels),
    ]
    found = []
    for question, ask in asked:
        lines = [(study.name, *line) for study in studies if (line := ask(study))]
        if lines:
            found.append(Answer(question, lines))
    return found


def _where(study: Study) -> tuple[str, str]:
    radius, d = study.overview.radius, study.overview.radius.z_dim
    offset = float(np.linalg.norm(study.overview.pca.mean))
    typical = float(chi.mean(d))
    is_prior = abs(radius.mean / typical - 1) < _NEAR and offset < typical / 2
    verdict = "On the shell of N(0, I)" if is_prior else f"At radius {show(round(radius.mean, 2))}"
    return verdict, (
        f"Radii are {_f(radius.mean)} ± {_f(radius.std)}, 99 % of them between "
        f"{_f(radius.quantile(0.005))} and {_f(radius.quantile(0.995))}. N(0, I) in {d:,} "
        f"dimensions has {_f(typical)} ± {_f(float(chi.std(d)))}. The centre of the cloud lies "
        f"{_f(offset)} from the origin."
    )


def _axes(study: Study) -> tuple[str, str]:
    axes, pca, d = study.overview.axes, study.overview.pca, study.overview.axes.z_dim
    dominant = np.flatnonzero(axes.weight > _BROAD / d)
    share = float(axes.weight[dominant].sum())
    cumulated = np.cumsum(pca.variance_ratio)
    n_most = int(np.searchsorted(cumulated, 0.9 - 1e-9)) + 1
    verdict = f"{len(dominant):,} of {d:,}" if len(dominant) else "None stands out"
    text = f"{verdict} axes hold {share:.0%} of the mean squared radius" if len(dominant) else ""
    named = f": {_named(axes, min(3, len(dominant)))}. " if len(dominant) else ""
    constant = int(axes.is_constant.sum())
    dead = f" {constant:,} {_plural('axis is', 'axes are', constant)} constant." if constant else ""
    return verdict, (
        f"{text}{named}The first principal component holds {pca.variance_ratio[0]:.1%} of the "
        f"variance, {n_most:,} of {d:,} hold 90 %; the variance is spread as over "
        f"{_f(pca.participation)} equal components.{dead}"
    )


def _named(axes: AxisDensity, n: int) -> str:
    table = axes.dominant(n)
    one = zip(table["axis"], table["center"], table["width"], strict=True)
    return ", ".join(f"axis {axis} (centre {_f(c)}, width {_f(w)})" for axis, c, w in one)


def _clusters(study: Study) -> tuple[str, str] | None:
    curve = study.clusters
    if curve is None:
        return None
    ratio = curve.inertia / np.where(curve.gaussian_inertia > 0, curve.gaussian_inertia, 1.0)
    below = 1 - float(ratio.min())
    map_text = ""
    if study.map is not None and study.null_map is not None:
        map_text = (
            f" The t-SNE map keeps {study.map.neighbour_preservation:.0%} of each point's nearest "
            f"neighbours, that of the Gaussian {study.null_map.neighbour_preservation:.0%}, chance "
            f"{study.map.chance_preservation:.1%}."
        )
    verdict = "No elbow" if curve.elbow is None else f"An elbow at k = {curve.elbow}"
    if curve.elbow is None and below > _TIGHTER:
        verdict = "No elbow, yet tighter than a Gaussian"
    k = int(curve.n_clusters[ratio.argmin()])
    return verdict, (
        f"K-means for k up to {curve.n_clusters[-1]} shows "
        f"{'no elbow' if curve.elbow is None else 'an elbow'} beyond that of a Gaussian of the "
        f"same covariance; its inertia is {_less(below)} the Gaussian's (at k = {k})."
        f"{map_text}"
    )


def _less(below: float) -> str:
    return f"{below:.1%} below" if below > 0 else "no lower than"


def _gaussian(study: Study) -> tuple[str, str] | None:
    if not study.supports:
        return None
    shell, radius = next(iter(study.supports.values())), study.overview.radius
    limit = float(chi.ppf(0.999, shell.n_directions))
    beyond = 1 - float(np.mean(shell.data_quantiles <= limit))
    differs, by_chance = _difference(radius)
    is_alike = differs < _ALIKE + by_chance and beyond < 0.01
    low, middle, high = shell.shell
    return "Close to one, by distances" if is_alike else "Not quite", (
        f"The radii of {differs:.1%} of the points would have to change to be those of a Gaussian "
        f"of the same mean and covariance (chance: {by_chance:.1%}). Mahalanobis distances are "
        f"{_f(middle)}, 99.8 % between {_f(low)} and {_f(high)}; a Gaussian's would be "
        f"{_f(float(chi.median(shell.n_directions)))}, between "
        f"{_f(float(chi.ppf(0.001, shell.n_directions)))} and {_f(limit)}. Distances see heavy "
        "tails; they do not see bends or clusters along few axes."
    )


def _difference(radius: RadiusDensity) -> tuple[float, float]:
    """Return the total variation distance of the radii from the Gaussian's, and that of chance."""
    expected = radius.gaussian_density * radius.bin_width
    found = radius.counts / radius.n_used
    chance = np.sqrt(2 * expected * (1 - expected) / (np.pi * radius.n_used)).sum() / 2
    outside = max(0.0, 1 - expected.sum())
    return float(np.abs(found - expected).sum() + outside) / 2, float(chance)


def _posterior(study: Study) -> tuple[str, str] | None:
    found = study.overview.posterior
    if found is None:
        return None
    noise = float(found.mean_variance.sum() / (found.mean_variance + found.mu_variance).sum())
    idle = int((found.kl < COLLAPSED_KL).sum())
    if noise < _NOISE:
        verdict = "Yes: z is just mu"
    elif idle or noise > 0.5:
        verdict = "No: noise is part of z"
    else:
        verdict = "In between"
    return verdict, " ".join(_posterior_text(found, noise, idle))


def _posterior_text(found: Posterior, noise: float, idle: int) -> Iterator[str]:
    yield (
        f"Noise makes {_percent(noise)} of the variance of z. The radii of z and mu differ by "
        f"{_percent(float(found.relative_difference[0]))} on average, z − mu is at most "
        f"{_f(found.deviation_maximum)}; logvar is {_f(found.logvar_mean)} on average."
    )
    yield (
        f"The KL divergence is {_f(found.total_kl)} nats per point, and {idle:,} of "
        f"{found.z_dim:,} axes carry less than {COLLAPSED_KL} nats."
    )
    if idle:
        yield "Those axes hold the prior's noise, whatever the input."


def _random(study: Study, gallery: Gallery | None) -> tuple[str, str] | None:
    if not study.supports:
        return None
    prior = study.supports["N(0, I)"]
    full = study.supports["full Gaussian"]
    low, _, high = prior.shell
    scores = {sheet.title: sheet.score for sheet in gallery.random} if gallery else {}
    is_inside = prior.share_on_shell > 0.9
    verdict = "They would lie among the data" if is_inside else "They would miss the data"
    if gallery:
        is_inside = scores["N(0, I)"] > _MEANINGFUL
        better = scores["full Gaussian"] > _MEANINGFUL
        verdict = "Yes" if is_inside else ("Only those that follow the data" if better else "No")
    text = (
        f"99.8 % of the data lie at Mahalanobis distances from {_f(low)} to {_f(high)}. Points of "
        f"N(0, I) lie at {_f(float(np.median(prior.distance)))}, {prior.share_on_shell:.0%} of "
        f"them in between; those of the data's own Gaussian at "
        f"{_f(float(np.median(full.distance)))}, {full.share_on_shell:.0%} in between."
    )
    if gallery:
        listed = ", ".join(f"{title} {score:.2f}" for title, score in scores.items())
        text += f" Meaningful-image scores (1: like images of the data): {listed}."
    return verdict, text


def _labels(study: Study) -> tuple[str, str] | None:
    if not study.directions:
        return None
    clear = [one for one in study.directions if one.times_chance > _STANDS_OUT]
    listed = ", ".join(
        f"{one.label} ({one.times_chance:.3g} × chance, {one.separation:.2g} σ apart)"
        for one in (clear or study.directions)[:4]
    )
    return f"{len(clear):,} of {len(study.directions):,} do", (
        f"{'Clearest' if clear else 'None is clear; the longest'}: {listed}."
    )


def _f(value: float) -> str:
    """Write a number in four digits at most."""
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _percent(share: float) -> str:
    return f"{share:.2%}" if share >= 1e-4 else f"{share * 100:.1e} %"


def _plural(one: str, many: str, n: int) -> str:
    return one if n == 1 else many
