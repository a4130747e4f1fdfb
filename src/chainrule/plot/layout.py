"""The places of a graph's nodes, lines and labels: no label meets another, whatever the numbers.

All columns have the same distance s from node to node. In the gap between two columns the label of the line from row k
to row l lies at the fraction f of the way, at the height s ((1 − f) k + f l) and a constant. If a node has lines to at
most M rows side by side, f = 1 / (M + 1) keeps these heights apart by s / (M + 1), which is a line of text where
s ≥ (M + 1) lines. The gap is so wide that the label at this fraction does not meet the node.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.explain.document.blocks import Text
from chainrule.plot.graph import Edge, Graph, Node
from chainrule.plot.scene import LINE_HEIGHT, Disc, Label, Line, Look, Point, Scene

DOTS: Text = ("⋮",)


@dataclass(frozen=True)
class Sizes:
    """The size of text and the thickness of lines, in pixels."""

    text: float
    line: float

    @property
    def row(self) -> float:
        """The height of a line of text."""
        return LINE_HEIGHT * self.text


SCREEN, PROJECTOR = Sizes(13.0, 1.2), Sizes(20.0, 2.4)
MOST_THICK = 2.5  # the thickness of the line of the largest number, in units of Sizes.line
LEAST_THICK = 0.6  # and of the smallest


def scene_of(graph: Graph, sizes: Sizes) -> Scene:
    """Returns the picture of a graph."""
    return _Layout(graph, sizes).scene()


class _Layout:
    """The measures of one picture."""

    def __init__(self, graph: Graph, sizes: Sizes) -> None:
        self.graph, self.sizes = graph, sizes
        self.margin = sizes.text
        nodes = [node for column in graph.columns for node in column.nodes if node is not None]
        self.radius = max([1.2 * sizes.text, *(_radius(node, sizes) for node in nodes)])
        self.spans = [self._span(c) for c in range(len(graph.columns) - 1)]
        is_labelled = any(edge.label for edge in graph.edges)
        rows = (max(self.spans, default=1) + 1) * sizes.row if is_labelled else 0.0
        self.row = max(2 * self.radius + sizes.text, rows)
        self.x = list(self._columns())
        self.top = self.margin + self._lines(max(len(column.header) for column in graph.columns))
        self.most = max(len(column.nodes) for column in graph.columns)
        self.bottom = self.top + (self.most - 1) * self.row + 2 * self.radius

    def scene(self) -> Scene:
        """Returns the picture."""
        labels = [*self._labels_of_lines(), *self._labels_of_nodes(), *self._words(), *self._notes()]
        width = max([self.x[-1] + self._half(len(self.x) - 1), *(label.left + label.width for label in labels)])
        height = max(self.bottom, *(label.centre.y + label.height / 2 for label in labels))
        return Scene(
            round(width + self.margin, 1), round(height + self.margin, 1), self.graph.title,
            self.graph.language, tuple(self._lines_of_edges()), tuple(self._discs()), tuple(labels),
        )  # fmt: skip

    def _lines(self, count: int) -> float:
        return count * self.sizes.row + (self.sizes.text / 2 if count else 0.0)

    def _label(self, x: float, y: float, text: Text, is_over_lines: bool = False) -> Label:
        return Label(Point(x, y), text, self.sizes.text, is_over_lines)

    def _width(self, text: Text) -> float:
        return self._label(0.0, 0.0, text).width

    def _span(self, c: int) -> int:
        """Returns the largest count of rows, side by side, to which one node of column c has lines."""
        ends: dict[int, list[int]] = {}
        for edge in self.graph.edges:
            if edge.c == c:
                ends.setdefault(edge.start, []).append(edge.end)
        return max((max(rows) - min(rows) + 1 for rows in ends.values()), default=1)

    def _half(self, c: int) -> float:
        """Returns half of the width of column c with its words."""
        column = self.graph.columns[c]
        return max([self.radius, *(self._width(text) / 2 for text in (*column.header, *column.footer))])

    def _columns(self) -> Iterator[float]:
        """Yields the x of each column."""
        x, text = self.margin + self._half(0), self.sizes.text
        yield x
        for c, span in enumerate(self.spans):
            words = max((self._width(text) for text in self._gap(c)), default=0.0)
            label = max((self._width(edge.label) for edge in self.graph.edges if edge.c == c), default=0.0)
            clear = self.radius + label / 2 + text / 2 + (text if label and span == 1 else 0.0)
            x += max(
                self._half(c) + words + self._half(c + 1) + 2 * text,
                2 * self.radius + 5 * text,
                clear * (span + 1) if label else 0.0,
            )
            yield x

    def _gap(self, c: int) -> tuple[Text, ...]:
        return self.graph.gaps[c] if c < len(self.graph.gaps) else ()

    def _place(self, c: int, row: int) -> Point:
        """Returns the centre of a node; columns are centred beside each other."""
        count = len(self.graph.columns[c].nodes)
        middle = (self.top + self.bottom) / 2
        return Point(self.x[c], middle + (row - (count - 1) / 2) * self.row)

    def _lines_of_edges(self) -> Iterator[Line]:
        largest = max((abs(n) for edge in self.graph.edges if (n := edge.number) is not None and math.isfinite(n)),
                      default=0.0)  # fmt: skip
        for edge in self.graph.edges:
            start, end = self._place(edge.c, edge.start), self._place(edge.c + 1, edge.end)
            if self.graph.is_reversed:
                start, end = end, start
            length = math.dist((start.x, start.y), (end.x, end.y))
            dx, dy = (end.x - start.x) * self.radius / length, (end.y - start.y) * self.radius / length
            share = 1.0
            if edge.number is not None and math.isfinite(edge.number) and largest > 0:
                share = LEAST_THICK + (MOST_THICK - LEAST_THICK) * abs(edge.number) / largest
            yield Line(
                Point(start.x + dx, start.y + dy), Point(end.x - dx, end.y - dy), _look(edge.number),
                share * self.sizes.line, 0.7 * self.sizes.text,
            )  # fmt: skip

    def _discs(self) -> Iterator[Disc]:
        for c, column in enumerate(self.graph.columns):
            for row, node in enumerate(column.nodes):
                if node is not None:
                    yield Disc(self._place(c, row), self.radius, self.sizes.line, node.is_shaded)

    def _labels_of_lines(self) -> Iterator[Label]:
        for edge in self.graph.edges:
            if edge.label:
                yield self._label_of(edge)

    def _label_of(self, edge: Edge) -> Label:
        fraction = 1 / (self.spans[edge.c] + 1)
        start, end = self._place(edge.c, edge.start), self._place(edge.c + 1, edge.end)
        x, y = (a + fraction * (b - a) for a, b in ((start.x, end.x), (start.y, end.y)))
        return self._label(x, y, edge.label, is_over_lines=True)

    def _labels_of_nodes(self) -> Iterator[Label]:
        for c, column in enumerate(self.graph.columns):
            for row, node in enumerate(column.nodes):
                place = self._place(c, row)
                lines = (DOTS,) if node is None else node.lines
                yield from self._stack(place.x, place.y - len(lines) * self.sizes.row / 2, lines)

    def _words(self) -> Iterator[Label]:
        below = self.bottom + self.sizes.text / 2
        for c, column in enumerate(self.graph.columns):
            yield from self._stack(self.x[c], self.margin, column.header)
            yield from self._stack(self.x[c], below, column.footer)
            if c + 1 < len(self.x):
                left, right = self.x[c] + self._half(c), self.x[c + 1] - self._half(c + 1)
                yield from self._stack((left + right) / 2, below, self._gap(c))

    def _stack(self, x: float, top: float, lines: tuple[Text, ...]) -> Iterator[Label]:
        for n, text in enumerate(lines):
            if text:
                yield self._label(x, top + (n + 0.5) * self.sizes.row, text)

    def _notes(self) -> Iterator[Label]:
        words = [len(column.footer) for column in self.graph.columns] + [len(gap) for gap in self.graph.gaps]
        top = self.bottom + self._lines(max(words)) + self.sizes.text
        for n, text in enumerate(self.graph.notes):
            yield Label(Point(self.margin, top + (n + 0.5) * self.sizes.row), text, self.sizes.text, is_from_left=True)


def _radius(node: Node, sizes: Sizes) -> float:
    """Returns the radius of a disc around the lines of text of a node."""
    widest = max((Label(Point(0.0, 0.0), text, sizes.text).width for text in node.lines), default=0.0)
    return math.hypot(widest / 2, len(node.lines) * sizes.row / 2) + sizes.text / 6


def _look(number: float | None) -> Look:
    if number is None:
        return "plain"
    return "negative" if number < 0 else "positive"
