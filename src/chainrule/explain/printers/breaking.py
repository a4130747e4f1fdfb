"""Line breaks of a long equation: before =, and if a part does not fit, before +, − or ·."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chainrule.explain.document.formula import PRODUCT, SUM, Formula, Row, Sign
from chainrule.explain.printers.box import Box, box_of

BREAKS = {SUM: ("+", "−"), PRODUCT: ("·",)}  # before which a long formula may be broken
SIGN = 3  # letters of = with its spaces
DEEPEST_INDENT = 24  # of the lines after the first


class Piece(NamedTuple):
    """A part of an equation, with the sign before it: "=", or "" for the first and for the rest of a long part."""

    sign: str
    formula: Formula
    box: Box  # as plain text, which is the measure for every form


def lines(parts: Sequence[Formula], width: int) -> list[list[Piece]]:
    """Returns the lines of an equation that fit into ``width`` letters; those after the first are indented.

    The second formula, or the start of it, is always on the first line.
    """
    first = Piece("", parts[0], box_of(parts[0]))
    left = indent(first)
    found, used = [[first]], first.box.width
    for piece in pieces(parts[1:], width - left - SIGN):
        size = SIGN + piece.box.width
        is_second = len(found) == 1 and len(found[0]) == 1
        if not is_second and (used + size > width or not piece.sign):
            found.append([])
            used = left
        found[-1].append(piece)
        used += size
    return found


def indent(first: Piece) -> int:
    """Returns the letters before the = of an equation, where its other lines begin."""
    return min(first.box.width, DEEPEST_INDENT)


def pieces(parts: Sequence[Formula], width: int) -> Iterator[Piece]:
    """Yields the right sides of an equation; a sum or a product is broken where it is longer than ``width`` letters."""
    for part in parts:
        box = box_of(part)
        if isinstance(part, Row) and part.binding in BREAKS and box.width > width:
            for n, run in enumerate(_runs(part, width)):
                yield Piece("" if n else "=", run, box_of(run))
        else:
            yield Piece("=", part, box)


def _runs(total: Row, width: int) -> Iterator[Formula]:
    """Yields the runs of terms or factors that fit, each with the sign before it."""
    run: list[Formula] = []
    used = 0
    for term in _signed_terms(total):
        size = SIGN + box_of(Row(tuple(term))).width
        if run and used + size > width:
            yield Row(tuple(run), total.binding)
            run, used = [], 0
        run += term
        used += size
    yield Row(tuple(run), total.binding)


def _signed_terms(total: Row) -> Iterator[list[Formula]]:
    signs = BREAKS[total.binding]
    term: list[Formula] = []
    for part in total.parts:
        if isinstance(part, Sign) and part.text in signs and term:
            yield term
            term = []
        term.append(part)
    yield term
