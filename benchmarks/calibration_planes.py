"""Do the tests of planes keep their level, and what do they detect in simulated points?

``python benchmarks/calibration_planes.py`` prints a section of docs/calibration.md. Finished
simulations are kept in a folder (``--kept``), so that an interrupted run continues; all of them
take about half an hour on two cores.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import ndtr
from scipy.stats import binom, kstest
from tqdm import tqdm

import latentscope

N_RUNS, N_POWER, N_SIGNS, N_SMOOTH, N_FOUND = 300, 200, 20, 20, 20
N_NULL = {300: 199, 1000: 39, 5000: 39}  # sets of the null, by the number of points
SIZES = tuple(N_NULL)
N_CURVES, WIDTH = 12, 0.008  # of the window's side
ALPHA = 0.05
UNIT = {"half_width": 0.5, "center": (0.5, 0.5), "space": "latent"}
WHOLE = {"half_width": np.inf, "space": "latent"}
INNER = {"half_width": 0.407, "center": (0.0, 0.0), "space": "latent"}  # a tenth of N(0, I)

INNER_SIDE = 2.1  # of the window that holds half of N(0, I)

Draw = Callable[[np.random.Generator, int], np.ndarray]


def correlated(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a Gaussian of correlation 0.6."""
    return rng.standard_normal((n, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])


def heavy(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a correlated t distribution with 5 degrees of freedom."""
    return correlated(rng, n) / np.sqrt(rng.chisquare(5, size=(n, 1)) / 5)


def skewed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a Gaussian copula with exponential marginals."""
    return -np.log1p(-ndtr(correlated(rng, n)))


def heavier(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a correlated t distribution with 2 degrees of freedom: it has no covariance."""
    return correlated(rng, n) / np.sqrt(rng.chisquare(2, size=(n, 1)) / 2)


def uniform(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from the unit square."""
    return rng.uniform(size=(n, 2))


def tenfold(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw ten times as many points from N(0, I), of which `INNER` holds about n."""
    return rng.standard_normal((10 * n, 2))


def bow_tie(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw points whose spread along one axis varies along the other: 0.1 + |x|."""
    x = rng.standard_normal(n)
    return np.column_stack([x, (0.1 + np.abs(x)) * rng.standard_normal(n)])


def banana(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw a bent Gaussian."""
    x, y = rng.standard_normal((2, n))
    return np.column_stack([x, x**2 + y / 2])


def mixture(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from five overlapping Gaussians."""
    centres = np.array([[0, 0], [2.4, 0.8], [-1.6, 1.6], [0.8, -2.4], [-2.4, -1.6]])
    return centres[rng.integers(5, size=n)] + 0.8 * rng.standard_normal((n, 2))


def halo(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw half of the points from a core, half from a Gaussian five times as wide."""
    return rng.standard_normal((n, 2)) * np.where(rng.uniform(size=(n, 1)) < 0.5, 0.3, 1.5)


def stretched(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a Gaussian of correlation 0.95."""
    return rng.standard_normal((n, 2)) @ np.array([[1.0, 0.95], [0.0, np.sqrt(1 - 0.95**2)]])


def turned_square(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a square, turned by half a radian."""
    c, s = np.cos(0.5), np.sin(0.5)
    return rng.uniform(-1, 1, size=(n, 2)) @ np.array([[c, s], [-s, c]])


def ring(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    """Draw a Gaussian, and in its inner half of n points a share of them on a thin ring."""
    z = rng.standard_normal((2 * n, 2))
    angle = rng.uniform(0, 2 * np.pi, size=round(share * n))
    circle = rng.uniform(0.2, 0.35) * np.column_stack([np.cos(angle), np.sin(angle)])
    circle += rng.uniform(-0.1, 0.1, size=2) + 0.01 * rng.standard_normal(circle.shape)
    z[: len(angle)] = INNER_SIDE * circle
    return z


def void(rng: np.random.Generator, n: int, diameter: float) -> np.ndarray:
    """Draw a Gaussian without the points of one disc in its inner half."""
    z, centre = rng.standard_normal((4 * n, 2)), rng.uniform(-0.2, 0.2, size=2)
    return z[np.linalg.norm(z / INNER_SIDE - centre, axis=1) > diameter / 2][: 2 * n]


def curves(rng: np.random.Generator, n: int, share: float, width: float = WIDTH) -> np.ndarray:
    """Draw a share of the points on a dozen waves through the unit square, the others evenly."""
    n_on = round(n * share)
    parts = [rng.uniform(size=(n - n_on, 2))]
    for size in rng.multinomial(n_on, np.ones(N_CURVES) / N_CURVES):
        x, phase = rng.uniform(size=size), rng.uniform()
        wave = np.sin(2 * np.pi * (rng.uniform(0.5, 2) * x + phase))
        points = np.stack([x, rng.uniform() + rng.uniform(0.05, 0.15) * wave], axis=1)
        points += width * rng.standard_normal((size, 2))
        parts.append((points if rng.uniform() < 0.5 else points[:, ::-1]) % 1)
    return np.concatenate(parts)


def clusters(rng: np.random.Generator, n: int, n_parents: int, width: float) -> np.ndarray:
    """Draw half of the points around parents, the others evenly."""
    parents = rng.uniform(size=(n_parents, 2))[rng.integers(n_parents, size=n // 2)]
    near = (parents + width * rng.standard_normal((n // 2, 2))) % 1
    return np.concatenate([near, rng.uniform(size=(n - n // 2, 2))])


def around_a_void(rng: np.random.Generator, n: int, radius: float) -> np.ndarray:
    """Draw evenly, but for one empty disc."""
    points = rng.uniform(size=(2 * n, 2))
    center = rng.uniform(0.25, 0.75, size=2)
    return points[np.hypot(*(points - center).T) > radius][:n]


def grid(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw a grid, each point moved by a third of the spacing."""
    side = int(np.ceil(np.sqrt(n)))
    ticks = (np.arange(side) + 0.5) / side
    places = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return (places + rng.standard_normal(places.shape) / (3 * side)) % 1


def ramp(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a density that rises eightfold along one side."""
    points = rng.uniform(size=(n, 2))
    points[:, 0] = (np.sqrt(1 + 63 * points[:, 0]) - 1) / 7
    return points


LEVELS: dict[str, tuple[Draw, str, dict[str, Any], tuple[int, ...]]] = {
    "correlated Gaussian, all of it": (correlated, "gaussian", WHOLE, SIZES),
    "Gaussian, a window of a tenth": (tenfold, "gaussian", INNER, SIZES),
    "t5, all of it": (heavy, "elliptical", WHOLE, SIZES),
    "t2, all of it": (heavier, "elliptical", WHOLE, (300, 1000)),
    "uniform": (uniform, "uniform", UNIT, SIZES),
    "exponential marginals, copula": (skewed, "copula", WHOLE, (1000,)),
    "uniform, coordinates permuted": (uniform, "independent", UNIT, (1000,)),
}
SMOOTH: dict[str, Draw] = {
    "correlated Gaussian": correlated,
    "Gaussian, correlation 0.95": stretched,
    "t5": heavy,
    "t2": heavier,
    "Laplace": lambda rng, n: rng.laplace(size=(n, 2)),
    "exponential marginals": skewed,
    "bent Gaussian": banana,
    "five Gaussians": mixture,
    "core and halo": halo,
    "turned square": turned_square,
    "spread that varies, 0.1 + \\|x\\|": bow_tie,
}
FOUND: dict[str, tuple[Callable[..., np.ndarray], float]] = {
    "ring of 10 % of the points": (ring, 0.1),
    "ring of 20 % of the points": (ring, 0.2),
    "ring of 30 % of the points": (ring, 0.3),
    "empty disc, 0.2 of the side wide": (void, 0.2),
    "empty disc, 0.3 of the side wide": (void, 0.3),
    "empty disc, 0.4 of the side wide": (void, 0.4),
}
FOUND_SIZES = (500, 1000, 2000, 5000)
POWERS: dict[str, tuple[float, int]] = {
    "half on curves, 1,000 points": (0.5, 1000),
    "half on curves, 300 points": (0.5, 300),
    "a quarter on curves, 1,000 points": (0.25, 1000),
}
SIGNS: dict[str, Draw] = {
    "curves of width 0.008, half": lambda rng, n: curves(rng, n, 0.5),
    "curves of width 0.008, a quarter": lambda rng, n: curves(rng, n, 0.25),
    "curves of width 0.03, half": lambda rng, n: curves(rng, n, 0.5, 0.03),
    "30 clusters of width 0.03, half": lambda rng, n: clusters(rng, n, 30, 0.03),
    "200 clusters of width 0.015, half": lambda rng, n: clusters(rng, n, 200, 0.015),
    "3 clusters of width 0.12, half": lambda rng, n: clusters(rng, n, 3, 0.12),
    "an empty disc of radius 0.12": lambda rng, n: around_a_void(rng, n, 0.12),
    "an empty disc of radius 0.06": lambda rng, n: around_a_void(rng, n, 0.06),
    "a shaken grid": grid,
    "a density that rises eightfold": ramp,
}


def level(name: str, n: int) -> list[float]:
    """Return the p-values of structureless points under their own null."""
    draw, null, window, _ = LEVELS[name]
    streams = np.random.default_rng([1, n, len(name)]).spawn(N_RUNS)
    return [
        latentscope.plane_structure(
            draw(rng, n), null=null, n_null=N_NULL[n], rng=rng, **window
        ).p_value
        for rng in tqdm(streams, desc=f"{name}, {n}", disable=None)
    ]


def smooth(name: str, n: int, *, whole: bool) -> list[tuple[float, str]]:
    """Return p-values and doubts of structureless points under the null model "smooth"."""
    streams = np.random.default_rng([5, n, len(name), whole]).spawn(N_SMOOTH)
    found = []
    for rng in tqdm(streams, desc=f"{name}, {n}", disable=None):
        z = SMOOTH[name](rng, n if whole else 2 * n)
        width = np.inf if whole else _width(z, n)
        result = latentscope.plane_structure(
            z, null="smooth", half_width=width, n_null=39, rng=rng, space="latent"
        )
        found.append((result.p_value, result.doubt))
    return found


def found_among(name: str, n: int) -> list[tuple[float, str]]:
    """Return p-values and doubts of the inner half of Gaussians with a ring or a void."""
    draw, strength = FOUND[name]
    streams = np.random.default_rng([6, n, len(name), int(100 * strength)]).spawn(N_FOUND)
    found = []
    for rng in tqdm(streams, desc=f"{name}, {n}", disable=None):
        z = draw(rng, n, strength)
        result = latentscope.plane_structure(
            z, null="smooth", half_width=_width(z, n), n_null=39, rng=rng, space="latent"
        )
        found.append((result.p_value, result.doubt))
    return found


def found_by_scan(share: float, n: int) -> list[bool]:
    """Return whether a scan of six planes finds a ring in that of axes 0 and 1."""
    found = []
    for rng in np.random.default_rng([7, n]).spawn(N_FOUND):
        z = np.hstack([ring(rng, n, share), rng.standard_normal((2 * n, 2))])
        scan = latentscope.scan_planes(
            z, n_axes=4, window_points=[n], null="smooth", n_null=39, rng=rng, space="latent"
        )
        is_there = (np.sort(scan.axes, axis=1) == [0, 1]).all(axis=1)
        found.append(bool(scan.is_structured[is_there].any()))
    return found


def power(name: str) -> dict[str, float]:
    """Return how often curves are found, by the test and by Clark and Evans' index."""
    share, n = POWERS[name]
    streams = np.random.default_rng([2, n, int(100 * share)]).spawn(N_POWER)
    chance = np.array([_spacing(uniform(rng, n)) for rng in streams[0].spawn(1999)])
    found, by_index = [], []
    for rng in tqdm(streams, desc=name, disable=None):
        points = curves(rng, n, share)
        result = latentscope.plane_structure(points, null="uniform", rng=rng, **UNIT)
        found.append(result.p_value)
        below = (1 + (chance <= _spacing(points)).sum()) / (1 + len(chance))
        by_index.append(2 * min(below, 1 - below))
    rejected = np.array(found) <= ALPHA
    return {"test": float(rejected.mean()), "index": float(np.mean(np.array(by_index) <= ALPHA))}


def signs(name: str, null: str) -> dict[str, int]:
    """Return how often points of one kind got each sign."""
    streams = np.random.default_rng([3, len(name)]).spawn(N_SIGNS)
    return Counter(
        latentscope.plane_structure(SIGNS[name](rng, 1000), null=null, rng=rng, **UNIT).sign
        for rng in tqdm(streams, desc=f"{name}, {null}", disable=None)
    )


def scan_level() -> list[float]:
    """Return the least corrected p-value of scans of a Gaussian: 6 planes, 2 windows each."""
    streams = np.random.default_rng(4).spawn(N_RUNS)
    return [
        latentscope.scan_planes(
            rng.standard_normal((2000, 4)) / np.arange(1, 5), n_axes=4, window_points=[200, 600],
            n_null=39, rng=rng,
        ).family_p[0]
        for rng in tqdm(streams, desc="scans", disable=None)
    ]  # fmt: skip


def speed() -> float:
    """Return seconds of a test of 1,000 points against 199 null sets, the second of its kind."""
    for _ in range(2):
        start = time.perf_counter()
        latentscope.plane_structure(uniform(np.random.default_rng(0), 1000), null="uniform", **UNIT)
        taken = time.perf_counter() - start
    return taken


def kept(folder: Path, name: str, measure: Callable[[], Any]) -> Any:
    """Return what was measured before, or measure and keep it."""
    path = folder / f"{name.replace(' ', '_').replace(',', '')}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(measure()), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def measure(folder: Path) -> str:
    """Return the section."""
    lines = [LEVEL_TEXT.format(runs=N_RUNS, low=_binomial(0.005), high=_binomial(0.995))]
    for name, (_, null, _, sizes) in LEVELS.items():
        for n in sizes:
            found = np.array(kept(folder, f"level {name} {n}", lambda: level(name, n)))  # noqa: B023
            share = (found <= ALPHA).mean()
            lines.append(
                f"| {name} | {null} | {n:,} | {share:.1%} | {_uniformity(found, N_NULL[n]):.2f} |"
            )
    scans = np.array(kept(folder, "scans gaussian", scan_level))
    lines.append(SCAN_TEXT.format(share=(scans <= ALPHA).mean(), runs=N_RUNS))
    lines.append(SMOOTH_TEXT.format(runs=N_SMOOTH))
    for name in SMOOTH:
        cells = []
        for n, whole in ((1000, False), (5000, False), (1000, True)):
            key = f"smooth {name.replace('|', '')} {n} {'whole' * whole}"
            cells.append(_share(kept(folder, key, lambda: smooth(name, n, whole=whole))))  # noqa: B023
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sizes = " | ".join(f"n = {n:,}" for n in FOUND_SIZES)
    lines.append(FOUND_TEXT.format(runs=N_FOUND, sizes=sizes, rule=" --- |" * len(FOUND_SIZES)))
    for name in FOUND:
        cells = [
            _share(kept(folder, f"found {name} {n}", lambda: found_among(name, n)))  # noqa: B023
            for n in FOUND_SIZES
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    scans = kept(folder, "found by scan", lambda: found_by_scan(0.2, 1000))
    lines.append(FOUND_SCAN_TEXT.format(share=np.mean(scans), runs=N_FOUND))
    lines.append(POWER_TEXT.format(runs=N_POWER, curves=N_CURVES, width=WIDTH))
    for name in POWERS:
        found = kept(folder, f"power {name}", lambda: power(name))  # noqa: B023
        lines.append(f"| {name} | {found['test']:.0%} | {found['index']:.0%} |")
    lines.append(SIGN_TEXT.format(runs=N_SIGNS))
    for name in SIGNS:
        for null in ("uniform", "smooth"):
            found = kept(folder, f"signs {name} {null}", lambda: signs(name, null))  # noqa: B023
            counts = " | ".join(str(found.get(sign, 0)) for sign in ALL_SIGNS)
            lines.append(f"| {name} | {null} | {counts} |")
    lines.append(SPEED_TEXT.format(seconds=speed()))
    return "\n".join(lines)


ALL_SIGNS = ("none", "filament-like", "clumped", "empty", "regular", "cannot tell")

LEVEL_TEXT = """## Structure in planes: false positives (level)

`plane_structure` was run {runs} times on points without structure of each kind, compared with 199
sets drawn from the null model for 300 points and with 39 sets for more points. The table gives the
share of runs with p ≤ 0.05 (for a correct test it lies between {low:.1%} and {high:.1%} with 99 %
probability), and the p-value of a Kolmogorov-Smirnov test that the p-values are uniform.

| points | null model | n | p ≤ 0.05 | p-values uniform, p |
| --- | --- | --- | --- | --- |"""

SCAN_TEXT = """
`scan_planes` was run {runs} times on Gaussian clouds of 2,000 points in 4 dimensions: six planes
with windows of 200 and 600 points, compared with 39 sets of the null model each. In {share:.1%} of
the scans, at least one window has a corrected p ≤ 0.05.
"""

SMOOTH_TEXT = """## Structure in planes: smooth clouds that are not Gaussian

The null model `smooth` stands for any cloud without filaments, clumps and voids. The table gives
the share of {runs} clouds without structure that have p ≤ 0.05 in the window that holds the inner
1,000 of 2,000 points, the inner 5,000 of 10,000, and all of 1,000 points. In brackets is the
share that is called structured. Of the others the verdict is "cannot tell": the density does not
fit ("misfit"), or the window holds the edge of the cloud ("edge"). The model is fitted to the
points that it is compared with, so that most of the shares are below 5 %.

| cloud | inner 1,000 | inner 5,000 | all of 1,000 |
| --- | --- | --- | --- |"""

FOUND_TEXT = """
## Structure in planes: detected rings and voids (power)

A Gaussian has a thin ring (0.01 of the window's side wide, of a radius of 0.2 to 0.35) or an
empty disc in the window that holds its inner half, n points. The table gives the share of {runs}
runs with p ≤ 0.05 under the null model `smooth`, and in brackets the share that is called
structured. From 1,000 points on, a ring of a fifth of the points is found, and `plane_structure`
and `scan_planes` may say "none"; of fewer points they say that they cannot tell. A wide empty
disc may also be a hollow of a smooth density: the more so, the fewer points there are.

| structure | {sizes} |
| --- |{rule}"""

FOUND_SCAN_TEXT = """
`scan_planes` of six planes, with windows of 1,000 points, found the ring of 20 % in {share:.0%} of
{runs} runs, corrected for testing all windows.
"""

POWER_TEXT = """## Structure in planes: detected curves (power)

Points on {curves} waves, {width} of the window's side wide, are hidden among uniformly distributed
points. The table gives the share of {runs} runs with p ≤ 0.05, and for comparison that of the index
of Clark and Evans (mean distance to the nearest neighbour, two-sided, with 1,999 simulations) on
the same points.

| points | `plane_structure` | Clark–Evans |
| --- | --- | --- |"""

SIGN_TEXT = """
## Structure in planes: which kind is reported

`plane_structure` also names the kind of structure. The table counts the kinds reported in {runs}
runs of 1,000 points each ("none": p > 0.05; "cannot tell": the null model does not fit). The null
model is either uniform or a smooth density, which may vary across the window.

| points | null model | none | filament-like | clumped | empty | regular | cannot tell |
| --- | --- | --- | --- | --- | --- | --- | --- |"""

SPEED_TEXT = """
A test of 1,000 points, compared with 199 sets of the null model, took {seconds:.2f} s.
"""


def _uniformity(p_values: np.ndarray, n_null: int) -> float:
    """Return how even p-values k / (n_null + 1) are, each moved within its step at random."""
    jitter = np.random.default_rng(0).uniform(size=len(p_values)) / (n_null + 1)
    return float(kstest(np.clip(p_values - jitter, 0, 1), "uniform").pvalue)


def _binomial(share: float) -> float:
    return float(binom.ppf(share, N_RUNS, ALPHA) / N_RUNS)


def _width(z: np.ndarray, n: int) -> float:
    """Return the half-width of the window about the mean that holds n points."""
    return float(np.sort(np.abs(z - z.mean(axis=0)).max(axis=1))[n - 1])


def _share(found: list[tuple[float, str]]) -> str:
    """Return the share with p ≤ 0.05, and in brackets that which is beyond doubt."""
    low = np.array([p <= ALPHA for p, _ in found])
    claimed = low & np.array([doubt == "none" for _, doubt in found])
    return f"{low.mean():.0%} ({claimed.mean():.0%})"


def _spacing(points: np.ndarray) -> float:
    return float(cKDTree(points).query(points, 2)[0][:, 1].mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", type=Path, default=Path("runs/calibration"))
    print(measure(parser.parse_args().kept))
