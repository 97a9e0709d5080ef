"""Figures of the page on CelebA: small files, and no photograph in any of them."""

import io
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from celeba_runs import Run
from matplotlib.figure import Figure
from PIL import Image

import latentscope
from latentscope.analysis.clusters import InertiaCurve
from latentscope.analysis.planes import PlaneZoom
from latentscope.plot.posterior import draw_kl

COLOURS = 128  # of the files' palettes
DPI = 90


def saved(figure: Figure, path: Path) -> None:
    """Write a figure with a palette, which takes a third of the bytes, and close it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    plt.close(figure)
    with Image.open(buffer) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)


def radius_figure(runs: list[Run], path: Path) -> None:
    """Draw the radii of the three models."""
    figure, panels = plt.subplots(1, len(runs), figsize=(12, 3.2), layout="constrained")
    for ax, run in zip(panels, runs, strict=True):
        latentscope.radius_density(run.latents).plot(ax=ax)
        ax.set_title(run.title, fontsize="medium")
        ax.legend(frameon=False, fontsize="x-small", loc="upper right")
    saved(figure, path)


def axes_figure(run: Run, path: Path) -> None:
    """Draw the densities along all axes."""
    ax = latentscope.axis_density(run.latents).plot()
    saved(ax.figure, path)


def spectrum_figure(run: Run, curve: InertiaCurve, path: Path) -> None:
    """Draw the spectrum, and the inertia beside that of a Gaussian."""
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    latentscope.pca(run.latents).plot(ax=panels[0])
    curve.plot(ax=panels[1])
    saved(figure, path)


def planes_figure(data: PlaneZoom, gaussian: PlaneZoom, path: Path) -> None:
    """Draw a ladder of windows: latents above, Gaussian below."""
    n = len(data.half_widths)
    figure, panels = plt.subplots(2, n, figsize=(2.9 * n, 6.2), layout="constrained")
    for line, zoom, what in zip(panels, (data, gaussian), ("latents", "Gaussian"), strict=True):
        zoom.plot(ax=line)
        line[0].set_title(f"{what}, {line[0].get_title()}", fontsize="small")
    saved(figure, path)


def kl_figure(runs: list[Run], path: Path) -> None:
    """Draw the KL divergence per axis of the VAEs."""
    figure, panels = plt.subplots(1, len(runs), figsize=(10, 3.2), layout="constrained")
    for ax, run in zip(panels, runs, strict=True):
        draw_kl(ax, latentscope.posterior(run.latents))
        ax.set_title(f"{run.title}: {ax.get_title()}", fontsize="medium")
    saved(figure, path)


def sheet(pictures: Mapping[str, np.ndarray], path: Path) -> None:
    """Show the images of each kind of draws in a row."""
    figure, panels = plt.subplots(len(pictures), 1, figsize=(6.6, 0.66 * len(pictures)))
    figure.subplots_adjust(left=0.22, right=1, top=1, bottom=0, hspace=0.02)
    for ax, (kind, images) in zip(panels, pictures.items(), strict=True):
        ax.imshow(np.concatenate(list(images), axis=1), aspect="auto")
        ax.set(xticks=[], yticks=[], frame_on=False)
        ax.set_ylabel(kind, rotation=0, ha="right", va="center", fontsize="small")
    saved(figure, path)
