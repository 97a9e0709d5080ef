"""Do the ridges of `latentscope.ridges` keep their level, and do they lie on the filaments?

``python benchmarks/calibration_ridges.py`` prints a section of docs/calibration.md; about five
minutes on one core.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import binom, kstest

import latentscope

N_LEVEL, N_FOUND = 200, 20
N_NULL = 39
N_CURVES, WIDTH = 12, 0.016  # curves, and their width: 0.008 of the window's side
SQUARE = {"half_width": 1, "null": "uniform", "space": "latent", "center": (0, 0)}
CUBE = SQUARE | {"axes": (0, 1, 2), "center": (0, 0, 0)}
WHOLE = {"half_width": np.inf, "space": "latent"}

Draw = Callable[[np.random.Generator], np.ndarray]
LEVELS: dict[str, tuple[Draw, dict[str, object]]] = {
    "uniform, 300 points": (lambda rng: rng.uniform(-1, 1, (300, 2)), SQUARE),
    "Gaussian, all of 300 points": (lambda rng: correlated(rng, 300), WHOLE),
    "Gaussian, a window of about 300 of 3,000 points": (
        lambda rng: rng.standard_normal((3000, 2)),
        {"half_width": 0.407, "center": (0, 0), "space": "latent"},
    ),
    "t5, all of 300 points, null elliptical": (
        lambda rng: correlated(rng, 300) / np.sqrt(rng.chisquare(5, (300, 1)) / 5),
        WHOLE | {"null": "elliptical"},
    ),
    "Gaussian in space, all of 300 points": (
        lambda rng: rng.standard_normal((300, 3)) * [3, 2, 1],
        WHOLE | {"axes": (0, 1, 2)},
    ),
}


def correlated(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a Gaussian of correlation 0.6."""
    return rng.standard_normal((n, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])


def circle(_: np.random.Generator) -> np.ndarray:
    """Return places along a circle of radius 0.6."""
    angle = np.linspace(0, 2 * np.pi, 4000)
    return 0.6 * np.column_stack([np.cos(angle), np.sin(angle)])


def half_circle(rng: np.random.Generator) -> np.ndarray:
    """Return places along half of it."""
    return circle(rng)[:2000]


def waves(rng: np.random.Generator) -> np.ndarray:
    """Return places along a dozen waves through the square."""
    x = np.linspace(-1, 1, 1000)
    parts = []
    for _ in range(N_CURVES):
        phase, cycles, height = rng.uniform(), rng.uniform(0.25, 1), rng.uniform(0.1, 0.3)
        y = rng.uniform(-0.7, 0.7) + height * np.sin(2 * np.pi * (cycles * x + phase))
        parts.append(np.column_stack([x, y] if rng.uniform() < 0.5 else [y, x]))
    return np.concatenate(parts)


def helix(_: np.random.Generator) -> np.ndarray:
    """Return places along two turns in a cube."""
    t = np.linspace(0, 1, 4000)
    turn = 4 * np.pi * t
    return np.column_stack([0.6 * np.cos(turn), 0.6 * np.sin(turn), 1.6 * t - 0.8])


FOUND: dict[str, tuple[Draw, int, float, dict[str, object]]] = {
    "circle": (circle, 600, 0.5, SQUARE),
    "half a circle": (half_circle, 600, 0.5, SQUARE),
    "a dozen curves": (waves, 1000, 0.5, SQUARE),
    "a dozen curves, fewer points": (waves, 300, 0.5, SQUARE),
    "a dozen curves, more noise": (waves, 1000, 0.25, SQUARE),
    "helix in space": (helix, 600, 0.5, CUBE),
}


def level(name: str) -> list[float]:
    """Return the p-values of points without structure, under their own null."""
    draw, options = LEVELS[name]
    return [
        latentscope.ridges(draw(rng), n_null=19, n_boot=2, rng=rng, **options).p_value
        for rng in np.random.default_rng(len(name)).spawn(N_LEVEL)
    ]


def level_row(name: str) -> str:
    """Return how often anything is significant without structure, as a row of the table."""
    p_values = np.array(level(name))
    share = float((p_values <= 0.05).mean())
    smoothed = p_values - np.random.default_rng(0).uniform(0, 1 / 20, size=N_LEVEL)  # no steps
    return f"| {name} | {share:.1%} | {kstest(smoothed, 'uniform').pvalue:.2f} |"


def hidden(rng: np.random.Generator, curve: np.ndarray, n: int, share: float) -> np.ndarray:
    """Return points near the curve and points evenly spread."""
    n_on, d = round(n * share), curve.shape[1]
    on = curve[rng.integers(len(curve), size=n_on)] + WIDTH * rng.standard_normal((n_on, d))
    return np.vstack([on.clip(-1, 1), rng.uniform(-1, 1, (n - n_on, d))])


def found_row(name: str) -> str:
    """Return what is found of known curves, as a row of the table."""
    draw, n, share, options = FOUND[name]
    n_found, on_curve, within, reached = 0, [], [], []
    for rng in np.random.default_rng(n).spawn(N_FOUND):
        curve = draw(rng)
        points = hidden(rng, curve, n, share)
        result = latentscope.ridges(points, n_null=N_NULL, n_boot=20, rng=rng, **options)
        if result.n_pieces:
            n_found += 1
            ridge = result.ridge[result.is_significant]
            off = cKDTree(curve).query(ridge)[0]
            is_on = off < result.bandwidth
            on_curve.append(is_on)
            within.append((off < 2 * result.uncertainty[result.is_significant])[is_on])
            reached.append(cKDTree(ridge).query(curve)[0] < result.bandwidth)
    shares = [np.concatenate(parts).mean() for parts in (on_curve, within, reached) if parts]
    numbers = " | ".join(f"{value:.0%}" for value in shares) or "– | – | –"
    return f"| {name} | {n:,} | {share:.0%} | {n_found / N_FOUND:.0%} | {numbers} |"


def measure() -> str:
    """Run everything and return the section."""
    low, high = binom.interval(0.95, N_LEVEL, 0.05)
    return "\n".join(
        [
            "## Ridges",
            "",
            f"`ridges` was run on {N_LEVEL} sets of points without structure of each kind, each "
            "compared with 19 sets of the null model. The first column gives the share of sets in "
            "which it colours any ridge as significant. At a level of 5 %, this share is between "
            f"{low / N_LEVEL:.1%} and {high / N_LEVEL:.1%} in 95 of 100 such tables. The second "
            "column is the p-value of a Kolmogorov-Smirnov test that the p-values are uniform; a "
            "small value would mean that they are not.",
            "",
            "| points | significant ridges | p-values uniform, p |",
            "| --- | --- | --- |",
            *map(level_row, LEVELS),
            "",
            "In the next table, a share of the points lies on known curves, 0.008 of the window's "
            "side wide, and the others are uniformly distributed. For each kind there are "
            f"{N_FOUND} sets of points, each compared with {N_NULL} sets of the null model and "
            "resampled 20 times. *Found* is the share of sets in which any ridge is significant. "
            "The last three columns are averages over these sets: the share of the ridge that is "
            "closer to the curve than one bandwidth; of that, the share within twice the stated "
            "uncertainty; and the share of the curve that is closer to such a ridge than one "
            "bandwidth.",
            "",
            "| curve | points | share on the curve | found | ridge on the curve | within twice the "
            "uncertainty | curve found |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *map(found_row, FOUND),
            "",
            "Where a dozen curves cross every few spacings, only parts of them are found, but what "
            "is found lies on the curves.",
            "",
        ]
    )


if __name__ == "__main__":
    print(measure())
