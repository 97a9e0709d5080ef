"""How do the sets of latents differ? All of them side by side."""

from collections.abc import Sequence

from latentscope.analysis.compare import Comparison, compare
from latentscope.plot import plot_compare
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Words
from latentscope.reporting.study import Study

SIDE_BY_SIDE = Words(
    title="How do the sets differ?",
    shows="Distances from the origin (radii), widths of the axes, shares of the variance along the "
    "principal components (PC) and, for VAEs, the KL divergence along each axis (how much it says "
    "about the input). Each set has its own colour.",
    misleads="Radii and widths are in the unit of each model's own latent space, which a model can "
    "stretch at will: compare shapes, not sizes.",
)


def compared(studies: Sequence[Study]) -> Comparison | None:
    """Return the overviews of two or more sets side by side."""
    overviews = {study.name: study.overview for study in studies}
    return compare(**overviews) if len(overviews) > 1 else None


def draw(comparison: Comparison, drawer: Drawer) -> list[str]:
    """Return the panels that show all sets side by side."""
    n = 4 if any(one.posterior is not None for one in comparison.overviews) else 3
    return drawer.panels(n, lambda panels: plot_compare(comparison, ax=panels))
