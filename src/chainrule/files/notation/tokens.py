"""The words, numbers and signs of a text, each with its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from chainrule.errors import FileFormatError

TOKEN = re.compile(
    r"(?P<space>[^\S\n]+|#[^\n]*)|(?P<line>\n)|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[^\W\d][\w.]*)|(?P<sign>[\[\](),=;])"
)


class Token(NamedTuple):
    """A part of the text; its kind is "word", "number", "sign", "line" or "end"; line and column count from 1."""

    kind: str
    text: str
    line: int
    column: int

    def refuse(self, expected: str) -> NoReturn:
        """Raises FileFormatError with the place, what is expected and what is there."""
        got = {"line": "the end of the line", "end": "the end of the text"}.get(self.kind, repr(self.text))
        raise FileFormatError(f"line {self.line}, column {self.column}: expected {expected}; got {got}.")


def tokens(text: str) -> Iterator[Token]:
    """Yields the tokens of a text without spaces and comments, and the end."""
    place, line, start = 0, 1, 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            Token("sign", text[place], line, place - start + 1).refuse("a name, a number, or one of [ ] ( ) , = ;")
        kind = str(found.lastgroup)
        if kind != "space":
            yield Token(kind, found[0], line, place - start + 1)
        place = found.end()
        if kind == "line":
            line, start = line + 1, place
    yield Token("end", "", line, place - start + 1)
