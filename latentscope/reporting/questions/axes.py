"""Which axes dominate? Those that add most to the mean squared radius."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from latentscope._table import Table, percentage
from latentscope._types import FloatArray
from latentscope.analysis.axes import AxisDensity
from latentscope.analysis.pca import PCA
from latentscope.reporting.figures import Drawer
from latentscope.reporting.questions.question import Answer, Figure, Question
from latentscope.reporting.study import Study
from latentscope.reporting.wording import number, plural
from latentscope.statistics.histogram_shapes import PLAIN, Shape

BROAD = 3.0  # times an equal share of the axes that vary: axes above it are dominant
MOST = 0.75  # share above which an axis is dominant, however few others vary
N_NAMED = 3  # axes
N_COLOURED = 6  # axes of the figure
N_ROWS = 12  # of the table
_IN_WORDS: Mapping[Shape, str] = {  # where the name alone does not say enough
    "few values": "with few different values",
    "repeated value": "with a value that many rows share",
    "several humps": "with several humps",
    "flat": "flat (bounded and evenly filled)",
}


def _answer(study: Study) -> Answer:
    axes, pca, d = study.overview.axes, study.overview.pca, study.overview.axes.z_dim
    if not pca.total_variance:
        text = f"All {study.overview.n_used:,} points are the same."
        return Answer("None: all points coincide", text)
    share, n_varying = axes.weight, d - _n_constant(study)
    least = min(BROAD / n_varying, max(BROAD / d, MOST))
    order = np.argsort(-share, kind="stable")[: int((share > least).sum())]
    shares = ", ".join(f"axis {axis} ({percentage(share[axis])})" for axis in order[:N_NAMED])
    verdict = f"{shares}{_more(len(order))}".capitalize() if len(order) else "None stands out"
    held = _held(axes, share, [*order], n_varying)
    return Answer(verdict, f"{held}{_spread(pca)}{_shapes(axes)}")


def _n_constant(study: Study) -> int:
    """Return how many axes the notes on the rows call constant or nearly constant."""
    notes = [note for note in study.overview.notes if note.kind.endswith("axes")]
    return len({axis for note in notes for axis in note.axes.tolist()})


def _more(n: int) -> str:
    return f" and {n - N_NAMED} more" if n > N_NAMED else ""


def _held(axes: AxisDensity, share: FloatArray, order: list[int], n_varying: int) -> str:
    """Return a sentence about the dominant axes."""
    if not order:
        among = "" if n_varying == axes.z_dim else f" among the {n_varying:,} that vary"
        return (
            f"No axis holds more than {BROAD:g} times an equal share of the mean squared radius"
            f"{among}. "
        )
    named = "; ".join(_described(axes, axis) for axis in order[:N_NAMED])
    return (
        f"{len(order):,} of {axes.z_dim:,} axes {plural('holds', 'hold', len(order))} "
        f"{percentage(float(share[order].sum()))} of the mean squared radius: "
        f"{named}{_more(len(order))}. "
    )


def _described(axes: AxisDensity, axis: int) -> str:
    """Return the Gaussian fitted to an axis, or its moments if no Gaussian fits."""
    named = f"{axes.shape[axis]}, " if axes.shape[axis] in PLAIN else ""
    if axes.is_fitted[axis]:
        fit = f"centre {number(axes.center[axis])}, FWHM {number(axes.fwhm[axis])}"
        return f"axis {axis} ({named}{fit})"
    mean, std = number(axes.mean[axis]), number(axes.std[axis])
    return f"axis {axis} ({named or 'no Gaussian fits, '}mean {mean}, std {std})"


def _spread(pca: PCA) -> str:
    n_most = int(np.searchsorted(np.cumsum(pca.variance_ratio), 0.9 - 1e-9)) + 1
    return (
        "The first principal component (the direction of the largest variance) holds "
        f"{percentage(float(pca.variance_ratio[0]))} of the variance; {n_most:,} of "
        f"{pca.n_varying:,} components "
        f"{plural('holds', 'hold', n_most)} 90 %. The effective number of components (the "
        f"participation ratio) is {number(pca.participation)}."
    )


def _shapes(axes: AxisDensity) -> str:
    """Return a sentence that counts the axes whose shape is plainly not that of a Gaussian."""
    named = [
        f"{n:,} {_IN_WORDS.get(shape, shape)}" for shape in PLAIN if (n := axes.shape.count(shape))
    ]
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
