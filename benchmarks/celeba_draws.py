"""Random points of the three latent spaces: how far from the data, and what they decode to."""

import numpy as np
from celeba_published import DISTANCES, HALF_WIDTHS
from celeba_runs import Run, table

import latentscope
from latentscope import sample
from latentscope.analysis.round_trip import RoundTrip
from latentscope.pictures import Album

N_DRAWS, N_SHOWN = 128, 8
FACE = 0.5  # score


def draws(run: Run) -> dict[str, np.ndarray]:
    """Return points of every kind that was published, and of the fits to the data."""
    z_dim = run.latents.z_dim
    widths = HALF_WIDTHS if run.name != "vae" else HALF_WIDTHS[:-1]
    cubes = {f"uniform ±{r:g}": sample.uniform(N_DRAWS, z_dim, half_width=r) for r in widths}
    return {
        "normal": sample.normal(N_DRAWS, z_dim),
        **cubes,
        "Gaussian per axis": sample.axis_gaussian(run.latents, N_DRAWS),
        "full Gaussian": sample.gaussian(run.latents, N_DRAWS),
        "its core": sample.core(run.latents, N_DRAWS),
    }


def origin(run: Run) -> float:
    """Return the Mahalanobis distance of the origin from the data's mean."""
    z_dim = run.latents.z_dim
    return float(latentscope.support(run.latents, np.zeros((1, z_dim))).distance[0])


def n_beyond_origin(run: Run) -> int:
    """Return how many points of the data get from the mean as far as the origin, that way."""
    z = np.asarray(run.latents.z, dtype=np.float64)
    mean, covariance = z.mean(axis=0), np.cov(z.T)
    towards = np.linalg.solve(covariance, -mean)
    return int(((z - mean) @ towards >= -mean @ towards).sum())


def centre_table(runs: list[Run]) -> str:
    """Return where the origin lies, seen from the data."""
    rows = []
    for run in runs:
        shell = latentscope.support(run.latents, run.gaussian[:N_DRAWS]).shell
        rows.append(
            (
                run.title,
                f"{origin(run):.1f}",
                f"{n_beyond_origin(run):,} of {run.latents.n_points:,}",
                " … ".join(f"{distance:.1f}" for distance in shell),
            )
        )
    head = (
        "", "distance of the origin from the mean, standard deviations",
        "points of the data as far in that direction",
        "Mahalanobis distances of the data: 0.1 %, median, 99.9 %",
    )  # fmt: skip
    return table(head, rows)


def pictures(run: Run) -> dict[str, np.ndarray]:
    """Return the images of the first draws of each kind."""
    return {kind: run.model.decode(z[:N_SHOWN]) for kind, z in draws(run).items()}


def trips(run: Run) -> dict[str, RoundTrip]:
    """Return distances and meaningful-image scores of all draws, kept."""
    album = Album(run.model, run.latents)
    return {
        kind: run.kept(
            f"trip-{kind.replace(' ', '-')}", RoundTrip, lambda z=z: album.decode(z).trip
        )
        for kind, z in draws(run).items()
    }


def meaningful(runs: list[Run]) -> str:
    """Return the kinds of draws whose median score exceeds a half, by model."""
    listed = {
        run.title: [kind for kind, trip in trips(run).items() if np.median(trip.score) > FACE]
        for run in runs
    }
    return "; ".join(f"{title}: {', '.join(kinds)}" for title, kinds in listed.items())


def album_tables(runs: list[Run]) -> str:
    """Return a table and a sheet of pictures for each model."""
    head = (
        "draws", "radius", "distance", "at the data's distance", "score",
        "distance for spectrum 1/i",
    )  # fmt: skip
    parts = []
    for run in runs:
        rows = [
            (
                kind,
                f"{np.median(trip.start.radius):.1f}",
                f"{np.median(trip.start.distance):.1f}",
                f"{trip.start.share_on_shell:.0%}",
                f"{np.median(trip.score):.2f}",
                DISTANCES.get(kind, "–"),
            )
            for kind, trip in trips(run).items()
        ]
        sheet = f"![Pictures of these draws](images/celeba-draws-{run.name}.png)"
        parts += [f"### {run.title}", table(head, rows), sheet]
    return "\n\n".join(parts)
