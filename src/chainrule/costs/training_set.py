"""The training set 𝒯 (Lecture, L8): the examples x⁽ʲ⁾ with their labels y⁽ʲ⁾."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, shown
from chainrule._internal.sparse_rows import Rows, RowsLike
from chainrule.errors import InputError


class TrainingSet(NamedTuple):
    """A training set 𝒯 of t examples: X (t, n), Y (t, m) or (t,) if m = 1, and ``weights`` (t,) or None.

    ``J(net, T)``, ``cr.gradient(net, J, T)`` and ``cr.train(net, T)`` take it for X, Y and weights, and so does the
    ``validation`` of ``cr.train``. They check it, since the network and the cost fix what it may hold.

    >>> import chainrule as cr
    >>> T = cr.TrainingSet([[0.0], [1.0]], [[1.0], [3.0]])
    >>> cr.SumOfSquares()(cr.Network([cr.Layer([[2.0]], [0.0], "identity")]), T)            # ½ (1² + 1²)
    1.0

    Source: Lecture, L8.
    """

    X: Rows
    Y: Array
    weights: Array | None = None

    @property
    def t(self) -> int:
        """The number of examples."""
        return len(self.Y)


class StoredRows:
    """Examples that need not lie side by side in memory: the base of `Rows`, which are in files, and of `Subset`."""

    def in_memory(self) -> TrainingSet:
        """Returns all examples, side by side."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Subset(StoredRows):
    """Some examples of a training set in memory, which several networks share; ``rows`` are their numbers (t,).

    An engine that visits the examples by their numbers needs no copy of them.

    >>> T = TrainingSet(np.array([[1.0], [2.0], [3.0]]), np.array([[4.0], [5.0], [6.0]]))
    >>> Subset(T).at(np.array([2, 0])).in_memory().Y.tolist()
    [[6.0], [4.0]]
    """

    of: TrainingSet
    rows: NDArray[np.integer[Any]] | None = None  # None: all rows, in their order

    @property
    def t(self) -> int:
        """The number of examples."""
        return self.of.t if self.rows is None else len(self.rows)

    @property
    def weights(self) -> Array | None:
        """The weights of the examples (t,), or None."""
        weights: Array | None = self._chosen(self.of.weights)
        return weights

    def at(self, numbers: NDArray[np.integer[Any]] | slice) -> Subset:
        """Returns some of these examples; a selection of t numbers is taken to be all of them, in order."""
        chosen: NDArray[np.integer[Any]]
        if self.rows is not None:
            chosen = self.rows[numbers]
        elif isinstance(numbers, slice):
            chosen = np.arange(self.t, dtype=np.uint32)[numbers]
        else:
            chosen = numbers.astype(np.uint32, copy=False)
        return self if len(chosen) == self.t else Subset(self.of, chosen)

    def in_memory(self) -> TrainingSet:
        """Returns the examples, in arrays of their own unless they are all."""
        return TrainingSet(self._chosen(self.of.X), self._chosen(self.of.Y), self.weights)

    def _chosen(self, of_all: Any) -> Any:
        return of_all if of_all is None or self.rows is None else of_all[self.rows]


def evenly_spaced(count: int, most: int) -> NDArray[np.intp]:
    """Returns at most this many of the numbers 0 … count − 1, which lie evenly among them, the first and the last too.

    >>> evenly_spaced(10, 4).tolist(), evenly_spaced(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    chosen: NDArray[np.intp] = np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.intp))
    return chosen


ExamplesLike: TypeAlias = RowsLike | TrainingSet | StoredRows


def unpacked(X: Any, Y: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Returns X, Y and weights as they were passed, one by one, or as one TrainingSet or rows in place of X.

    Raises InputError if Y is missing, or if a TrainingSet or rows come with further labels or weights.
    """
    if isinstance(X, (TrainingSet, StoredRows)):
        if Y is not None or weights is not None:
            name, further = type(X).__name__, shown(weights if Y is None else Y)
            raise InputError(f"a {name} holds Y and weights itself; got {further} too.")
        X, Y, weights = cast("tuple[Any, Any, Any]", X.in_memory() if isinstance(X, StoredRows) else X)
    if Y is None:
        raise InputError("Y must be an array of labels; got None. Pass X and Y, or a cr.TrainingSet(X, Y).")
    return X, Y, weights


def as_rows_of_labels(Y: Any, is_row: bool, t: int) -> Any:
    """Returns the labels with one row per example: the y of a single x may be (m,), a number, or (1, m) already."""
    single = is_row or (t == 1 and np.isscalar(Y))
    return [Y] if single and getattr(Y, "ndim", None) != 2 and not _is_nested(Y) else Y


def _is_nested(Y: Any) -> bool:
    return isinstance(Y, (list, tuple)) and any(isinstance(row, (list, tuple, np.ndarray)) for row in Y)
