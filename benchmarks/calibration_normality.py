"""Level, power and speed of `normality`: which statistic detects what, and which misses what.

Run ``python benchmarks/calibration_normality.py`` to print the section; about six minutes on one
core.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.stats import kstest

import latentscope
from latentscope.statistics.gaussianity.sets import TESTS

Z_DIM, N_ROWS, N_TESTED, N_SETS, RUNS = 256, 20_000, 4_000, 19, 10
LEVEL_RUNS, LEVEL_SHAPE = 300, (500, 8)
COLUMNS = (
    "distances", "Mardia's kurtosis", "marginals", "skewness", "excess kurtosis", "classifier",
    "all together",
)  # fmt: skip
Cloud = Callable[[np.random.Generator], np.ndarray]


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
    return "\n".join(["## Normality", "", *_level(), "", *_power(), "", *_speed()])


def _p_values(z: np.ndarray, n_points: int, seed: int) -> tuple[np.ndarray, Any]:
    result = latentscope.normality(z, n_null=N_SETS, n_points=n_points, rng=seed)
    return np.append(result.p_values, result.p_value), result


def _level() -> Iterator[str]:
    """Test correlated Gaussians, each beside Gaussian sets of its own."""
    n, d = LEVEL_SHAPE
    found = []
    for seed in range(LEVEL_RUNS):
        rng = np.random.default_rng([1, seed])
        z = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 3
        found.append(_p_values(z, n, seed)[0])
    error = 1.96 * np.sqrt(0.05 * 0.95 / LEVEL_RUNS)
    yield (
        f"**False positives (level).** `normality` tested {LEVEL_RUNS} correlated Gaussians of {n} "
        f"rows and {d} axes, each compared with {N_SETS} Gaussian sets of the same size. "
        "The table gives the share rejected at 5 %, which may lie between "
        f"{0.05 - error:.1%} and {0.05 + error:.1%} by binomial error, and the p-value of a "
        "Kolmogorov-Smirnov test that the p-values are uniform on 1/20, 2/20 … 1."
    )
    yield from ("", "| test | rejected | p-values uniform, p |", "| --- | --- | --- |")
    spread = np.random.default_rng(0).uniform(0, 1 / (N_SETS + 1), np.shape(found))
    uniform = np.array(found) - spread  # a discrete uniform law, spread over its steps
    for name, p, smooth in zip((*TESTS, "all together"), np.array(found).T, uniform.T, strict=True):
        yield f"| {name} | {np.mean(p <= 0.05):.1%} | {kstest(smooth, 'uniform').pvalue:.2f} |"


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
        runs = [_p_values(draw(np.random.default_rng([2, s])), N_TESTED, s) for s in range(RUNS)]
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


def _speed() -> Iterator[str]:
    """Time the effect sizes in units of one pass of PCA."""
    rng = np.random.default_rng(3)
    z = rng.standard_normal((170_000, Z_DIM), dtype=np.float32)
    z *= np.geomspace(4.6, 0.5, Z_DIM, dtype=np.float32)
    pca = _seconds(lambda: latentscope.pca(z))
    sizes = _seconds(lambda: latentscope.normality(z, n_null=0))
    yield (
        f"**Speed.** The effect sizes of 170,000 × {Z_DIM} float32 values take {sizes:.2f} s, "
        f"{sizes / pca:.1f} times as long as `latentscope.pca` in the same process ({pca:.2f} s). "
        "Both are medians of three; the aim is at most 10 times."
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
