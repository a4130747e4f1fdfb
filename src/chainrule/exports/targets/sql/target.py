"""One query of standard SQL, run by DuckDB."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, FileFormatError
from chainrule.exports.evaluate import Row
from chainrule.exports.plan import Plan
from chainrule.exports.targets.sql.expressions import name as quoted
from chainrule.exports.targets.sql.query import TABLE, query_of
from chainrule.exports.targets.target import CheckerMissing, Outcome
from chainrule.exports.targets.texts import NUL_OR_SURROGATE, require_texts
from chainrule.exports.vectors import Vectors

MARK = "-- test rows: "
TEST_ROW = "chainrule_test_row"


class SqlTarget:
    """A query that adds predictions to the rows of a table."""

    suffix = ".sql"
    reals = ("double",)
    weights = ()
    inputs = ("columns",)

    def files(self, plan: Plan, vectors: Vectors, name: str, real: str) -> Mapping[str, bytes]:
        """Returns the query.

        Raises InputError for a model that is too large for SQL, or that has times or a text that databases cannot hold.
        """
        require_texts(plan, self.suffix, NUL_OR_SURROGATE)
        return {self.suffix: f"{query_of(plan, name)}{MARK}{vectors.as_json()}\n".encode()}

    def vectors(self, path: Path) -> Vectors:
        """Reads the vectors in the last comment."""
        last = _text_of(path).rstrip("\n").rpartition("\n")[2]
        if not last.startswith(MARK):
            raise FileFormatError(f"{path} holds no test vectors of an export.")
        return Vectors.from_json(last.removeprefix(MARK), str(path))

    def run(self, path: Path) -> Outcome:
        """Makes a table of the test rows in DuckDB, and runs the query."""
        if importlib.util.find_spec("duckdb") is None:
            raise CheckerMissing("the package duckdb is not installed")
        import duckdb

        vectors = self.vectors(path)
        with duckdb.connect() as connection:
            try:
                values, labels = results(connection, _text_of(path), vectors)
            except duckdb.Error as error:
                raise ChainruleError(f"{path} fails: {error}") from None
        return Outcome(np.array(values, dtype=np.float64), labels, f"DuckDB {duckdb.__version__}")


def _text_of(path: Path) -> str:
    """Returns the query with the line ends of its texts as they are."""
    return path.read_bytes().decode()


def results(connection: Any, query: str, vectors: Vectors) -> tuple[list[Any], list[Any] | None]:
    """Returns the values and labels that a database computes for the test rows."""
    create_table(connection, vectors.rows)
    k = vectors.values.shape[1]
    found = sorted(connection.execute(query).fetchall())
    values = [row[-k:] for row in found]
    if vectors.labels is None:
        return values, None
    is_several = isinstance(vectors.labels[0], list)
    return values, [list(row[-2 * k : -k]) if is_several else row[-k - 1] for row in found]


def create_table(connection: Any, rows: Sequence[Row]) -> None:
    """Makes the table of the query, with a first column that numbers the rows."""
    names = list(rows[0])
    types = [f"{quoted(name)} {_type(name, rows)}" for name in names]
    connection.execute(f"CREATE TABLE {TABLE} ({TEST_ROW} INTEGER, {', '.join(types)})")
    marks = ", ".join("?" * (1 + len(names)))
    numbered = [[t, *(row[name] for name in names)] for t, row in enumerate(rows)]
    connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", numbered)


def _type(name: str, rows: Sequence[Row]) -> str:
    values = [row[name] for row in rows if row[name] is not None]
    if isinstance(values[0], str):
        return "VARCHAR"
    return "BOOLEAN" if isinstance(values[0], bool) else "DOUBLE PRECISION"
