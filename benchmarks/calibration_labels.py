"""How often `direction` finds a direction of labels that have none, and of labels that have one.

``python benchmarks/calibration_labels.py`` prints the section, in about ten minutes on one core.
"""

from collections.abc import Callable

import numpy as np

import latentscope

N_POINTS, N_LABELS = 2000, 40
N_CLOUDS, N_MORE = 300, 60
N_RUNS = 30
WIDTHS = np.r_[5, 2, 1.5, 1.2, np.ones(8), 0.8, 0.6, 0.4, 0.3]

TEXT = """## Labels

`direction` was asked about {n_labels} labels of {n_points:,} points. In the upper table the labels
are assigned at random, to as many points as stated, so that 5 % of the clouds may hold a label with
p ≤ 0.05. In its last two rows the label depends on how far out a point lies, but the means agree.

{level}

In the lower table one label shifts one of many axes by half a standard deviation.

{power}
"""

Draw = Callable[[np.random.Generator], np.ndarray]


def measure() -> str:
    """Return the section."""
    level = ["| cloud | points with the label | clouds | with a claim |", "|---" * 4 + "|"]
    for name, (n_clouds, n_with, draw) in clouds().items():
        claims = sum(claims_any(draw, n_with, seed) for seed in range(n_clouds))
        level.append(f"| {name} | {n_with:,} | {n_clouds} | {claims} |")
    for name, of in {"far from the mean": far_out, "far out along axis 0": wide}.items():
        claims = sum(of(seed).is_significant for seed in range(N_CLOUDS))
        level.append(f"| 8 axes; label: {name} | 100 | {N_CLOUDS} | {claims} |")
    power = ["| axes | runs | p ≤ 0.05 | median p |", "|---" * 4 + "|"]
    for z_dim in (64, 256):
        p = [shifted(z_dim, seed).p_value for seed in range(N_RUNS)]
        found = sum(one <= 0.05 for one in p)
        power.append(f"| {z_dim} | {N_RUNS} | {found} | {np.median(p):.1e} |")
    return TEXT.format(
        n_labels=N_LABELS, n_points=N_POINTS, level="\n".join(level), power="\n".join(power)
    )


def clouds() -> dict[str, tuple[int, int, Draw]]:
    """Return number of clouds, points with the label, and what draws the points, by name."""
    half, few, sixteen = N_POINTS // 2, 20, np.ones(16)
    return {
        "Gaussian, 16 axes of unequal width": (N_CLOUDS, half, gaussian(WIDTHS)),
        "Gaussian, variance 1/i, 64 axes": (N_CLOUDS, half, gaussian(np.arange(1, 65) ** -0.5)),
        "Gaussian, 16 axes": (N_MORE, half, gaussian(sixteen)),
        "Gaussian, 16 axes of unequal width, few": (N_MORE, few, gaussian(WIDTHS)),
        "t3, 16 axes": (N_MORE, half, lambda rng: rng.standard_t(3, (N_POINTS, 16))),
        "t3, 16 axes, few": (N_MORE, few, lambda rng: rng.standard_t(3, (N_POINTS, 16))),
        "lognormal, 16 axes": (N_MORE, half, lambda rng: rng.lognormal(size=(N_POINTS, 16))),
        "lognormal, 16 axes, few": (N_MORE, few, lambda rng: rng.lognormal(size=(N_POINTS, 16))),
        "elliptical t5, 16 axes": (N_MORE, half, elliptical),
        "elliptical t5, 16 axes, few": (N_MORE, few, elliptical),
    }


def gaussian(sd: np.ndarray) -> Draw:
    """Return what draws a Gaussian with these standard deviations."""
    return lambda rng: rng.standard_normal((N_POINTS, len(sd))) * sd


def elliptical(rng: np.random.Generator) -> np.ndarray:
    """Return points of an elliptical t distribution with 5 degrees of freedom."""
    z = rng.standard_normal((N_POINTS, 16))
    return z / np.sqrt(rng.chisquare(5, (N_POINTS, 1)) / 5)


def claims_any(draw: Draw, n_with: int, seed: int) -> bool:
    """Return True if any of 40 labels that are assigned at random has a direction."""
    rng = np.random.default_rng(seed)
    labels = {f"coin {i}": rng.permutation(np.arange(N_POINTS) < n_with) for i in range(N_LABELS)}
    latents = latentscope.Latents(draw(rng), labels=labels)
    return any(latentscope.direction(latents, label).is_significant for label in labels)


def far_out(seed: int) -> latentscope.Direction:
    """Return the direction of the 100 points that are farthest from the mean."""
    z = np.random.default_rng(seed).standard_normal((N_POINTS, 8))
    return of_largest(z, np.linalg.norm(z, axis=1))


def wide(seed: int) -> latentscope.Direction:
    """Return the direction of the 100 points that are farthest out along one axis."""
    z = np.random.default_rng(seed).standard_normal((N_POINTS, 8))
    return of_largest(z, np.abs(z[:, 0]))


def of_largest(z: np.ndarray, values: np.ndarray) -> latentscope.Direction:
    """Return the direction of the points with the 100 largest values."""
    labels = {"largest": values > np.sort(values)[-101]}
    return latentscope.direction(latentscope.Latents(z, labels=labels), "largest")


def shifted(z_dim: int, seed: int) -> latentscope.Direction:
    """Return the direction of a label that shifts one axis by half a standard deviation."""
    rng = np.random.default_rng(seed)
    z, label = rng.standard_normal((N_POINTS, z_dim)), rng.integers(0, 2, N_POINTS)
    z[:, 7] += 0.5 * label
    return latentscope.direction(latentscope.Latents(z, labels={"label": label}), "label")


if __name__ == "__main__":
    print(measure())
