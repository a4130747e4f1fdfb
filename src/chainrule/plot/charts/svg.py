"""A chart as part of an HTML page, in the colours of the page."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INKS = re.compile(r"#(000000|333333)\b")  # of text and lines


def inline_svg(figure: Figure, name: str) -> str:
    """Returns the chart as an SVG element, with letters as outlines and the page's own ink, also on a dark page."""
    import matplotlib

    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = file.getvalue()
    svg = text[text.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)
    svg = INKS.sub("currentColor", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(name)}" ', 1).strip()
