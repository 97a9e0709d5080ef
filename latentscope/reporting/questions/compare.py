"""How do the sets differ? All of them side by side."""

from collections.abc import Sequence

from latentscope.analysis.compare import Comparison, compare
from latentscope.plot import plot_compare
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Words
from latentscope.reporting.study import Study

SIDE_BY_SIDE = Words(
    title="Side by side",
    shows="Radii, widths of the axes, shares of the components and, for VAEs, the KL divergence of "
    "each axis, every set in its own colour.",
    misleads="radii and widths have the unit of each model's own latent space. A model can stretch "
    "its space at will; shapes compare, sizes do not.",
)


def compared(studies: Sequence[Study]) -> Comparison | None:
    """Return the overviews of two or more sets side by side."""
    overviews = {study.name: study.overview for study in studies}
    return compare(**overviews) if len(overviews) > 1 else None


def draw(comparison: Comparison, drawer: Drawer) -> list[str]:
    """Return the panels that put all sets beside each other."""
    n = 4 if any(one.posterior is not None for one in comparison.overviews) else 3
    return drawer.panels(n, lambda panels: plot_compare(comparison, ax=panels))
