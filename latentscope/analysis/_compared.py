"""The points of a window and its null sets, each summarised by functions of distance."""

from typing import Literal, NamedTuple, get_args

import numpy as np

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.threads import with_bar
from latentscope._types import FloatArray
from latentscope.analysis._planes import Plane
from latentscope.errors import DataError
from latentscope.statistics.patterns.coarse_fit import coarse_fit_p
from latentscope.statistics.patterns.nulls import NullName, window_null
from latentscope.statistics.patterns.pattern import Pattern, distances, pattern
from latentscope.statistics.patterns.window import Window, without_copies

_Tested = Literal["pairs", "nearest", "empty", "alignment"]
Function = Literal[_Tested, "sidedness"]
FUNCTIONS: tuple[_Tested, ...] = get_args(_Tested)  # that are tested
MIN_POINTS = 30
_N_LOOKS = 20  # null sets from which the coarse distribution is known
_FINE = 0.1  # share of the mean spacing below which steps of rounded values do not matter


class Compared(NamedTuple):
    """Patterns of one window: that of the data first, then those of the null sets.

    `fit_p` is the p-value of the coarse distribution of the points, see `coarse_fit_p`.
    """

    plane: Plane
    window: Window
    null: NullName
    n_window: int
    xy: FloatArray
    null_xy: FloatArray
    patterns: list[Pattern]
    fit_p: float

    @property
    def curves(self) -> FloatArray:
        """The functions that are tested, one row per pattern."""
        return np.array([np.concatenate([getattr(p, f) for f in FUNCTIONS]) for p in self.patterns])


def compared(
    plane: Plane,
    window: Window,
    null: NullName,
    n_null: int,
    n_points: int,
    random: np.random.Generator,
) -> Compared:
    """Return the patterns of a window: of its points, and of as many points of a null model."""
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
        looks = [model.draw(random) for _ in range(_N_LOOKS)]
    fit_p = coarse_fit_p(points, np.concatenate(looks))
    return Compared(plane, window, null, len(inside), points, looks[0], patterns, fit_p)


def _check_window(plane: Plane, window: Window, n_inside: int) -> None:
    """Raise if the window holds too few points to be tested."""
    if n_inside < MIN_POINTS:
        raise DataError(
            f"{window.name} must hold at least {MIN_POINTS} points to be tested; it holds "
            f"{n_inside:,} of {len(plane.xy):,}.",
            parameter="half_width",
            remedy="Choose a larger `half_width`.",
        )


def _check_steps(plane: Plane, window: Window, n: int) -> None:
    """Raise if the points lie on so coarse a grid that the test would detect the grid."""
    spacing = 2 * window.half_width / np.sqrt(n)
    if plane.step > _FINE * spacing:
        raise DataError(
            f"the steps between rounded values must be much smaller than the spacing of the points "
            f"in {window.name}; the values of z come in steps of up to {plane.step:.3g} along the "
            f"plane, the points are {spacing:.3g} apart, and a test would only detect the steps. "
            "Pass unrounded values, or add uniform noise as wide as a step."
        )
