"""Manifolds of known dimension on which the intervals of `intrinsic_dimension` are checked.

They were kept aside while the rules of the interval were chosen.
"""

from collections.abc import Callable

import numpy as np

Draw = Callable[[int, np.random.Generator], np.ndarray]
N_AXES = 32


def sphere(k: int) -> Draw:
    """Return what draws points of S^k."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        points = rng.standard_normal((n, k + 1))
        return points / np.linalg.norm(points, axis=1, keepdims=True)

    return draw


def ball(k: int) -> Draw:
    """Return what draws points of a ball."""
    return lambda n, rng: sphere(k - 1)(n, rng) * rng.uniform(size=(n, 1)) ** (1 / k)


def cube(k: int) -> Draw:
    """Return what draws points of a cube."""
    return lambda n, rng: rng.uniform(size=(n, k))


def gaussian(*std: float) -> Draw:
    """Return what draws points of a Gaussian."""
    return lambda n, rng: rng.standard_normal((n, len(std))) * std


def uneven(k: int) -> Draw:
    """Return what draws points whose density runs to infinity at an edge."""
    return lambda n, rng: rng.exponential(size=(n, k)) ** 1.5


def student(k: int) -> Draw:
    """Return what draws points of Student's t with 3 degrees of freedom."""
    return lambda n, rng: rng.standard_normal((n, k)) / np.sqrt(rng.chisquare(3, (n, 1)) / 3)


def folded(k: int, width: int) -> Draw:
    """Return what draws Gaussian points, sent through a random layer with tanh."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        into, out = rng.standard_normal((k, width)), rng.standard_normal((width, N_AXES))
        return np.tanh(1.5 * rng.standard_normal((n, k)) @ into / np.sqrt(k)) @ out

    return draw


def torus(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points of a torus, denser inside than outside."""
    a, b = rng.uniform(0, 2 * np.pi, (2, n))
    return np.column_stack([(2 + np.cos(b)) * np.cos(a), (2 + np.cos(b)) * np.sin(a), np.sin(b)])


def moebius(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points of a band that is twisted five times."""
    u, v = rng.uniform(0, 2 * np.pi, n), rng.uniform(-0.5, 0.5, n)
    r = 1 + v * np.cos(5 * u)
    return np.column_stack([r * np.cos(u), r * np.sin(u), v * np.sin(5 * u)])


def paraboloid(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points of a paraboloid over a Gaussian in four dimensions."""
    points = rng.standard_normal((n, 4))
    return np.column_stack([points, (points**2).sum(axis=1)])


def groups(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points of five Gaussians in six dimensions."""
    return rng.standard_normal((n, 6)) + 6 * rng.standard_normal((5, 6))[rng.integers(5, size=n)]


def swiss_roll(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points of a Swiss roll with noise of a hundredth of its size."""
    t, height = 1.5 * np.pi * (1 + 2 * rng.uniform(size=n)), 21 * rng.uniform(size=n)
    points = np.column_stack([t * np.cos(t), height, t * np.sin(t)])
    return points / points.std() + 0.01 * rng.standard_normal(points.shape)


MANIFOLDS: dict[str, tuple[int, Draw]] = {
    "S^3": (3, sphere(3)),
    "S^12": (12, sphere(12)),
    "cube, 3": (3, cube(3)),
    "cube, 7": (7, cube(7)),
    "ball, 8": (8, ball(8)),
    "Gaussian, 3": (3, gaussian(*np.ones(3))),
    "Gaussian, 10": (10, gaussian(*np.ones(10))),
    "Gaussian, 30": (30, gaussian(*np.ones(30))),
    "Gaussian, standard deviations 1/i": (12, gaussian(*(1 / np.arange(1, 13)))),
    "Student's t, 6": (6, student(6)),
    "edge of infinite density": (2, uneven(2)),
    "torus": (2, torus),
    "twisted band": (2, moebius),
    "paraboloid": (4, paraboloid),
    "tanh layer, 2": (2, folded(2, 16)),
    "tanh layer, 5": (5, folded(5, 24)),
    "tanh layer, 12": (12, folded(12, 64)),
    "five groups": (6, groups),
    "noisy Swiss roll": (2, swiss_roll),
}
