"""A document as one HTML file: MathML, folding without a script, light and dark, on paper and on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from chainrule.explain.document.blocks import Block, Document, Equation, Section, Sentence, Table, Text
from chainrule.explain.document.formula import Formula
from chainrule.explain.printers.breaking import pieces
from chainrule.explain.printers.mathml import math

# Every rule begins with .cr-page, so that the page can also lie in a notebook.
STYLE = """
.cr-page { --ink: #1a1d21; --soft: #5b6570; --line: #d8dde3; --fill: #f5f7f9; --mark: #0b62a8; --paper: #fff;
  color: var(--ink); background: var(--paper); font: 1.0625rem/1.6 system-ui, sans-serif; padding: 0.5rem 1.25rem 2rem }
.cr-page > * { max-width: 70rem; margin-inline: auto }
.cr-page h1 { font-size: 1.7rem; line-height: 1.25; margin-block: 1rem }
.cr-page summary { cursor: pointer; font-weight: 650; padding-block: 0.35rem }
.cr-page > details { border-top: 1px solid var(--line); padding-block: 0.5rem }
.cr-page > details > summary { font-size: 1.3rem; color: var(--mark) }
.cr-page details details { border-left: 3px solid var(--line); padding-left: 0.9rem; margin-block: 0.6rem }
.cr-page summary:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px }
.cr-page p { margin: 0.7rem 0; max-width: 46rem }
.cr-page .remark { border-left: 3px solid var(--mark); background: var(--fill); padding: 0.4rem 0.9rem }
.cr-page .equation { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.45rem;
  margin: 0.8rem 0 0.8rem 1.2rem; font-size: 1.12em }
.cr-page .equation > span, .cr-page .table { overflow: auto hidden; max-width: 100% }
.cr-page .equation > span { padding-block: 0.15em }
.cr-page table { border-collapse: collapse; font-variant-numeric: tabular-nums }
.cr-page td, .cr-page th { text-align: left; padding: 0.25rem 1.1rem 0.25rem 0; white-space: nowrap;
  border-bottom: 1px solid var(--line) }
.cr-page th { color: var(--soft); font-weight: 600; border-bottom-color: var(--soft) }
.cr-page math { font-size: 1.06em }
.cr-page mtd { padding: 0.18em 0.4em }
.cr-page .cases mtd { text-align: left }
@media (prefers-color-scheme: dark) { .cr-page:not(.cr-part) { --ink: #e7eaee; --soft: #a3adb8; --line: #3a424b;
  --fill: #20262d; --mark: #7cc0f8; --paper: #14181c } }
@media (max-width: 40rem) { .cr-page { padding-inline: 0.8rem } .cr-page .equation { margin-left: 0 } }
@media print { .cr-page { font-size: 10.5pt; padding: 0; --ink: #000; --paper: #fff; --mark: #000; --soft: #333;
  --line: #bbb; --fill: #fff } .cr-page .equation, .cr-page tr, .cr-page summary { break-inside: avoid }
  .cr-page summary { break-after: avoid; list-style: none }
  .cr-page details::details-content { content-visibility: visible; block-size: auto; opacity: 1 } }
@page { margin: 16mm }
"""


NARROW = 40  # letters of plain text, beyond which a sum may be broken
REMARK = ' class="remark"'


def html_document(document: Document) -> str:
    """Returns the document as a whole HTML file that needs no other file."""
    return html_page(document.title, document.language, _body(document))


def html_page(title: str, language: str, body: str, style: str = "") -> str:
    """Returns a whole HTML file with this body, in the look of all pages; ``style`` has more rules for it."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\nbody {{ margin: 0 }}{STYLE}{style}</style>\n</head>\n"
        f'<body class="cr-page">\n{body}\n</body>\n</html>\n'
    )


def html_part(document: Document) -> str:
    """Returns the document as part of another page, such as a notebook."""
    return (
        f'<style>{STYLE}</style>\n<div class="cr-page cr-part" lang="{document.language}">\n{_body(document)}\n</div>\n'
    )


def _body(document: Document) -> str:
    return "\n".join([f"<h1>{escape(document.title)}</h1>", *_blocks(document.blocks)])


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Section(title, inner, is_folded):
                yield f"<details{'' if is_folded else ' open'}><summary>{_words(title)}</summary>"
                yield from _blocks(inner)
                yield "</details>"
            case Sentence(text, is_remark):
                yield f"<p{REMARK if is_remark else ''}>{_words(text)}</p>"
            case Equation(parts):
                right = (math(part, sign, is_displayed=True) for sign, part, _ in pieces(parts[1:], NARROW))
                shown = (math(parts[0], is_displayed=True), *right)
                yield f'<div class="equation">{"".join(f"<span>{part}</span>" for part in shown)}</div>'
            case Table(header, rows):
                head = "".join(f"<th>{_words(cell)}</th>" for cell in header)
                body = "".join(f"<tr>{''.join(f'<td>{_words(cell)}</td>' for cell in row)}</tr>" for row in rows)
                yield f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _words(text: Text) -> str:
    return "".join(math(part) if isinstance(part, Formula) else escape(part) for part in text)
