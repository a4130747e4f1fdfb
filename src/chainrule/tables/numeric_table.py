"""Numbers without names: a NumPy array or a sparse matrix (t, n), kept as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.columns import Column


@dataclass(frozen=True)
class NumericTable:
    """Numbers (t, n) of one array; its columns are called x0, x1, … and told by their order.

    ``values`` is a NumPy array of any real number type, or a SciPy sparse array, in compressed columns.
    """

    origin: str
    values: Any
    target: ClassVar[None] = None
    has_names: ClassVar[bool] = False

    @property
    def t(self) -> int:
        """The number of rows."""
        return int(self.values.shape[0])

    def __len__(self) -> int:
        return self.t

    @cached_property
    def names(self) -> tuple[str, ...]:
        """x0, x1, …"""
        return tuple(f"x{k}" for k in range(self.values.shape[1]))

    @property
    def is_sparse(self) -> bool:
        """Whether only the entries that are not zero are kept."""
        return not isinstance(self.values, np.ndarray)

    def column(self, name: str) -> Column:
        """The column of this name."""
        k = self.names.index(name)
        return Column.of(self.values[:, [k]].toarray()[:, 0] if self.is_sparse else self.values[:, k])

    def floats(self, names: Iterable[str]) -> Any:
        """These columns (t, n) as they are, not copied where they are all of them."""
        chosen = list(names)
        if len(chosen) == len(self.names):
            return self.values
        position = {name: k for k, name in enumerate(self.names)}
        return self.values[:, [position[name] for name in chosen]]

    def rows(self, index: NDArray[Any]) -> NumericTable:
        """The matrix of these rows: numbers of rows, or a mask."""
        return NumericTable(self.origin, self.values[index])
