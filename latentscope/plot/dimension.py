"""Figure of the intrinsic dimension at several scales, beside that of a Gaussian."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from latentscope._types import FloatArray
from latentscope.analysis._dimension_words import interval
from latentscope.analysis.dimension import IntrinsicDimension
from latentscope.plot._panels import DATA, GAUSSIAN, one_axes

_WIDE = 3.0  # ratio of scales above which their axis is logarithmic
_NAMES = {"two-nn": "TwoNN", "mle": "maximum likelihood"}


def plot_dimension(result: IntrinsicDimension, *, ax: Axes | None = None) -> Axes:
    """Draw dimension against scale for data and Gaussian, each with its 95 % error band.

    Parameters
    ----------
    result : IntrinsicDimension
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = one_axes(ax)
    _curve(
        ax, result.null_scales, result.null_dimensions, result.null_errors,
        color=GAUSSIAN, linestyle="--", marker="s", label="Gaussian, same covariance",
    )  # fmt: skip
    _curve(
        ax, result.scales, result.dimensions, result.errors,
        color=DATA, marker="o", label=f"data, {result.rows_text}",
    )  # fmt: skip
    every = np.concatenate([result.scales, result.null_scales])
    if len(every) and every.max() > _WIDE * every.min():
        ax.set_xscale("log")
    ax.set(
        xlabel="mean distance to the neighbour (unit of z)", ylabel="dimension", ylim=(0, None),
        title=f"{_NAMES[result.method]}: {_title(result)}",
    )  # fmt: skip
    ax.legend(frameon=False, fontsize="small")
    return ax


def _curve(
    ax: Axes, scales: FloatArray, dimensions: FloatArray, errors: FloatArray, **style: Any
) -> None:
    ax.plot(scales, dimensions, markersize=3.5, linewidth=1.2, **style)
    ax.fill_between(
        scales, dimensions - errors, dimensions + errors,
        color=style["color"], alpha=0.2, linewidth=0,
    )  # fmt: skip


def _title(result: IntrinsicDimension) -> str:
    if result.dimension is None or result.null_dimension is None:
        return "cannot tell"
    of_gaussian = f"Gaussian: {result.null_dimension:.3g}"
    return f"{interval(result)} (finest scale: {result.dimension:.3g}, {of_gaussian})"
