"""Output to the terminal: results on stdout, everything else on stderr; plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 10_000  # lines in a pipe are neither cut nor wrapped


def results() -> Console:
    """Returns the console for stdout."""
    return _console(sys.stdout)


def remarks() -> Console:
    """Returns the console for stderr."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=True)


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
    width = max((len(name) for name, _ in pairs), default=0)
    console.print(Text(title, style="bold"))
    for name, value in pairs:
        console.print(printable(f"  {name.ljust(width)}  {value}"))


def printable(text: str) -> str:
    """Returns ``text`` on one line without control characters; names from files may contain them."""
    return "".join(c if c.isprintable() else " " for c in text)


def number(value: float) -> str:
    """Returns a number as text with four significant digits."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 10 else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"
