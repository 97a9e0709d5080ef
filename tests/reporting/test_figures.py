"""Figures take the page's colours and do not get into each other's way."""

import re
from xml.etree import ElementTree as ET

from latentscope.reporting.figures import Drawer


def svgs(html):
    return re.findall(r"<svg.*?</svg>", html, re.DOTALL)


def test_every_figure_is_valid_and_its_names_are_its_own(made):
    names = [name for svg in svgs(made.html) for name in re.findall(r'\bid="([^"]+)"', svg)]
    assert len(svgs(made.html)) > 15
    assert len(names) == len(set(names))
    for svg in svgs(made.html):
        ET.fromstring(svg.replace("<svg", '<svg xmlns:xlink="x"', 1))
        used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg))
        assert used <= set(re.findall(r'\bid="([^"]+)"', svg))


def test_text_and_lines_have_the_colours_of_the_page(made):
    for svg in svgs(made.html):
        assert "var(--ink)" in svg
        assert "#1c2128" not in svg
        assert "<text" in svg  # and not drawn as paths


def test_a_logarithmic_axis_has_a_scale_however_short():
    """From 20 to 60 there is no power of ten: the ticks between are labelled."""

    def draw(panels):
        panels[0].plot([1, 100], [20, 60])
        panels[0].set(xscale="log", yscale="log")

    (svg,) = Drawer().panels(1, draw)
    labels = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    assert sum("×" in re.sub(r"<[^>]+>", "", label) for label in labels) >= 2
