"""The published experiments on CelebA, repeated: every published number next to ours.

Run ``python benchmarks/celeba.py RUNS --write docs/celeba.md`` with the folder that
``examples/celeba_ae_vs_vae.py --preset published --out RUNS`` filled. Figures go to ``images/``
next to the page. The t-SNE maps take minutes; slow results are kept in RUNS/kept.
"""

import argparse
import os
import textwrap
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import celeba_figures as figures
import celeba_tables as tables
import celeba_training as training
import numpy as np
from celeba_draws import (
    N_DRAWS,
    album_tables,
    centre_table,
    meaningful,
    n_beyond_origin,
    origin,
    pictures,
)
from celeba_maps import PER_CELL, maps_figure, maps_table
from celeba_page import LEAD, PAGE
from celeba_published import N_PHOTOGRAPHS
from celeba_runs import NAMES, Run

import latentscope


def page(folder: Path, images: Path, map_points: int | None) -> str:
    """Draw the figures and return the page."""
    runs = [Run(folder, name) for name in NAMES]
    n_mapped = map_points or runs[0].latents.n_points
    draw_all(runs, images, n_mapped)
    text = PAGE.format(
        **setting(runs[0]),
        **models(runs),
        **cloud(runs[0], n_mapped),
        lead=lead(runs),
        centre=centre_table(runs),
        draws=album_tables(runs),
        meaningful=meaningful(runs),
        n_draws=N_DRAWS,
    )
    return "\n\n".join(map(wrapped, text.split("\n\n")))


def wrapped(paragraph: str) -> str:
    """Return prose in lines of one width, and anything else as it is."""
    if paragraph.startswith(("|", "#", "!")):
        return paragraph
    lines = textwrap.wrap(paragraph, 100, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n" * paragraph.endswith("\n")


def lead(runs: list[Run]) -> str:
    """Return what was found."""
    ae, tiny, vae = runs
    return LEAD.format(
        ae=origin(ae),
        tiny=origin(tiny),
        vae=origin(vae),
        n_all=ae.latents.n_points,
        n_ae=n_beyond_origin(ae),
        n_tiny=n_beyond_origin(tiny),
    )


def setting(ae: Run) -> dict[str, Any]:
    """Return how the models were trained."""
    meta = ae.model.meta
    return {
        "n_published": N_PHOTOGRAPHS,
        "n_all": ae.latents.n_points,
        "n_train": meta["n_images"],
        "epochs": len(ae.history["total_loss"]),
        "rate": meta["config"]["learning_rate"],
        "batch": meta["config"]["batch_size"],
        "z_dim": ae.latents.z_dim,
    }


def models(runs: list[Run]) -> dict[str, str]:
    """Return the tables on the models themselves."""
    _, tiny, vae = runs
    return {
        "parameters": training.parameters(),
        "losses": training.losses(runs),
        "kl_losses": training.kl_losses(tiny, vae),
        "just_mu": training.just_mu(tiny),
        "use": training.use(runs),
    }


def cloud(ae: Run, n_mapped: int) -> dict[str, Any]:
    """Return the tables on the AE's latents."""
    return {
        "radius": tables.radius(ae),
        "axes": tables.axes(ae),
        "axes_summary": tables.axes_summary(ae),
        "spectrum": tables.spectrum(ae),
        "n_flat": tables.n_flat(ae),
        "flat": tables.FLAT,
        "planes": tables.planes(ae),
        "square": tables.square(ae),
        "maps": maps_table(ae, n_mapped),
        "n_mapped": n_mapped,
        "option": "" if n_mapped == ae.latents.n_points else f" --map-points {n_mapped}",
        "per_cell": PER_CELL,
        "chance_empty": float(np.exp(-PER_CELL)),
    }


def draw_all(runs: list[Run], images: Path, n_mapped: int) -> None:
    """Draw every figure of the page."""
    ae, tiny, vae = runs
    figures.radius_figure(runs, images / "celeba-radius.png")
    figures.axes_figure(ae, images / "celeba-axes.png")
    figures.spectrum_figure(ae, tables.curve(ae), images / "celeba-spectrum.png")
    windows = tables.ladder(ae, (0, 1))
    gaussian = latentscope.plane_zoom(
        ae.gaussian, half_widths=windows.half_widths, frame=latentscope.pca(ae.latents)
    )
    figures.planes_figure(windows, gaussian, images / "celeba-planes.png")
    maps_figure(ae, n_mapped, images / "celeba-tsne.png")
    figures.kl_figure([tiny, vae], images / "celeba-kl.png")
    for run in runs:
        figures.sheet(pictures(run), images / f"celeba-draws-{run.name}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="RUNS")
    parser.add_argument("--write", type=Path, metavar="PATH", required=True, help="page to write")
    parser.add_argument("--map-points", type=int, help="points of the t-SNE maps; default all")
    arguments = parser.parse_args()
    images = arguments.write.parent / "images"
    images.mkdir(exist_ok=True)
    arguments.write.write_text(page(arguments.folder, images, arguments.map_points))
