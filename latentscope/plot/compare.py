"""Figure of several sets of latents side by side."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from latentscope._types import Panels
from latentscope.analysis.compare import Comparison
from latentscope.plot._panels import GivenAxes, as_text, some_axes

_FAR = 20  # ratio of mean radii beyond which their axis is logarithmic
_DASHES = ("-", "--", "-.", ":")  # so that curves on top of each other can be distinguished


def plot_compare(result: Comparison, *, ax: GivenAxes = None) -> Panels:
    """Draw radius, sorted axis widths, spectrum and sorted KL of all sets, one colour per set.

    Parameters
    ----------
    result : Comparison
        What to draw.
    ax : array of matplotlib.axes.Axes, optional
        Three Axes, four if a set has a posterior; by default those of a new figure.

    Returns
    -------
    array of matplotlib.axes.Axes
    """
    has_posterior = any(one.posterior is not None for one in result.overviews)
    n = 4 if has_posterior else 3
    panels = some_axes(ax, n, n_columns=2 if has_posterior else 3, panel=(5.0, 3.6))
    means = [one.radius.mean for one in result.overviews]
    are_far = max(means) > _FAR * min(means) > 0
    names = map(as_text, result.names)
    for position, (name, one) in enumerate(zip(names, result.overviews, strict=True)):
        style: dict[str, Any] = {
            "color": f"C{position}",
            "linestyle": _DASHES[position % len(_DASHES)],
        }
        density = one.radius.density / (one.radius.density.max() if are_far else 1)
        panels[0].stairs(density, one.radius.edges, label=name, lw=1.4, **style)
        _draw_sorted(panels[1], one.axes.fwhm, name, style)
        _draw_sorted(panels[2], one.pca.variance_ratio, name, style)
        if one.posterior is not None:
            _draw_sorted(panels[3], one.posterior.bulk_kl, name, style)
    panels[0].set(xlabel="radius ‖z‖₂", ylabel="density", ylim=(0, None))
    if are_far:  # and so are their densities
        panels[0].set(xscale="log", ylabel="density / highest bin")
    panels[1].set(xlabel="axis, sorted", ylabel="width (FWHM)", ylim=(0, None))
    panels[2].set(xlabel="principal component", ylabel="share of the variance", xscale="log")
    panels[2].set_yscale("log", nonpositive="mask")
    if has_posterior:
        panels[3].set(xlabel="axis, sorted", ylabel="KL divergence in nats")
        panels[3].set_yscale("symlog", linthresh=1e-2)
    for panel in panels:
        panel.legend(frameon=False, fontsize="small")
    return panels


def _draw_sorted(ax: Axes, values: Any, name: str, style: dict[str, Any]) -> None:
    values = np.sort(values)[::-1]
    ax.plot(np.arange(1, len(values) + 1), values, label=name, linewidth=1.4, **style)
