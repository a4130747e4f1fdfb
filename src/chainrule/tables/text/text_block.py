"""Columns of texts that lie together in one Arrow table; in a short table, Arrow reads all plain numbers at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.tables.arrow_values import as_index, booleans_of
from chainrule.tables.text.conversion import GAP_FORMS
from chainrule.tables.text.notation import DecimalMark
from chainrule.tables.text.text_column import TextColumn, are_among, numbers_in_arrow, without_in_arrow

FEW_ROWS = 256  # up to here the work for each column takes as long as that for its texts, or longer
TEXTS_AT_ONCE = 1 << 20  # in one array of some megabytes, and
MOST_BYTES = 1 << 26  # of them; numbers are shorter


class PlainNumbers(NamedTuple):
    """Columns that hold plain numbers, or gaps: their places in the block, their texts, and their numbers."""

    places: NDArray[np.intp]  # (k,)
    texts: Any  # (k t,), an Arrow array, column after column
    values: Floats  # (k, t), NaN for a gap


@dataclass(frozen=True, eq=False)
class TextBlock:
    """The texts (t, k) of k columns as an Arrow table; ``is_declared`` as in `TextColumn`."""

    texts: Any
    is_declared: bool = True

    kind: ClassVar[Literal["texts"]] = "texts"

    def __len__(self) -> int:
        return int(self.texts.num_rows)

    def column(self, place: int) -> TextColumn:
        """Returns one of the columns."""
        return TextColumn(self.texts.column(place), is_declared=self.is_declared)

    def at(self, rows: NDArray[Any]) -> TextBlock:
        """Returns the block of these rows, chosen by row numbers or a mask."""
        return TextBlock(self.texts.take(as_index(np.arange(len(self))[rows])), self.is_declared)

    def plain_numbers(
        self, places: Sequence[int], decimal: DecimalMark, missing: Collection[str]
    ) -> Iterable[PlainNumbers]:
        """Yields those of the columns at these places that hold nothing but plain numbers and usual gaps.

        The numbers are those of `TextColumn.plain_numbers`, after the texts ``missing`` were left out. Yields nothing
        for a long table, whose columns are read as fast one by one.
        """
        if not 0 < len(self) <= FEW_ROWS:
            return
        width = TEXTS_AT_ONCE // len(self)
        for a in range(0, len(places), width):
            found = self._read_at_once(np.array(places[a : a + width]), decimal, missing)
            if found is not None:
                yield found

    def _read_at_once(
        self, places: NDArray[np.intp], decimal: DecimalMark, missing: Collection[str]
    ) -> PlainNumbers | None:
        import pyarrow
        from pyarrow import compute

        some = self.texts.select(places.tolist())
        if some.get_total_buffer_size() > MOST_BYTES:
            return None
        (batch,) = some.combine_chunks().to_batches()
        texts = pyarrow.concat_arrays(batch.columns)
        texts = without_in_arrow(texts, missing) if missing else texts
        is_read = booleans_of(compute.match_substring_regex(texts, _plain_number(decimal)))
        if not is_read.all():
            is_read = is_read | booleans_of(texts.is_null())
            others = np.flatnonzero(~is_read)
            is_read[others] = booleans_of(are_among(texts.take(as_index(others)), GAP_FORMS))
            are_read = is_read.reshape(-1, len(self)).all(axis=1)
            places, texts = places[are_read], texts.take(as_index(np.flatnonzero(np.repeat(are_read, len(self)))))
        values = numbers_in_arrow(texts, GAP_FORMS, decimal)
        return None if values is None else PlainNumbers(places, texts, values.reshape(-1, len(self)))


@lru_cache
def _plain_number(decimal: DecimalMark) -> str:
    """Returns the pattern of numbers that Arrow reads, except those that are rare."""
    return rf"^[+-]?[0-9]+(?:{re.escape(decimal)}[0-9]*)?(?:[eE][+-]?[0-9]+)?$"
