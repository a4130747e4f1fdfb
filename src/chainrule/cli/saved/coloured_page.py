"""A page in a terminal: each factor of the chain rule has one colour, in letters and in numbers."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from chainrule.explain import Explanation
from chainrule.explain.printers.text import Line, inked_lines

WIDEST, NARROWEST = 120, 60  # letters of a line
STYLES = {"W": "bright_blue", "z": "yellow", "a": "green", "δ": "magenta", "∂a": "red", "σ′": "cyan"}


def print_page(console: Console, page: Explanation) -> None:
    """Prints a page in the width of the terminal; Rich leaves the colours out where NO_COLOR is set."""
    width = max(NARROWEST, min(WIDEST, console.width))
    console.print(Text("\n").join(map(_styled, inked_lines(page.document, width))))


def _styled(line: Line) -> Text:
    text = Text(line.text, style="bold" if line.is_heading else "")
    for start, end, ink in line.spans:
        text.stylize(STYLES[ink], start, end)
    return text
