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

BROAD = 3.0  # times its share, from which on an axis is called dominant
N_NAMED = 3  # axes
FITS = 0.5  # R² from which on a Gaussian describes an axis
N_COLOURED = 6  # axes of the figure
N_ROWS = 12  # of the table


def _answer(study: Study) -> Answer:
    axes, pca, d = study.overview.axes, study.overview.pca, study.overview.axes.z_dim
    if not pca.total_variance:
        text = f"All {study.overview.n_used:,} points are the same."
        return Answer("None: all points coincide", text)
    square = axes.mean**2 + axes.std**2
    share = square / square.sum()
    order = np.argsort(-share, kind="stable")[: int((share > BROAD / d).sum())]
    shares = ", ".join(f"axis {axis} ({share[axis]:.0%})" for axis in order[:N_NAMED])
    verdict = f"{shares}{_more(len(order))}".capitalize() if len(order) else "None stands out"
    return Answer(verdict, f"{_held(axes, share, [*order])}{_spread(pca)}{_dead(axes)}")


def _more(n: int) -> str:
    return f" and {n - N_NAMED} more" if n > N_NAMED else ""


def _held(axes: AxisDensity, share: FloatArray, order: list[int]) -> str:
    """Say what the dominant axes hold, nothing if there are none."""
    if not order:
        return ""
    named = "; ".join(_described(axes, axis) for axis in order[:N_NAMED])
    return (
        f"{len(order):,} of {axes.z_dim:,} axes hold {share[order].sum():.0%} of the mean squared "
        f"radius: {named}{_more(len(order))}. "
    )


def _described(axes: AxisDensity, axis: int) -> str:
    """Return the Gaussian of an axis, or its moments where none fits."""
    if axes.is_fitted[axis] and axes.fit_quality[axis] > FITS:
        return f"axis {axis} (centre {number(axes.center[axis])}, width {number(axes.fwhm[axis])})"
    mean, std = number(axes.mean[axis]), number(axes.std[axis])
    return f"axis {axis} (no Gaussian; mean {mean}, std {std})"


def _spread(pca: PCA) -> str:
    n_most = int(np.searchsorted(np.cumsum(pca.variance_ratio), 0.9 - 1e-9)) + 1
    return (
        f"The first principal component holds {pca.variance_ratio[0]:.1%} of the variance, "
        f"{n_most:,} of {len(pca.mean):,} hold 90 %; the variance is spread as over "
        f"{number(pca.participation)} equal components."
    )


def _dead(axes: AxisDensity) -> str:
    constant = int(axes.is_constant.sum())
    return f" {constant:,} {plural('axis is', 'axes are', constant)} constant." if constant else ""


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
    title="Which axes are broad?",
    shows="The density along every axis, each scaled to its highest bin; the axes that add most to "
    "the mean squared radius are coloured, with the Gaussian fitted to each.",
    misleads="Axes are the encoder's choice: a rotation of the latent space changes all of them "
    "and means nothing. Most projections of high-dimensional data look Gaussian, whatever it is.",
    draw=_draw,
)
QUESTION = Question(
    key="axes", title="Which axes dominate?", answer=_answer, figure=FIGURE, tables=_tables
)
