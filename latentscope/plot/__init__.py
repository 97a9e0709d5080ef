"""Figures: one function per result, Axes in and Axes out, nothing computed but the drawing.

No function sets a style, shows or saves; `result.plot(ax)` calls the one that fits.
"""

from latentscope.plot.axes import plot_axes
from latentscope.plot.clusters import plot_clusters
from latentscope.plot.compare import plot_compare
from latentscope.plot.dimension import plot_dimension
from latentscope.plot.direction import plot_direction
from latentscope.plot.gap import plot_gap
from latentscope.plot.overview import plot_overview
from latentscope.plot.pca import plot_pca
from latentscope.plot.pictures import plot_pictures
from latentscope.plot.planes import plot_planes
from latentscope.plot.posterior import plot_posterior
from latentscope.plot.radius import plot_radius
from latentscope.plot.round_trip import plot_round_trip
from latentscope.plot.support import plot_support
from latentscope.plot.tsne import plot_tsne

__all__ = [
    "plot_axes",
    "plot_clusters",
    "plot_compare",
    "plot_dimension",
    "plot_direction",
    "plot_gap",
    "plot_overview",
    "plot_pca",
    "plot_pictures",
    "plot_planes",
    "plot_posterior",
    "plot_radius",
    "plot_round_trip",
    "plot_support",
    "plot_tsne",
]
