"""Exported SQL in three databases: how far DuckDB, SQLite and PostgreSQL are from the model on rows of its table.

PostgreSQL takes part where psycopg is installed and PGHOST names a server, as for all programs of libpq.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from chainrule.exports.evaluate import Row
from chainrule.exports.plan import InputColumn, Plan, plan_of
from chainrule.exports.targets.sql.target import results
from chainrule.exports.targets.target import UNITS
from chainrule.exports.vectors import Vectors
from chainrule.tables.model import TableModel

MOST_ROWS = 2_000


class Postgres:
    """A connection to PostgreSQL in the form of sqlite3's; all it does is undone when it is closed."""

    def __init__(self) -> None:
        self._connection = importlib.import_module("psycopg").connect()
        self.execute("SET jit = off")

    def execute(self, query: str) -> Any:
        """Returns a cursor with the rows of a query."""
        return self._connection.execute(query)

    def executemany(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """Executes a query for each row."""
        self._connection.cursor().executemany(query.replace("?", "%s"), rows)

    def close(self) -> None:
        """Forgets the table."""
        self._connection.rollback()
        self._connection.close()


class Agreement(NamedTuple):
    """The deviation of a database from the model that is nearest to its bound, this bound, and the wrong labels."""

    database: str
    rows: int
    deviation: float
    bound: float
    wrong_labels: int
    seconds: float  # wall clock: those of PostgreSQL pass in its server


def databases() -> dict[str, Callable[[], Any]]:
    """Returns how to connect to each database that is there; to SQLite if it was compiled with exp and its like."""
    found: dict[str, Callable[[], Any]] = {}
    with closing(sqlite3.connect(":memory:")) as connection, contextlib.suppress(sqlite3.OperationalError):
        connection.execute("SELECT exp(0) + tanh(0)")
        found["SQLite"] = lambda: sqlite3.connect(":memory:")
    if importlib.util.find_spec("duckdb") is not None:
        found["DuckDB"] = lambda: importlib.import_module("duckdb").connect(config={"threads": 1})
    if importlib.util.find_spec("psycopg") is not None and os.environ.get("PGHOST"):
        found["PostgreSQL"] = Postgres
    return found


def agreements(path: Path, vectors: Vectors) -> Iterator[Agreement]:
    """Yields how an exported query computes what its model does, in each database."""
    query = path.read_text(encoding="utf-8")
    for name, connected in databases().items():
        with closing(connected()) as connection:
            start = time.perf_counter()
            values, labels = results(connection, query, vectors)
            seconds = time.perf_counter() - start
        deviation, bound = vectors.deviation(np.array(values, dtype=np.float64))
        yield Agreement(name, len(values), deviation, bound, vectors.wrong_labels(labels or ()), seconds)


def vectors_of(model: TableModel, X: pd.DataFrame) -> Vectors:
    """Returns what the model predicts for at most ``MOST_ROWS`` rows of a table, evenly spread."""
    plan = plan_of(model)
    return Vectors.of(plan, UNITS["double"], rows_of(plan, X.iloc[:: -(-len(X) // MOST_ROWS)]))


def rows_of(plan: Plan, X: pd.DataFrame) -> list[Row]:
    """Returns rows of a table as an exported model takes them: None for a gap."""
    columns = {column.name: [_value(column, v) for v in X[column.name].tolist()] for column in plan.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _value(column: InputColumn, value: Any) -> Any:
    if value is None or value != value:
        return None
    return {"text": str, "boolean": bool}.get(column.kind, float)(value)
