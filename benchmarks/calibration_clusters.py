"""How often `cluster_gap` finds clusters where there are none, and where there are some.

``python benchmarks/calibration_clusters.py`` prints the section, in a quarter of an hour on a core.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.stats import binom
from sklearn import datasets
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

import latentscope
from latentscope.statistics import ALPHA
from latentscope.statistics.valleys import valley_groups

N_POINTS = 1000
N_LEVEL, LEVEL_AXES = 100, 8
N_SINGLE = 20  # runs of each other cloud without groups
N_RUNS = 5
N_NULL = 19
FIRST_SEED = 1000  # the method was not adjusted on these
OTHER_SEEDS = 1_000_000  # of the method, which must not draw what the clouds drew
POWER_RUNS, MOSTLY = 5, 4  # runs, and those of them in which two groups must be found
POWER_ROWS, POWER_AXES = (100, 200, 500, 1000, 4000), (2, 16, 64, 256)
APART = (3, 3.5, 4, 4.5, 5, 6, 8, 10, 14, 20)  # standard deviations

TEXT = """## Clusters

`cluster_gap` was run on clouds of {n_points:,} points. *Clusters* counts the runs that report
any, and *agreement* is the mean adjusted Rand index of the groups with the truth (1 if they are
the same, 0 as by chance). Beside it are three other tools, on the first {n_runs} runs: HDBSCAN with
at least {least} points per cluster, the number of Gaussians in a mixture (full covariances, 1 to 12
of them) with the lowest BIC, and the k from 2 to 12 of k-means with the largest silhouette, which
never says that there are none. *Gap* counts the runs in which k-means fits the cloud better than
{n_null} Gaussians of the same covariance (p ≤ 0.05).

{table}

By chance, 5 % of the correlated Gaussians are rejected by the gap, and at most 5 % of any cloud
without groups may report clusters: of {n_level} runs at most {most_level} would be in line with
that, of {n_single} at most {most_single}. A mixture of Gaussians describes any cloud that is not
Gaussian by several; that is no sign of clusters.

**Data of others.** Four sets that come with scikit-learn and that nothing was adjusted on, each
axis scaled to a standard deviation of 1 (digits are not), as they come:

{real}

**Smallest distance at which two equal groups are found** in at least {mostly} of {power_runs} runs:
round Gaussians whose centres differ along a random direction, in standard deviations of one group.
The verdict quotes this table where no clusters are found:

{power}
"""

LEAST = 15  # points of a cluster of HDBSCAN
Cloud = tuple[np.ndarray, np.ndarray]  # points, and the group of each
Draw = Callable[[np.random.Generator], Cloud]


def measure() -> str:
    """Return the section."""
    return TEXT.format(
        n_points=N_POINTS, n_null=N_NULL, least=LEAST, n_level=N_LEVEL, n_single=N_SINGLE,
        n_runs=N_RUNS, mostly=MOSTLY, power_runs=POWER_RUNS,
        most_level=int(binom.ppf(0.975, N_LEVEL, 0.05)),
        most_single=int(binom.ppf(0.975, N_SINGLE, 0.05)),
        table="\n".join(_table()), real="\n".join(_real()), power="\n".join(_power()),
    )  # fmt: skip


def _table() -> Iterator[str]:
    yield (
        "| cloud | truth | runs | gap | clusters | agreement | HDBSCAN | agreement | BIC "
        "| agreement | silhouette, agreement |"
    )
    yield "|---" * 11 + "|"
    for name, (n_runs, draw) in clouds().items():
        runs = [run(draw, FIRST_SEED + i, beside=i < N_RUNS) for i in range(n_runs)]
        truth = runs[0][0]
        cells = [name, truth if truth > 1 else "none", n_runs, sum(one[1] for one in runs)]
        for tool in range(2, 6):
            found = [one[tool] for one in runs if one[tool] is not None]
            if tool < 5:
                cells.append(sum(n > 1 for n, _ in found))
            cells.append(f"{np.mean([a for _, a in found]):.2f}" if truth > 1 else "–")
        yield f"| {' | '.join(map(str, cells))} |"


def run(draw: Draw, seed: int, *, beside: bool) -> tuple[Any, ...]:
    """Return the true number, whether the gap rejects, and number and agreement by every tool."""
    z, truth = draw(np.random.default_rng(seed))
    own = OTHER_SEEDS + seed
    found = latentscope.cluster_gap(z, n_null=N_NULL, n_clusters=(1, 2, 3, 4), rng=own)
    tools = [found.groups, *(others(z, seed) if beside else ())]
    told: list[Any] = [told_by(groups, truth) for groups in tools]
    told += [None] * (4 - len(told))
    return len(set(truth.tolist())), found.p_value <= 0.05, *told


def told_by(groups: np.ndarray, truth: np.ndarray) -> tuple[int, float]:
    """Return the number of groups, and their adjusted Rand index with the truth."""
    return len(set(groups.tolist()) - {-1}), adjusted_rand_score(truth, groups)


def others(z: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Yield the groups of HDBSCAN, of a mixture by BIC, and of k-means by silhouette."""
    yield HDBSCAN(min_cluster_size=LEAST, copy=True).fit_predict(z)
    mixtures = [GaussianMixture(k, random_state=seed, reg_covar=1e-4).fit(z) for k in range(1, 13)]
    yield min(mixtures, key=lambda one: one.bic(z)).predict(z)
    means = [KMeans(k, n_init=3, random_state=seed).fit_predict(z) for k in range(2, 13)]
    yield max(means, key=lambda groups: silhouette_score(z, groups))


def _real() -> Iterator[str]:
    yield (
        "| data | rows × axes | kinds | clusters | agreement | HDBSCAN | agreement | BIC "
        "| agreement | silhouette | agreement |"
    )
    yield "|---" * 11 + "|"
    for name in ("iris", "wine", "breast_cancer", "digits"):
        z, truth = getattr(datasets, f"load_{name}")(return_X_y=True)
        if name != "digits":
            z = (z - z.mean(axis=0)) / z.std(axis=0)
        found = latentscope.cluster_gap(z, n_null=N_NULL, n_clusters=(1, 2, 3, 4))
        told = [told_by(groups, truth) for groups in (found.groups, *others(z, FIRST_SEED))]
        cells = " | ".join(f"{n if n > 1 else 'none'} | {a:.2f}" for n, a in told)
        kinds = len(set(truth.tolist()))
        yield f"| {name.replace('_', ' ')} | {len(z):,} × {z.shape[1]} | {kinds} | {cells} |"


def _power() -> Iterator[str]:
    yield f"| rows | {' | '.join(f'{d} axes' for d in POWER_AXES)} |"
    yield "|---" * (1 + len(POWER_AXES)) + "|"
    for n in POWER_ROWS:
        cells = [smallest_distance(n, d) for d in POWER_AXES]
        yield f"| {n:,} | {' | '.join('–' if s is None else f'{s:g}' for s in cells)} |"


def smallest_distance(n: int, z_dim: int) -> float | None:
    """Return the smallest distance at which most runs find two groups, or None."""
    return next((s for s in APART if _is_mostly_found(n, z_dim, s)), None)


def _is_mostly_found(n: int, z_dim: int, apart: float) -> bool:
    missed = 0
    for seed in range(POWER_RUNS):
        rng = np.random.default_rng([n, z_dim, seed])
        z, _ = pair(z_dim, apart, n_points=n)(rng)
        missed += not valley_groups(z, ALPHA, rng).is_divided
        if missed > POWER_RUNS - MOSTLY:
            return False
    return True


def clouds() -> dict[str, tuple[int, Draw]]:
    """Return the number of runs, and what draws points and groups, by name."""
    alone = {
        "t5, 2 axes": heavy(2),
        "t5, 64 axes": heavy(64),
        "t5, 8 axes, one 6 times as long": heavy(8, 6),
        "uniform square": lambda rng: rng.uniform(size=(N_POINTS, 2)),
        "uniform, 10 axes": lambda rng: rng.uniform(size=(N_POINTS, 10)),
        "exponential, 5 axes": lambda rng: rng.exponential(size=(N_POINTS, 5)),
        "lognormal, 4 axes": lambda rng: rng.lognormal(size=(N_POINTS, 4)),
        "VAE-like, 5 of 16 axes active": vae_like,
        "ring": ring,
        "banana in 6 axes": banana,
        "ring in a plane of 16 axes": ring_among_others,
        "Swiss roll": roll,
        "torus, bent through 32 axes": torus,
    }
    return {
        "correlated Gaussian, 8 axes": (N_LEVEL, single(correlated)),
        **{name: (N_SINGLE, single(draw)) for name, draw in alone.items()},
        "4 clusters 8 sd apart, 10 axes": (N_RUNS, corners),
        "2 clusters 6 sd apart, 256 axes": (N_RUNS, pair(256, 6)),
        "2 clusters 4 sd apart, 64 axes": (N_RUNS, pair(64, 4)),
        "2 clusters 3 sd apart, 16 axes": (N_RUNS, pair(16, 3)),
        "4 clusters, 8 times as long as wide": (N_RUNS, elongated),
        "20 clusters, 16 axes": (N_RUNS, many),
        "5 % of the points at 8 sd, 8 axes": (N_RUNS, pair(8, 8, 0.05)),
        "2 % of the points at 8 sd, 8 axes": (N_RUNS, pair(8, 8, 0.02)),
        "two crescents": (N_RUNS, crescents),
    }


def single(points: Callable[[np.random.Generator], np.ndarray]) -> Draw:
    """Return what draws a cloud of one group."""
    return lambda rng: (points(rng), np.zeros(N_POINTS, dtype=int))


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


def ring_among_others(rng: np.random.Generator) -> np.ndarray:
    """Return a ring of some width in a random plane, beside axes of noise."""
    points = 0.5 * rng.standard_normal((N_POINTS, 16))
    points[:, :2] = 5 * ring(rng) + 0.1 * rng.standard_normal((N_POINTS, 2))
    turned: np.ndarray = points @ np.linalg.qr(rng.standard_normal((16, 16)))[0]
    return turned


def torus(rng: np.random.Generator) -> np.ndarray:
    """Return an even sheet without an edge, folded by waves of several lengths."""
    angles = rng.uniform(0, 2 * np.pi, (N_POINTS, 2))
    waves = angles @ rng.integers(-2, 3, (2, 16))
    return np.hstack([np.cos(waves), np.sin(waves)])


def banana(rng: np.random.Generator) -> np.ndarray:
    """Return a Gaussian that is bent in the plane of two of its axes."""
    points = rng.standard_normal((N_POINTS, 6))
    points[:, 1] += points[:, 0] ** 2
    return points


def corners(rng: np.random.Generator) -> Cloud:
    """Return Gaussians at the corners of a square, in 10 axes."""
    points, truth = rng.standard_normal((N_POINTS, 10)), rng.integers(4, size=N_POINTS)
    points[:, :2] += 8 * np.column_stack([truth % 2, truth // 2])
    return points, truth


def vae_like(rng: np.random.Generator) -> np.ndarray:
    """Return draws of a VAE: a few axes follow the input, the others are noise."""
    return rng.standard_normal((N_POINTS, 16)) * np.r_[3, 2, 1.5, 1.2, 1.1, np.ones(11)]


def roll(rng: np.random.Generator) -> np.ndarray:
    """Return a rolled-up sheet."""
    points: np.ndarray = datasets.make_swiss_roll(
        N_POINTS, noise=0.3, random_state=int(rng.integers(2**31))
    )[0]
    return points


def pair(z_dim: int, apart: float, share: float = 0.5, n_points: int = N_POINTS) -> Draw:
    """Return what draws two Gaussians that differ along a random direction."""

    def draw(rng: np.random.Generator) -> Cloud:
        truth = (rng.random(n_points) < share).astype(int)
        direction = rng.standard_normal(z_dim)
        shift = np.outer(truth, apart * direction / np.linalg.norm(direction))
        return rng.standard_normal((n_points, z_dim)) + shift, truth

    return draw


def elongated(rng: np.random.Generator) -> Cloud:
    """Return four parallel Gaussians, 6 widths apart."""
    truth = rng.integers(4, size=N_POINTS)
    points = rng.standard_normal((N_POINTS, 2)) * [8, 1]
    points[:, 1] += 6 * truth
    return points, truth


def many(rng: np.random.Generator) -> Cloud:
    """Return 20 Gaussians whose centres are drawn at random."""
    truth = rng.integers(20, size=N_POINTS)
    centers = 4 * rng.standard_normal((20, 16))
    return centers[truth] + rng.standard_normal((N_POINTS, 16)), truth


def crescents(rng: np.random.Generator) -> Cloud:
    """Return two half circles that reach into each other."""
    truth, angle = rng.integers(2, size=N_POINTS), rng.uniform(0, np.pi, N_POINTS)
    x = np.where(truth, 1 - np.cos(angle), np.cos(angle))
    y = np.where(truth, 0.5 - np.sin(angle), np.sin(angle))
    return np.column_stack([x, y]) + 0.08 * rng.standard_normal((N_POINTS, 2)), truth


if __name__ == "__main__":
    print(measure())
