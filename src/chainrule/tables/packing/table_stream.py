"""Tables that are read piece by piece, and need not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from chainrule.tables.table import Table

MOST_VALUES = 1 << 22  # of a piece
MOST_ROWS = 1 << 16
SAMPLED_VALUES, SAMPLED_ROWS = 1 << 25, 1 << 20  # of a sample: the ranks of its quartiles have an error of 0.05 %
FEWEST_SAMPLED = 1_000


class TableStream(Protocol):
    """A table whose rows are read in order, some at a time, as often as needed."""

    @property
    def origin(self) -> str:
        """The path of the table, for messages."""

    @property
    def target(self) -> str | None:
        """The column that is the target by default."""

    @property
    def t(self) -> int:
        """The number of rows."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""

    def pieces(self, names: Sequence[str] | None = None) -> Iterator[Table]:
        """Yields all rows with these columns, or with all, some at a time; rows in messages count from the piece."""

    def sample(self, rng: np.random.Generator) -> Table:
        """Returns some rows in their order, each set of as many being equally likely, or all of them if they fit."""


@dataclass(frozen=True, eq=False)
class InMemory:
    """A `TableStream` of a table in memory."""

    table: Table

    @property
    def origin(self) -> str:
        """The name of the table."""
        return self.table.origin

    @property
    def target(self) -> str | None:
        """The target by default."""
        return self.table.target

    @property
    def t(self) -> int:
        """The number of rows."""
        return self.table.t

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.table.names

    def pieces(self, names: Sequence[str] | None = None) -> Iterator[Table]:
        """Yields the rows, some at a time."""
        table = self.table if names is None else replace(self.table, columns=self.table.columns.chosen(names))
        for a in range(0, table.t, step := piece_rows(len(table.names))):
            some = table.rows(np.arange(a, min(a + step, table.t)))
            yield replace(some, origin=part_of(self.origin, a))

    def sample(self, rng: np.random.Generator) -> Table:
        """Returns all rows."""
        return self.table


def piece_rows(columns: int) -> int:
    """Returns the number of rows in a piece with this many columns."""
    return max(1, min(MOST_ROWS, MOST_VALUES // max(1, columns)))


def sampled_rows(t: int, columns: int) -> int:
    """Returns the number of rows in a sample of t rows."""
    return min(t, max(FEWEST_SAMPLED, min(SAMPLED_ROWS, SAMPLED_VALUES // columns)))


def rank_error(sampled: int, t: int, q: float = 0.5) -> float:
    """Returns the standard error of the rank, as a share of the rows, of the q-quantile of a sample without repetition.

    >>> round(rank_error(1 << 20, 100_000_000), 5), rank_error(5, 5)
    (0.00049, 0.0)

    Source: W. G. Cochran, Sampling Techniques, 1977, (3.7).
    """
    return float(np.sqrt(q * (1.0 - q) / sampled * (t - sampled) / max(1, t - 1)))


def part_of(origin: str, first: int) -> str:
    """Returns the name of the rows of a table from row ``first`` on, for messages."""
    return origin if first == 0 else f"{origin} (after row {first})"
