"""The decoder of several labels, each of which a row has or lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.checks import Array, Floats, as_weights, shown
from chainrule._internal.naming import listed
from chainrule.errors import InputError
from chainrule.tables.columns import Task
from chainrule.tables.labels import as_class_column, label_array
from chainrule.tables.target_decoder import ClassLabels, known_names
from chainrule.tables.targets.target_columns import TargetColumns, stacked


@dataclass(frozen=True)
class IndicatorLabels:
    """q labels, each a column of two values: a row has the label where the column has the second of them.

    ``columns`` (q,) are the two values of each label, with their shares of the (weighted) training rows; ``names`` (q,)
    are those of the columns, or () if they have none. Numbers 0 and 1, and booleans, are known to be two values even
    where only one of them occurs.

    >>> labels = IndicatorLabels.fit([[0, 1], [1, 1], [0, 0]], names=("spam", "urgent"))
    >>> labels.indicators([[1, 0]]).tolist(), labels.shares.round(2).tolist()
    ([[1, 0]], [0.33, 0.67])
    """

    columns: tuple[ClassLabels, ...]
    names: tuple[str, ...] = ()

    task: ClassVar[Task] = "multilabel"

    @classmethod
    def fit(cls, y: Any, weights: ArrayLike | None = None, names: Sequence[str] = ()) -> IndicatorLabels:
        """Learns the two values of each column of y (t, q), each row counted by its weight.

        Raises InputError for a column of another number of values.
        """
        columns = label_columns(y)
        w = as_weights(weights, len(columns[0][1]), np.float64)
        return cls(tuple(two_values(symbol, column, w) for symbol, column in columns), tuple(names))

    @property
    def m(self) -> int:
        """Number of labels."""
        return len(self.columns)

    @property
    def width(self) -> int:
        """Number of mean outputs of the networks: one probability for each label."""
        return self.m

    @property
    def classes(self) -> NDArray[Any]:
        """The names of the labels (q,), or their numbers from 0 if they have none."""
        return np.array(self.names) if self.names else np.arange(self.m)

    @property
    def shares(self) -> Floats:
        """The share of the training rows that have each label (q,)."""
        return np.array([column.shares[1] for column in self.columns])

    def title(self, k: int) -> str:
        """Returns the name of label k, counted from 0, or its number, counted from 1; with its value if that is a text.

        >>> IndicatorLabels.fit(np.array([["yes", "0"], ["no", "1"]]), names=("urgent", "spam")).title(0)
        'urgent = yes'
        """
        value = self.columns[k].values.tolist()[1]
        name = self.names[k] if self.names else str(k + 1)
        return f"{name} = {value}" if isinstance(value, str) else name

    def part(self, k: int) -> ClassLabels:
        """Returns the two values of label k, counted from 0."""
        return self.columns[k]

    def indicators(self, y: Any, symbol: str = "y") -> NDArray[np.intp]:
        """Returns y (t, q) as 0 and 1. Raises InputError for another number of columns, and for an unknown value."""
        columns = label_columns(y, symbol)
        if len(columns) != self.m:
            raise InputError(f"{symbol} must have {self.m} columns, one for each label; got {len(columns)}.")
        pairs = zip(self.columns, columns, strict=True)
        return np.column_stack([two.class_numbers(column, name) for two, (name, column) in pairs])

    def labels(self, indicators: NDArray[Any]) -> NDArray[Any]:
        """Returns the values of the columns (t, q) for indicators 0 and 1."""
        return stacked([two.values[has.astype(np.intp)] for two, has in zip(self.columns, indicators.T, strict=True)])

    def parts(self, prefix: str = "target") -> tuple[dict[str, Any], dict[str, Array]]:
        """Returns the labels as JSON and tensors."""
        of = [{key: two.parts()[0][key] for key in ("type", "values")} for two in self.columns]
        header = {"kind": "labels", "columns": of, "names": list(self.names)}
        return header, {f"{prefix}.shares": np.array([two.shares for two in self.columns])}

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], tensors: Mapping[str, Array], prefix: str) -> IndicatorLabels:
        """Builds the labels that ``parts`` described. Raises KeyError, TypeError or ValueError otherwise."""
        shares, of, names = tensors[f"{prefix}.shares"], header["columns"], tuple(header["names"])
        if not isinstance(of, list) or not of or shares.shape != (len(of), 2):
            raise ValueError("there must be two values and two shares for each label")
        columns = (
            ClassLabels.from_parts(entry, {"label.shares": own}, "label") for entry, own in zip(of, shares, strict=True)
        )
        return cls(tuple(columns), known_names(names, len(of)))


def label_columns(y: Any, symbol: str = "y") -> list[tuple[str, Any]]:
    """Returns the columns (t,) of labels y (t, q), each with the words for it in messages. Raises InputError."""
    if isinstance(y, TargetColumns):
        return [(repr(name), column) for name, column in y.columns.items()]
    values = label_array(y, symbol)
    if values.ndim != 2 or not values.size:
        raise InputError(f"{symbol} must have shape (t, q), a column for each label; got {values.shape}.")
    return [(f"{symbol}[:, {k}]", values[:, k]) for k in range(values.shape[1])]


def two_values(symbol: str, column: Any, w: Array | None) -> ClassLabels:
    """Returns the two values of a label (t,), with their shares of the weights. Raises InputError for others."""
    labels = as_class_column(column, symbol)
    values, numbers = np.unique(labels, return_inverse=True)
    if labels.dtype.kind == "b" or (labels.dtype.kind in "iuf" and np.isin(values, (0, 1)).all()):
        values, numbers = np.array([0, 1]).astype(labels.dtype), labels.astype(np.intp)
    if len(values) != 2:
        raise InputError(
            f"{symbol} must hold two values, such as 0 and 1, to be one of several labels; got {len(values)}: "
            f"{listed(values.tolist(), 5)}. {_remedy(values)}"
        )
    counts = np.bincount(numbers, None if w is None else w.astype(np.float64), minlength=2)
    return ClassLabels(values, counts / counts.sum())


def _remedy(values: NDArray[Any]) -> str:
    if len(values) < 2:
        return f"Leave the column out: {shown(values.tolist()[0])} is already known of every row."
    return "Train a model of its own for a column of more classes, or a NetworkRegressor for columns of numbers."
