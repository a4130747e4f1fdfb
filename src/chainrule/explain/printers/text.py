"""A document as plain text for terminals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from chainrule._internal.text_table import columns, text_table
from chainrule.explain.document.blocks import Block, Document, Equation, Section, Sentence, Table, Text
from chainrule.explain.document.formula import Formula
from chainrule.explain.printers.box import Box, beside, inline
from chainrule.explain.printers.breaking import Piece, indent, lines


def text_document(document: Document, width: int) -> str:
    """Returns the document as text of lines that are ``width`` letters long where formulas can be broken."""
    lines = [document.title, "═" * columns(document.title), *_blocks(document.blocks, width, "─")]
    return "\n".join(line.rstrip() for line in lines)


def _blocks(blocks: Sequence[Block], width: int, rule: str) -> Iterator[str]:
    is_in_list = False  # of equations of one line each, between which there is no empty line
    for block in blocks:
        match block:
            case Section(title, inner):
                heading = plain(title)
                yield from ["", heading, rule * columns(heading)]
                yield from _blocks(inner, width, "╌")
            case Sentence(text):
                yield from ["", *_wrapped(plain(text), width)]
            case Equation(parts):
                shown = list(_equation(parts, width - 2))
                yield from [] if is_in_list and len(shown) == 1 else [""]
                yield from (f"  {line}" for line in shown)
            case Table(header, rows):
                table = text_table([plain(cell) for cell in header], [[plain(cell) for cell in row] for row in rows])
                yield from ["", *(f"  {line}" for line in table.splitlines())]
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


def _equation(parts: Sequence[Formula], width: int) -> Iterator[str]:
    """Yields the lines of an equation, which is broken where it would be too long."""
    first, *others = lines(parts, width)
    yield from beside([first[0].box, *_boxes(first[1:])]).lines
    for line in others:
        yield from beside([Box((" " * indent(first[0]),)), *_boxes(line)]).lines


def _boxes(line: Sequence[Piece]) -> Iterator[Box]:
    for piece in line:
        yield from (Box((f" {piece.sign or ' '} ",)), piece.box)
