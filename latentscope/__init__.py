"""latentscope: how do latent vectors fill their space? One call per question, on any z array.

>>> import numpy as np, latentscope
>>> z = np.random.default_rng(0).standard_normal((5000, 256))
>>> latentscope.radius_density(z).peak
15.75
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from latentscope._version import __version__

if (Path(__file__).parent / "server" / "app.py").exists():
    raise ImportError(
        "two packages share the import name 'latentscope' here: this one (latentscope-analysis) "
        "and an unrelated one of that distribution name. Uninstall both and install only this: "
        "pip uninstall -y latentscope latentscope-analysis && pip install latentscope-analysis"
    )

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

__all__ = ["__version__", *_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _MODULES:
        return import_module(f"latentscope.{name}")
    raise AttributeError(f"module 'latentscope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
