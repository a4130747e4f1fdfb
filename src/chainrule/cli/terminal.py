"""Output to the terminal: results on stdout, everything else on stderr; plain text in a pipe."""

from __future__ import annotations

import io
import math
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

from chainrule._internal.four_digits import four_digits

if TYPE_CHECKING:
    from rich.console import Console  # imported where something is printed: a wrong command line needs no Rich

PIPE_WIDTH = 10_000  # lines in a pipe are neither cut nor wrapped


def prepare_streams() -> None:
    """Prepares stdout and stderr for any text.

    stdout is UTF-8 in a file or a pipe, with the same line ends on every system, so that no letter of a label is lost.
    Remarks, and everything in a terminal, have ? for letters that the encoding lacks. A stream that the shell has
    closed takes everything.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open to the end of the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream is sys.stdout and not stream.isatty():
                stream.reconfigure(encoding="utf-8", errors="strict", newline="\n")
            else:
                stream.reconfigure(errors="replace")


def discard_unwritable_output() -> None:
    """Discards what stdout and stderr still hold and cannot write; Python would complain about it at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _discard(stream)


def _discard(stream: TextIO) -> None:
    """Lets a stream write to nowhere from now on."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Remarks:
    """stderr, which drops what it cannot write: a terminal that has been closed must not cost the model."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Writes text."""
        try:
            return self._stream.write(text)
        except OSError:
            _discard(self._stream)
            return len(text)

    def flush(self) -> None:
        """Writes what is still held."""
        try:
            self._stream.flush()
        except OSError:
            _discard(self._stream)


def results() -> Console:
    """Returns the console for stdout."""
    return _console(sys.stdout)


def remarks() -> Console:
    """Returns the console for stderr."""
    return _console(cast(TextIO, Remarks(sys.stderr)))


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=True)


@contextmanager
def warnings_as_notes(console: Console) -> Iterator[None]:
    """Prints the warnings that the block issues, each as a line that begins with "Note:", once it is finished."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if issubclass(warning.category, UserWarning):
            console.print(printable(f"Note: {warning.message}"))


def show(console: Console, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a titled table; the first column is left-aligned, the others right-aligned."""
    if not console.is_terminal:
        widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]
        console.print(printable(title))
        for row in (header, *rows):
            cells = [
                cell.rjust(width) if k else cell.ljust(width)
                for k, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            console.print("  " + printable("  ".join(cells)).rstrip())
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(printable(title), style="bold"), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False
    )
    for k, name in enumerate(header):
        table.add_column(Text(printable(name)), justify="right" if k else "left")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(table)


def listing(console: Console, title: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Prints a title, and below it one line per pair of name and value."""
    from rich.text import Text

    width = max((len(name) for name, _ in pairs), default=0)
    console.print(Text(title, style="bold"))
    for name, value in pairs:
        console.print(printable(f"  {name.ljust(width)}  {value}"))


def printable(text: str) -> str:
    """Returns ``text`` on one line without control characters; names from files may contain them."""
    return "".join(c if c.isprintable() else " " for c in text)


def beside(value: float, other: float) -> tuple[str, str]:
    """Returns two numbers of one measure: the other has as many decimals as the first.

    >>> beside(0.9981, -4.1e-05), beside(540.3, 3990.2), beside(0.02, float("nan"))
    (('0.9981', '0.0000'), ('540.3', '3,990.2'), ('0.0200', '–'))
    """
    both = number(value), number(other)
    decimals = len(both[0].partition(".")[2])
    is_tiny = decimals == 4 and abs(other) < 0.001
    return (both[0], f"{other:.4f}".replace("-0.0000", "0.0000")) if is_tiny else both


def number(value: float) -> str:
    """Returns a number as text with four significant digits, "–" for one that is not defined."""
    return "–" if math.isnan(value) else four_digits(value)
