"""The paths from one entry of θ to J: every quantity on them, and the factor on every line (L14, L15)."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Equation, Sentence, Text
from chainrule.explain.document.formula import Formula
from chainrule.explain.entries import Entry
from chainrule.explain.factors import Factor, Quantity, factors, quantity
from chainrule.explain.pen import Pen
from chainrule.explain.printers.text import plain
from chainrule.explain.sections.paths import paths
from chainrule.explain.symbols import J
from chainrule.plot.graph import Column, Edge, Graph, Node
from chainrule.plot.network_graph import units

Rank = list["Quantity | None"]  # the quantities in a column, None for those left out


def path_graph(case: Case, entry: Entry, pen: Pen) -> Graph:
    """Returns the graph of the paths in a case with one example."""
    at = case.symbols(0)
    ranks: list[Rank] = [[quantity(entry)]]
    edges: list[Edge] = []
    while ranks[-1] != [Quantity("J")]:
        found = [factors(case, bottom, 0) if bottom else [] for bottom in ranks[-1]]
        rank = _rank(case, found)
        for start, of_start in enumerate(found):
            edges += _edges(len(ranks) - 1, start, of_start, rank, pen)
        ranks.append(rank)
    columns = tuple(_column(case, rank, pen) for rank in ranks)
    title = plain(pen.text(pen.words.drawn_paths, entry=entry.symbol(at), J=J))
    notes = (*_sums(case, entry, pen), (pen.words.path_key,), (pen.words.signs,))
    return Graph(title, pen.words.language, columns, tuple(edges), notes=notes)


def _rank(case: Case, found: list[list[Factor]]) -> Rank:
    """Returns the quantities on which a column acts, those of the units that are drawn, in their order."""
    tops = {factor.top.k: factor.top for of_one in found for factor in of_one}
    first = next(iter(tops.values()))
    if len(tops) == 1:
        return [first]
    return [None if k is None else tops.get(k) for k in units(case.m[first.i]) if k is None or k in tops]


def _edges(c: int, start: int, found: list[Factor], rank: Rank, pen: Pen) -> Iterator[Edge]:
    for factor in found:
        if factor.top in rank:
            yield Edge(c, start, rank.index(factor.top), factor.number, (pen.number(factor.number),))


def _column(case: Case, rank: Rank, pen: Pen) -> Column:
    return Column(tuple(None if each is None else _node(case, each, pen) for each in rank))


def _node(case: Case, of: Quantity, pen: Pen) -> Node:
    return Node(((of.symbol(case.symbols(0)),), (pen.number(_value(case, of)),)))


def _value(case: Case, of: Quantity) -> float:
    letter, i, k, l = of
    if letter == "J":
        return float(case.gradient.J)
    if letter == "W":
        return float(case.W[i][k, l])
    if letter in ("a", "z"):
        return float((case.run.a if letter == "a" else case.run.z)[i][0, k])
    return float((case.b if letter == "b" else case.kappa)[i][k])


def _sums(case: Case, entry: Entry, pen: Pen) -> Iterator[Text]:
    """Yields the products along the paths and their sum, as the page of the entry has them below its first sentence."""
    _, *blocks = paths(case, entry, 0, pen).blocks
    for block in blocks:
        if isinstance(block, Equation):
            yield tuple(_joined(block.parts))
        elif isinstance(block, Sentence):
            yield block.text


def _joined(parts: tuple[Formula, ...]) -> Iterator[str | Formula]:
    for n, part in enumerate(parts):
        yield from (" = ", part) if n else (part,)
