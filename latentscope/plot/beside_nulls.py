"""Figures of an analysis of data beside those of null sets: labelled, or as a line-up."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from latentscope._types import Panels
from latentscope.analysis.beside_nulls import BesideNulls
from latentscope.errors import DataError
from latentscope.plot._panels import GivenAxes, some_axes

_MAX_PANELS = 40


def plot_beside_nulls(result: BesideNulls, *, ax: GivenAxes = None, n_panels: int = 4) -> Panels:
    """Draw the analysis of the data, and beside it those of some null sets.

    Parameters
    ----------
    result : BesideNulls
        What to draw; its analysis must draw on one Axes.
    ax : array of matplotlib.axes.Axes, optional
        One per panel; by default those of a new figure.
    n_panels : int
        Number of panels, including that of the data; at most one more than there are null sets.

    Returns
    -------
    array of matplotlib.axes.Axes

    Raises
    ------
    DataError
        If the analysis draws several panels, or there are too few null sets for the panels.
    """
    n = len(result.nulls) + 1 if ax is None else np.size(np.asarray(ax, dtype=object))
    shown = min(n_panels, n) if ax is None else n
    if shown > len(result.nulls) + 1:
        raise DataError(
            f"there must be a null set for each panel but one; got {shown} panels, null sets: "
            f"{len(result.nulls)}."
        )
    panels = some_axes(ax, shown, n_columns=min(shown, 4), panel=(3.2, 2.8))
    titles = ["data", *(f"null model '{result.null}'" for _ in result.nulls)]
    _draw(panels, [result.data, *result.nulls][:shown], titles[:shown])
    return panels


def plot_line_up(result: BesideNulls, *, ax: GivenAxes = None) -> Panels:
    """Draw the data hidden among the null sets, in numbered panels.

    Look for the panel that differs, and only then at ``result.place``, which counts from 0.

    Parameters
    ----------
    result : BesideNulls
        What to draw; its analysis must draw on one Axes.
    ax : array of matplotlib.axes.Axes, optional
        One per panel; by default those of a new figure.

    Returns
    -------
    array of matplotlib.axes.Axes

    Raises
    ------
    DataError
        If the analysis draws several panels, or there are more than 39 null sets.
    """
    n = len(result.nulls) + 1
    if n > _MAX_PANELS:
        raise DataError(f"a line-up holds at most {_MAX_PANELS} panels; got {n}.")
    panels = some_axes(ax, n, n_columns=5, panel=(2.2, 2.0))
    hidden = list(result.nulls)
    hidden.insert(result.place, result.data)
    _draw(panels, hidden, [str(k) for k in range(n)])
    for panel in panels:
        _strip(panel)
    return panels


def _draw(panels: Panels, results: list[Any], titles: list[str]) -> None:
    for panel, one, title in zip(panels, results, titles, strict=True):
        one.plot(panel)
        panel.set_title(title, fontsize="small")
        if panel is not panels[0] and (legend := panel.get_legend()):
            legend.remove()
    _share_limits(panels)


def _share_limits(panels: Panels) -> None:
    """Give all panels the widest limits, so that only what they show differs."""
    for name in ("x", "y"):
        if len({getattr(panel, f"get_{name}scale")() for panel in panels}) == 1:
            limits = np.array([getattr(panel, f"get_{name}lim")() for panel in panels])
            for panel in panels:
                getattr(panel, f"set_{name}lim")(limits[:, 0].min(), limits[:, 1].max())


def _strip(ax: Axes) -> None:
    """Remove what would give the data away, and text that is too long for a small panel."""
    ax.set(xlabel="", ylabel="")
    ax.tick_params(labelbottom=False, labelleft=False)
    if legend := ax.get_legend():
        legend.remove()
    for text in list(ax.texts):
        text.remove()
