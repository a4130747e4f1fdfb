"""Formulas as MathML, which a page shows without a script and without another host.

A formula is LaTeX between dollar signs, so that a notebook shows it too. docutils translates it.
"""

from __future__ import annotations

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def translated(formula: str, *, is_block: bool) -> str:
    """Returns the formula as MathML."""
    mathml = tex2mathml(formula, as_block=is_block).replace("<mo>'</mo>", "<mo>′</mo>")
    return re.sub(r"<mo>(?::|\u2236)</mo>\s*<mo>=</mo>", "<mo>:=</mo>", mathml)


def inline(writer: HTML5Translator, node: nodes.Element) -> None:
    """Writes a formula within a line."""
    writer.body.append(translated(node.astext(), is_block=False))
    raise nodes.SkipNode


def block(writer: HTML5Translator, node: nodes.Element) -> None:
    """Writes a formula on lines of its own, which scroll by themselves on a narrow page."""
    writer.body.append(f'<div class="formula">{translated(node.astext(), is_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
