"""The examples of k networks on a device, and the rows of a minibatch (Lecture, L8)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
import torch
from numpy.typing import NDArray

from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.costs import TrainingSet
from chainrule.costs.training_set import Subset
from chainrule.engines.torch.parts.sigmas import Tensor
from chainrule.engines.torch.parts.sparse import SparseMatrix

BYTES_OF_A_COPY = 1 << 26  # of an array that may be read-only, so that it is copied on the host too


class StackedMinibatch(NamedTuple):
    """x (k, t, n), y (k, t, m) and weights (k, t), or None."""

    x: Tensor
    y: Tensor
    weights: Tensor | None


class Examples:
    """The training sets of k networks; sets and subsets of the same arrays are stored once, for all trainings."""

    def __init__(self, sets: Sequence[TrainingSet | Subset], device: Any, x_dtype: Any) -> None:
        self._own = [data.rows if isinstance(data, Subset) else None for data in sets]
        self._t = [data.t for data in sets]
        wholes = [data.of if isinstance(data, Subset) else data for data in sets]
        distinct = {_key(whole): whole for whole in wholes}
        starts = dict(zip(distinct, np.cumsum([0, *(whole.t for whole in distinct.values())]), strict=False))
        self._starts = [int(starts[_key(whole)]) for whole in wholes]
        first = wholes[0]
        self._parts = [_Stored.of([whole.X for whole in distinct.values()], device, x_dtype)]
        self._parts.append(_Stored.of([whole.Y for whole in distinct.values()], device))
        if first.weights is not None:
            weights = [whole.weights for whole in distinct.values() if whole.weights is not None]
            self._parts.append(_Stored.of(weights, device))

    def numbers(self, j: int, order: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the rows on the device of these examples of network j = 0, 1, …"""
        own = self._own[j]
        return self._starts[j] + (order if own is None else own[order].astype(np.int64))

    def rows(self, numbers: Tensor) -> StackedMinibatch:
        """Returns these rows (k, B) of the device."""
        flat = numbers.reshape(-1)
        x, y, *weights = (part.tensor.index_select(0, flat).unflatten(0, numbers.shape) for part in self._parts)
        return StackedMinibatch(x, y, *(weights or [None]))

    def all(self, most: int) -> StackedMinibatch:
        """Returns the examples of each network in their order; one with fewer than ``most`` repeats its last one."""
        X, *others = (part.tensor for part in self._parts)
        if len(self._t) == 1 and self._own[0] is None and not isinstance(X, SparseMatrix):
            x, y, *weights = (part.unsqueeze(0) for part in (X, *others))
            return StackedMinibatch(x, y, *(weights or [None]))
        rows = [self.numbers(j, np.minimum(np.arange(most), t - 1)) for j, t in enumerate(self._t)]
        return self.rows(on_host(np.stack(rows)).to(self._parts[1].tensor.device))


@dataclass(eq=False)
class _Stored:
    """Arrays, one after the other, on a device; while a training uses them, others share them."""

    arrays: Sequence[Rows]  # whose memory no others take meanwhile
    tensor: Any

    @classmethod
    def of(cls, arrays: Sequence[Any], device: Any, dtype: Any = None) -> _Stored:
        """Returns the stored arrays, a `SparseMatrix` for sparse rows."""
        key = (*map(_place, arrays), device, dtype)
        if (known := _STORED.get(key)) is None:
            kind = SparseMatrix if isinstance(arrays[0], SparseRows) else joined
            known = _STORED[key] = cls(arrays, kind(arrays, device, dtype))
        return known


_STORED: WeakValueDictionary[Hashable, _Stored] = WeakValueDictionary()


def _key(data: TrainingSet) -> Hashable:
    return tuple(None if part is None else _place(part) for part in data)


def _place(array: NDArray[Any] | SparseRows) -> Hashable:
    """Returns what two views of the same numbers have in common."""
    if isinstance(array, SparseRows):
        return _place(array.indptr), _place(array.indices), _place(array.data), array.shape
    return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str


def joined(arrays: Sequence[Any], device: Any, dtype: Any = None) -> Tensor:
    """Returns the rows of all arrays, one after the other, on the device; the host copies a part of them at a time."""
    like = torch.from_numpy(np.empty(0, arrays[0].dtype))
    shape = (sum(map(len, arrays)), *arrays[0].shape[1:])
    result, start = torch.empty(shape, dtype=dtype or like.dtype, device=device), 0
    for array in arrays:
        rows = max(1, BYTES_OF_A_COPY // max(array[:1].nbytes, 1))
        for first in range(0, len(array), rows):
            part = array[first : first + rows]
            result[start : start + len(part)].copy_(on_host(part))
            start += len(part)
    return result


def on_host(array: NDArray[Any]) -> Tensor:
    """Returns a tensor on the host with a copy of the array, which may be read-only."""
    return torch.from_numpy(np.array(array, order="C"))
