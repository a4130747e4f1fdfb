"""What the terminal sees: results on stdout, all else on stderr; without colours or boxes where it is a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 10_000  # nothing reads a pipe by its width: no line is cut or wrapped


def results() -> Console:
    """stdout."""
    return _console(sys.stdout)


def remarks() -> Console:
    """stderr."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=True)


def show(console: Console, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with its title: first column to the left, the others to the right."""
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
    """A title, and below it a line for each name and what it is."""
    width = max((len(name) for name, _ in pairs), default=0)
    console.print(Text(title, style="bold"))
    for name, value in pairs:
        console.print(printable(f"  {name.ljust(width)}  {value}"))


def printable(text: str) -> str:
    """``text`` on one line without control characters: names come from files, which anyone may have written."""
    return "".join(c if c.isprintable() else " " for c in text)


def number(value: float) -> str:
    """A measure with four digits that matter."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 10 else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"
