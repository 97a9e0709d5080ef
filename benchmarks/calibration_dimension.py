"""What `intrinsic_dimension` finds in clouds of known dimension, as a section of a page.

``python benchmarks/calibration_dimension.py`` prints it, in about fifteen minutes on one core.
"""

import warnings
from collections.abc import Callable

import numpy as np
from manifolds import MANIFOLDS
from manifolds import N_AXES as N_MANIFOLD_AXES

import latentscope
from latentscope.analysis.dimension import IntrinsicDimension
from latentscope.errors import LatentscopeWarning

METHODS = ("two-nn", "mle")
N_AXES = 256
N_SMALL, N_RUNS = 2000, 8
N_LARGE = 20_000
SIZES, N_MANIFOLD_RUNS = (500, 2000), 6
# full widths at half maximum of the twelve broad axes that were published
BROAD = np.array([8, 3, 5.5, 5, 4, 4, 3, 9, 5, 2.75, 11, 8]) / np.sqrt(8 * np.log(2))

TEXT = """## Intrinsic dimension

The clouds in the first table are k-dimensional spheres (S^k), rotated at random into {n_axes} axes:
{n_runs} runs of {n_small:,} points each. *Found* is the mean estimate over the runs. *From* and
*to* are the mean limits of the intervals that the runs state, which cover chance and the change of
the estimate with the scale. *Right* counts the runs whose interval contains the truth. The last
column is the mean dimension found for a Gaussian with the same covariance.

{spheres}

The second table has {n_manifold_runs} runs of {sizes} points for each manifold, rotated at random
into 32 axes; they were kept aside while the rules of the interval were chosen. *Open* counts the
runs without an upper limit, and *settled* those in which the interval is no wider than the estimate
is large; the limits are medians.

{manifolds}

The third table has one run of {n_large:,} points in {n_axes} axes for each cloud. *MLE* is the
maximum likelihood estimate with 5 and with 50 neighbours. The published experiments gave 96 (TwoNN)
and 80 (MLE) for N(0, I), 80 and 64 for a Gaussian with spectrum 1/i, and 1.4 to 5 for thin strings.
The first of these agrees, and indicates that the published MLE used about 50 neighbours. No
interpretation of "spectrum 1/i" gives 80 and 64. Gaussians with the published broad axes do, if the
standard deviation of the other axes is between 0.8 and 1.

{large}
"""


def measure() -> str:
    """Return the section."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LatentscopeWarning)
        return TEXT.format(
            n_axes=N_AXES, n_runs=N_RUNS, n_small=N_SMALL, n_large=N_LARGE,
            n_manifold_runs=N_MANIFOLD_RUNS, sizes=" and ".join(f"{n:,}" for n in SIZES),
            spheres=sphere_table(), manifolds=manifold_table(), large=large_table(),
        )  # fmt: skip


def turned(points: np.ndarray, rng: np.random.Generator, n_axes: int = N_AXES) -> np.ndarray:
    """Return the points in a random frame of all axes."""
    frame = np.linalg.qr(rng.standard_normal((n_axes, points.shape[1])))[0]
    return (points @ frame.T).astype(np.float32)


def sphere(k: int, rng: np.random.Generator) -> np.ndarray:
    """Return points of S^k."""
    points = rng.standard_normal((N_SMALL, k + 1))
    return turned(points / np.linalg.norm(points, axis=1, keepdims=True), rng)


def sphere_table() -> str:
    """Return estimates and errors beside the truth."""
    lines = ["| cloud | method | truth | found | from | to | right | Gaussian |", "|---" * 8 + "|"]
    for k in (1, 2, 5, 10):
        for method in METHODS:
            runs = [
                latentscope.intrinsic_dimension(sphere(k, np.random.default_rng(i)), method=method)
                for i in range(N_RUNS)
            ]
            found = np.array([(run.dimension, *run.interval, run.null_dimension) for run in runs])
            right = int(((found[:, 1] <= k) & (k <= found[:, 2])).sum())
            mean, low, high, null = found.mean(axis=0)
            lines.append(
                f"| S^{k} | {method} | {k} | {mean:.3g} | {low:.3g} | {high:.3g} "
                f"| {right} of {N_RUNS} | {null:.3g} |"
            )
    return "\n".join(lines)


def manifold_table() -> str:
    """Return how often the intervals hold the truth, and how useful they are."""
    head = ["manifold", "truth", "method", "points", "from", "to", "right", "settled", "open"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    every = []
    for number, name in enumerate(MANIFOLDS):
        for method in METHODS:
            for n in SIZES:
                line, runs = manifold_row(number, name, method, n)
                lines.append(line)
                every.extend(runs)
    share = np.mean(every, axis=0)
    return "\n".join(
        [*lines, "", f"Of all runs, {share[0]:.1%} are right, {share[1]:.0%} settled, "
         f"{share[2]:.0%} open."]
    )  # fmt: skip


def manifold_row(number: int, name: str, method: str, n: int) -> tuple[str, list[list[bool]]]:
    """Return a line of the table, and which runs were right, settled and open."""
    truth, draw = MANIFOLDS[name]
    limits, runs = [], []
    for i in range(N_MANIFOLD_RUNS):
        rng = np.random.default_rng([number, n, i])
        points = draw(n, rng)
        z = turned(points, rng, N_MANIFOLD_AXES) if points.shape[1] < N_MANIFOLD_AXES else points
        found = latentscope.intrinsic_dimension(z, method=method)
        low, high = found.interval
        limits.append((low, high))
        runs.append([low <= truth <= high, found.is_settled, high == np.inf])
    low, high = np.median(limits, axis=0)
    right, settled, is_open = np.sum(runs, axis=0)
    of = f"of {N_MANIFOLD_RUNS}"
    line = (
        f"| {name} | {truth} | {method} | {n:,} | {low:.3g} | {high:.3g} | {right} {of} "
        f"| {settled} {of} | {is_open} {of} |"
    )
    return line, runs


def strings(noise: float) -> Callable[[np.random.Generator], np.ndarray]:
    """Return what draws points on a dozen smooth curves, with noise along every axis."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        t, curve = rng.uniform(size=N_LARGE), rng.integers(12, size=N_LARGE)
        shape = np.column_stack([np.ones(N_LARGE), t, np.sin(3 * t), np.cos(5 * t)])
        ends = rng.standard_normal((12, 4, N_AXES))
        points = np.einsum("nj,njd->nd", shape, ends[curve])
        return (points + noise * rng.standard_normal(points.shape)).astype(np.float32)

    return draw


def gaussian(scale: np.ndarray) -> Callable[[np.random.Generator], np.ndarray]:
    """Return what draws a Gaussian with these standard deviations."""
    return lambda rng: (rng.standard_normal((N_LARGE, N_AXES)) * scale).astype(np.float32)


def large_clouds() -> dict[str, Callable[[np.random.Generator], np.ndarray]]:
    """Return the clouds by name."""
    number = np.arange(1, N_AXES + 1)
    rest = np.ones(N_AXES - len(BROAD))
    return {
        "N(0, I)": gaussian(np.ones(N_AXES)),
        "variances 1/i": gaussian(number**-0.5),
        "standard deviations 1/i": gaussian(1 / number),
        "published broad axes, others 0.8": gaussian(np.r_[BROAD, 0.8 * rest]),
        "published broad axes, others 1": gaussian(np.r_[BROAD, rest]),
        "strings without noise": strings(0),
        "strings, noise 0.005": strings(0.005),
    }


def large_table() -> str:
    """Return the estimates by both methods beside those of the Gaussian."""
    lines = [
        "| cloud | TwoNN | TwoNN of a Gaussian | TwoNN, 64 times fewer points | MLE, 5 | MLE, 50 |",
        "|---" * 6 + "|",
    ]
    for name, draw in large_clouds().items():
        z = draw(np.random.default_rng(0))
        two, mle = (latentscope.intrinsic_dimension(z, method=method) for method in METHODS)
        lines.append(
            f"| {name} | {shown(two)} | {shown(two, 'null_')} | {shown(two, at=-1)} "
            f"| {shown(mle)} | {shown(mle, at=-1)} |"
        )
    return "\n".join(lines)


def shown(result: IntrinsicDimension, of: str = "", *, at: int = 0) -> str:
    """Return an estimate at a scale with its error by chance."""
    value, error = (getattr(result, f"{of}{name}")[at] for name in ("dimensions", "errors"))
    return f"{value:.3g} ± {error:.1g}"


if __name__ == "__main__":
    print(measure())
