"""A document as Markdown with formulas in LaTeX, as notebooks and GitHub show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.explain.document.blocks import Block, Document, Equation, Section, Sentence, Table, Text
from chainrule.explain.document.formula import Formula
from chainrule.explain.printers.latex import latex, latex_equation

ESCAPES = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_[]<>|$"})


def markdown_document(document: Document) -> str:
    """Returns the document as Markdown."""
    return "\n".join([f"# {document.title.translate(ESCAPES)}", *_blocks(document.blocks, 2)]) + "\n"


def _blocks(blocks: Sequence[Block], depth: int) -> Iterator[str]:
    for block in blocks:
        match block:
            case Section(title, inner):
                yield f"\n{'#' * depth} {_words(title)}"
                yield from _blocks(inner, depth + 1)
            case Sentence(text, is_remark):
                yield f"\n{'> ' if is_remark else ''}{_words(text)}"
            case Equation(parts):
                yield f"\n$$\n{latex_equation(parts, 'aligned')}\n$$"
            case Table(header, rows):
                lines = [f"| {' | '.join(map(_words, row))} |" for row in (header, *rows)]
                yield "\n".join(["", lines[0], "|---" * len(header) + "|", *lines[1:]])


def _words(text: Text) -> str:
    return "".join(_formula(part) if isinstance(part, Formula) else part.translate(ESCAPES) for part in text)


def _formula(formula: Formula) -> str:
    inside = latex(formula).replace(r"\|", r"\Vert ").replace("|", r"\vert ")  # | would end the cell of a table
    return f"${inside}$"
