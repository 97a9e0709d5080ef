"""Do the latents of CelebA contain filaments? The published question, asked about our runs.

``python benchmarks/calibration_celeba.py RUNS`` prints a section of docs/calibration.md from the
files celeba-ae.h5, celeba-vae-tiny-kl.h5 and celeba-vae.h5 of benchmarks/celeba_training.py.
"""

import argparse
from pathlib import Path

from calibration_dimension import shown

import latentscope

MODELS = {"AE": "celeba-ae", "tiny-KL VAE": "celeba-vae-tiny-kl", "VAE": "celeba-vae"}
SQUARE = 0.25  # half the side of the published window
N_AXES = 6

TEXT = """## Do the latents of CelebA contain filaments?

This is the question of the published experiments, asked about the latents of {n:,} photographs in
{d} dimensions, from the models of [the repeated experiments](celeba.md). First comes the published
square ±{square} of the first two principal components (PCs), compared with a Gaussian. Then come
all planes of the first {axes} components, in windows that hold 1,000 points and half of the points,
compared with a smooth density and corrected for all windows. The other columns give the intrinsic
dimension (TwoNN), next to that of a Gaussian with the same covariance; the share of points that a
Gaussian core accounts for; and the number of clusters.

| model | in ±{square} | p there | structured windows | dimension | Gaussian | core | clusters |
| --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

The verdicts of the three analyses, in their own words:

{words}
"""


def row(name: str, path: Path) -> tuple[str, list[str], tuple[int, int]]:
    """Return a line of the table, the verdicts, and the shape."""
    with latentscope.load(path) as latents:
        square, p = _square(latents)
        scan = latentscope.scan_planes(latents, n_axes=N_AXES, null="smooth")
        dimension = latentscope.intrinsic_dimension(latents)
        normality = latentscope.normality(latents, n_null=39, n_points=2000)
        gap = latentscope.cluster_gap(latents, n_null=39)
    found = f"{int(scan.is_structured.sum())} of {len(scan.sign)}"
    own = shown(dimension)
    beside = shown(dimension, "null_")
    core = "–" if normality.core_share is None else f"{normality.core_share:.0%}"
    line = (
        f"| {name} | {square} | {p} | {found} | {own} | {beside} | {core} | {gap.best or 'none'} |"
    )
    verdicts = [scan.verdict, normality.verdict, gap.verdict]
    return line, verdicts, (scan.n_total, normality.z_dim)


def _square(latents: latentscope.Latents) -> tuple[int, str]:
    """Return the points of the published square, and the p-value of their structure."""
    n = int(latentscope.plane_zoom(latents, half_widths=[SQUARE]).n_points[0])
    if n < 30:
        return n, "too few"
    return n, f"{latentscope.plane_structure(latents, half_width=SQUARE).p_value:.2f}"


def measure(runs: Path) -> str:
    """Return the section."""
    found = {name: row(name, runs / f"{file}.h5") for name, file in MODELS.items()}
    n, d = next(iter(found.values()))[2]
    words = "\n".join(f"**{name}.** {' '.join(one[1])}\n" for name, one in found.items())
    rows = "\n".join(one[0] for one in found.values())
    return TEXT.format(n=n, d=d, square=SQUARE, axes=N_AXES, rows=rows, words=words)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    print(measure(parser.parse_args().runs))
