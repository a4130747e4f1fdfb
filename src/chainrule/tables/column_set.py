"""The columns of a table by name; columns of one type may lie side by side in one array, or in one Arrow table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule.tables.columns import ChosenRows, Column, Kind
from chainrule.tables.encoding.gathered import Gathered, as_slice
from chainrule.tables.reading.array_columns import as_numbers, number_column
from chainrule.tables.text.notation import DecimalMark, Notation
from chainrule.tables.text.text_block import PlainNumbers, TextBlock
from chainrule.tables.text.text_column import AnyColumn, TextColumn
from chainrule.tables.work import each

Place = tuple[int, int]  # the number of a block, and of a column in it


@dataclass(frozen=True, eq=False)
class NumberBlock:
    """Numbers or booleans (t, k) of k columns, NaN where a float is missing; ``notation`` if they were texts."""

    values: NDArray[Any]
    notation: Notation | None = None

    @classmethod
    def of(cls, values: NDArray[Any]) -> NumberBlock:
        """Returns the block of numbers of any width and byte order."""
        return cls(as_numbers(values))

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def kind(self) -> Kind:
        """The kind of the columns."""
        return "booleans" if self.values.dtype.kind == "b" else "numbers"

    @cached_property
    def type(self) -> str:
        """The name of the type, for messages."""
        return str(self.values.dtype) if self.notation is None else self.notation.kind

    def column(self, place: int) -> Column:
        """Returns one of the columns."""
        column = number_column(self.values[:, place])
        return column if self.notation is None else replace(column, type=self.type, notation=self.notation)

    def at(self, rows: NDArray[Any]) -> NumberBlock:
        """Returns the block of these rows, chosen by row numbers or a mask."""
        return replace(self, values=self.values[rows])


Block = NumberBlock | TextBlock
Holder = Column | NumberBlock | ChosenRows  # of a column of values


class Columns(Mapping[str, AnyColumn]):
    """Columns by name, in order. A column that lies in a block becomes an object when it is asked for.

    >>> import numpy as np
    >>> block = NumberBlock(np.array([[1.0, 2.0], [3.0, np.nan]]))
    >>> columns = Columns.of(["a", "b"], blocks=[(["a", "b"], block)])
    >>> columns["b"].missing.tolist(), columns.floats(["b", "a"])[:1].tolist()
    ([False, True], [[2.0, 1.0]])
    """

    def __init__(
        self, columns: Mapping[str, AnyColumn | ChosenRows | Place], blocks: Mapping[int, Block] | None = None
    ) -> None:
        self._at = columns
        self._blocks = blocks or {}

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        columns: Mapping[str, AnyColumn] | None = None,
        blocks: Iterable[tuple[Sequence[str], Block]] = (),
    ) -> Columns:
        """Returns columns in the order of ``names``, from single ones and from blocks."""
        return cls({}).replaced(columns or {}, blocks, names)

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __contains__(self, name: object) -> bool:
        return name in self._at

    def __getitem__(self, name: str) -> AnyColumn:
        at = self._at[name]
        if isinstance(at, ChosenRows):
            return at.column
        return self._blocks[at[0]].column(at[1]) if isinstance(at, tuple) else at

    @property
    def t(self) -> int:
        """Number of rows, 0 without columns."""
        for at in self._at.values():
            return len(self._holder(at))
        return 0

    def names_of(self, kind: Kind | Literal["texts"]) -> list[str]:
        """Returns the names of the columns of this kind."""
        return [name for name, at in self._at.items() if self._holder(at).kind == kind]

    @property
    def held_numbers(self) -> dict[str, NumberBlock | ChosenRows]:
        """The names of the columns of numbers that are no objects yet, with what holds them."""
        holders = {name: self._holder(at) for name, at in self._at.items()}
        return {n: h for n, h in holders.items() if isinstance(h, NumberBlock | ChosenRows) and h.kind == "numbers"}

    @property
    def in_text_blocks(self) -> list[str]:
        """The names of the columns that lie in blocks of texts."""
        texts = {b for b, block in self._blocks.items() if isinstance(block, TextBlock)}
        return [name for name, at in self._at.items() if isinstance(at, tuple) and at[0] in texts] if texts else []

    def _holder(self, at: AnyColumn | ChosenRows | Place) -> AnyColumn | ChosenRows | Block:
        return self._blocks[at[0]] if isinstance(at, tuple) else at

    def plain_numbers(
        self, names: Iterable[str], decimal: DecimalMark, missing: Collection[str]
    ) -> Iterator[tuple[list[str], PlainNumbers]]:
        """Yields those of the named columns of blocks of texts that can be read as numbers at once (`TextBlock`)."""
        of_block: dict[int, dict[int, str]] = {}
        for name in names:
            at = self._at[name]
            if isinstance(at, tuple):
                of_block.setdefault(at[0], {})[at[1]] = name
        for b, name_of in of_block.items():
            block = self._blocks[b]
            if isinstance(block, TextBlock):
                for found in block.plain_numbers(list(name_of), decimal, missing):
                    yield [name_of[k] for k in found.places.tolist()], found

    def typed(self, name: str) -> Column:
        """Returns the column of this name, whose texts, if it held any, have been recognised or converted."""
        column = self[name]
        if isinstance(column, TextColumn):
            raise TypeError(f"the texts of {name!r} have not been converted")
        return column

    def floats(self, names: Iterable[str]) -> NDArray[Any] | Gathered:
        """Returns columns of numbers, booleans or durations (in seconds) as numbers (t, n), NaN where missing.

        Columns that follow each other in one block are not copied, and nothing may write into the result; all others
        are gathered as float64 when they are asked for.
        """
        arrays: dict[int, tuple[list[int], list[int]]] = {}
        single: dict[int, Column | ChosenRows] = {}
        for j, name in enumerate(names):
            at = self._at[name]
            if isinstance(at, tuple):
                to, of = arrays.setdefault(at[0], ([], []))
                to.append(j)
                of.append(at[1])
            else:
                single[j] = at if isinstance(at, ChosenRows) else self.typed(name)
        if len(arrays) == 1 and not single:
            [(b, (_, of))] = arrays.items()
            if isinstance(some := as_slice(of), slice):
                return self._numbers(b)[:, some]
        return Gathered(self.t, [(to, self._numbers(b), of) for b, (to, of) in arrays.items()], single)

    def _numbers(self, b: int) -> NDArray[Any]:
        block = self._blocks[b]
        if isinstance(block, TextBlock):
            raise TypeError("texts have not been converted")
        return block.values

    def rows(self, index: NDArray[Any]) -> Columns:
        """Returns the columns of these rows, chosen by row numbers or a mask."""
        index = np.flatnonzero(index) if index.dtype.kind == "b" else _from_the_start(index, self.t)
        single = {name: at for name, at in self._at.items() if not isinstance(at, tuple)}
        holders: list[AnyColumn | ChosenRows | Block] = [*single.values(), *self._blocks.values()]
        chosen: list[Any] = each("choosing rows", self.t * len(self._at), lambda h: _rows_of(h, index), holders)
        columns, blocks = chosen[: len(single)], chosen[len(single) :]
        return Columns(
            {**self._at, **dict(zip(single, columns, strict=True))}, dict(zip(self._blocks, blocks, strict=True))
        )

    def renamed(self, names: Mapping[str, str]) -> Columns:
        """Returns the columns with new names, given by their old ones."""
        return Columns({names.get(name, name): at for name, at in self._at.items()}, self._blocks)

    def chosen(self, names: Iterable[str]) -> Columns:
        """Returns the columns of these names, in this order."""
        return _with_used_blocks({name: self._at[name] for name in names}, self._blocks)

    def replaced(
        self,
        columns: Mapping[str, AnyColumn],
        blocks: Iterable[tuple[Sequence[str], Block]] = (),
        names: Iterable[str] | None = None,
    ) -> Columns:
        """Returns the columns with these, single ones and blocks, in place of the older ones of the same names.

        ``names`` are those of all columns of the result, in order, if they are not the same as here.
        """
        at, all_blocks = {**self._at, **columns}, dict(self._blocks)
        for b, (within, block) in enumerate(blocks, max(all_blocks, default=-1) + 1):
            at.update(zip(within, zip(repeat(b), range(len(within)), strict=False), strict=True))
            all_blocks[b] = block
        return _with_used_blocks(at if names is None else {name: at[name] for name in names}, all_blocks)


def _rows_of(holder: AnyColumn | ChosenRows | Block, index: NDArray[np.intp]) -> AnyColumn | ChosenRows | Block:
    """Returns these rows, of numbers that lie by themselves without a copy of most of them."""
    if isinstance(holder, ChosenRows):
        return ChosenRows.of(holder.whole, holder.rows[index])
    return ChosenRows.of(holder, index) if isinstance(holder, Column) else holder.at(index)


def _from_the_start(index: NDArray[Any], t: int) -> NDArray[np.intp]:
    """Returns row numbers of t rows, those that count from the end too, as numbers from 0 on."""
    numbers: NDArray[np.intp] = index.astype(np.intp, copy=False)
    if len(numbers) and numbers.min() < 0:
        numbers = np.arange(t)[numbers]
    return numbers


def _with_used_blocks(columns: Mapping[str, AnyColumn | ChosenRows | Place], blocks: Mapping[int, Block]) -> Columns:
    """Returns columns without the blocks of which no column is left, so that their memory can be freed."""
    used = {at[0] for at in columns.values() if isinstance(at, tuple)}
    return Columns(columns, {b: block for b, block in blocks.items() if b in used})
