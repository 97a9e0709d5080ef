"""Level, power and speed of `normality`: which statistic detects what, and which misses what.

Run ``python benchmarks/calibration_normality.py`` to print the section; about fifteen minutes on
one core.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.stats import kstest

import latentscope
from latentscope.statistics.gaussianity.sets import TESTS

Z_DIM, N_ROWS, N_TESTED, N_SETS, RUNS = 256, 20_000, 4_000, 19, 5
LEVEL_RUNS = 60
LEVEL_SHAPES = ((500, 8, 500), (60, 5, 60), (70, 64, 70), (1000, 64, 1000), (3000, 8, 300))
TURNED_DIM, TURNED_ROWS, TURNED_RUNS = 64, (4_000, 20_000), 6
COLUMNS = (*TESTS, "all together")
Cloud = Callable[..., np.ndarray]


def gaussian(rng: np.random.Generator) -> np.ndarray:
    """Return N(0, I)."""
    return rng.standard_normal((N_ROWS, Z_DIM), dtype=np.float32)


def student(freedom: int) -> Cloud:
    """Return the elliptical t law: a Gaussian over the root of one chi-squared per row."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        scale = np.sqrt(rng.chisquare(freedom, (N_ROWS, 1)) / freedom)
        return (gaussian(rng) / scale).astype(np.float32)

    return draw


def two_clusters(rng: np.random.Generator) -> np.ndarray:
    """Return two Gaussians whose centres are four standard deviations apart along one axis."""
    z = gaussian(rng)
    z[:, 3] += 4 * (rng.random(N_ROWS) < 0.5)
    return z


def banana(rng: np.random.Generator) -> np.ndarray:
    """Return a Gaussian in which one axis is bent along another."""
    z = gaussian(rng)
    z[:, 4] = 0.8 * z[:, 4] + 0.4 * z[:, 3] ** 2
    return z


def turned_banana(rng: np.random.Generator) -> np.ndarray:
    """Return the banana with its two directions turned away from all axes, of unit variances."""
    z = banana(rng)
    z[:, 4] /= np.sqrt(0.8**2 + 2 * 0.4**2)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((Z_DIM, Z_DIM)))[0]
    return z @ turn.astype(np.float32)


def cube(rng: np.random.Generator) -> np.ndarray:
    """Return uniform points of a cube."""
    return rng.random((N_ROWS, Z_DIM), dtype=np.float32)


def turned(shape: Cloud, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a shape among Gaussian axes, of unit covariance, turned and stretched."""
    z = shape(rng.standard_normal((n, TURNED_DIM)), rng)
    z = (z - z.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    turn = np.linalg.qr(rng.standard_normal((TURNED_DIM, TURNED_DIM)))[0]
    return z @ turn * np.linspace(3, 0.5, TURNED_DIM)


def groups(share: float, apart: float) -> Cloud:
    """Return what moves a share of the points away along the first axis."""

    def draw(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        z[:, 0] += apart * (rng.random(len(z)) < share)
        return z

    return draw


def bent(z: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """Bend the second axis along the first."""
    z[:, 1] += z[:, 0] ** 2
    return z


def laplace(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give three axes heavy tails."""
    z[:, :3] = rng.laplace(size=(len(z), 3))
    return z


def ring(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put two axes on a ring."""
    angle = rng.uniform(0, 2 * np.pi, len(z))
    z[:, :2] = 2 * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.2 * z[:, :2]
    return z


SHAPES: dict[str, Cloud] = {
    "two groups, 6 sd apart": groups(0.5, 6),
    "two groups, 4 sd apart": groups(0.5, 4),
    "10 % at 4 sd": groups(0.1, 4),
    "banana": bent,
    "three Laplace directions": laplace,
    "ring": ring,
    "Gaussian": groups(0, 0),
}

CLOUDS: dict[str, Cloud] = {
    "Gaussian": gaussian,
    "t5": student(5),
    "t20": student(20),
    "two clusters along an axis": two_clusters,
    "banana in two axes": banana,
    "banana, turned off the axes": turned_banana,
    "uniform cube": cube,
}


def measure() -> str:
    """Return the section in Markdown."""
    return "\n".join(["## Normality", "", *_level(), "", *_power(), "", *_turned(), "", *_speed()])


def _p_values(z: np.ndarray, n_points: int, seed: int) -> tuple[np.ndarray, Any]:
    result = latentscope.normality(z, n_null=N_SETS, n_points=n_points, rng=seed)
    return np.append(result.p_values, result.p_value), result


def _level() -> Iterator[str]:
    """Test correlated Gaussians, each beside Gaussian sets of its own."""
    found = {shape: np.array([_of_gaussian(*shape, s) for s in range(LEVEL_RUNS)])
             for shape in LEVEL_SHAPES}  # fmt: skip
    together = np.concatenate(list(found.values()))
    error = 1.96 * np.sqrt(0.05 * 0.95 / len(together))
    shapes = ", ".join(
        f"{n:,} × {d} {(p[:, -1] <= 0.05).sum()}" + (f" (sets of {m:,})" if m < n else "")
        for (n, d, m), p in found.items()
    )
    yield (
        f"**False positives (level).** `normality` tested {len(together)} correlated Gaussians, "
        f"each compared with {N_SETS} Gaussian sets. "
        "The table gives the share rejected at 5 %, which may lie between "
        f"{0.05 - error:.1%} and {0.05 + error:.1%} by binomial error, and the p-value of a "
        "Kolmogorov-Smirnov test that the p-values are uniform on 1/20, 2/20 … 1. Of each "
        f"{LEVEL_RUNS} clouds of rows × axes, all tests together reject: {shapes}."
    )
    yield from ("", "| test | rejected | p-values uniform, p |", "| --- | --- | --- |")
    spread = np.random.default_rng(0).uniform(0, 1 / (N_SETS + 1), together.shape)
    uniform = together - spread  # a discrete uniform law, spread over its steps
    for name, p, smooth in zip(COLUMNS, together.T, uniform.T, strict=True):
        yield f"| {name} | {np.mean(p <= 0.05):.1%} | {kstest(smooth, 'uniform').pvalue:.2f} |"


def _of_gaussian(n: int, d: int, n_points: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng([11, n, seed])
    z = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 3
    return _p_values(z, n_points, seed)[0]


def _power() -> Iterator[str]:
    """Return which test sees which cloud, and how large the effects are."""
    yield (
        f"**Detected departures (power).** Clouds of {N_ROWS:,} rows and {Z_DIM} axes, {RUNS} runs "
        "each. The table gives the share of runs in which each test rejects at 5 %, using "
        f"{N_TESTED:,} rows and {N_SETS} Gaussian sets:"
    )
    yield from ("", f"| cloud | {' | '.join(COLUMNS)} |", "| --- " * (len(COLUMNS) + 1) + "|")
    sizes = {}
    for name, draw in CLOUDS.items():
        runs = [_p_values(draw(np.random.default_rng([12, s])), N_TESTED, s) for s in range(RUNS)]
        shares = np.mean([p <= 0.05 for p, _ in runs], axis=0)
        yield f"| {name} | {' | '.join(f'{share:.0%}' for share in shares)} |"
        sizes[name] = [_sizes(result) for _, result in runs]
    yield from ("", "Effect sizes (distances from a Gaussian), mean ± standard deviation:", "")
    yield (
        "| cloud | share of points in a Gaussian core | Kolmogorov distance of the Mahalanobis "
        "distances | kurtosis ratio | largest Kolmogorov distance of a marginal | AUC of the "
        "classifier |"
    )
    yield "| --- " * 6 + "|"
    for name, values in sizes.items():
        pairs = zip(np.mean(values, axis=0), np.std(values, axis=0), strict=True)
        yield f"| {name} | {' | '.join(f'{mean:.4f} ± {sd:.4f}' for mean, sd in pairs)} |"


def _sizes(result: Any) -> list[float]:
    share = np.nan if result.core_share is None else result.core_share
    return [share, result.radial_gap, result.kurtosis_ratio, result.gaps.max(), result.auc]


def _turned() -> Iterator[str]:
    """Return how often shapes along no axis are seen, and by which tests."""
    yield (
        f"**Departures along no axis.** Shapes in one to three of {TURNED_DIM} directions, of "
        "equal variance in every direction, then turned and stretched; share of "
        f"{TURNED_RUNS} runs in which a test rejects, with {N_SETS} Gaussian sets:"
    )
    yield ""
    yield "| cloud | rows | any test along given directions | any along those searched for | all |"
    yield "| --- | --- | --- | --- | --- |"
    given = [number for number, test in enumerate(TESTS) if test.endswith("given directions")]
    searched = [number for number, test in enumerate(TESTS) if test.endswith("searched for")]
    for name, shape in SHAPES.items():
        for n in TURNED_ROWS:
            clouds = (turned(shape, n, np.random.default_rng([14, s])) for s in range(TURNED_RUNS))
            runs = np.array([_p_values(z, n, s)[0] <= 0.05 for s, z in enumerate(clouds)])
            seen = (runs[:, given].any(axis=1), runs[:, searched].any(axis=1), runs[:, -1])
            yield f"| {name} | {n:,} | {' | '.join(f'{share.mean():.0%}' for share in seen)} |"


def _speed() -> Iterator[str]:
    """Time the effect sizes, and one default call, in units of one pass of PCA."""
    rng = np.random.default_rng(3)
    z = rng.standard_normal((170_000, Z_DIM), dtype=np.float32)
    z *= np.geomspace(4.6, 0.5, Z_DIM, dtype=np.float32)
    pca = _seconds(lambda: latentscope.pca(z))
    sizes = _seconds(lambda: latentscope.normality(z, n_null=0))
    start = time.perf_counter()
    found = latentscope.normality(z)
    tests = time.perf_counter() - start
    yield (
        f"**Speed.** The effect sizes of 170,000 × {Z_DIM} float32 values take {sizes:.2f} s, "
        f"{sizes / pca:.1f} times as long as `latentscope.pca` in the same process ({pca:.2f} s). "
        "Both are medians of three; the aim is at most 10 times. With the tests, and "
        f"{found.n_null} Gaussian sets of {found.n_points:,} rows, a call takes {tests:.0f} s."
    )


def _seconds(function: Callable[[], Any]) -> float:
    """Return the median time of three calls after one that does not count."""
    function()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


if __name__ == "__main__":
    print(measure())
