"""A document as plain text for terminals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chainrule._internal.text_table import columns, text_table
from chainrule.explain.document.blocks import Block, Document, Equation, Section, Sentence, Table, Text
from chainrule.explain.document.formula import Formula
from chainrule.explain.printers.box import Box, beside, inline
from chainrule.explain.printers.breaking import SIGN, Piece, indent, lines
from chainrule.explain.printers.inks import Inks, Span, inks_of_numbers, spans

MARGIN = 2  # spaces before an equation


def text_document(document: Document, width: int) -> str:
    """Returns the document as text of lines that are ``width`` letters long where formulas can be broken."""
    return "\n".join(line.text for line in inked_lines(document, width))


class Line(NamedTuple):
    """A line of text, and the columns of it that have an ink; a heading has none."""

    text: str
    spans: tuple[Span, ...] = ()
    is_heading: bool = False


def inked_lines(document: Document, width: int) -> Iterator[Line]:
    """Yields the lines of the document, in which each factor of the chain rule has an ink of its own."""
    yield Line(document.title, is_heading=True)
    yield Line("═" * columns(document.title), is_heading=True)
    for line in _blocks(document.blocks, width, "─"):
        yield line._replace(text=line.text.rstrip())


def _blocks(blocks: Sequence[Block], width: int, rule: str) -> Iterator[Line]:
    is_in_list = False  # of equations of one line each, between which there is no empty line
    for block in blocks:
        match block:
            case Section(title, inner):
                heading = plain(title)
                yield from (Line(""), Line(heading, is_heading=True), Line(rule * columns(heading), is_heading=True))
                yield from _blocks(inner, width, "╌")
            case Sentence(text):
                yield from map(Line, ["", *_wrapped(plain(text), width)])
            case Equation(parts):
                shown = list(_equation(parts, width - MARGIN))
                yield from [] if is_in_list and len(shown) == 1 else [Line("")]
                yield from shown
            case Table(header, rows):
                table = text_table([plain(cell) for cell in header], [[plain(cell) for cell in row] for row in rows])
                yield from map(Line, ["", *(f"  {line}" for line in table.splitlines())])
        is_in_list = isinstance(block, Equation) and len(shown) == 1


def plain(text: Text) -> str:
    """Returns words and formulas on one line."""
    return "".join(inline(part) if isinstance(part, Formula) else part for part in text)


# A word, or one wide letter, with the closing signs that must not begin a line; or the space between.
UNIT = re.compile(r"\s+|[^\s\u2e80-\uffef]+[\u3001\u3002\uff09\uff1a]*|[\u2e80-\uffef][\u3001\u3002\uff09\uff1a]*")


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yields the lines of a sentence, broken at spaces, and in a script without spaces between any letters."""
    line = ""
    for unit in UNIT.findall(text):
        if line and columns(line + unit.rstrip()) > width:
            yield line
            line = ""
        line += unit if line else unit.lstrip()
    yield line


def _equation(parts: Sequence[Formula], width: int) -> Iterator[Line]:
    """Yields the lines of an equation, which is broken where it would be too long."""
    inks = inks_of_numbers(parts)
    first, *others = lines(parts, width)
    yield from _line([Box((" " * MARGIN,)), first[0].box], [first[0]], first[1:], inks)
    for line in others:
        yield from _line([Box((" " * (MARGIN + indent(first[0])),))], [], line, inks)


def _line(boxes: list[Box], left: Sequence[Piece], right: Sequence[Piece], inks: Inks) -> Iterator[Line]:
    """Yields one line of an equation, several lines of text if it has a matrix, from the boxes that begin it."""
    found = [span for piece in left for span in spans(piece.formula, inks, MARGIN)]
    used = sum(box.width for box in boxes)
    for piece in right:
        boxes += [Box((f" {piece.sign or ' '} ",)), piece.box]
        found += spans(piece.formula, inks, used + SIGN)
        used += SIGN + piece.box.width
    yield from (Line(text, tuple(found)) for text in beside(boxes).lines)
