"""Tables in files, which are read in pieces of Arrow: what Parquet files and text files have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chainrule.tables.arrow_values import as_index, import_pyarrow
from chainrule.tables.packing.table_stream import part_of, sampled_rows
from chainrule.tables.reading.arrow_tables import table_of_file
from chainrule.tables.reading.paths import guarded
from chainrule.tables.table import Table


class FileTables(ABC):
    """A `TableStream` of files; ``is_typed`` is False if their format has no types, so that all columns are texts."""

    is_typed: ClassVar[bool]
    origin: str
    names: tuple[str, ...]
    t: int

    @property
    def target(self) -> str | None:
        """The column that is the target by default."""
        return "target" if "target" in self.names else None

    @abstractmethod
    def batches(self, names: Sequence[str]) -> Iterator[tuple[str, int, Any]]:
        """Yields some rows at a time: their file, the number of the first one there, and an Arrow batch."""

    def pieces(self, names: Sequence[str] | None = None) -> Iterator[Table]:
        """Yields the rows of one file after the other, some at a time."""
        for file, first, batch in self.batches(self.names if names is None else names):
            with guarded(Path(file)):
                yield self._table(part_of(file, first), [_sound(batch)])

    def sample(self, rng: np.random.Generator) -> Table:
        """Returns up to a million rows, fewer of many columns."""
        count = sampled_rows(self.t, len(self.names))
        chosen = np.sort(rng.choice(self.t, count, replace=False, shuffle=False))
        found, done = [], 0
        for file, _, batch in self.batches(self.names):
            own = chosen[slice(*np.searchsorted(chosen, [done, done + batch.num_rows]))] - done
            if len(own):
                with guarded(Path(file)):
                    found.append(_sound(batch).take(as_index(own)) if len(own) < batch.num_rows else _sound(batch))
            done += batch.num_rows
        origin = self.origin if count == self.t else f"{self.origin} (a sample of its rows)"
        with guarded(Path(self.origin)):
            return self._table(origin, found)

    def _table(self, origin: str, batches: Sequence[Any]) -> Table:
        table = import_pyarrow("a table").Table.from_batches(batches)
        return table_of_file(Path(origin), table, is_typed=self.is_typed)


def _sound(batch: Any) -> Any:
    """Returns an Arrow batch. Raises ArrowInvalid if it is damaged: Arrow would read beyond the end of a column."""
    batch.validate(full=True)
    return batch
