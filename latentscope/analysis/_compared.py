"""The points of a window and of a null model, each summarised by its functions of distance."""

from typing import Literal, NamedTuple, get_args

import numpy as np

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.threads import with_bar
from latentscope._types import FloatArray
from latentscope.analysis._planes import Plane
from latentscope.errors import DataError
from latentscope.statistics.patterns.nulls import NullName, window_null
from latentscope.statistics.patterns.pattern import Pattern, distances, pattern
from latentscope.statistics.patterns.window import Window, without_copies

_Tested = Literal["pairs", "nearest", "empty", "alignment"]
Function = Literal[_Tested, "sidedness"]
FUNCTIONS: tuple[_Tested, ...] = get_args(_Tested)  # that the test looks at
MIN_POINTS = 30
_FINE = 0.1  # of the mean spacing, below which steps of rounded values do not show


class Compared(NamedTuple):
    """Patterns of one window: that of the data first, then those of the null."""

    plane: Plane
    window: Window
    null: NullName
    n_window: int
    xy: FloatArray
    null_xy: FloatArray
    patterns: list[Pattern]

    @property
    def curves(self) -> FloatArray:
        """What the test looks at: one row per pattern."""
        return np.array([np.concatenate([getattr(p, f) for f in FUNCTIONS]) for p in self.patterns])


def compared(
    plane: Plane,
    window: Window,
    null: NullName,
    n_null: int,
    n_points: int,
    random: np.random.Generator,
) -> Compared:
    """Return the patterns of a window: of its points, and of as many of a null model."""
    inside = plane.xy[window.holds(plane.xy)]
    _check_window(plane, window, len(inside))
    n = min(n_points, len(inside))
    _check_steps(plane, window, n)
    points = without_copies(
        random.choice(inside, n, replace=False, shuffle=False), window, plane.axes
    )
    n = len(points)
    model = window_null(null, plane.xy, window, n)
    radii = distances(n)

    def drawn(stream: np.random.Generator) -> Pattern:
        return pattern(window.to_unit(model.draw(stream)), radii)

    with one_blas_thread():
        patterns = [pattern(window.to_unit(points), radii)]
        patterns += with_bar(drawn, random.spawn(n_null), "null sets", "set")
    look = model.draw(random)
    return Compared(plane, window, null, len(inside), points, look, patterns)


def _check_window(plane: Plane, window: Window, n_inside: int) -> None:
    """Raise where there is nothing to test."""
    if n_inside < MIN_POINTS:
        raise DataError(
            f"{window.name} must hold at least {MIN_POINTS} points to be tested; it holds "
            f"{n_inside:,} of {len(plane.xy):,}.",
            parameter="half_width",
            remedy="Choose a larger `half_width`.",
        )


def _check_steps(plane: Plane, window: Window, n: int) -> None:
    """Raise where points stand on a grid that the test would find."""
    spacing = 2 * window.half_width / np.sqrt(n)
    if plane.step > _FINE * spacing:
        raise DataError(
            f"values must not come in steps as wide as the points of {window.name} are apart; "
            f"those of z do, of up to {plane.step:.3g} along the plane, where points are "
            f"{spacing:.3g} apart, and a test would find nothing but that. Pass unrounded values, "
            "or add evenly spread noise as wide as a step."
        )
