"""The dialect of a CSV file: how its bytes become rows of texts under names."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from chainrule._internal.checks import shown
from chainrule._internal.naming import listed
from chainrule.errors import InputError
from chainrule.tables.reading.csv.byte_streams import open_bytes
from chainrule.tables.reading.csv.header import looks_like_row
from chainrule.tables.reading.csv.text_streams import (
    BLANKS,
    as_codec,
    decoded_start,
    marked_encoding,
    split_blanks,
)
from chainrule.tables.reading.file_kinds import require_text

DELIMITERS = (",", ";", "\t", "|")
SPELLED = {"tab": "\t", r"\t": "\t", "space": BLANKS, "blanks": BLANKS, r"\s+": BLANKS}
DELIMITER_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # Excel's first line
NUMBER = r"[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?"
ONE_NUMBER, NUMBERS = re.compile(rf"\s*{NUMBER}\s*"), re.compile(rf"\s*{NUMBER}(?:\s+{NUMBER})+\s*")
SAMPLE, FEWEST_LINES = 1 << 18, 3  # the bytes that decide; more if they do not hold that many lines
LARGEST_SAMPLE = 1 << 28
MOST_ROWS = 100


@dataclass(frozen=True)
class CsvOptions:
    """Properties of a CSV file that the user gives; None is detected."""

    sep: str | None = None
    header: bool | None = None
    encoding: str | None = None


AS_DETECTED = CsvOptions()


@dataclass(frozen=True)
class CsvDialect:
    """Properties of a CSV file by which its bytes become rows of texts.

    ``delimiter`` is one character; a blank is any run of blanks and tabs. ``skipped`` counts the lines above the first
    row: blank lines, Excel's ``sep=;`` and the names. ``longest`` is the length of the longest line seen, in letters;
    ``first_rows`` are the rows seen, without the names.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    skipped: int
    longest: int
    first_rows: Sequence[Sequence[str]] = field(repr=False, compare=False)

    @property
    def letter(self) -> str:
        """The delimiter in the stream that Arrow reads, in which runs of blanks are tabs."""
        return "\t" if self.delimiter == BLANKS else self.delimiter


def detect(path: Path, options: CsvOptions) -> CsvDialect:
    """Returns the dialect of a file, from its first rows where the options do not give it.

    Raises FileFormatError if it holds no text, InputError if it has no rows or no names.
    """
    delimiter = None if options.sep is None else as_delimiter(options.sep)
    encoding = None if options.encoding is None else as_codec(options.encoding)
    with open_bytes(path) as file:
        start = file.read(SAMPLE)
        if encoding is None:
            require_text(path, start)
            encoding = marked_encoding(start)
        start, is_whole = _with_lines(file, start)
    lines = io.StringIO(decoded_start(path, start, encoding, is_whole), newline="").readlines()
    if not is_whole and len(lines) > 1:
        lines.pop()  # it may go on
    above = _first_line(lines)
    if above < len(lines) and (marked := DELIMITER_LINE.fullmatch(lines[above])):
        delimiter = delimiter or marked[1]
        above += 1
    above += _first_line(lines[above:])
    lines = lines[above:]
    delimiter = delimiter or _delimiter(path, lines)
    rows, ends = first_rows(lines, delimiter)
    if not rows:
        raise InputError(f"{path} must hold at least one row; got none.")
    longest = max(map(len, lines))
    if options.header is False:
        return CsvDialect(encoding, delimiter, tuple(f"x{k}" for k in range(1, len(rows[0]) + 1)), above, longest, rows)
    if options.header is None and looks_like_row(rows[0], rows[1:]):
        raise InputError(
            f"{path} has no column names: its first line, {listed(rows[0], 4)}, looks like a row. Add a line of names "
            "above it, or give header=False (--no-header), or header=True (--header) if these are the names."
        )
    return CsvDialect(encoding, delimiter, tuple(rows[0]), above + ends[0], longest, rows[1:])


def as_delimiter(sep: str) -> str:
    """Returns the delimiter that a user gives as a character or as a word. Raises InputError for anything else.

    >>> as_delimiter("tab")
    '\\t'
    """
    delimiter = SPELLED.get(sep, sep)
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
        raise InputError(f"sep must be one character, 'tab' or 'blanks'; got {shown(sep)}.")
    return delimiter


def best_delimiter(lines: Sequence[str], may_be_blanks: bool = False) -> str:
    """Returns the delimiter that splits lines into rows of one length, at least 2.

    Among several, most rows of the length of the first one decide; then most values that are numbers, fewest that begin
    with a blank, most columns, and the order of `DELIMITERS`. Without any, runs of blanks are the delimiter if they
    split most lines so, and if the values between tabs are several numbers each.

    >>> best_delimiter(["a, b;c", "1,5;2,5", "3,5;4,5"])
    ';'
    """
    splits = {delimiter: split for delimiter in DELIMITERS if (split := _Split.of(lines, delimiter)).columns > 1}
    by_blanks = _Split.of(lines, BLANKS).regular if may_be_blanks else 0.0
    if not splits:
        return BLANKS if by_blanks > 0.5 else _delimiter_below(lines, may_be_blanks) or DELIMITERS[0]
    most = max(split.regular for split in splits.values())
    splits = {delimiter: split for delimiter, split in splits.items() if split.regular == most}
    best = next(iter(splits)) if len(splits) == 1 else max(splits, key=lambda delimiter: splits[delimiter].criteria())
    if best == "\t" and by_blanks == 1.0:
        values = first_rows(lines, "\t")[0][-1]
        if any(NUMBERS.fullmatch(value) for value in values):
            return BLANKS
    return best


def _delimiter_below(lines: Sequence[str], may_be_blanks: bool) -> str | None:
    """Returns the delimiter below a first line that is a title or lacks a name; the error then says so."""
    candidates = (*DELIMITERS, BLANKS) if may_be_blanks else DELIMITERS
    return next((d for d in candidates if _Split.of(lines[1:], d).regular == 1.0), None)


class _Split(NamedTuple):
    """The rows into which a delimiter splits lines, and the part of them that have as many values as the first one."""

    rows: list[list[str]]
    columns: int  # values of the first row
    regular: float  # the part, 0 if the first row is a single value

    @classmethod
    def of(cls, lines: Sequence[str], delimiter: str) -> _Split:
        rows, _ = first_rows(lines, delimiter)
        columns = len(rows[0]) if rows else 0
        return cls(rows, columns, sum(len(row) == columns for row in rows) / len(rows) if columns > 1 else 0.0)

    def criteria(self) -> tuple[float, float, int]:
        """Returns the further criteria of `best_delimiter`, best if largest."""
        values = [value for row in self.rows[1:] if len(row) == self.columns for value in row]
        numbers = sum(ONE_NUMBER.fullmatch(value) is not None for value in values)
        blanks = sum(value.startswith(" ") for value in values)
        t = max(1, len(values))
        return numbers / t, -blanks / t, self.columns


def first_rows(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    """Splits lines into rows, without the blank ones; returns them, and the number of lines up to the end of each."""
    rows: list[list[str]] = []
    ends = []
    tabbed = ["\t".join(split_blanks(line)) for line in lines] if delimiter == BLANKS else lines
    reader = csv.reader(tabbed, delimiter="\t" if delimiter == BLANKS else delimiter)
    try:
        for row in itertools.islice(filter(None, reader), MOST_ROWS):
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error:  # a huge value; the rows above decide
        pass
    return rows, ends


def _with_lines(file: BinaryIO, start: bytes) -> tuple[bytes, bool]:
    """Returns the first bytes of a file, as many as hold some lines, and whether they are all."""
    is_whole = len(start) < SAMPLE
    while not is_whole and max(start.count(b"\n"), start.count(b"\r")) < FEWEST_LINES and len(start) < LARGEST_SAMPLE:
        more = file.read(len(start))
        is_whole = len(more) < len(start)
        start += more
    return start, is_whole


def _first_line(lines: Sequence[str]) -> int:
    """Returns the index of the first line that is not blank."""
    return next((k for k, line in enumerate(lines) if line.strip()), len(lines))


def _delimiter(path: Path, lines: Sequence[str]) -> str:
    """Returns the delimiter of lines of this file; .tsv promises tabs, and .csv and .tsv one character."""
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if ".tsv" in suffixes and _Split.of(lines, "\t").regular == 1.0:
        return "\t"
    return best_delimiter(lines, may_be_blanks=not suffixes & {".csv", ".tsv"})
