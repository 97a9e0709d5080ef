"""All analyses of one set of latents, each done or left out with its reason."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from latentscope.analysis.clusters import InertiaCurve, inertia_curve
from latentscope.analysis.dimension import IntrinsicDimension, intrinsic_dimension
from latentscope.analysis.direction import Direction, direction
from latentscope.analysis.gap import ClusterGap, cluster_gap
from latentscope.analysis.normality import Normality, normality
from latentscope.analysis.overview import Overview, overview
from latentscope.analysis.planes import PlaneZoom, plane_zoom
from latentscope.analysis.scan_planes import PlaneScan, scan_planes
from latentscope.analysis.support import Shell, Support
from latentscope.analysis.tsne import Embedding, tsne
from latentscope.errors import DataError, LatentscopeError, LatentscopeWarning
from latentscope.latents import Latents
from latentscope.pictures import FULL, HALF_WIDTH, PER_AXIS, PRIOR
from latentscope.reporting.kept import Kept
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Rows, as_rows
from latentscope.sample import axis_gaussian, gaussian, normal, uniform

N_CANDIDATES = 1000  # random points of each kind whose distances are measured
_N_TSNE = 4000  # rows of a map that shows what there is to see
_CLUSTERS = (*range(2, 13), *range(14, 81, 2))
_ROWS_PER_CLUSTER = 5
_N_DIMENSION = 5000  # rows whose neighbours are counted
_N_NORMALITY, _N_GAUSSIAN = 2000, 39  # rows, and Gaussian sets of all tests
_N_GAP = 2000  # rows that k-means groups beside Gaussians
_GAP_CLUSTERS, _ROWS_PER_GROUP = range(1, 11), 10
_SCAN_AXES, _N_SMOOTH = 4, 99  # components, and sets of the null per window
_BINS = 4  # per standard deviation
_N_SCALE = 2000  # rows that tell the scale of the bins
_N_LABELS = 60
STANDS_OUT = 2.0  # times chance, from which on a label has a direction
_ROUNDING = 1e-6  # of the largest value, below which a spread is none


@dataclass
class Study:
    """What was found in one set, and what was not asked and why.

    Attributes
    ----------
    name : str
    rows : Rows
    overview : Overview
    planes, scan, normality, dimension, clusters, gap, map, null_map : results or None
        `map` is the t-SNE of the data, `null_map` that of a Gaussian with mean and covariance of
        the data. None: see `left_out`.
    supports : dict of str to Support
        For each kind of random points.
    directions : list of Direction
        One per label, the clearest first.
    left_out : dict of str to str
        Analysis: reason.
    remarks : list of str
        Warnings of the analyses.
    meta : dict
        Where the latents come from.
    """

    name: str
    rows: Rows
    overview: Overview
    planes: PlaneZoom | None = None
    scan: PlaneScan | None = None
    normality: Normality | None = None
    dimension: IntrinsicDimension | None = None
    clusters: InertiaCurve | None = None
    gap: ClusterGap | None = None
    map: Embedding | None = None
    null_map: Embedding | None = None
    supports: dict[str, Support] = field(default_factory=dict)
    directions: list[Direction] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)


N_STEPS = 10  # that `studied` announces


def studied(
    name: str, source: Any, folder: Path, rng: int, announce: Callable[[str], None]
) -> Study:
    """Ask all questions of one set of latents.

    Parameters
    ----------
    name : str
    source : Latents, array-like of shape (n_points, z_dim), or Rows
    folder : Path
        Where results are kept that take long.
    rng : int
        Seed.
    announce : callable
        Called before each of the steps.
    """
    remarks: list[str] = []
    announce(f"{name}: overview")
    try:
        with noted(remarks):
            rows = as_rows(source)
            radius_bin, axis_bin = _bin_widths(rows)
            found = overview(rows, radius_bin_width=radius_bin, axis_bin_width=axis_bin)
    except DataError as error:
        raise DataError(
            f"{name}: {error.message}", parameter=error.parameter, remedy=error.remedy
        ) from error
    study = Study(name, rows, found, remarks=remarks)
    if isinstance(source, Latents):
        study.meta = dict(source.meta)
    if found.posterior is None:
        study.left_out["posterior"] = "there are no mu and logvar; an autoencoder has none."
    kept = Kept(
        folder,
        name,
        {
            "overview": found.to_dict(),
            "rng": rng,
            "settings": _settings(),
        },
    )
    steps: dict[str, Callable[[], None]] = {
        "planes": partial(_planes, study, rows),
        "structure": partial(_scan, study, rows, kept, rng),
        "normality": partial(_normality, study, rows, kept, rng),
        "dimension": partial(_dimension, study, rows, kept, rng),
        "clusters": partial(_clusters, study, rows, kept, rng),
        "clusters beside Gaussians": partial(_gap, study, rows, kept, rng),
        "t-SNE": partial(_maps, study, rows, kept, rng),
        "random points": partial(_supports, study, rows, rng),
        "labels": partial(_directions, study, source),
    }
    for title, step in steps.items():
        announce(f"{name}: {title}")
        try:
            with noted(remarks):
                step()
        except LatentscopeError as error:
            study.left_out[title] = str(error)
    return study


def _settings() -> list[Any]:
    """Return what results depend on that take long, besides the rows and the seed."""
    sizes = [_N_TSNE, _N_DIMENSION, _N_NORMALITY, _N_GAUSSIAN, _N_GAP, _SCAN_AXES, _N_SMOOTH]
    return [_CLUSTERS, *sizes]


@contextmanager
def noted(remarks: list[str]) -> Iterator[None]:
    """Add what is warned of to the remarks, once each, instead of showing it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LatentscopeWarning)
        yield
    texts = [str(one.message) for one in caught if issubclass(one.category, LatentscopeWarning)]
    remarks += [text for text in dict.fromkeys(texts) if text not in remarks]


def _bin_widths(rows: Rows) -> tuple[float, float]:
    """Return round widths, a few bins per standard deviation of the radii and of a typical axis."""
    some, _ = sample_rows(rows, _N_SCALE, np.random.default_rng(0))
    z = take(rows, some).astype(np.float64)
    radius, rounding = np.linalg.norm(z, axis=1), _ROUNDING * float(np.abs(z).max())
    spread = z.std(axis=0)
    varies = spread > rounding
    typical = float(np.median(spread[varies])) if varies.any() else 1.0
    return _round(radius.std() if radius.std() > rounding else typical), _round(typical)


def _round(spread: float) -> float:
    """Return 1, 2 or 5 times a power of ten near a quarter of the spread."""
    width = spread / _BINS
    power = 10.0 ** np.floor(np.log10(width))
    factor = int(np.abs(np.log(np.array([1, 2, 5, 10]) * power / width)).argmin())
    return float(f"{power * (1, 2, 5, 10)[factor]:.1g}")


def _planes(study: Study, rows: Rows) -> None:
    study.planes = plane_zoom(rows)


def _scan(study: Study, rows: Rows, kept: Kept, rng: int) -> None:
    study.scan = kept.get("scan", PlaneScan, partial(_scanned, study, rows, rng))


def _scanned(study: Study, rows: Rows, rng: int) -> PlaneScan:
    return scan_planes(
        rows, n_axes=_SCAN_AXES, null="smooth", n_null=_N_SMOOTH, frame=study.overview.pca, rng=rng
    )


def _normality(study: Study, rows: Rows, kept: Kept, rng: int) -> None:
    study.normality = kept.get(
        "normality",
        Normality,
        lambda: normality(rows, n_null=_N_GAUSSIAN, n_points=_N_NORMALITY, rng=rng),
    )


def _dimension(study: Study, rows: Rows, kept: Kept, rng: int) -> None:
    study.dimension = kept.get(
        "dimension",
        IntrinsicDimension,
        lambda: intrinsic_dimension(rows, n_points=_N_DIMENSION, rng=rng),
    )


def _clusters(study: Study, rows: Rows, kept: Kept, rng: int) -> None:
    ks = [k for k in _CLUSTERS if k * _ROWS_PER_CLUSTER <= study.overview.n_used]
    study.clusters = kept.get(
        "clusters", InertiaCurve, lambda: inertia_curve(rows, n_clusters=ks, rng=rng)
    )


def _gap(study: Study, rows: Rows, kept: Kept, rng: int) -> None:
    n = min(study.overview.n_used, _N_GAP)
    ks = [k for k in _GAP_CLUSTERS if k * _ROWS_PER_GROUP <= n]
    study.gap = kept.get(
        "gap",
        ClusterGap,
        lambda: cluster_gap(rows, n_clusters=ks, n_null=_N_GAUSSIAN, n_points=n, rng=rng),
    )


def _maps(study: Study, rows: Rows, kept: Kept, rng: int) -> None:
    n = min(_N_TSNE, study.overview.n_used)
    perplexity = min(30.0, n / 4)

    def map_of(z: Any) -> Embedding:
        return tsne(z, n_points=n, perplexity=perplexity, rng=rng)

    study.map = kept.get("tsne", Embedding, lambda: map_of(rows))
    study.null_map = kept.get(
        "tsne-of-a-gaussian", Embedding, lambda: map_of(gaussian(rows, n, rng=rng))
    )


def _supports(study: Study, rows: Rows, rng: int) -> None:
    shell, n, d = Shell.of(rows), N_CANDIDATES, rows.z_dim
    for kind, points in (
        (PRIOR, normal(n, d, rng=rng)),
        (f"uniform ±{HALF_WIDTH}", uniform(n, d, half_width=HALF_WIDTH, rng=rng)),
        (PER_AXIS, axis_gaussian(rows, n, rng=rng)),
        (FULL, gaussian(rows, n, rng=rng)),
    ):
        study.supports[kind] = shell.judge(points)


def _directions(study: Study, source: Any) -> None:
    labels = list(source.labels) if isinstance(source, Latents) else []
    for label in labels[:_N_LABELS]:
        try:
            study.directions.append(direction(source, label))
        except LatentscopeError as error:
            study.left_out[f"label {label}"] = str(error)
    for label in labels[_N_LABELS:]:
        study.left_out[f"label {label}"] = f"the report takes the first {_N_LABELS} labels."
    study.directions.sort(key=lambda found: -found.times_chance)
