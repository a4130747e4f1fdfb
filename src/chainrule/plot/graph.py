"""The content of a drawing: columns of nodes, and edges from each column to the next, with numbers and words."""

from __future__ import annotations

from dataclasses import dataclass, field

from chainrule.explain.document.blocks import Text


@dataclass(frozen=True, slots=True)
class Node:
    """A node with the lines of text in it; a shaded one is a bias."""

    lines: tuple[Text, ...]
    is_shaded: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """Nodes from above to below, None for units that are left out, with words above and below."""

    nodes: tuple[Node | None, ...]
    header: tuple[Text, ...] = ()
    footer: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from a node of the column ``c`` to one of the column c + 1; nodes are counted from 0, from above.

    ``number`` makes the line dashed or thick; ``label`` is written on it.
    """

    c: int
    start: int
    end: int
    number: float | None = None
    label: Text = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Columns, edges, words below the gap after each column, and lines of text below all."""

    title: str
    language: str
    columns: tuple[Column, ...]
    edges: tuple[Edge, ...]
    gaps: tuple[tuple[Text, ...], ...] = ()
    notes: tuple[Text, ...] = field(default=())
    is_reversed: bool = False  # arrows lead from right to left
