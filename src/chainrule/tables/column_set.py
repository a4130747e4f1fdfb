"""The columns of a table by name; columns of numbers of one type may lie side by side in one array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.tables.columns import Column
from chainrule.tables.reading.array_columns import as_numbers, number_column
from chainrule.tables.text.text_column import AnyColumn, TextColumn

Place = tuple[int, int]  # the number of a block, and of a column in it
ROWS_IN_CACHE = 4096  # copied column by column at a time; 1M rows of 20 columns take a quarter of the time


class Columns(Mapping[str, AnyColumn]):
    """Columns by name, in order. A column that lies in a block becomes a `Column` when it is asked for.

    A block is an array (t, k) of numbers or booleans, NaN where a float is missing.

    >>> columns = Columns.of(["a", "b"], blocks=[(["a", "b"], np.array([[1.0, 2.0], [3.0, np.nan]]))])
    >>> columns["b"].missing.tolist(), columns.floats(["b", "a"])[0].tolist()
    ([False, True], [2.0, 1.0])
    """

    def __init__(self, columns: Mapping[str, AnyColumn | Place], blocks: Sequence[NDArray[Any]] = ()) -> None:
        self._at = columns
        self._blocks = blocks

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        columns: Mapping[str, AnyColumn] | None = None,
        blocks: Iterable[tuple[Sequence[str], NDArray[Any]]] = (),
    ) -> Columns:
        """Returns columns in the order of ``names``, from single ones and from blocks of any width and byte order."""
        at: dict[str, AnyColumn | Place] = dict(columns or {})
        arrays = []
        for b, (within, block) in enumerate(blocks):
            at.update(zip(within, zip(repeat(b), range(len(within)), strict=False), strict=True))
            arrays.append(as_numbers(block))
        return cls({name: at[name] for name in names}, arrays)

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __contains__(self, name: object) -> bool:
        return name in self._at

    def __getitem__(self, name: str) -> AnyColumn:
        at = self._at[name]
        return number_column(self._blocks[at[0]][:, at[1]]) if isinstance(at, tuple) else at

    @property
    def t(self) -> int:
        """Number of rows, 0 without columns."""
        for at in self._at.values():
            return len(self._blocks[at[0]] if isinstance(at, tuple) else at)
        return 0

    @property
    def texts(self) -> dict[str, TextColumn]:
        """The columns of texts, by name."""
        return {name: column for name, column in self._at.items() if isinstance(column, TextColumn)}

    def in_blocks(self) -> set[str]:
        """Returns the names of the columns that lie in blocks of numbers, not of booleans."""
        are_numbers = [block.dtype.kind != "b" for block in self._blocks]
        return {name for name, at in self._at.items() if isinstance(at, tuple) and are_numbers[at[0]]}

    def typed(self, name: str) -> Column:
        """Returns the column of this name, whose texts, if it held any, have been recognised or converted."""
        column = self[name]
        if isinstance(column, TextColumn):
            raise TypeError(f"the texts of {name!r} have not been converted")
        return column

    def floats(self, names: Iterable[str]) -> Floats:
        """Returns columns of numbers, booleans or durations as float64 (t, n), NaN where missing."""
        chosen = list(names)
        R = np.empty((self.t, len(chosen)))
        places: dict[int, tuple[list[int], list[int]]] = {b: ([], []) for b in range(len(self._blocks))}
        single: list[tuple[int, Column]] = []
        for j, name in enumerate(chosen):
            at = self._at[name]
            if isinstance(at, tuple):
                to, of = places[at[0]]
                to.append(j)
                of.append(at[1])
            else:
                single.append((j, self.typed(name)))
        for b, (to, of) in places.items():
            R[:, to] = self._blocks[b][:, of]
        for a in range(0, self.t, ROWS_IN_CACHE):
            some = slice(a, a + ROWS_IN_CACHE)
            for j, column in single:
                R[some, j] = (column.at(some) if self.t > ROWS_IN_CACHE else column).as_floats()
        return R

    def rows(self, index: NDArray[Any]) -> Columns:
        """Returns the columns of these rows, chosen by row numbers or a mask."""
        single = {name: at if isinstance(at, tuple) else at.at(index) for name, at in self._at.items()}
        return Columns(single, [block[index] for block in self._blocks])

    def renamed(self, names: Mapping[str, str]) -> Columns:
        """Returns the columns with new names, given by their old ones."""
        return Columns({names.get(name, name): at for name, at in self._at.items()}, self._blocks)

    def chosen(self, names: Iterable[str], new: Mapping[str, AnyColumn] | None = None) -> Columns:
        """Returns the columns of these names, in this order; ``new`` has columns in place of older ones."""
        at = self._at if new is None else {**self._at, **new}
        return Columns({name: at[name] for name in names}, self._blocks)

    def replaced(self, new: Mapping[str, AnyColumn]) -> Columns:
        """Returns the columns with these in place of the older ones of the same names."""
        return self.chosen(self._at, new)
