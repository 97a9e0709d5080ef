"""Are there clusters? Valleys of density; beside them k-means, compared with Gaussians."""

from collections.abc import Mapping
from typing import Any

from latentscope._table import Table
from latentscope.analysis.clusters import InertiaCurve, inertia_curve
from latentscope.analysis.gap import ClusterGap, cluster_gap
from latentscope.reporting.figures import SMALL, Drawer
from latentscope.reporting.questions.question import Analysis, Answer, Figure, Question
from latentscope.reporting.questions.tsne import map_text
from latentscope.reporting.study import Study
from latentscope.reporting.wording import unrepeated

CLUSTERS = (*range(2, 13), *range(14, 81, 2))  # of the inertia curve
ROWS_PER_CLUSTER = 5  # at least
N_POINTS = 4000  # rows in which groups are searched
N_NULL = 99  # Gaussian null sets


def _curve(study: Study) -> InertiaCurve:
    ks = [k for k in CLUSTERS if k * ROWS_PER_CLUSTER <= study.overview.n_used]
    return study.kept.get(
        "clusters", InertiaCurve, inertia_curve, study.rows, n_clusters=ks, rng=study.rng
    )


def _gap(study: Study) -> ClusterGap:
    return study.kept.get(
        "gap", ClusterGap, cluster_gap, study.rows,
        n_null=N_NULL, n_points=N_POINTS, rng=study.rng,
    )  # fmt: skip


CURVE = Analysis(key="clusters", title="clusters", run=_curve)
GAP = Analysis(key="gap", title="clusters beside Gaussians", run=_gap)


def _answer(study: Study) -> Answer | None:
    gap, curve = GAP.of(study), CURVE.of(study)
    if not study.overview.pca.total_variance or (gap is None and curve is None):
        return None
    found = "" if gap is None else unrepeated(gap.verdict)
    return Answer(
        _verdict(gap), " ".join(filter(None, [found, _curve_text(curve), map_text(study)]))
    )


def _verdict(gap: ClusterGap | None) -> str:
    if gap is None or not gap.is_searched:
        return "Cannot tell"
    return "No clusters found" if gap.best is None else f"{gap.best} clusters"


def _p_value(study: Study) -> float | None:
    gap = GAP.of(study)
    return gap.valley_p_value if gap is not None and gap.is_searched else None


def _curve_text(curve: InertiaCurve | None) -> str:
    if curve is None:
        return ""
    below = curve.below_gaussian
    elbow = "no elbow" if curve.elbow is None else f"an elbow at k = {curve.elbow}"
    less = f"{below:.1%} below" if below > 0 else "no lower than"
    return (
        f"The inertia of k-means (the sum of squared distances to the nearest centroid), for k up "
        f"to {curve.n_clusters[-1]}, has {elbow} beyond what a Gaussian with the same mean and "
        f"covariance shows; in the median over these k it is {less} the Gaussian's."
    )


def _draw(study: Study, drawer: Drawer) -> list[str]:
    curve, gap = CURVE.of(study), GAP.of(study)
    drawn = [] if curve is None else [drawer.result(curve, size=SMALL)]
    if gap is not None and gap.has_nulls:
        drawn += drawer.panels(2, _plotted(gap), size=SMALL)
    return drawn


def _plotted(gap: ClusterGap) -> Any:
    return lambda panels: gap.plot(ax=panels)


def _tables(study: Study) -> Mapping[str, Table]:
    curve = CURVE.of(study)
    return {} if curve is None else {"K-means": curve.table()}


FIGURE = Figure(
    title="Are there clusters?",
    shows="First panel: the inertia of k-means (the sum of squared distances to the nearest "
    "centroid) for growing k, next to that of a Gaussian with the same mean and covariance. Then, "
    "next to many such Gaussians: how much more tightly k-means groups the data (gap), and how "
    "well two halves of the points agree on the groups (stability). A line marks the number of "
    "groups that valleys of density separate, if there are any.",
    misleads="K-means splits any cloud, and every curve falls. Curves that differ from the "
    "Gaussian's show that the cloud is not Gaussian: it may be curved or have heavy tails. Whether "
    "there are clusters is answered by valleys of density, places with fewer points than on both "
    "sides, which these curves do not show.",
    draw=_draw,
)
QUESTION = Question(
    key="clusters",
    title=FIGURE.title,
    computes=(CURVE, GAP),
    answer=_answer,
    p_value=_p_value,
    figure=FIGURE,
    tables=_tables,
)
