"""The tables of a query, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

ROW = "chainrule_row"  # the column with the number of the row


class Query:
    """The tables of a query, each computed once from the one before."""

    def __init__(self) -> None:
        self.tables: list[str] = []

    def table(self, word: str, columns: Mapping[str, str], source: str) -> str:
        """Adds a table with these columns, by their names, and returns its name."""
        parts = [f"{expression} AS {column}" for column, expression in columns.items()]
        selected = ",\n    ".join([ROW, *parts])
        self.tables.append(f"{word} AS MATERIALIZED (\n  SELECT\n    {selected}\n  FROM {source}\n)")
        return word
