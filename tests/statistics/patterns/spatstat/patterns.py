"""Make the point patterns of which reference.R computes the functions: python patterns.py."""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def patterns():
    """Return three patterns in the unit square."""
    rng = np.random.default_rng(2026)
    parents = rng.uniform(0.1, 0.9, size=(15, 2))[rng.integers(15, size=150)]
    ticks = (np.arange(12) + 0.5) / 12
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return {
        "random": rng.uniform(size=(200, 2)),
        "clustered": np.clip(parents + 0.03 * rng.standard_normal((150, 2)), 0.001, 0.999),
        "regular": np.clip(grid + 0.015 * rng.standard_normal(grid.shape), 0.001, 0.999),
    }


if __name__ == "__main__":
    for name, points in patterns().items():
        np.savetxt(HERE / f"{name}.csv", points, fmt="%.6f", delimiter=",")
    nulls = np.random.default_rng(1).uniform(size=(39 * 60, 2))
    np.savetxt(HERE / "nulls.csv", nulls, fmt="%.4f", delimiter=",")
