"""Figure of a t-SNE map."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from latentscope.analysis.tsne import Embedding
from latentscope.errors import DataError
from latentscope.plot._panels import DATA, one_axes, rows_text


def plot_tsne(result: Embedding, *, ax: Axes | None = None, color: Any = None) -> Axes:
    """Draw the map, without ticks: its units mean nothing.

    Parameters
    ----------
    result : Embedding
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.
    color : array-like of length n_total, optional
        A number for every row of z, shown by colour: a label, a radius.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    DataError
        If `color` has not one entry per row of z.
    """
    ax = one_axes(ax, size=(5.2, 5.2))
    size = float(np.clip(12_000 / result.n_used, 0.15, 12))
    style: dict[str, Any] = {"s": size, "linewidths": 0, "alpha": 0.7, "rasterized": True}
    x, y = result.xy.T
    if color is None:
        ax.scatter(x, y, color=DATA, **style)
    else:
        values = np.asarray(color)
        if values.shape != (result.n_total,):
            raise DataError(
                f"color must have one number per row of z, {result.n_total}; got {values.shape}."
            )
        ax.scatter(x, y, c=values[result.indices], cmap="viridis", **style)
    ax.set(xticks=[], yticks=[], aspect="equal")
    ax.set_title(
        f"t-SNE of {rows_text(result)}, perplexity {result.perplexity:g}: "
        f"{result.neighbour_preservation:.0%} of neighbours kept",
        fontsize="small",
    )
    return ax
