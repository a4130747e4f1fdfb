"""A table of numbers without column names: a NumPy array or a sparse matrix (t, n), kept as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.columns import Column
from chainrule.tables.reading.array_columns import as_column


@dataclass(frozen=True)
class NumericTable:
    """One array of numbers (t, n); its columns are named x0, x1, … and matched by position.

    ``values`` is a NumPy array of any real number type, or a SciPy sparse array in compressed columns (CSC).
    """

    origin: str
    values: Any
    target: ClassVar[None] = None
    has_names: ClassVar[bool] = False

    @property
    def t(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    def __len__(self) -> int:
        return self.t

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns: x0, x1, …"""
        return tuple(f"x{k}" for k in range(self.values.shape[1]))

    @property
    def is_sparse(self) -> bool:
        """True if only nonzero entries are stored."""
        return not isinstance(self.values, np.ndarray)

    def column(self, name: str) -> Column:
        """Returns the column of this name."""
        k = self.names.index(name)
        return as_column(self.values[:, [k]].toarray()[:, 0] if self.is_sparse else self.values[:, k])

    def floats(self, names: Iterable[str]) -> Any:
        """Returns these columns (t, n) in their own number type; all columns together are not copied."""
        chosen = list(names)
        if len(chosen) == len(self.names):
            return self.values
        position = {name: k for k, name in enumerate(self.names)}
        return self.values[:, [position[name] for name in chosen]]

    def rows(self, index: NDArray[Any]) -> NumericTable:
        """Returns a table of these rows, chosen by row numbers or a mask."""
        return NumericTable(self.origin, self.values[index])
