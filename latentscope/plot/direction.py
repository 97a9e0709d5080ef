"""Figure of a direction: how much each axis contributes, beside what chance would give."""

import numpy as np
from matplotlib.axes import Axes

from latentscope.analysis.direction import Direction
from latentscope.plot._panels import DATA, GAUSSIAN, as_text, one_axes


def plot_direction(result: Direction, *, ax: Axes | None = None) -> Axes:
    """Draw the size of each component of the vector, largest first, and what chance would give.

    Parameters
    ----------
    result : Direction
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax, name = one_axes(ax), as_text(result.name)
    size = np.sort(np.abs(result.vector))[::-1]
    number = np.arange(1, len(size) + 1)
    ax.bar(number, size, width=1.0, color=DATA, alpha=0.6, label=f"{name}, each axis")
    typical = result.chance_length / np.sqrt(len(size))
    ax.axhline(typical, color=GAUSSIAN, linestyle="--", label="random groups, root mean square")
    ax.set(
        xlabel="axis, sorted", ylabel="|difference of the means|",
        title=f"{name}: {result.times_chance:.3g} times as long as by chance\n"
        f"({result.p_in_words})",
    )  # fmt: skip
    ax.legend(frameon=False, fontsize="small")
    return ax
