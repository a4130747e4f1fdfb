"""A table of numbers in one array: a NumPy array or a sparse matrix (t, n), kept as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import eq
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import shown
from chainrule.tables.columns import Column
from chainrule.tables.reading.array_columns import number_column
from chainrule.tables.table import known_column, require_complete


@dataclass(frozen=True, eq=False)
class NumberedNames(Sequence[str]):
    """The names x0, x1, … of n columns, which take no memory.

    >>> names = NumberedNames(1_000_000)
    >>> names[-1], names.index("x7"), "x07" in names
    ('x999999', 7, False)
    """

    n: int

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, k: Any) -> Any:
        numbers = range(self.n)[k]
        return tuple(f"x{j}" for j in numbers) if isinstance(k, slice) else f"x{numbers}"

    def __iter__(self) -> Iterator[str]:
        return (f"x{k}" for k in range(self.n))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._place(name) >= 0

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NumberedNames):
            return self.n == other.n
        return isinstance(other, tuple) and len(other) == self.n and all(map(eq, self, other))

    def __hash__(self) -> int:
        return hash(tuple(self))  # as of the tuple that is equal

    def index(self, value: str, *_: int) -> int:
        """Returns the number of the column of this name. Raises ValueError if there is none."""
        if (k := self._place(value)) < 0:
            raise ValueError(f"{shown(value)} is not one of x0 … x{self.n - 1}")
        return k

    def _place(self, name: str) -> int:
        digits = name[1:]
        is_name = name[:1] == "x" and digits.isdecimal() and digits.isascii() and str(int(digits)) == digits
        return int(digits) if is_name and int(digits) < self.n else -1


@dataclass(frozen=True)
class NumericTable:
    """One array of numbers (t, n), with a name for each column, or x0, x1, … matched by position.

    ``values`` is a NumPy array of any real number type, or a SciPy sparse array in compressed rows (CSR), in canonical
    form: the entries of a row in the order of their columns, each once.
    """

    origin: str
    values: Any
    names: Sequence[str] = ()
    target: ClassVar[None] = None

    def __post_init__(self) -> None:
        if not len(self.names):
            object.__setattr__(self, "names", NumberedNames(self.values.shape[1]))

    @property
    def has_names(self) -> bool:
        """True if the columns have names of their own."""
        return not isinstance(self.names, NumberedNames)

    @property
    def t(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    def __len__(self) -> int:
        return self.t

    @property
    def is_sparse(self) -> bool:
        """True if only nonzero entries are stored."""
        return not isinstance(self.values, np.ndarray)

    def column(self, name: str) -> Column:
        """Returns the column of this name. Raises InputError, naming the nearest one, if there is none."""
        k = self.names.index(known_column(name, self.names, self.origin))
        return number_column(self.values[:, [k]].toarray()[:, 0] if self.is_sparse else self.values[:, k])

    typed = column  # all columns hold numbers

    def floats(self, names: Iterable[str]) -> Any:
        """Returns these columns (t, n) in their own number type; all columns in order are not copied."""
        chosen = tuple(names)
        if chosen == tuple(self.names):
            return self.values
        place = {name: k for k, name in enumerate(self.names)}
        return self.values[:, [place[name] for name in chosen]]

    def aligned(self, names: Sequence[str]) -> NumericTable:
        """Returns a table of columns with these names, in this order; a column that is not here has no entries."""
        if tuple(names) == tuple(self.names):
            return self
        place = {name: k for k, name in enumerate(self.names)}
        found = np.array([k for k, name in enumerate(names) if name in place], dtype=np.intp)
        chosen = self.values[:, [place[names[k]] for k in found.tolist()]]
        shape = (self.t, len(names))
        if self.is_sparse:
            chosen.sort_indices()
            values = type(chosen)((chosen.data, found[chosen.indices], chosen.indptr), shape=shape)
        else:
            values = np.full(shape, np.nan)
            values[:, found] = chosen
        return NumericTable(self.origin, values, names)

    def rows(self, index: NDArray[Any]) -> NumericTable:
        """Returns a table of these rows, chosen by row numbers or a mask."""
        return replace(self, values=self.values[index])

    def renamed(self, names: Mapping[str, str]) -> NumericTable:
        """Returns a table in which columns have new names, given by their old ones."""
        return replace(self, names=tuple(names.get(name, name) for name in self.names))

    def without(self, *names: str) -> NumericTable:
        """Returns a table without these columns; the others keep their names."""
        return self.aligned(tuple(name for name in self.names if name not in names))

    def require_complete(self, name: str) -> None:
        """Raises InputError, naming the first row, if this column has missing values."""
        require_complete(self.column(name), name, self.origin)
