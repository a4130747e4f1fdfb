"""Plain HTML for notebooks: tables of arrays, and the formula of a map."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from html import escape

FORMULA = re.compile(r"(\(z\)ₖ?|ℓ\(a, y\)) = ")
CELL = "text-align:left;white-space:pre-wrap"


def html_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table with a caption; every text is escaped.

    >>> html_table("J(θ) = 2", ["i", "δ[i]"], [["1", "[0.5]"]])[:60]
    '<table><caption style="text-align:left">J(θ) = 2</caption><t'
    """
    head = "".join(f'<th style="{CELL}">{escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<table><caption style="text-align:left">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def formula_html(value: object) -> str:
    """Returns the representation of a map in code, and below it the start of its docstring, if it has the formula.

    >>> formula_html(3.5)
    '<code>3.5</code>'
    """
    code = f"<code>{escape(repr(value))}</code>"
    lines = inspect.cleandoc(value.__doc__ or "").split("\n\n")[0]
    return f"{code}<div>{escape(lines)}</div>" if FORMULA.search(lines) else code
