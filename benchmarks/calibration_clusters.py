"""How often `cluster_gap` finds clusters where there are none, and where there are some.

``python benchmarks/calibration_clusters.py`` prints the section, in about five minutes on one core.
"""

from collections.abc import Callable

import numpy as np

import latentscope

N_POINTS = 400
N_LEVEL, LEVEL_AXES = 100, 8
N_RUNS = 5
N_NULL = 19
KS = range(1, 7)

TEXT = """## Clusters

`cluster_gap` was run on clouds of {n_points} points, each compared with {n_null} Gaussians and with
uniform boxes, for k from {first} to {last}. *Rejected* counts the runs with a p-value of at most
0.05: k-means fits the cloud better than a Gaussian. *Clusters* counts the runs that report a number
of clusters, and *right* those that report the true one. Of the correlated Gaussians 5 % must be
rejected; the other clouds are not Gaussian.

{table}

Where the truth is "none", the runs that are *rejected* but not counted as *clusters* are those in
which the gap statistic alone would have reported clusters: heavy tails in many axes, boxes, skewed
clouds, a ring. The price of this caution is that some clusters are not detected: those that are
longer than the distance between them, those about four standard deviations apart, and those that
differ along only one of very many axes while the points are few.
"""

Draw = Callable[[np.random.Generator], np.ndarray]


def measure() -> str:
    """Return the section."""
    lines = ["| cloud | truth | runs | rejected | clusters | right |", "|---" * 6 + "|"]
    for name, (truth, n_runs, draw) in clouds().items():
        found = [
            latentscope.cluster_gap(
                draw(np.random.default_rng(seed)), n_clusters=KS, n_null=N_NULL, rng=seed
            )
            for seed in range(n_runs)
        ]
        rejected = sum(result.p_value <= 0.05 for result in found)
        best = [result.best for result in found]
        lines.append(
            f"| {name} | {truth or 'none'} | {n_runs} | {rejected} "
            f"| {n_runs - best.count(None)} | {best.count(truth)} |"
        )
    return TEXT.format(
        n_points=N_POINTS, n_null=N_NULL, first=KS[0], last=KS[-1], table="\n".join(lines)
    )


def clouds() -> dict[str, tuple[int | None, int, Draw]]:
    """Return true number of clusters, runs, and what draws the points, by name."""
    return {
        "correlated Gaussian, 8 axes": (None, N_LEVEL, correlated),
        "t5, 2 axes": (None, N_RUNS, heavy(2)),
        "t5, 64 axes": (None, N_RUNS, heavy(64)),
        "t5, 8 axes, one 6 times as long": (None, N_RUNS, heavy(8, 6)),
        "uniform square": (None, N_RUNS, lambda rng: rng.uniform(size=(N_POINTS, 2))),
        "uniform, 10 axes": (None, N_RUNS, lambda rng: rng.uniform(size=(N_POINTS, 10))),
        "exponential, 5 axes": (None, N_RUNS, lambda rng: rng.exponential(size=(N_POINTS, 5))),
        "ring": (None, N_RUNS, ring),
        "4 clusters 8 sd apart, 2 axes": (4, N_RUNS, squares(2)),
        "4 clusters 8 sd apart, 10 axes": (4, N_RUNS, squares(10)),
        "2 clusters 6 sd apart, 64 axes": (2, N_RUNS, pair(64, 6)),
        "2 clusters 4 sd apart, 64 axes": (2, N_RUNS, pair(64, 4)),
        "2 clusters 6 sd apart, 256 axes": (2, N_RUNS, pair(256, 6)),
        "4 clusters, 8 times as long as wide": (4, N_RUNS, elongated),
    }


def correlated(rng: np.random.Generator) -> np.ndarray:
    """Return a Gaussian of random covariance."""
    mix = rng.standard_normal((LEVEL_AXES, LEVEL_AXES))
    return rng.standard_normal((N_POINTS, LEVEL_AXES)) @ mix


def heavy(z_dim: int, longest: float = 1) -> Draw:
    """Return what draws from Student's t with 5 degrees of freedom, elliptical."""
    scale = np.r_[longest, np.ones(z_dim - 1)]

    def draw(rng: np.random.Generator) -> np.ndarray:
        radius = np.sqrt(rng.chisquare(5, (N_POINTS, 1)) / 5)
        return rng.standard_normal((N_POINTS, z_dim)) * scale / radius

    return draw


def ring(rng: np.random.Generator) -> np.ndarray:
    """Return points on a circle."""
    angle = rng.uniform(0, 2 * np.pi, N_POINTS)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def squares(z_dim: int) -> Draw:
    """Return what draws Gaussians at the corners of a square."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        points = rng.standard_normal((N_POINTS, z_dim))
        points[:, :2] += 8 * rng.integers(2, size=(N_POINTS, 2))
        return points

    return draw


def pair(z_dim: int, apart: float) -> Draw:
    """Return what draws two Gaussians that differ along one axis."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        points = rng.standard_normal((N_POINTS, z_dim))
        points[:, 0] += apart * rng.integers(2, size=N_POINTS)
        return points

    return draw


def elongated(rng: np.random.Generator) -> np.ndarray:
    """Return four parallel Gaussians, 6 widths apart."""
    points = rng.standard_normal((N_POINTS, 2)) * [8, 1]
    points[:, 1] += 6 * rng.integers(4, size=N_POINTS)
    return points


if __name__ == "__main__":
    print(measure())
