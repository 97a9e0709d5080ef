"""What the figures share: Axes when none are given, colours with one meaning, row counts."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from latentscope.errors import DataError

DATA = "C0"
PRIOR = "C1"  # N(0, I)
GAUSSIAN = "0.25"  # what a structureless cloud of the same shape would give
MUTED = "0.6"


def one_axes(ax: Axes | None, *, size: tuple[float, float] = (6.0, 3.8)) -> Axes:
    """Return `ax`, or the Axes of a new figure."""
    if ax is None:
        return plt.subplots(figsize=size, layout="constrained")[1]
    if not isinstance(ax, Axes):
        raise DataError(f"ax must be matplotlib Axes; got {type(ax).__name__}.")
    return ax


def some_axes(
    ax: Any, n: int, *, n_columns: int, panel: tuple[float, float]
) -> "np.ndarray[Any, Any]":
    """Return `n` Axes: those given, or a grid in a new figure."""
    if ax is not None:
        given = np.ravel(np.asarray(ax, dtype=object))
        if len(given) != n:
            raise DataError(f"ax must hold {n} Axes, one per panel; got {len(given)}.")
        return given
    n_rows = -(-n // n_columns)
    _, grid = plt.subplots(
        n_rows,
        n_columns,
        figsize=(panel[0] * n_columns, panel[1] * n_rows),
        layout="constrained",
        squeeze=False,
    )
    for empty in grid.flat[n:]:
        empty.set_axis_off()
    return np.asarray(grid.flat[:n])
