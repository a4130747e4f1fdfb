"""Faults of a CSV file, found by reading it again, line by line."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

from chainrule.tables.reading.csv.dialect import CsvDialect
from chainrule.tables.reading.csv.text_streams import BLANKS, lines_of

WORDS = {"\t": "tabs", BLANKS: "blanks", ",": "commas", ";": "semicolons", "|": "bars"}


def fault(path: Path, dialect: CsvDialect) -> str:
    """Returns the first fault of the rows, with its line and a remedy; an empty text if there is none.

    The faults are a row of another length than the names, and a quote that is never closed. Raises FileFormatError with
    the line if the file is not of its encoding.
    """
    lines = _Lines(lines_of(path, dialect.encoding, dialect.delimiter))
    for _ in itertools.islice(lines, dialect.skipped):
        pass
    reader = csv.reader(lines, delimiter=dialect.letter)
    expected, words = len(dialect.names), WORDS.get(dialect.delimiter, repr(dialect.delimiter))
    first = lines.count + 1
    try:
        for row in reader:
            if lines.is_over:
                return f"the quote that opens in line {first} is never closed. Close it, or double it inside a value."
            if row and len(row) != expected:
                return (
                    f"line {first} has {_count(len(row), 'value')} separated by {words}; "
                    f"expected {expected}, one for each name. {_remedy(len(row), expected)}"
                )
            first = lines.count + 1
    except csv.Error:  # a value longer than the module csv reads
        pass
    return ""


class _Lines:
    """Lines, counted; ``is_over`` becomes True if another one is wanted after the last."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self.count, self.is_over = lines, 0, False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.count += 1
            return line
        self.is_over = True
        raise StopIteration


def _remedy(got: int, expected: int) -> str:
    if expected == 1:
        return "Remove what is above the line of names, or name the separator with sep=… (--sep)."
    if got == expected + 1:
        return "If every line has a label of its row in front, name that column too; otherwise quote its value."
    return "Put quotes around a value that holds the separator, or name the separator with sep=… (--sep)."


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
