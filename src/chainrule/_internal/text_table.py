"""Tables of arrays as plain text, for the representation of results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

WIDEST = 48  # letters of an array that is shown entry by entry


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns the rows below the header, in aligned columns.

    >>> print(text_table(["i", "δ[i]"], [["1", "[0.5]"], ["10", "[1]"]]))
    i   δ[i]
    1   [0.5]
    10  [1]
    """
    sizes = [max(map(columns, column)) for column in zip(header, *rows, strict=True)]
    lines = (
        "  ".join(cell + " " * (size - columns(cell)) for cell, size in zip(row, sizes, strict=True))
        for row in (header, *rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def columns(text: str) -> int:
    """Returns the number of columns that a text takes; Chinese characters and kana take two.

    >>> columns("δ[1]"), columns("層")
    (4, 2)
    """
    if text.isascii():
        return len(text)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def brief(array: Any) -> str:
    """Returns the entries of an array with four digits on one line, or its shape and its largest entry if it is large.

    >>> brief(np.array([[0.5, -0.25]])), brief(np.arange(600.0).reshape(2, 300))
    ('[[0.5, -0.25]]', '(2, 300), max |·| = 599')
    """
    if not isinstance(array, np.ndarray):
        return str(array)
    if array.size <= WIDEST // 2:
        text = _nested(array.tolist())
        if len(text) <= WIDEST:
            return text
    return f"{array.shape}, max |·| = {abs(array).max():.4g}"


def _nested(values: Any) -> str:
    return f"[{', '.join(map(_nested, values))}]" if isinstance(values, list) else f"{values:.4g}"
