"""The examples of k networks on a device, and the rows of a minibatch (Lecture, L8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from chainrule.costs import TrainingSet
from chainrule.engines.torch.parts.sigmas import Tensor

BYTES_OF_A_COPY = 1 << 26  # of an array that may be read-only, so that it is copied on the host too


class Minibatch(NamedTuple):
    """x (k, t, n), y (k, t, m) and weights (k, t), or None."""

    x: Tensor
    y: Tensor
    weights: Tensor | None


class Examples:
    """The training sets of k networks, all of t examples; those that are the same arrays are stored once."""

    def __init__(self, sets: Sequence[TrainingSet], device: Any, x_dtype: Any) -> None:
        places: dict[tuple[int, ...], int] = {}
        distinct: list[TrainingSet] = []
        for data in sets:
            key = tuple(map(id, data))
            if key not in places:
                places[key] = len(distinct)
                distinct.append(data)
        self._k, self._t, self._sets = len(sets), sets[0].t, len(distinct)
        self._X = joined([data.X for data in distinct], device, x_dtype)
        self._Y = joined([data.Y for data in distinct], device)
        weights = [data.weights for data in distinct if data.weights is not None]
        self._weights = joined(weights, device) if weights else None
        first = torch.tensor([[places[tuple(map(id, data))] * self._t] for data in sets], device=device)
        self.first = first  # (k, 1), the row at which the examples of a network begin

    def all(self) -> Minibatch:
        """Returns all examples in their order."""
        return Minibatch(*(None if part is None else self._of_each(part) for part in (self._X, self._Y, self._weights)))

    def rows(self, numbers: Tensor) -> Minibatch:
        """Returns these rows (k, B), which count from the first example of all networks."""
        flat, shape = numbers.reshape(-1), numbers.shape
        parts = (
            None if part is None else part.index_select(0, flat).unflatten(0, shape)
            for part in (self._X, self._Y, self._weights)
        )
        return Minibatch(*parts)

    def _of_each(self, part: Tensor) -> Tensor:
        """Returns the rows of each network, (k, t, …)."""
        if self._sets == self._k:
            return part.unflatten(0, (self._k, self._t))
        return part.index_select(0, (self.first + torch.arange(self._t, device=part.device)).reshape(-1)).unflatten(
            0, (self._k, self._t)
        )


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
