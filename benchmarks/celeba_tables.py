"""Where the AE's latents lie: published, ours, and whether they agree."""

from typing import Any

import celeba_published as published
import numpy as np
from celeba_runs import HEAD, Run, table, verdict

import latentscope
from latentscope.analysis.clusters import InertiaCurve
from latentscope.analysis.planes import PlaneZoom

LADDER = (np.inf, 2.5, 1.0, 0.25)  # half-widths of the windows, as published
FLAT = 0.1  # standard deviation below which a component is flat
TWICE = 2  # times the median width, beyond which an axis is broad


def radius(run: Run) -> str:
    """Return the shell of the AE, beside both laws of chance."""
    found = latentscope.radius_density(run.latents)
    low, high = published.PEAK
    rows = [
        (
            "peak (bins of 0.5)", f"{low:g} … {high:g}", f"{found.peak:g}",
            f"{_peak(found, found.gaussian_density):g}", f"{_peak(found, found.chi_density):g}",
            verdict(low - 0.5 <= found.peak <= high + 0.5, "no loss fixes the scale of an AE"),
        )
    ]  # fmt: skip
    for text, said, (a, b), is_so in (
        ("between 12 and 24", "almost all", (12, 24), lambda share: share > 0.95),
        ("between 14 and 19", "more than half", (14, 19), lambda share: share > 0.5),
        ("above 32", "none", (32, np.inf), lambda share: share < 5e-5),
    ):
        ours = found.share(a, min(b, found.maximum + 1))
        laws = [_share(found, law, a, b) for law in (found.gaussian_density, found.chi_density)]
        cells = (f"{share:.1%}" for share in (ours, *laws))
        rows.append((text, said, *cells, verdict(is_so(ours), "wider, and farther out")))
    ends = f"{found.minimum:.2f} … {found.mean:.2f} … {found.maximum:.2f}"
    rows.append(("minimum … mean … maximum", "–", ends, "", "", ""))
    head = (
        "radius", "published", "ours", "Gaussian of our mean and covariance", "N(0, I)", "verdict",
    )  # fmt: skip
    return table(head, rows)


def _peak(found: Any, law: np.ndarray) -> float:
    return float(found.centers[law.argmax()])


def _share(found: Any, law: np.ndarray, low: float, high: float) -> float:
    chosen = (found.centers > low) & (found.centers < high)
    return float(law[chosen].sum() * found.bin_width)


def axes(run: Run) -> str:
    """Return the twelve dominant axes of both, those that add most to the radius first."""
    ours = latentscope.axis_density(run.latents).dominant(len(published.AXES))
    theirs = sorted(published.AXES, key=lambda axis: -(axis[1] ** 2 + (axis[2] / 2.355) ** 2))
    rows = [
        (str(a), f"{c:g}", f"{w:g}", str(axis), f"{center:.2f}", f"{width:.2f}")
        for (a, c, w), axis, center, width in zip(
            theirs, ours["axis"], ours["center"], ours["width"], strict=True
        )
    ]
    return table(("published: axis", "centre", "width", "ours: axis", "centre", "width"), rows)


def axes_summary(run: Run) -> str:
    """Return how many axes stand out, and how far."""
    found = latentscope.axis_density(run.latents)
    widths = [width for _, _, width in published.AXES]
    centers = [abs(center) for _, center, _ in published.AXES]
    twelve = found.dominant(len(widths))
    n_broad = int((found.fwhm > TWICE * np.median(found.fwhm)).sum())
    rows = [
        (
            "axes that stand out", f"{len(widths)}",
            f"{n_broad} broader than {TWICE} times the median width",
            verdict(len(widths) / 2 <= n_broad <= 2 * len(widths), "another number"),
        ),
        (
            "widths of the twelve", f"{min(widths):g} … {max(widths):g}",
            f"{min(twelve['width']):.2f} … {max(twelve['width']):.2f}",
            verdict(
                max(twelve["width"]) > 0.8 * max(widths),
                "none is as broad as the broadest published one",
            ),
        ),
        (
            "largest distance of a centre from 0", f"{max(centers):g}",
            f"{np.abs(found.center).max():.2f}",
            verdict(np.abs(found.center).max() > 0.8 * max(centers), "less off-centre per axis"),
        ),
        (
            "the others", "most are Gaussian around 0",
            f"R² of a Gaussian fit {np.median(found.fit_quality):.3f}, width "
            f"{np.median(found.fwhm):.2f}, centre {np.median(np.abs(found.center)):.2f} from 0 "
            "(medians)",
            verdict(np.median(np.abs(found.center)) < np.median(found.sigma) / 2, "off-centre"),
        ),
    ]  # fmt: skip
    return table(HEAD, rows)


def n_flat(run: Run) -> int:
    """Return along how many components the latents hardly spread."""
    return int((latentscope.pca(run.latents).variance < FLAT**2).sum())


def curve(run: Run, of: str = "latents") -> InertiaCurve:
    """Return the inertia for k = 2, 4 … 80 of the latents or of the Gaussian, kept."""
    return run.kept(
        f"inertia-{of}", InertiaCurve, lambda: latentscope.inertia_curve(getattr(run, of))
    )


def spectrum(run: Run) -> str:
    """Return what the spectrum and the inertia say."""
    share = latentscope.pca(run.latents).variance_ratio
    found = curve(run)
    lowest = float((found.inertia / found.gaussian_inertia).min())
    gaussian = curve(run, "gaussian")
    rows = [
        (
            "first component", "dominant",
            f"{share[0]:.0%} of the variance, {share[0] / share[1]:.1f} times the second",
            verdict(share[0] > 2 * share[1], "no gap"),
        ),
        (
            "after ten components", "nearly flat",
            f"from {share[0]:.1%} (1st) to {share[9]:.1%} (10th), {share[19]:.1%} (20th), "
            f"{share[99]:.2%} (100th)",
            verdict(share[9] < 0.1 * share[0], "keeps falling") + " on a linear scale; on a "
            "logarithmic one it keeps falling",
        ),
        (
            "k-means, k = 2, 4 … 80", "no pronounced elbow", _elbow(found),
            verdict(found.elbow is None, "look at the figure"),
        ),
        (
            "the same for the Gaussian", "–",
            f"{_elbow(gaussian)}; the latents' inertia is at most {1 - lowest:.0%} lower", "",
        ),
    ]  # fmt: skip
    return table(HEAD, rows)


def _elbow(found: InertiaCurve) -> str:
    return "no elbow" if found.elbow is None else f"elbow at {found.elbow}"


def ladder(run: Run, plane: tuple[int, int], space: str = "pca") -> PlaneZoom:
    """Return the published windows on a plane."""
    return latentscope.plane_zoom(run.latents, axes=plane, half_widths=LADDER, space=space)


def planes(run: Run) -> str:
    """Return points, voids of chance and verdicts of all windows, beside the Gaussian's points."""
    frame = latentscope.pca(run.latents)
    broad = tuple(latentscope.axis_density(run.latents).dominant(2)["axis"])
    rows = []
    for name, pair, space in (
        ("PC 1–2", (0, 1), "pca"),
        ("PC 1–18", (0, 17), "pca"),
        ("PC 8–35", (7, 34), "pca"),
        (f"axes {broad[0]}–{broad[1]} (published: 52–221)", broad, "latent"),
    ):
        ours = ladder(run, pair, space)
        chance = latentscope.plane_zoom(
            run.gaussian, axes=pair, half_widths=ours.half_widths, space=space, center=ours.center,
            frame=frame if space == "pca" else None,
        )  # fmt: skip
        for k, half in enumerate(ours.half_widths):
            void = ours.chance_void[k] / (2 * half)
            rows.append(
                (
                    name, f"±{half:.3g}", f"{ours.n_points[k]:,}", f"{_inside(chance, k):,}",
                    f"{void:.0%}", "yes" if ours.is_resolved[k] else "no",
                )
            )  # fmt: skip
    head = (
        "plane", "window", "points", "points of the Gaussian", "void by chance, share of the side",
        "can show structure",
    )  # fmt: skip
    return table(head, rows)


def square(run: Run) -> str:
    """Return how full the smallest published window is."""
    share = published.POINTS_IN_SQUARE / published.N_PHOTOGRAPHS
    ours = ladder(run, (0, 1))
    return (
        f"In the published square of ±0.25, a Gaussian of {published.N_PHOTOGRAPHS:,} points has "
        f"about {published.POINTS_IN_SQUARE} points ({share:.2%}) and voids of "
        f"{published.VOID_IN_SQUARE:.0%} of the side; of our {run.latents.n_points:,} latents, "
        f"{ours.n_points[-1]} lie there ({ours.n_points[-1] / run.latents.n_points:.2%})."
    )


def _inside(zoom: PlaneZoom, k: int) -> int:
    return int(zoom.n_points[k])
