"""Shared by all figures: new Axes if none are given, colours with one meaning, sizes of dots."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from latentscope._disk.printable import printable
from latentscope._types import Panels
from latentscope.errors import DataError

GivenAxes = Axes | Sequence[Axes] | Panels | None  # of several panels
DATA = "C0"
PRIOR = "C1"  # N(0, I)
GAUSSIAN = "0.25"  # what a structureless cloud of the same shape would give
MUTED = "0.6"


def one_axes(ax: Axes | None, *, size: tuple[float, float] = (6.0, 3.8)) -> Axes:
    """Return `ax`, or the Axes of a new figure."""
    if ax is None:
        return plt.subplots(figsize=size, layout="constrained")[1]
    if not isinstance(ax, Axes):
        raise DataError(f"ax must be matplotlib Axes; got {type(ax).__name__}.", parameter="ax")
    return ax


def some_axes(ax: GivenAxes, n: int, *, n_columns: int, panel: tuple[float, float]) -> Panels:
    """Return `n` Axes: those given, or a grid in a new figure."""
    if ax is not None:
        given = np.ravel(np.asarray(ax, dtype=object))
        if len(given) != n:
            raise DataError(
                f"ax must hold {n} Axes, one per panel; got {len(given)}.", parameter="ax"
            )
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


def space_axes(ax: Axes | None, *, size: tuple[float, float] = (7.2, 4.4)) -> Any:
    """Return `ax`, or the Axes of a new figure, with three dimensions."""
    if ax is None:
        figure = plt.figure(figsize=size, layout="constrained")
        return figure.add_subplot(projection="3d")
    if getattr(ax, "name", "") != "3d":
        raise DataError(
            f"ax must be matplotlib Axes with projection='3d'; got {type(ax).__name__}.",
            parameter="ax",
        )
    return ax


def as_text(text: object) -> str:
    r"""Return text of the user, such as a name or a label, as a figure shows it literally.

    Matplotlib would take what stands between two $ for mathematics, and leave a name that begins
    with _ out of the legend; the latter gets a space before it.

    Examples
    --------
    >>> print(as_text("a$_$b"), as_text("_a"))
    a\$_\$b  _a
    """
    shown = printable(str(text)).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


def dot_size(n_points: int) -> float:
    """Return a suitable area of each dot for so many points, in points²."""
    return float(np.clip(4000 / max(n_points, 1), 0.5, 16))
