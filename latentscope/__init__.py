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
    "ClusterGap": "latentscope.structure.cluster_gap",
    "Comparison": "latentscope.analysis.compare",
    "Direction": "latentscope.analysis.direction",
    "Embedding": "latentscope.analysis.tsne",
    "Images": "latentscope.images",
    "InertiaCurve": "latentscope.analysis.clusters",
    "IntrinsicDimension": "latentscope.structure.intrinsic_dimension",
    "Latents": "latentscope.latents",
    "Overview": "latentscope.analysis.overview",
    "PCA": "latentscope.analysis.pca",
    "PlaneZoom": "latentscope.analysis.planes",
    "Posterior": "latentscope.analysis.posterior",
    "RadiusDensity": "latentscope.analysis.radius",
    "RoundTrip": "latentscope.analysis.round_trip",
    "Support": "latentscope.analysis.support",
    "axis_density": "latentscope.analysis.axes",
    "cluster_gap": "latentscope.structure.cluster_gap",
    "compare": "latentscope.analysis.compare",
    "direction": "latentscope.analysis.direction",
    "encode": "latentscope.encoding",
    "finite_rows": "latentscope.rows",
    "inertia_curve": "latentscope.analysis.clusters",
    "intrinsic_dimension": "latentscope.structure.intrinsic_dimension",
    "load": "latentscope.formats",
    "overview": "latentscope.analysis.overview",
    "pca": "latentscope.analysis.pca",
    "plane_zoom": "latentscope.analysis.planes",
    "posterior": "latentscope.analysis.posterior",
    "radius_density": "latentscope.analysis.radius",
    "report": "latentscope.reporting.report",
    "round_trip": "latentscope.analysis.round_trip",
    "save": "latentscope.formats",
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
