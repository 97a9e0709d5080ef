"""Figure of an overview: radius, axes, spectrum and, for a VAE, the KL divergence."""

from latentscope._types import Panels
from latentscope.analysis.overview import Overview
from latentscope.plot._panels import GivenAxes, some_axes
from latentscope.plot.axes import plot_axes
from latentscope.plot.pca import plot_pca
from latentscope.plot.posterior import draw_kl
from latentscope.plot.radius import plot_radius


def plot_overview(result: Overview, *, ax: GivenAxes = None) -> Panels:
    """Draw radius, axes and spectrum, and for a VAE the KL divergence per axis.

    Parameters
    ----------
    result : Overview
        What to draw.
    ax : array of matplotlib.axes.Axes, optional
        Three Axes, four for a VAE; by default those of a new figure.

    Returns
    -------
    array of matplotlib.axes.Axes
    """
    n = 3 if result.posterior is None else 4
    panels = some_axes(ax, n, n_columns=n if n == 3 else 2, panel=(5.4, 3.8))
    plot_radius(result.radius, ax=panels[0])
    plot_axes(result.axes, ax=panels[1])
    plot_pca(result.pca, ax=panels[2])
    if result.posterior is not None:
        draw_kl(panels[3], result.posterior)
    return panels
