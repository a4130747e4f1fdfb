"""A long text among many rows takes the memory of this text alone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from chainrule.tables.reading.read import read

LENGTH = 1_000_000
FORMS: dict[str, Callable[[list[list[Any]]], Any]] = {
    "lists": list,
    "tuples": lambda rows: [tuple(row) for row in rows],
    "dicts": lambda rows: [dict(zip("abc", row, strict=True)) for row in rows],
    "texts alone": lambda rows: [row[1:] for row in rows],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_long_text_gives_no_other_value_its_width(form: str) -> None:
    """10,000 rows, one of which has a text of a million letters, are read in some megabytes."""
    rows = [[float(k), "short", "b" if k % 2 else "a"] for k in range(10_000)]
    rows[77][1] = "x" * LENGTH
    given = FORMS[form](rows)
    tracemalloc.start()
    try:
        table = read(given)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(table) == len(rows)
    assert max(len(text) for text in table.column(table.names[-2]).objects()) == LENGTH
    assert peak < 10 * LENGTH
