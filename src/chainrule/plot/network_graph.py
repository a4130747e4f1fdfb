"""The lecture's picture of a network: layers 0 … r, every W and b, and the numbers of one example (L6, L7, L14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Text
from chainrule.explain.document.formula import Formula, Letter, Script, Word
from chainrule.explain.entries import arrays
from chainrule.explain.pen import Pen, places
from chainrule.explain.printers.text import plain
from chainrule.explain.sections.definition import count
from chainrule.explain.symbols import J, Symbols, derivative, layer, member, space
from chainrule.network import Network
from chainrule.plot.graph import Column, Edge, Graph, Node

Show: TypeAlias = Literal["a", "delta", "gradient"]

MOST_UNITS, KEPT_UNITS = 6, 3  # of a layer that is drawn whole; at the start of a larger one, before the dots
BIAS = Node((("1",),), is_shaded=True)  # whose lines are the entries of b


def units(count: int) -> list[int | None]:
    """Returns the units of a layer that are drawn, None for dots."""
    return places(count, MOST_UNITS, KEPT_UNITS)


class Numbers(NamedTuple):
    """The numbers of a drawing: for each layer 0 … r the arrays (mᵢ,) in its units, and for each line its number.

    ``W`` and ``b`` have the shapes of a network's; ``da`` (m,) is ∂J/∂a[r], on the lines to J.
    """

    in_units: Text  # which numbers these are
    on_lines: tuple[Formula, Formula]  # as W[i], and as b[i]
    units: Sequence[tuple[Array, ...]]
    W: ByLayer[Array]
    b: ByLayer[Array]
    cost: str = ""
    J: float | None = None
    da: Array | None = None


def numbers_of_run(net: Network, a: Sequence[Array]) -> Numbers:
    """Returns the outputs a[0] … a[r] (mᵢ,) in the units, W and b on the lines."""
    letters = layer("W", "i"), layer("b", "i")
    return Numbers((layer("a", "i"),), letters, [(part,) for part in a], ByLayer(map(np.asarray, net.W)), net.b)


def numbers_of_case(case: Case, show: Show, pen: Pen) -> Numbers:
    """Returns the numbers of a case with one example."""
    g, (W, b, delta_i) = case.gradient, (layer(letter, "i") for letter in "Wbδ")
    a, delta = [part[0] for part in case.run.a], [part[0] for part in g.delta]
    forward = numbers_of_run(case.net, a)._replace(cost=pen.words.of_cost(case.cost.name), J=float(g.J))
    if show == "a":
        return forward
    if show == "delta":
        return forward._replace(
            in_units=pen.text(pen.words.deltas, delta=delta_i, dJ=derivative(J, layer("a", 0))),
            units=[(case.da[0][0],), *((part,) for part in delta)],
            da=case.da[case.r][0],
        )
    return forward._replace(
        in_units=pen.text(pen.words.one_above_other, a=layer("a", "i"), delta=delta_i),
        on_lines=(derivative(J, W), derivative(J, b)),
        units=[(a[0],), *zip(a[1:], delta, strict=True)],
        W=ByLayer(np.asarray(W) for W in g.W),
        b=g.b,
    )


def network_graph(net: Network, numbers: Numbers | None, pen: Pen, is_reversed: bool = False) -> Graph:
    """Returns the graph of the whole network, with numbers or with letters alone."""
    columns = [_column(net, i, numbers, pen) for i in range(net.r + 1)]
    edges = [edge for i in range(1, net.r + 1) for edge in _edges(net, i, numbers, pen)]
    notes: list[Text] = [tuple(_equal(count(net)))]
    if numbers is not None:
        W, b = numbers.on_lines
        notes += [pen.text(pen.words.key, units=numbers.in_units, W=W, b=b), (pen.words.signs,)]
    if numbers is not None and numbers.J is not None:
        columns.append(
            Column((Node(((J,), (pen.number(numbers.J),))),), ((), (pen.words.drawn_cost,)), ((numbers.cost,),))
        )
        edges += _edges_to_cost(net, numbers, pen)
    gaps = [_shapes(net, i) for i in range(1, net.r + 1)]
    title = plain(pen.text(pen.words.drawing, sizes="-".join(map(str, net.m))))
    return Graph(title, pen.words.language, tuple(columns), tuple(edges), tuple(gaps), tuple(notes), is_reversed)


def _equal(parts: tuple[Formula, ...]) -> Iterator[str | Formula]:
    for n, part in enumerate(parts):
        yield from (" = ", part) if n else (part,)


def _shapes(net: Network, i: int) -> tuple[Text, ...]:
    part = net.layout[i - 1]
    return (member(layer("W", i), space(part.m, part.n)),), (member(layer("b", i), space(part.m)),)


def _column(net: Network, i: int, numbers: Numbers | None, pen: Pen) -> Column:
    at = Symbols(net.m)
    nodes: list[Node | None] = []
    for k in units(net.m[i]):
        if k is None:
            nodes.append(None)
        elif numbers is None:
            nodes.append(Node(((at.a(i, k),),)))
        else:
            nodes.append(Node(tuple((pen.number(array[k]),) for array in numbers.units[i])))
    words = pen.words
    role = words.input if i == 0 else words.output if i == net.r else words.hidden
    header: list[Text] = [pen.text(words.number_of_layer, i=str(i)), (role,)]
    footer: list[Text] = [(Script(Letter("m"), sub=Word(str(i))), f" = {net.m[i]}")]
    if i > 0:
        footer.append((layer("σ", i), f" = {net.sigma[i].name}"))
    return Column((*nodes, BIAS) if i < net.r else tuple(nodes), tuple(header), tuple(footer))


def _edges(net: Network, i: int, numbers: Numbers | None, pen: Pen) -> Iterator[Edge]:
    """Yields the lines from layer i − 1, its bias included, to layer i; W may have no parameter in some places."""
    has_parameter = next(part.places for part in arrays(net) if (part.letter, part.i) == ("W", i)) >= 0
    below, above = units(net.m[i - 1]), units(net.m[i])
    for start, l in enumerate([*below, len(below)]):
        is_bias = start == len(below)
        for end, k in enumerate(above):
            if k is None or l is None or not (is_bias or has_parameter[k, l]):
                continue
            if numbers is None:
                yield Edge(i - 1, start, end)
            else:
                number = float(numbers.b[i][k] if is_bias else numbers.W[i][k, l])
                yield Edge(i - 1, start, end, number, (pen.number(number),))


def _edges_to_cost(net: Network, numbers: Numbers, pen: Pen) -> Iterator[Edge]:
    for start, k in enumerate(units(net.m[-1])):
        if k is not None and numbers.da is None:
            yield Edge(net.r, start, 0)
        elif k is not None and numbers.da is not None:
            yield Edge(net.r, start, 0, float(numbers.da[k]), (pen.number(numbers.da[k]),))
