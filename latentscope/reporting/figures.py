"""Figures as SVG within the page: they take its colours, in light and dark, and its font."""

import io
import re
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import NullFormatter

from latentscope.analysis.compare import Comparison
from latentscope.plot import plot_compare, plot_planes
from latentscope.plot.posterior import draw_kl
from latentscope.reporting.study import Study

_SIZE = (4.4, 3.2)  # inches: small, so that its text is as large as the page's
_SMALL = (3.3, 3.0)  # of those that stand three in a row
_MIN_TEXT_SIZE = 7.5  # points of text
_DPI = 170  # of what is a picture
_MANY = 1500  # points beyond which a scatter is a picture, not as many shapes
_INK, _LINE = "#1c2128", "#9aa3ad"
_PALETTE = ("#3a78c9", "#dd7a2f", "#2c9c69", "#cf4650", "#8660cf", "#a3772f", "#c9579a", "#7d8590",
            "#6b9a1f", "#1f9fb0")  # fmt: skip
_CSS = {_INK: "--ink", _LINE: "--line", "#404040": "--reference", "#999999": "--muted"}
_STYLE: dict[str, Any] = {
    "font.size": 9, "axes.titlesize": 9, "axes.labelsize": 9, "legend.fontsize": 8,
    "xtick.labelsize": 8, "ytick.labelsize": 8, "figure.facecolor": "none",
    "axes.facecolor": "none", "savefig.facecolor": "none", "legend.facecolor": "none",
    "text.color": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
    "axes.edgecolor": _LINE, "axes.spines.top": False, "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=_PALETTE), "svg.fonttype": "none",
    "svg.hashsalt": "latentscope", "axes.titlelocation": "left",
}  # fmt: skip


class Drawer:
    """Makes figures, each with names of its own, so that many can stand in one page."""

    def __init__(self) -> None:
        self._n = 0

    def of(self, study: Study) -> dict[str, list[str]]:
        """Return the figures of one set by topic, as SVG."""
        found = study.overview
        drawn = {
            "radius": [self._result(found.radius)],
            "axes": [self._axes(found)],
            "pca": [self._result(found.pca)],
        }
        if study.planes is not None:
            drawn["planes"] = self._panels(
                len(study.planes.half_widths),
                lambda panels: plot_planes(study.planes, ax=panels),
                size=(3.3, 3.5),
            )
        if study.scan is not None:
            drawn["scan"] = [self._result(study.scan)]
        if study.dimension is not None and len(study.dimension.dimensions):
            drawn["dimension"] = [self._result(study.dimension)]
        if study.normality is not None:
            normality = study.normality
            drawn["normality"] = self._panels(
                3, lambda panels: normality.plot(ax=panels), size=_SMALL
            )
        if study.clusters is not None:
            curve = study.clusters
            drawn["clusters"] = self._panels(
                1, lambda panels: curve.plot(ax=panels[0]), size=_SMALL
            )
        if study.gap is not None and study.gap.is_told:
            gap = study.gap
            drawn.setdefault("clusters", []).extend(
                self._panels(2, lambda panels: gap.plot(ax=panels), size=_SMALL)
            )
        if study.map is not None and study.null_map is not None:
            drawn["tsne"] = [
                self._map(study.map, "the data"),
                self._map(study.null_map, "a Gaussian of the same mean and covariance"),
            ]
        if found.posterior is not None:
            posterior = found.posterior
            drawn["posterior"] = self._panels(1, lambda panels: draw_kl(panels[0], posterior))
        return drawn

    def comparison(self, compared: Comparison) -> list[str]:
        """Return the panels that put all sets beside each other."""
        n = 4 if any(one.posterior is not None for one in compared.overviews) else 3
        return self._panels(n, lambda panels: plot_compare(compared, ax=panels))

    def _result(self, result: Any) -> str:
        return self._panels(1, lambda panels: result.plot(ax=panels[0]))[0]

    def _axes(self, found: Any) -> str:
        def draw(panels: list[Any]) -> None:
            found.axes.plot(ax=panels[0], n_dominant=6)
            legend = panels[0].get_legend()
            panels[0].legend(
                legend.legend_handles, [text.get_text() for text in legend.get_texts()],
                title="axis: centre, FWHM", ncols=2, loc="upper left", bbox_to_anchor=(0, -0.2),
                frameon=False, fontsize=7.5, title_fontsize=7.5, alignment="left",
            )  # fmt: skip

        return self._panels(1, draw, size=(4.4, 4.1))[0]

    def _map(self, embedding: Any, what: str) -> str:
        def draw(panels: list[Any]) -> None:
            embedding.plot(ax=panels[0])
            kept = f"{embedding.neighbour_preservation:.0%} of neighbours kept"
            panels[0].spines[:].set_visible(False)
            panels[0].set_title(f"{what}\n{embedding.n_used:,} points, {kept}")

        return self._panels(1, draw, size=(3.6, 3.9))[0]

    def _panels(self, n: int, draw: Any, *, size: tuple[float, float] = _SIZE) -> list[str]:
        """Let `draw` fill n Axes, each of a figure of its own, and return them as SVG."""
        with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
            figures = [Figure(figsize=size, layout="constrained") for _ in range(n)]
            draw([figure.subplots() for figure in figures])
            return [self._svg(figure) for figure in figures]

    def _svg(self, figure: Figure) -> str:
        for text in figure.findobj(Text):
            text.set_fontsize(max(text.get_fontsize(), _MIN_TEXT_SIZE))
        for axes in figure.axes:
            for shapes in axes.collections:
                if np.shape(shapes.get_offsets())[0] > _MANY:
                    shapes.set_rasterized(True)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_minor_formatter(NullFormatter())
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None}, dpi=_DPI)
        self._n += 1
        return _for_page(file.getvalue(), f"figure{self._n}-")


def _for_page(svg: str, prefix: str) -> str:
    """Return the <svg> element alone, its names made unique, its colours those of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", svg)
    svg = re.sub(r'^<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 role="img">', svg)
    svg = re.sub(r"font: ([0-9.]+)px [^;\"]*", r"font-size: \1px", svg)
    for color, name in _CSS.items():
        svg = svg.replace(color, f"var({name})")
    return svg
