"""latentscope: how do latent vectors fill their space? One call per question, on any z array.

>>> import numpy as np, latentscope
>>> z = np.random.default_rng(0).standard_normal((5000, 256))
>>> latentscope.radius_density(z, bin_width=0.5).peak
15.75
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentscope._version import __version__

if (Path(__file__).parent / "server" / "app.py").exists():
    raise ImportError(
        "two packages share the import name 'latentscope' here: this one (latentscope-analysis) "
        "and an unrelated one of that distribution name. Uninstall both and install only this: "
        "pip uninstall -y latentscope latentscope-analysis && pip install latentscope-analysis"
    )

if TYPE_CHECKING:  # what checkers see of the names below
    from latentscope import backend, datasets, errors, pictures, plot, rows, sample
    from latentscope.analysis.axes import AxisDensity, axis_density
    from latentscope.analysis.beside_nulls import BesideNulls, beside_nulls
    from latentscope.analysis.clusters import InertiaCurve, inertia_curve
    from latentscope.analysis.compare import Comparison, compare
    from latentscope.analysis.correlation import Correlation, correlation
    from latentscope.analysis.dimension import IntrinsicDimension, intrinsic_dimension
    from latentscope.analysis.direction import Direction, direction
    from latentscope.analysis.ellipsoid import Ellipsoid, ellipsoid
    from latentscope.analysis.gap import ClusterGap, cluster_gap
    from latentscope.analysis.henze_zirkler import HenzeZirkler, henze_zirkler
    from latentscope.analysis.normality import Normality, normality
    from latentscope.analysis.nulls import NullModel, null_model
    from latentscope.analysis.overview import Overview, overview
    from latentscope.analysis.pca import PCA, pca
    from latentscope.analysis.plane_structure import PlaneStructure, plane_structure
    from latentscope.analysis.planes import PlaneZoom, plane_zoom
    from latentscope.analysis.posterior import Posterior, posterior
    from latentscope.analysis.radius import RadiusDensity, radius_density
    from latentscope.analysis.ridges import Ridges, ridges
    from latentscope.analysis.round_trip import RoundTrip, round_trip
    from latentscope.analysis.scan_planes import PlaneScan, scan_planes
    from latentscope.analysis.support import Support, support
    from latentscope.analysis.tsne import Embedding, tsne
    from latentscope.encoding import encode
    from latentscope.formats.loading import contents, load
    from latentscope.formats.saving import save
    from latentscope.images import Images
    from latentscope.latents import Latents
    from latentscope.reporting.report import report
    from latentscope.rows.source import finite_rows

__all__ = [
    "PCA", "AxisDensity", "BesideNulls", "ClusterGap", "Comparison", "Correlation", "Direction",
    "Ellipsoid", "Embedding", "HenzeZirkler", "Images", "InertiaCurve", "IntrinsicDimension",
    "Latents", "Normality", "NullModel", "Overview", "PlaneScan", "PlaneStructure", "PlaneZoom",
    "Posterior", "RadiusDensity", "Ridges", "RoundTrip", "Support", "__version__", "axis_density",
    "backend", "beside_nulls", "cluster_gap", "compare", "contents", "correlation", "datasets",
    "direction", "ellipsoid", "encode", "errors", "finite_rows", "henze_zirkler", "inertia_curve",
    "intrinsic_dimension", "load", "normality", "null_model", "overview", "pca", "pictures",
    "plane_structure", "plane_zoom", "plot", "posterior", "radius_density", "report", "ridges",
    "round_trip", "rows", "sample", "save", "scan_planes", "support", "tsne",
]  # fmt: skip

_HOME = {  # public name: the module that defines it, imported on first use
    "AxisDensity": "latentscope.analysis.axes",
    "BesideNulls": "latentscope.analysis.beside_nulls",
    "ClusterGap": "latentscope.analysis.gap",
    "Comparison": "latentscope.analysis.compare",
    "Correlation": "latentscope.analysis.correlation",
    "Direction": "latentscope.analysis.direction",
    "Ellipsoid": "latentscope.analysis.ellipsoid",
    "Embedding": "latentscope.analysis.tsne",
    "HenzeZirkler": "latentscope.analysis.henze_zirkler",
    "Images": "latentscope.images",
    "InertiaCurve": "latentscope.analysis.clusters",
    "IntrinsicDimension": "latentscope.analysis.dimension",
    "Latents": "latentscope.latents",
    "NullModel": "latentscope.analysis.nulls",
    "Normality": "latentscope.analysis.normality",
    "Overview": "latentscope.analysis.overview",
    "PCA": "latentscope.analysis.pca",
    "PlaneScan": "latentscope.analysis.scan_planes",
    "PlaneStructure": "latentscope.analysis.plane_structure",
    "PlaneZoom": "latentscope.analysis.planes",
    "Posterior": "latentscope.analysis.posterior",
    "RadiusDensity": "latentscope.analysis.radius",
    "Ridges": "latentscope.analysis.ridges",
    "RoundTrip": "latentscope.analysis.round_trip",
    "Support": "latentscope.analysis.support",
    "axis_density": "latentscope.analysis.axes",
    "beside_nulls": "latentscope.analysis.beside_nulls",
    "cluster_gap": "latentscope.analysis.gap",
    "compare": "latentscope.analysis.compare",
    "correlation": "latentscope.analysis.correlation",
    "direction": "latentscope.analysis.direction",
    "ellipsoid": "latentscope.analysis.ellipsoid",
    "encode": "latentscope.encoding",
    "finite_rows": "latentscope.rows.source",
    "henze_zirkler": "latentscope.analysis.henze_zirkler",
    "inertia_curve": "latentscope.analysis.clusters",
    "intrinsic_dimension": "latentscope.analysis.dimension",
    "contents": "latentscope.formats.loading",
    "load": "latentscope.formats.loading",
    "null_model": "latentscope.analysis.nulls",
    "normality": "latentscope.analysis.normality",
    "overview": "latentscope.analysis.overview",
    "pca": "latentscope.analysis.pca",
    "plane_structure": "latentscope.analysis.plane_structure",
    "plane_zoom": "latentscope.analysis.planes",
    "posterior": "latentscope.analysis.posterior",
    "radius_density": "latentscope.analysis.radius",
    "report": "latentscope.reporting.report",
    "ridges": "latentscope.analysis.ridges",
    "round_trip": "latentscope.analysis.round_trip",
    "save": "latentscope.formats.saving",
    "scan_planes": "latentscope.analysis.scan_planes",
    "support": "latentscope.analysis.support",
    "tsne": "latentscope.analysis.tsne",
}
_MODULES = ("backend", "datasets", "errors", "pictures", "plot", "rows", "sample")

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            return getattr(import_module(_HOME[name]), name)
        if name in _MODULES:
            return import_module(f"latentscope.{name}")
        raise AttributeError(f"module 'latentscope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
