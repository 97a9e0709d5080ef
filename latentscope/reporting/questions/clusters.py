"""Are there clusters? The inertia of k-means, and its gap and stability, beside Gaussians."""

from collections.abc import Mapping
from typing import Any

from latentscope._table import Table
from latentscope.analysis.clusters import InertiaCurve, inertia_curve
from latentscope.analysis.gap import ClusterGap, cluster_gap
from latentscope.reporting.figures import SMALL, Drawer
from latentscope.reporting.questions.question import Analysis, Answer, Figure, Question
from latentscope.reporting.questions.tsne import map_text
from latentscope.reporting.study import Study

CLUSTERS = (*range(2, 13), *range(14, 81, 2))  # of the curve
ROWS_PER_CLUSTER = 5  # at least
GAP_CLUSTERS = range(1, 11)
GAP_ROWS_PER_CLUSTER = 10  # at least
N_POINTS = 2000  # rows that k-means groups beside Gaussians
N_NULL = 39  # Gaussians
LEVEL = 0.05


def _curve(study: Study) -> InertiaCurve:
    ks = [k for k in CLUSTERS if k * ROWS_PER_CLUSTER <= study.overview.n_used]
    return study.kept.get(
        "clusters", InertiaCurve, inertia_curve, study.rows, n_clusters=ks, rng=study.rng
    )


def _gap(study: Study) -> ClusterGap:
    n = min(study.overview.n_used, N_POINTS)
    ks = [k for k in GAP_CLUSTERS if k * GAP_ROWS_PER_CLUSTER <= n]
    return study.kept.get(
        "gap", ClusterGap, cluster_gap, study.rows,
        n_clusters=ks, n_null=N_NULL, n_points=n, rng=study.rng,
    )  # fmt: skip


CURVE = Analysis(key="clusters", title="clusters", run=_curve)
GAP = Analysis(key="gap", title="clusters beside Gaussians", run=_gap)


def _answer(study: Study) -> Answer | None:
    gap, curve = GAP.of(study), CURVE.of(study)
    if not study.overview.pca.total_variance or (gap is None and curve is None):
        return None
    found = "" if gap is None else gap.verdict
    return Answer(
        _verdict(gap), " ".join(filter(None, [found, _curve_text(curve), map_text(study)]))
    )


def _verdict(gap: ClusterGap | None) -> str:
    if gap is None or gap.p_value is None:
        return "Cannot tell"
    if gap.best is not None:
        return f"{gap.best} clusters (p = {gap.p_value:.2g})"
    return "No clusters" if gap.p_value > LEVEL else "No clusters, yet no Gaussian"


def _curve_text(curve: InertiaCurve | None) -> str:
    if curve is None:
        return ""
    below = curve.below_gaussian
    elbow = "no elbow" if curve.elbow is None else f"an elbow at k = {curve.elbow}"
    less = f"{below:.1%} below" if below > 0 else "no lower than"
    return (
        f"For k up to {curve.n_clusters[-1]} the inertia shows {elbow} beyond that of a Gaussian "
        f"of the same covariance; it is {less} the Gaussian's (median over k)."
    )


def _draw(study: Study, drawer: Drawer) -> list[str]:
    curve, gap = CURVE.of(study), GAP.of(study)
    drawn = [] if curve is None else [drawer.result(curve, size=SMALL)]
    if gap is not None and gap.is_told:
        drawn += drawer.panels(2, _plotted(gap), size=SMALL)
    return drawn


def _plotted(gap: ClusterGap) -> Any:
    return lambda panels: gap.plot(ax=panels)


def _tables(study: Study) -> Mapping[str, Table]:
    curve = CURVE.of(study)
    return {} if curve is None else {"K-means": curve.table()}


FIGURE = Figure(
    title="Are there clusters?",
    shows="The inertia of k-means for growing k, beside that of a Gaussian of the same mean and "
    "covariance, cut into as many pieces; how far it lies below (gap), and how well two halves of "
    "the points agree on the pieces (stability), beside many Gaussians.",
    misleads="K-means splits anything, and every curve falls. Only a bend that the Gaussian's "
    "curve does not have counts. A curve that runs lower without a bend says that the cloud is no "
    "Gaussian: it is bent, or has a shape, or many small clusters.",
    draw=_draw,
)
QUESTION = Question(
    key="clusters",
    title=FIGURE.title,
    computes=(CURVE, GAP),
    answer=_answer,
    figure=FIGURE,
    tables=_tables,
)
