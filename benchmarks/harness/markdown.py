"""Markdown: tables, which are read in a terminal too, and pages with generated sections."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

WIDTH = 120
SECTION = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table; the title of a column may start with "<" or ">", its explicit alignment.

    The cells of these columns are kept on one line by the site. Cells of a column have equal widths if lines then have
    at most 120 characters.
    """
    alignments = [">" if title.startswith(">") else "<" for title in columns]
    cells = [[title.lstrip("<>") for title in columns], *rows]
    widths = [max(3, *(len(row[k]) for row in cells)) for k in range(len(columns))]
    if sum(widths) + 3 * len(widths) + 1 > WIDTH:
        widths = [3] * len(widths)
    layout = "| " + " | ".join(f"{{:{a}{width}}}" for a, width in zip(alignments, widths, strict=True)) + " |"
    ends = [{"<": ":-", ">": "-:"}.get(title[:1], "--") for title in columns]
    rule = [end[0] + "-" * (width - 2) + end[1] for end, width in zip(ends, widths, strict=True)]
    return "\n".join([layout.format(*cells[0]), layout.format(*rule), *(layout.format(*row) for row in cells[1:])])


def paragraph(text: str, first: str = "", later: str = "") -> str:
    """Returns the text in lines of at most 120 characters, with the given indents."""
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def bullets(items: Iterable[str]) -> str:
    """Returns a list."""
    return "\n".join(paragraph(item, "- ", "  ") for item in items)


def filled(page: str, sections: Mapping[str, str]) -> str:
    """Returns the page with new text between the comments ``generated: name`` and ``end`` of each section."""
    if (found := [name for _, name, _ in SECTION.findall(page)]) != list(sections):
        raise ValueError(f"the page has the sections {found}; expected {list(sections)}")
    return SECTION.sub(lambda match: f"{match[1]}\n{sections[match[2]]}\n\n{match[3]}", page)
