"""The pages of the documentation that are notebooks."""

from __future__ import annotations

import re
from pathlib import Path
from types import CodeType
from typing import Any

CELL = re.compile(r"^```\{code-cell\} python\n((?::[^\n]*\n)*)(.*?)^```", re.DOTALL | re.MULTILINE)


def cells(page: Path) -> list[CodeType]:
    """Returns the code of a page, cell by cell, without the options of the cells."""
    text = page.read_text(encoding="utf-8")
    found = []
    for cell in CELL.finditer(text):
        assert cell[2].strip()
        lines_before = text.count("\n", 0, cell.start(2))
        found.append(compile("\n" * lines_before + cell[2], str(page), "exec"))
    return found


def run(page: Path) -> dict[str, Any]:
    """Runs the cells of a page in order, and returns the names that they leave."""
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in cells(page):
        exec(cell, names)
    return names
