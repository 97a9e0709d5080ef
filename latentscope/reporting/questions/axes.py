"""Which axes dominate? Those that add most to the mean squared radius."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from latentscope._table import Table
from latentscope._types import FloatArray
from latentscope.analysis.axes import AxisDensity
from latentscope.analysis.pca import PCA
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number, plural

BROAD = 3.0  # times an equal share: axes above it are dominant
N_NAMED = 3  # axes
N_COLOURED = 6  # axes of the figure
N_ROWS = 12  # of the table
_NAMED = {  # shapes that are no Gaussian's
    "constant": "{n} constant",
    "few values": "{n} with few different values",
    "repeated value": "{n} with a value that many rows share",
    "several humps": "{n} with several humps",
    "flat": "{n} flat (bounded and evenly filled)",
    "skewed": "{n} skewed",
}


def _answer(study: Study) -> Answer:
    axes, pca, d = study.overview.axes, study.overview.pca, study.overview.axes.z_dim
    if not pca.total_variance:
        text = f"All {study.overview.n_used:,} points are the same."
        return Answer("None: all points coincide", text)
    share = axes.weight
    order = np.argsort(-share, kind="stable")[: int((share > BROAD / d).sum())]
    shares = ", ".join(f"axis {axis} ({share[axis]:.0%})" for axis in order[:N_NAMED])
    verdict = f"{shares}{_more(len(order))}".capitalize() if len(order) else "None stands out"
    return Answer(verdict, f"{_held(axes, share, [*order])}{_spread(pca)}{_shapes(axes)}")


def _more(n: int) -> str:
    return f" and {n - N_NAMED} more" if n > N_NAMED else ""


def _held(axes: AxisDensity, share: FloatArray, order: list[int]) -> str:
    """Return a sentence about the dominant axes."""
    if not order:
        return (
            f"No axis holds more than {BROAD:g} times an equal share of the mean squared radius. "
        )
    named = "; ".join(_described(axes, axis) for axis in order[:N_NAMED])
    return (
        f"{len(order):,} of {axes.z_dim:,} axes {plural('holds', 'hold', len(order))} "
        f"{share[order].sum():.0%} of the mean squared radius: {named}{_more(len(order))}. "
    )


def _described(axes: AxisDensity, axis: int) -> str:
    """Return the Gaussian fitted to an axis, or its moments if no Gaussian fits."""
    named = f"{axes.shape[axis]}, " if axes.shape[axis] in _NAMED else ""
    if axes.is_fitted[axis]:
        fit = f"centre {number(axes.center[axis])}, FWHM {number(axes.fwhm[axis])}"
        return f"axis {axis} ({named}{fit})"
    mean, std = number(axes.mean[axis]), number(axes.std[axis])
    return f"axis {axis} ({named or 'no Gaussian fits, '}mean {mean}, std {std})"


def _spread(pca: PCA) -> str:
    n_most = int(np.searchsorted(np.cumsum(pca.variance_ratio), 0.9 - 1e-9)) + 1
    return (
        "The first principal component (the direction of the largest variance) holds "
        f"{pca.variance_ratio[0]:.1%} of the variance; {n_most:,} of {len(pca.mean):,} components "
        f"{plural('holds', 'hold', n_most)} 90 %. The variance is as widely "
        f"spread as over {number(pca.participation)} equal components (the participation ratio)."
    )


def _shapes(axes: AxisDensity) -> str:
    """Return a sentence that counts the axes whose shape is plainly not that of a Gaussian."""
    counts = {words: axes.shape.count(shape) for shape, words in _NAMED.items()}
    named = [words.format(n=f"{n:,}") for words, n in counts.items() if n]
    if not named:
        return ""
    return f" Of {axes.z_dim:,} axes, {', '.join(named)}."


def _draw(study: Study, drawer: Drawer) -> list[str]:
    def draw(panels: list[Any]) -> None:
        study.overview.axes.plot(ax=panels[0], n_dominant=N_COLOURED)
        legend = panels[0].get_legend()
        panels[0].legend(
            legend.legend_handles, [text.get_text() for text in legend.get_texts()],
            title="axis: centre, FWHM", ncols=2, loc="upper left", bbox_to_anchor=(0, -0.2),
            frameon=False, fontsize=7.5, title_fontsize=7.5, alignment="left",
        )  # fmt: skip

    return drawer.panels(1, draw, size=(4.4, 4.1))


def _tables(study: Study) -> Mapping[str, Table]:
    axes = study.overview.axes
    return {f"Dominant axes, the first {N_ROWS} of {axes.z_dim}": axes.dominant(N_ROWS)}


FIGURE = Figure(
    title="Which axes are broad or off-centre?",
    shows="The density along every axis, each scaled to its highest bin. The axes that contribute "
    "most to the mean squared radius are coloured, each with its centre and full width at half "
    "maximum (FWHM): those of the Gaussian fitted to it or, where none describes the axis, its "
    "mean and 2.355 standard deviations (“moments”).",
    misleads="The axes are the encoder's choice: a rotation of the latent space changes all of "
    "them but no distance between points. Most projections of high-dimensional data look Gaussian, "
    "whatever the data.",
    draw=_draw,
)
QUESTION = Question(
    key="axes", title="Which axes dominate?", answer=_answer, figure=FIGURE, tables=_tables
)
