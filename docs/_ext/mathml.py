"""Formulas as MathML, which browsers draw by themselves: no script, no fonts, no network."""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

_BAR = re.compile(r"(<mo[^>]*)>([‖|∣])<")  # grows as high as what follows it unless told not to


def _formula(node: nodes.Element, *, as_block: bool) -> str:
    return _BAR.sub(r'\1 stretchy="false">\2<', tex2mathml(node.astext(), as_block=as_block))


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(_formula(node, as_block=False))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{_formula(node, as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer, and make it the one in use."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
