"""The examples of several networks: those that are the same are checked and converted once, and rows are taken late."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.checks import as_weights, refuse_masked, shown
from chainrule.costs import Cost, TrainingSet
from chainrule.errors import InputError
from chainrule.network import Network, check_network


class RowsOf(NamedTuple):
    """Some rows of X, in place of X; Y and weights have as many rows as X."""

    X: Any
    rows: ArrayLike


class SharedExamples:
    """A function like `Cost.examples`, which returns the same arrays for the same cost, X, Y and weights."""

    def __init__(self) -> None:
        # The values hold the arguments too: nothing else then has their id.
        self._known: dict[tuple[object, ...], tuple[tuple[object, ...], TrainingSet]] = {}

    def __call__(self, cost: Cost, net: Network, X: Any, Y: Any, weights: Any) -> TrainingSet:
        """Returns the checked examples. Raises InputError as `Cost.examples` does, and for rows that are not in X."""
        if isinstance(X, RowsOf):
            return _at(self(cost, net, X.X, Y, weights), X.rows)
        cost.check_output(check_network(net).sigma[net.r], net.m[-1])
        given = (cost, X, Y, weights)
        key = (net.m[0], net.m[-1], net.dtype, *map(id, given))
        if key not in self._known:
            self._known[key] = given, cost.examples(net, X, Y, weights)
        return self._known[key][1]


def _at(data: TrainingSet, rows: ArrayLike) -> TrainingSet:
    """Returns a copy of these rows."""
    at = _as_row_numbers(rows, data.t)
    weights = None if data.weights is None else as_weights(data.weights[at], len(at), data.weights.dtype)
    return TrainingSet(data.X[at], data.Y[at], weights)


def _as_row_numbers(rows: ArrayLike, t: int) -> NDArray[np.intp]:
    refuse_masked(rows, "rows")
    try:
        numbers = np.asarray(rows)
    except ValueError:  # lists of different lengths
        numbers = np.empty(0)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or not len(numbers):
        raise InputError(f"rows must be a list of row numbers of X, from 0 to {t - 1}; got {shown(rows)}.")
    if numbers.min() < 0 or numbers.max() >= t:
        raise InputError(f"rows must be from 0 to {t - 1}, those of X; got {numbers.min()} to {numbers.max()}.")
    return numbers.astype(np.intp, copy=False)
