"""Which elbows `inertia_curve` reports, in clouds with and without clusters.

Run ``python benchmarks/elbows.py --write docs/elbows.md`` to make the page; about three minutes.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import latentscope

SEEDS = range(5)
N_POINTS = 10_000


def without_clusters(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Yield clouds that hold no clusters."""
    n = N_POINTS
    normal = rng.standard_normal((n, 64))
    long_axis = np.ones(64)
    long_axis[0] = 24
    angle = rng.uniform(0, 2 * np.pi, n)
    bent = rng.standard_normal(n)
    yield "Gaussian, 64 axes", normal
    yield "Gaussian, spectrum 1/i", normal / np.sqrt(np.arange(1, 65))
    yield "Gaussian, one long axis", normal * long_axis
    yield "uniform square", rng.random((n, 2))
    yield "t with 5 degrees of freedom, 16 axes", rng.standard_t(5, (n, 16))
    yield "banana", np.column_stack([bent, bent**2 + 0.1 * rng.standard_normal(n)])
    yield "ring", np.column_stack([np.cos(angle), np.sin(angle)]) + 0.05 * normal[:, :2]


def with_clusters(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Yield k Gaussian clusters of equal size, in 16 axes far apart and in 64 closer together."""
    for k, d, distance in ((2, 16, 4.0), (4, 16, 4.0), (7, 16, 4.0), (10, 64, 1.0), (30, 16, 4.0)):
        centers = distance * rng.standard_normal((k, d))
        points = centers[rng.integers(k, size=N_POINTS)] + rng.standard_normal((N_POINTS, d))
        yield f"{k} clusters, {d} axes, centres with sd {distance:g}", points


def page() -> str:
    """Run everything and return the page."""
    lines = ["| cloud | elbow, for each of five seeds |", "| --- | --- |"]
    for clouds in (without_clusters, with_clusters):
        found: dict[str, list[str]] = {}
        for seed in SEEDS:
            for name, z in clouds(np.random.default_rng(seed)):
                elbow = latentscope.inertia_curve(z, rng=seed).elbow
                found.setdefault(name, []).append("none" if elbow is None else str(elbow))
        lines += [f"| {name} | {', '.join(elbows)} |" for name, elbows in found.items()]
    return "\n".join([INTRODUCTION, *lines, ""])


INTRODUCTION = """# Elbows found in clouds with a known number of clusters

An elbow is the k at which `inertia_curve` sees the inertia of k-means stop falling steeply. The
table lists the elbows that it reports, with k = 2, 4 … 80, for clouds whose true number of clusters
is known. An odd number of clusters can only show at the next even k. This page was made by
`python benchmarks/elbows.py --write docs/elbows.md`.
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="PATH", help="write the page here")
    arguments = parser.parse_args()
    text = page()
    print(text)
    if arguments.write:
        Path(arguments.write).write_text(text)
