"""Size, losses and posteriors of the three models: published values next to ours."""

import celeba_published as published
import numpy as np
from celeba_runs import HEAD, NAMES, Run, table, verdict

import latentscope
from latentscope.analysis.posterior import COLLAPSED_KL, Posterior

NEAR = 0.02  # relative difference up to which two losses agree


def parameters() -> str:
    """Return the numbers of weights, moving averages included."""
    from latentscope_tensorflow import models, preset

    rows = []
    for name, changes, part, number in published.PARAMETERS:
        ours = getattr(models, part)(preset(name, **changes)).count_params()
        what = ", ".join([name, *(f"{key} {value}" for key, value in changes.items()), part])
        rows.append((what, f"{number:,}", f"{ours:,}", verdict(ours == number, "other layers")))
    return table(("parameters", "published layers", "ours", "verdict"), rows)


def losses(runs: list[Run]) -> str:
    """Return the losses at the end of the training."""
    rows = []
    for run in runs:
        low, high = published.LOSS[run.name]
        history, ours = run.history, run.history["total_loss"][-1]
        gap = max(low / ours - 1, ours / high - 1, 0.0)
        rows.append(
            (
                run.title,
                f"{low}" if low == high else f"{low} … {high}",
                f"{history['total_loss'][0]:.1f} → {ours:.1f}",
                f"{history['val_total_loss'][-1]:.1f}",
                f"{run.model.meta['reco_floor']:.1f}",
                f"{'agrees' if gap < NEAR else 'differs'}, within {gap:.1%}" if gap else "agrees",
            )
        )
    head = ("loss", "published", "ours, first → last epoch", "validation", "floor", "verdict")
    return table(head, rows)


def kl_losses(tiny: Run, vae: Run) -> str:
    """Return what the KL loss adds, and what follows from logvar and the radius."""
    found = latentscope.posterior(tiny.latents)
    fact = tiny.model.meta["config"]["fact"]
    by_hand = fact / 2 * (found.z_dim * (-1 - found.logvar_mean) + found.mu_radius[1] ** 2)
    ours, total = tiny.history["kl_loss"][-1], vae.history["total_loss"][-1]
    share = vae.history["kl_loss"][-1] / total
    times = ours / published.TINY_KL_LOSS
    rows = [
        (
            "KL loss of the tiny-KL VAE", f"{published.TINY_KL_LOSS:g}", f"{ours:.4f}",
            verdict(
                abs(times - 1) < 0.1,
                f"{times:.1f} times as large, because the radii are larger (see below)",
            ),
        ),
        (
            "the same, calculated from mean logvar and mean radius",
            f"{published.TINY_KL_BY_HAND:g}", f"{by_hand:.4f}",
            verdict(abs(by_hand / ours - 1) < 0.2, "does not agree") + " with the line above",
        ),
        (
            "KL share of the VAE's loss", f"about {published.KL_SHARE:.0%}", f"{share:.1%}",
            verdict(abs(share - published.KL_SHARE) < 0.01, "other weights"),
        ),
    ]  # fmt: skip
    return table(HEAD, rows)


def just_mu(run: Run) -> str:
    """Return the published table with ours beside it."""
    found = latentscope.posterior(run.latents)
    texts = {**_logvar(found), **_deviations(found), **_radii(found)}
    rows = [(key, *published.JUST_MU[key], *texts[key]) for key in published.JUST_MU]
    return table(("", "published", "second run", "ours", "verdict"), rows)


def _logvar(found: Posterior) -> dict[str, tuple[str, str]]:
    values = {
        "logvar: maximum": found.logvar_maximum,
        "logvar: minimum": found.logvar_minimum,
        "logvar: mean": found.logvar_mean,
    }
    return {
        key: (f"{value:.2f}", _between(key, value, "more certain of some components"))
        for key, value in values.items()
    }


def _deviations(found: Posterior) -> dict[str, tuple[str, str]]:
    n_all = found.n_used * found.z_dim
    return {
        "largest |z − mu|": (
            f"{found.deviation_maximum:.2f}",
            verdict(found.deviation_maximum < 0.5, "larger, because logvar reaches higher"),
        ),
        "components with |z − mu| ≥ 0.05": (
            f"{found.n_beyond(0.05):,} of {n_all:,}",
            verdict(
                found.n_beyond(0.05) < 1e-5 * n_all,
                f"more, in larger latents; {found.n_beyond(0.2):,} of them are above 0.2",
            ),
        ),
    }


def _radii(found: Posterior) -> dict[str, tuple[str, str]]:
    free = "no loss fixes the scale of z"
    mean, largest = found.relative_difference
    names = ("radius by z", "radius by mu")
    return {
        **{
            f"{name}: minimum … mean … maximum": (
                " … ".join(f"{value:.4f}" for value in radii),
                verdict(12 < radii[1] < 24, free),
            )
            for name, radii in zip(names, (found.z_radius, found.mu_radius), strict=True)
        },
        "radius difference: mean, maximum": (
            "{:.2e}, {:.4f}".format(*found.absolute_difference),
            verdict(found.absolute_difference[0] < 2e-3, "grows with the radius"),
        ),
        "relative difference: mean": (
            f"{mean:.2e}", _between("relative difference: mean", mean, "another share of noise"),
        ),
        "relative difference: maximum": (
            f"{largest:.2e}", _between("relative difference: maximum", largest, "one point"),
        ),
    }  # fmt: skip


def _between(key: str, value: float, otherwise: str) -> str:
    """Compare with the two published runs, and a tenth beyond."""
    ends = sorted(float(text) for text in published.JUST_MU[key])
    margin = 0.1 * max(map(abs, ends))
    return verdict(ends[0] - margin <= value <= ends[1] + margin, otherwise)


def use(runs: list[Run]) -> str:
    """Return what z, mu and logvar of the three models do."""
    columns = []
    for run in runs:
        radius = latentscope.radius_density(run.latents)
        shell = f"{radius.minimum:.2f} … {radius.mean:.2f} … {radius.maximum:.2f}"
        if run.latents.kind == "ae":
            columns.append([shell, *["–"] * 5])
            continue
        found = latentscope.posterior(run.latents)
        columns.append(
            [
                shell,
                " … ".join(f"{value:.2f}" for value in found.mu_radius),
                f"{found.logvar_minimum:.2f}, {found.logvar_mean:.2f}, {found.logvar_maximum:.2f}",
                f"{found.total_kl:.1f}",
                f"{np.count_nonzero(found.kl < COLLAPSED_KL)} of {found.z_dim}",
                f"{found.active.sum()} of {found.z_dim}",
            ]
        )
    quantities = (
        "radius of z: minimum … mean … maximum",
        "radius of mu: minimum … mean … maximum",
        "logvar: minimum, mean, maximum",
        "mean KL divergence of a point, nats",
        f"axes with a KL divergence below {COLLAPSED_KL:g} nats",
        "axes along which mu varies (variance above 0.01)",
    )
    return table(("", *NAMES.values()), zip(quantities, *columns, strict=True))
