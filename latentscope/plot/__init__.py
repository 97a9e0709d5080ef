"""Figures: one function per result, which takes and returns Axes and only draws what it is given.

No function sets a style, shows or saves a figure; `result.plot(ax)` calls the right function.
"""

from latentscope.plot.axes import plot_axes
from latentscope.plot.beside_nulls import plot_beside_nulls, plot_line_up
from latentscope.plot.clusters import plot_clusters
from latentscope.plot.compare import plot_compare
from latentscope.plot.correlation import plot_correlation
from latentscope.plot.dimension import plot_dimension
from latentscope.plot.direction import plot_direction
from latentscope.plot.ellipsoid import plot_ellipsoid
from latentscope.plot.gap import plot_gap
from latentscope.plot.henze_zirkler import plot_henze_zirkler
from latentscope.plot.normality import plot_normality
from latentscope.plot.overview import plot_overview
from latentscope.plot.pca import plot_pca
from latentscope.plot.pictures import plot_pictures
from latentscope.plot.plane_structure import plot_plane_structure
from latentscope.plot.planes import plot_planes
from latentscope.plot.posterior import plot_posterior
from latentscope.plot.radius import plot_radius
from latentscope.plot.ridges import plot_ridges
from latentscope.plot.round_trip import plot_round_trip
from latentscope.plot.scan_planes import plot_scan_planes
from latentscope.plot.support import plot_support
from latentscope.plot.tsne import plot_tsne

__all__ = [
    "plot_axes",
    "plot_beside_nulls",
    "plot_clusters",
    "plot_compare",
    "plot_correlation",
    "plot_dimension",
    "plot_direction",
    "plot_ellipsoid",
    "plot_gap",
    "plot_henze_zirkler",
    "plot_line_up",
    "plot_normality",
    "plot_overview",
    "plot_pca",
    "plot_pictures",
    "plot_plane_structure",
    "plot_planes",
    "plot_posterior",
    "plot_radius",
    "plot_ridges",
    "plot_round_trip",
    "plot_scan_planes",
    "plot_support",
    "plot_tsne",
]
