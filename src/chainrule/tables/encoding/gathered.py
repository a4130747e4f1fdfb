"""Numbers that lie in several columns, as one matrix that is never made as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Floats
from chainrule.tables.columns import Column

ROWS_IN_CACHE = 4096  # gathered at a time; 1M rows of 20 columns take a quarter of the time


@dataclass(frozen=True, eq=False)
class Gathered:
    """A matrix (t, n) of float64, NaN where missing, whose columns lie elsewhere: in arrays, or by themselves.

    R[rows] and R[:, columns], of slices, copy some of it.

    >>> R = Gathered(2, [([0, 2], np.array([[1, 2], [3, 4]]), [0, 1])], {1: Column("booleans", *np.eye(2, dtype=bool))})
    >>> R[1:].tolist(), R[:, 1:].tolist()
    ([[3.0, nan, 4.0]], [[1.0, 2.0], [nan, 4.0]])
    """

    t: int
    arrays: Sequence[tuple[list[int], NDArray[Any], list[int]]]  # places here, an array (t, k), and places in it
    single: dict[int, Column]  # by their place

    def __len__(self) -> int:
        return self.t

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(t, n)."""
        return self.t, len(self.single) + sum(len(places) for places, _, _ in self.arrays)

    @property
    def size(self) -> int:
        """The number of entries, t n."""
        return self.t * self.shape[1]

    def __getitem__(self, at: slice | tuple[slice, slice]) -> Floats:
        rows, columns = at if isinstance(at, tuple) else (at, slice(None))
        R = np.empty((len(range(self.t)[rows]), len(range(self.shape[1])[columns])))
        self.write(rows, columns, R)
        return R

    def write(self, rows: slice, columns: slice, R: Floats) -> None:
        """Copies what these slices choose into R."""
        chosen = range(self.shape[1])[columns]
        for to, array, of in self.arrays:
            if len(chosen) < self.shape[1]:
                both = [(chosen.index(place), k) for place, k in zip(to, of, strict=True) if place in chosen]
                to, of = [place for place, _ in both], [k for _, k in both]
            if to:
                R[:, as_slice(to)] = array[rows, as_slice(of)]
        for place, column in self.single.items():
            if place in chosen:
                column.write_floats(rows, R[:, chosen.index(place)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or np.float64, copy=False)


def is_sparse(R: Any) -> bool:
    """True if R is a sparse array, and neither a NumPy array nor `Gathered`."""
    return not isinstance(R, (np.ndarray, Gathered))


def as_slice(places: list[int]) -> slice | list[int]:
    """Returns places as a slice if they follow each other: NumPy then makes no copy."""
    first = places[0]
    return slice(first, first + len(places)) if places == list(range(first, first + len(places))) else places
