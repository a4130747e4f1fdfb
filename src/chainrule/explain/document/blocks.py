"""A document as frozen values: sections of equations, sentences and tables; a printer turns it into a form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.explain.document.formula import Formula

Text: TypeAlias = tuple[str | Formula, ...]  # words and formulas side by side


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and formulas; a remark is one that the numbers of this network gave rise to."""

    text: Text
    is_remark: bool = False


@dataclass(frozen=True, slots=True)
class Equation:
    """Equal formulas, from symbols to the numbers filled in to the result."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a header."""

    header: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the document with a title; a folded one may be shown on request."""

    title: Text
    blocks: tuple[Block, ...]
    is_folded: bool = False


Block: TypeAlias = Sentence | Equation | Table | Section


@dataclass(frozen=True, slots=True)
class Document:
    """A title, an opening sentence or more, and sections, in one language ("en", "ja")."""

    title: str
    language: str
    blocks: tuple[Block, ...]

    def walk(self) -> Iterator[Block]:
        """Yields every block, a section before its own."""
        pending = list(reversed(self.blocks))
        while pending:
            block = pending.pop()
            yield block
            if isinstance(block, Section):
                pending.extend(reversed(block.blocks))
