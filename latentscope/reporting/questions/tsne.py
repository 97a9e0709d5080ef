"""Which points are neighbours? The t-SNE map, next to that of a Gaussian."""

from typing import Any

from latentscope.analysis.tsne import Embedding, tsne
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Analysis, Figure, Question
from latentscope.reporting.study import Study
from latentscope.rows.source import Rows
from latentscope.sample import gaussian

N_POINTS = 4000  # rows on the map
PERPLEXITY = 30.0
ROWS_PER_NEIGHBOUR = 4  # at least; lowers the perplexity if rows are few


def _options(study: Study) -> dict[str, Any]:
    n = min(N_POINTS, study.overview.n_used)
    perplexity = min(PERPLEXITY, n / ROWS_PER_NEIGHBOUR)
    return {"n_points": n, "perplexity": perplexity, "rng": study.rng}


def _map(study: Study) -> Embedding:
    return study.kept.get("tsne", Embedding, tsne, study.rows, **_options(study))


def _map_of_a_gaussian(study: Study) -> Embedding | None:
    if MAP.of(study) is None:
        return None
    return study.kept.get(
        "tsne-of-a-gaussian", Embedding, _gaussian_map, study.rows, **_options(study)
    )


def _gaussian_map(rows: Rows, *, n_points: int, rng: int, **options: Any) -> Embedding:
    return tsne(gaussian(rows, n_points, rng=rng), n_points=n_points, rng=rng, **options)


MAP = Analysis(key="tsne", title="t-SNE", run=_map)
GAUSSIAN_MAP = Analysis(
    key="tsne of a Gaussian", title="t-SNE of a Gaussian", run=_map_of_a_gaussian
)


def map_text(study: Study) -> str:
    """Say how well both maps keep neighbours; return nothing if there are no maps."""
    found, null = MAP.of(study), GAUSSIAN_MAP.of(study)
    if found is None or null is None:
        return ""
    copies = (
        f" {found.n_copies:,} of its {found.n_used:,} points are copies of an earlier point: "
        "islands of copies show nothing else."
    )
    return (
        f"The t-SNE map keeps {found.neighbour_preservation:.0%} of each point's nearest "
        f"neighbours; the map of a Gaussian keeps {null.neighbour_preservation:.0%}, chance "
        f"{found.chance_preservation:.1%}.{copies if found.n_copies else ''}"
    )


def _draw(study: Study, drawer: Drawer) -> list[str]:
    found, null = MAP.of(study), GAUSSIAN_MAP.of(study)
    if found is None or null is None:
        return []
    return [
        _drawn(found, "the data", drawer),
        _drawn(null, "a Gaussian with the same mean and covariance", drawer),
    ]


def _drawn(embedding: Embedding, what: str, drawer: Drawer) -> str:
    def draw(panels: list[Any]) -> None:
        embedding.plot(ax=panels[0])
        kept = f"{embedding.neighbour_preservation:.0%} of neighbours kept"
        panels[0].spines[:].set_visible(False)
        panels[0].set_title(f"{what}\n{embedding.n_used:,} points, {kept}")

    return drawer.panels(1, draw, size=(3.6, 3.9))[0]


FIGURE = Figure(
    title="Which points are neighbours?",
    shows="The t-SNE map, which places near points near each other: of the data, and of a Gaussian "
    "with the same mean and covariance, which has no clusters or filaments at all.",
    misleads="Islands, strings and empty spaces on such a map need not exist in the data: see how "
    "many the Gaussian's map has. Distances, sizes and densities on it mean nothing.",
    draw=_draw,
)
QUESTION = Question(key="tsne", title=FIGURE.title, computes=(MAP, GAUSSIAN_MAP), figure=FIGURE)
