"""Figures as inline SVG, in the font and the (light or dark) colours of the page."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import NullFormatter

from latentscope.results import Result

_SIZE = (4.4, 3.2)  # inches; small, so that its text is as large as the page's
SMALL = (3.3, 3.0)  # of figures that stand three in a row
_MIN_TEXT_SIZE = 7.5  # points of text
_DPI = 170  # of rasterised parts
_MANY = 1500  # points; larger scatters are rasterised
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
    """Makes figures whose SVG ids are unique, so that one page can hold many."""

    def __init__(self) -> None:
        self._n = 0

    def result(self, result: Result, *, size: tuple[float, float] = _SIZE) -> str:
        """Return the figure of a result that has one panel, as SVG."""
        return self.panels(1, lambda panels: result.plot(ax=panels[0]), size=size)[0]

    def panels(
        self, n: int, draw: Callable[[list[Any]], object], *, size: tuple[float, float] = _SIZE
    ) -> list[str]:
        """Let `draw` fill n Axes, each in its own figure, and return the figures as SVG."""
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
                low, high = np.sort(axis.get_view_interval())
                n_labelled = sum(low <= at <= high for at in axis.get_majorticklocs())
                if n_labelled > 1:  # else a logarithmic axis would have no scale
                    axis.set_minor_formatter(NullFormatter())
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None}, dpi=_DPI)
        self._n += 1
        return _for_page(file.getvalue(), f"figure{self._n}-")


def _for_page(svg: str, prefix: str) -> str:
    """Return only the <svg> element, with unique ids and the colours of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", svg)
    svg = re.sub(r'^<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 role="img">', svg)
    svg = re.sub(r"font: ([0-9.]+)px [^;\"]*", r"font-size: \1px", svg)
    for color, name in _CSS.items():
        svg = svg.replace(color, f"var({name})")
    return svg
