"""When a test of planes cannot tell whether there is structure, and how it says so."""

from typing import Literal

from latentscope.statistics import ALPHA
from latentscope.statistics.patterns.coarse_fit import MISFIT
from latentscope.statistics.patterns.nulls import NullName

Doubt = Literal["none", "misfit", "edge", "few points"]
ENOUGH = 1000  # points of a window: see "detected rings and voids" in docs/calibration.md
_ENOUGH_FOR_VOIDS = 2000
_NEARLY_ALL = 0.75  # share of all rows: a window that holds more holds the edge of the cloud,
_COVERED = 0.8  # unless so much of it has points nearby
WHY: dict[Doubt, str] = {
    "misfit": "the smooth density does not describe even the coarse distribution of these points, "
    "so the departure may be its misfit",
    "edge": "the window holds the edge of the cloud, where no smooth density fits, so the "
    "departure may be that edge",
    "few points": f"fewer than {ENOUGH:,} points show only strong structure",
}


def seen_among(n_points: int) -> str:
    """Return what is detected in nine windows of ten that hold this many points, in words."""
    ring = (
        "With this many points, a thin ring that contains a fifth of them is detected in nine "
        "windows of ten"
    )
    if n_points < _ENOUGH_FOR_VOIDS:
        return f"{ring}; a weaker one, or an empty disc, can be missed."
    void = "as is an empty disc a third as wide as the window"
    return f"{ring}, {void}; weaker structure can be missed."


def is_misfit(fit_p: float) -> bool:
    """Return True if a null model does not describe the coarse distribution of the points."""
    return fit_p < MISFIT


def holds_edge(n_window: int, n_total: int, covered: float) -> bool:
    """Return True if a window holds nearly all points, and empty places outside the cloud."""
    return n_window > _NEARLY_ALL * n_total and covered < _COVERED


def doubt_of(
    null: NullName, p: float, departure: str, *, fit_p: float, is_edge: bool, n_points: int
) -> Doubt:
    """Return why it cannot be told whether there is structure, or "none" if it can.

    Only "smooth" stands for all points without filaments, clumps and voids, and must therefore fit;
    another null model is rejected by anything that it does not describe. A wrong density makes
    pairs too many or too few, but does not line neighbours up on both sides of a point.
    """
    if p > ALPHA:
        return "few points" if n_points < ENOUGH else "none"
    if null != "smooth":
        return "none"
    if is_edge:
        return "edge"
    return "misfit" if is_misfit(fit_p) and departure != "filament-like" else "none"
