"""The points of a window and of a null model, each summarised by its functions of distance."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from latentscope._blas import one_blas_thread
from latentscope._types import FloatArray
from latentscope.analysis.planes import PlaneZoom
from latentscope.errors import DataError
from latentscope.rows import n_cores
from latentscope.structure._pattern import Pattern, distances, pattern
from latentscope.structure._plane_nulls import plane_null
from latentscope.structure._window import Window, without_copies

FUNCTIONS = ("pairs", "nearest", "empty", "alignment")  # that the test looks at
LEAST_POINTS = 30
_MOST_CORRELATED = 1 - 1e-9


class Compared(NamedTuple):
    """Patterns of one window: that of the data first, then those of the null."""

    plane: PlaneZoom
    window: Window
    null: str
    n_window: int
    xy: FloatArray
    null_xy: FloatArray
    patterns: list[Pattern]

    @property
    def curves(self) -> FloatArray:
        """What the test looks at: one row per pattern."""
        return np.array([np.concatenate([getattr(p, f) for f in FUNCTIONS]) for p in self.patterns])


def window_of(plane: PlaneZoom, n_points: int) -> Window:
    """Return the window that holds so many points of a plane, the nearest to its centre."""
    reach = float(np.abs(plane.xy[n_points - 1] - plane.center).max())
    return Window(plane.center, reach or 1.0)


def compared(
    plane: PlaneZoom,
    window: Window,
    null: str,
    n_null: int,
    n_points: int,
    random: np.random.Generator,
) -> Compared:
    """Return the patterns of a window: of its points, and of as many of a null model."""
    inside = plane.xy[window.holds(plane.xy)]
    _check_window(plane, window, len(inside))
    n = min(n_points, len(inside))
    points = without_copies(
        random.choice(inside, n, replace=False, shuffle=False), window, plane.axes.tolist()
    )
    n = len(points)
    model = plane_null(null, plane.xy, window, n)
    radii = distances(n)

    def drawn(stream: np.random.Generator) -> Pattern:
        return pattern(window.to_unit(model.draw(stream)), radii)

    bar = tqdm(total=n_null, desc="sets of the null", unit="set", delay=2)
    with one_blas_thread(), bar, ThreadPoolExecutor(n_cores()) as pool:
        patterns = [pattern(window.to_unit(points), radii)]
        for one in pool.map(drawn, random.spawn(n_null)):
            patterns.append(one)
            bar.update()
    look = model.draw(random)
    return Compared(plane, window, null, len(inside), points, look, patterns)


def _check_window(plane: PlaneZoom, window: Window, n_inside: int) -> None:
    """Raise where there is nothing to test."""
    if n_inside < LEAST_POINTS:
        raise DataError(
            f"{window.name} must hold at least {LEAST_POINTS} points to be tested; it holds "
            f"{n_inside:,} of {len(plane.xy):,}. Choose a larger half_width."
        )
    covariance = np.cov(plane.xy.T)
    if np.square(covariance[0, 1]) >= _MOST_CORRELATED * covariance[0, 0] * covariance[1, 1]:
        raise DataError(
            f"axes must span a plane; along axes {plane.axes.tolist()} all points lie on one line."
        )
