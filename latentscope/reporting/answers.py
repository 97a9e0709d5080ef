"""Answers in sentences, each with its numbers and with what chance would give."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import chi
from scipy.stats import f as f_law

from latentscope.analysis.axes import AxisDensity
from latentscope.analysis.clusters import InertiaCurve
from latentscope.analysis.gap import ClusterGap
from latentscope.analysis.posterior import COLLAPSED_KL, Posterior
from latentscope.analysis.radius import RadiusDensity
from latentscope.analysis.support import Support
from latentscope.pictures import FULL, PRIOR
from latentscope.reporting.albums import Gallery
from latentscope.reporting.study import STANDS_OUT, Study

_NEAR = 0.05  # relative difference below which two radii are called alike
_NOISE = 0.01  # share of the noise in the variance of z below which z is just mu
_LEVEL = 0.05
_MOSTLY = 0.9  # of the points
_MANY = 300  # rows below which a verdict on distances would be a guess
_NAMED = 3  # axes
_FITS = 0.5  # R² from which on a Gaussian describes an axis
_MAX_NOISE = 0.5  # share in the variance of z
_SCALES = ("log-variance", "unknown: z equals mu")
_BROAD = 3.0  # times its share, from which on an axis is called dominant
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
        ("Are there filaments or voids?", _structure),
        ("How many dimensions?", _dimension),
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
    verdict = "On the shell of N(0, I)" if is_prior else f"At radius {_f(radius.mean)}"
    return verdict, (
        f"Radii are {_f(radius.mean)} ± {_f(radius.std)}, 99 % of them between "
        f"{_f(radius.quantile(0.005))} and {_f(radius.quantile(0.995))}. N(0, I) in {d:,} "
        f"dimensions has {_f(typical)} ± {_f(float(chi.std(d)))}. The centre of the cloud lies "
        f"{_f(offset)} from the origin."
    )


def _axes(study: Study) -> tuple[str, str]:
    axes, pca, d = study.overview.axes, study.overview.pca, study.overview.axes.z_dim
    if not pca.total_variance:
        return "None: all points coincide", f"All {study.overview.n_used:,} points are the same."
    square = axes.mean**2 + axes.std**2
    share = square / square.sum()
    order = np.argsort(-share, kind="stable")[: int((share > _BROAD / d).sum())]
    shares = ", ".join(f"axis {axis} ({share[axis]:.0%})" for axis in order[:_NAMED])
    more = f" and {len(order) - _NAMED} more" if len(order) > _NAMED else ""
    verdict = f"{shares}{more}".capitalize() if len(order) else "None stands out"
    held = (
        f"{len(order):,} of {d:,} axes hold {share[order].sum():.0%} of the mean squared radius: "
        f"{'; '.join(_described(axes, axis) for axis in order[:_NAMED])}{more}. "
    )
    n_most = int(np.searchsorted(np.cumsum(pca.variance_ratio), 0.9 - 1e-9)) + 1
    constant = int(axes.is_constant.sum())
    dead = f" {constant:,} {_plural('axis is', 'axes are', constant)} constant." if constant else ""
    return verdict, (
        f"{held if len(order) else ''}The first principal component holds "
        f"{pca.variance_ratio[0]:.1%} of the variance, {n_most:,} of {d:,} hold 90 %; the variance "
        f"is spread as over {_f(pca.participation)} equal components.{dead}"
    )


def _described(axes: AxisDensity, axis: int) -> str:
    """Return the Gaussian of an axis, or its moments where none fits."""
    if axes.is_fitted[axis] and axes.fit_quality[axis] > _FITS:
        return f"axis {axis} (centre {_f(axes.center[axis])}, width {_f(axes.fwhm[axis])})"
    return f"axis {axis} (no Gaussian; mean {_f(axes.mean[axis])}, std {_f(axes.std[axis])})"


def _structure(study: Study) -> tuple[str, str] | None:
    scan = study.scan
    if scan is None:
        return None
    components = f"PC 1 to {int(scan.axes.max()) + 1}"
    verdict = f"None in planes of {components}"
    if scan.is_structured[0]:
        verdict = f"{scan.sign[0].capitalize()} in {scan.plane_names[0]}"
    return verdict, (
        f"{scan.verdict} At most {scan.n_points:,} points of each window were compared: what is "
        f"finer than they are apart, lies across many axes, or in other axes than {components}, is "
        "not seen."
    )


def _dimension(study: Study) -> tuple[str, str] | None:
    found = study.dimension
    if found is None:
        return None
    if found.dimension is None or found.error is None:
        return "Cannot tell", found.verdict
    number = f"{found.dimension:.2g} ± {found.error:.1g}"
    if found.error > found.dimension / 2:
        number = f"Not settled, {found.dimension:.2g} at the finest scale"
    verdict = f"{number}; a Gaussian {found.null_dimension:.2g}"
    return verdict, found.verdict


def _clusters(study: Study) -> tuple[str, str] | None:
    gap, curve = study.gap, study.clusters
    if not study.overview.pca.total_variance or (gap is None and curve is None):
        return None
    verdict = _cluster_verdict(gap)
    return verdict, " ".join(filter(None, [_gap_text(gap), _curve_text(curve), _map_text(study)]))


def _cluster_verdict(gap: ClusterGap | None) -> str:
    if gap is None or gap.p_value is None:
        return "Cannot tell"
    if gap.best is not None:
        return f"{gap.best} clusters (p = {gap.p_value:.2g})"
    return "No clusters" if gap.p_value > _LEVEL else "No clusters, yet no Gaussian"


def _gap_text(gap: ClusterGap | None) -> str:
    return "" if gap is None else gap.verdict


def _curve_text(curve: InertiaCurve | None) -> str:
    if curve is None:
        return ""
    ratio = curve.inertia / np.maximum(curve.gaussian_inertia, np.finfo(float).tiny)
    below = 1 - float(np.median(ratio))
    elbow = "no elbow" if curve.elbow is None else f"an elbow at k = {curve.elbow}"
    return (
        f"For k up to {curve.n_clusters[-1]} the inertia shows {elbow} beyond that of a Gaussian "
        f"of the same covariance; it is {_less(below)} the Gaussian's (median over k)."
    )


def _map_text(study: Study) -> str:
    if study.map is None or study.null_map is None:
        return ""
    return (
        f"The t-SNE map keeps {study.map.neighbour_preservation:.0%} of each point's nearest "
        f"neighbours, that of the Gaussian {study.null_map.neighbour_preservation:.0%}, chance "
        f"{study.map.chance_preservation:.1%}."
    )


def _less(below: float) -> str:
    return f"{below:.1%} below" if below > 0 else "no lower than"


def _gaussian(study: Study) -> tuple[str, str] | None:
    found = study.normality
    if found is None:
        return None
    kind = found.kind[0].upper() + found.kind[1:]
    return kind, f"{found.verdict} {_distances(study)}".strip()


def _distances(study: Study) -> str:
    """Say how far out the points lie, beside a Gaussian's."""
    if not study.supports:
        return ""
    shell, radius = study.supports[PRIOR], study.overview.radius
    low, middle, high = (_left_out(shell, share) for share in (0.001, 0.5, 0.999))
    beyond = 1 - float(np.mean(shell.data_quantiles <= high))
    differs, by_chance = _difference(radius)
    own = shell.shell
    return (
        f"{beyond:.1%} of the points lie farther out than 99.9 % of a Gaussian's would: their "
        f"Mahalanobis distances are {_f(own[1])} in the middle, 99.8 % of them from {_f(own[0])} "
        f"to {_f(own[2])}; those of as many points of a Gaussian {_f(middle)}, from {_f(low)} to "
        f"{_f(high)}. The radii of {differs:.1%} would have to change to be those of a Gaussian of "
        f"the same mean and covariance (chance: {by_chance:.1%})."
    )


def _left_out(shell: Support, share: float) -> float:
    """Return a quantile of a Gaussian point's distance by mean and covariance of the others.

    With n others and p directions, d² is p (n² − 1) / (n (n − p)) times an F(p, n − p).
    """
    n, p = shell.n_used - 1, shell.n_directions
    return float(np.sqrt(p * (n**2 - 1) / (n * (n - p)) * f_law.ppf(share, p, n - p)))


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
    if found.logvar_scale not in _SCALES:
        return "Cannot tell: logvar is no log-variance", (
            f"By the spread of z about mu, logvar is: {found.logvar_scale}. Convert it first."
        )
    noise = float(found.mean_variance.sum() / (found.mean_variance + found.mu_variance).sum())
    idle = int((found.kl < COLLAPSED_KL).sum())
    if noise < _NOISE:
        verdict = "Yes: z is just mu"
    elif idle or noise > _MAX_NOISE:
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
    prior, full = study.supports[PRIOR], study.supports[FULL]
    low, _, high = prior.shell
    text = (
        f"99.8 % of the data lie at Mahalanobis distances from {_f(low)} to {_f(high)}. Points of "
        f"N(0, I) lie at {_f(float(np.median(prior.distance)))}, {prior.share_on_shell:.0%} of "
        f"them in between; those of the data's own Gaussian at "
        f"{_f(float(np.median(full.distance)))}, {full.share_on_shell:.0%} in between."
    )
    if prior.n_directions < prior.z_dim:
        text += (
            f" That is along the {prior.n_directions:,} directions in which the data vary; N(0, I) "
            "leaves them."
        )
    if study.clusters is not None and study.clusters.elbow is not None:
        text += " The cloud has an elbow: what lies in a gap between clusters counts as in between."
    if gallery:
        listed = ", ".join(f"{one.title} {one.score:.2f}" for one in gallery.random)
        text += f" Meaningful-image scores (1: like images of the data): {listed}."
    return _random_verdict(prior, gallery), text


def _random_verdict(prior: Support, gallery: Gallery | None) -> str:
    is_near = prior.share_on_shell > _MOSTLY and prior.n_directions == prior.z_dim
    if gallery:
        scores = {one.title: one.score for one in gallery.random}
        if scores[PRIOR] > _MEANINGFUL and is_near:
            return "Likely, any of N(0, I)"
        return "Only those that follow the data" if scores[FULL] > _MEANINGFUL else "Hardly"
    if prior.n_used < _MANY:
        return "Too few rows to tell"
    return "N(0, I) lies as far out as the data" if is_near else "N(0, I) misses the data"


def _labels(study: Study) -> tuple[str, str] | None:
    if not study.directions:
        return None
    clear = [one for one in study.directions if one.times_chance > STANDS_OUT]
    listed = ", ".join(
        f"{one.label} ({one.times_chance:.3g} × chance, {one.separation:.2g} σ apart)"
        for one in (clear or study.directions)[:4]
    )
    return f"{len(clear):,} of {len(study.directions):,} do", (
        f"{'Clearest' if clear else 'None is clear; the longest'}: {listed}."
    )


def _f(value: float) -> str:
    """Write a number in four digits at most, very large and small ones with an exponent."""
    if 1e4 <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _percent(share: float) -> str:
    if share > 2:
        return f"a factor of {_f(1 + share)}"
    return f"{share:.2%}" if share >= 1e-4 else "less than 0.01 %"


def _plural(one: str, many: str, n: int) -> str:
    return one if n == 1 else many
