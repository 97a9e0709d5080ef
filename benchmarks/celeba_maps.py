"""t-SNE of the AE's latents, each map next to that of a Gaussian without any structure."""

from pathlib import Path

import numpy as np
from celeba_figures import saved
from celeba_runs import Run, table
from scipy.spatial import Delaunay

import latentscope
from latentscope.analysis.tsne import Embedding

SETTINGS = ((12, 30), (16, 10))  # early exaggeration and perplexity, as published
SEEN = (2, 4, 10, None)  # components; None for the points themselves
PER_CELL = 4  # points in the mean, so that chance leaves exp(−4) of the cells empty


def embedding(
    run: Run, cloud: str, seen: int | None, setting: tuple[int, int], n_points: int
) -> Embedding:
    """Return a map of the latents ("data") or of the Gaussian."""
    exaggeration, perplexity = setting
    z = run.latents if cloud == "data" else run.gaussian
    return run.kept(
        f"tsne-{cloud}-{seen or 'all'}-{exaggeration}-{perplexity}-{n_points}",
        Embedding,
        lambda: latentscope.tsne(
            z,
            n_points=n_points,
            n_pca=seen,
            perplexity=perplexity,
            early_exaggeration=exaggeration,
        ),
    )


def empty_share(xy: np.ndarray) -> float:
    """Return the share of cells inside the map's convex hull that hold no point."""
    hull = Delaunay(xy)
    corners = xy[hull.simplices]
    sides = corners[:, 1:] - corners[:, :1]
    area = np.abs(np.linalg.det(sides)).sum() / 2
    side = np.sqrt(PER_CELL * area / len(xy))
    low, high = xy.min(axis=0), xy.max(axis=0)
    edges = [np.arange(a, b + side, side) for a, b in zip(low, high, strict=True)]
    counts = np.histogram2d(*xy.T, bins=edges)[0]
    middle = [(edge[:-1] + edge[1:]) / 2 for edge in edges]
    cells = np.stack(np.meshgrid(*middle, indexing="ij"), axis=-1).reshape(-1, 2)
    inside = hull.find_simplex(cells) >= 0
    return float((counts.ravel()[inside] == 0).mean())


def maps_table(run: Run, n_points: int) -> str:
    """Return empty areas and kept neighbours of all maps."""
    rows = []
    for setting in SETTINGS:
        for seen in SEEN:
            ours, chance = (
                embedding(run, cloud, seen, setting, n_points) for cloud in ("data", "gaussian")
            )
            rows.append(
                (
                    f"{setting[0]}, {setting[1]}",
                    f"{seen} components" if seen else f"all {run.latents.z_dim} axes",
                    f"{empty_share(ours.xy):.0%}",
                    f"{empty_share(chance.xy):.0%}",
                    f"{ours.neighbour_preservation:.0%}",
                    f"{chance.neighbour_preservation:.0%}",
                )
            )
    head = (
        "exaggeration, perplexity", "input of t-SNE", "empty", "empty, Gaussian", "neighbours kept",
        "neighbours kept, Gaussian",
    )  # fmt: skip
    return table(head, rows)


def maps_figure(run: Run, n_points: int, path: Path) -> None:
    """Draw the maps of the first setting: data above, Gaussian below."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(2, len(SEEN), figsize=(11, 4.2), layout="constrained")
    for line, cloud in zip(panels, ("data", "gaussian"), strict=True):
        for ax, seen in zip(line, SEEN, strict=True):
            found = embedding(run, cloud, seen, SETTINGS[0], n_points)
            found.plot(ax=ax)
            what = f"{seen} components" if seen else f"all {run.latents.z_dim} axes"
            ax.set_title(
                f"{'latents' if cloud == 'data' else 'Gaussian'}, {what}: "
                f"{empty_share(found.xy):.0%} empty",
                fontsize="small",
            )
    saved(figure, path)
