"""Numbers that lie in several columns, as one matrix that is never made as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Floats
from chainrule.tables.columns import ChosenRows, Column


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
    single: Mapping[int, Column | ChosenRows]  # by their place

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
        self.chosen(columns).write(rows, R)
        return R

    def chosen(self, columns: slice) -> Gathered:
        """Returns the matrix of these columns, of which nothing is copied."""
        place = {old: new for new, old in enumerate(range(self.shape[1])[columns])}
        arrays = []
        for to, array, of in self.arrays:
            both = [(place[old], k) for old, k in zip(to, of, strict=True) if old in place]
            if both:
                arrays.append(([new for new, _ in both], array, [k for _, k in both]))
        return Gathered(self.t, arrays, {place[old]: c for old, c in self.single.items() if old in place})

    def write(self, rows: slice, R: Floats) -> None:
        """Copies these rows into R."""
        for to, array, of in self.arrays:
            R[:, as_slice(to)] = array[rows, as_slice(of)]
        for place, column in self.single.items():
            column.write_floats(rows, R[:, place])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or np.float64, copy=False)


def columns_of(R: Any, columns: slice) -> Any:
    """Returns these columns of an array (t, n) or of `Gathered`, without a copy."""
    return R.chosen(columns) if isinstance(R, Gathered) else R[:, columns]


def copy_rows(R: Any, rows: slice, out: NDArray[Any]) -> None:
    """Copies some rows of an array (t, n) or of `Gathered` into ``out``."""
    if isinstance(R, Gathered):
        R.write(rows, out)
    else:
        out[...] = R[rows]


def number_type(R: Any) -> np.dtype[Any]:
    """Returns float32 for an array that has it, float64 for all other numbers."""
    return np.dtype(np.float32 if isinstance(R, np.ndarray) and R.dtype == np.float32 else np.float64)


def is_sparse(R: Any) -> bool:
    """True if R is a sparse array, and neither a NumPy array nor `Gathered`."""
    return not isinstance(R, (np.ndarray, Gathered))


def as_slice(places: list[int]) -> slice | list[int]:
    """Returns places as a slice if they follow each other: NumPy then makes no copy."""
    first = places[0]
    return slice(first, first + len(places)) if places == list(range(first, first + len(places))) else places
