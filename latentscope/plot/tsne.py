"""Figure of a t-SNE map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from latentscope._types import Array, FloatArray, Vector
from latentscope.analysis.tsne import Embedding
from latentscope.errors import DataError
from latentscope.plot._panels import DATA, as_text, one_axes

_MAX_CLASSES = 10


def plot_tsne(
    result: Embedding, *, ax: Axes | None = None, color: Vector | Sequence[str] | None = None
) -> Axes:
    """Draw the map, without ticks, because its units have no meaning.

    Parameters
    ----------
    result : Embedding
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.
    color : array-like of length n_total, optional
        One entry per row of z, shown by colour: up to ten different ones as classes with a legend
        (labels), more numbers on a scale with a colour bar (a radius).

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    DataError
        If `color` does not have one entry per row of z.
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
                f"color must have one entry per row of z, {result.n_total}; got {values.shape}.",
                parameter="color",
            )
        _draw_coloured(ax, result.xy, values[result.indices], style)
    ax.set(xticks=[], yticks=[], aspect="equal")
    ax.set_title(
        f"t-SNE of {result.rows_text}, perplexity {result.perplexity:g}: "
        f"{result.neighbour_preservation:.0%} of neighbours kept",
        fontsize="small",
    )
    return ax


def _draw_coloured(ax: Axes, xy: FloatArray, values: Array, style: dict[str, Any]) -> None:
    names, classes = np.unique(values, return_inverse=True)
    if len(names) <= _MAX_CLASSES:
        for number, name in enumerate(names):
            of_class = xy[classes == number]
            shown = {"color": f"C{number}", "label": as_text(name), **style}
            ax.scatter(of_class[:, 0], of_class[:, 1], **shown)
        ax.legend(
            frameon=False, fontsize="small", markerscale=float(np.sqrt(30 / style["s"])),
            loc="upper left", bbox_to_anchor=(1.0, 1.0),
        )  # fmt: skip
    elif values.dtype.kind in "biuf":
        dots = ax.scatter(xy[:, 0], xy[:, 1], c=values, cmap="viridis", **style)
        ax.figure.colorbar(dots, ax=ax, shrink=0.7)
    else:
        raise DataError(f"color must hold at most {_MAX_CLASSES} classes; got {len(names)}.")
