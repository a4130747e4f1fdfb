"""Decoders of targets: from labels to numbers for the cost, and from network outputs back to labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.checks import Array, Floats, as_array, as_weights, shown
from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning, InputError
from chainrule.tables.columns import Column, Task
from chainrule.tables.labels import as_class_column, as_targets
from chainrule.tables.rounding import rounded_integers, words_about
from chainrule.tables.text.conversion import converted, value_of
from chainrule.tables.text.notation import PLAIN, Notation
from chainrule.tables.text.text_column import TextColumn

LARGEST = 1e307  # number in a target: predictions somewhat beyond it are finite
LEAST = 1e-307  # half of the range of a target that varies: the digits of smaller numbers are few
KINDS = {"text": "U", "boolean": "b", "integer": "iu", "number": "f"}  # types of class labels, with NumPy's dtype kinds


@dataclass(frozen=True)
class ClassLabels:
    """Classes numbered c ∈ {0, …, k − 1} in the order of their labels.

    ``values`` (k,) are the distinct labels as ``np.unique`` sorts them, in the type of y; ``shares`` (k,) are their
    shares of the (weighted) training rows.

    >>> classes = ClassLabels.fit(["b", "a", "b", "b"])
    >>> classes.values.tolist(), classes.shares.tolist(), classes.class_numbers(["a", "b"]).tolist()
    (['a', 'b'], [0.25, 0.75], [0, 1])
    """

    values: NDArray[Any]
    shares: NDArray[np.float64]

    task: ClassVar[Task] = "classification"

    @classmethod
    def fit(cls, y: Any, weights: ArrayLike | None = None) -> ClassLabels:
        """Returns the classes of labels y (t,), each row counted by its weight."""
        labels = as_class_column(y)
        values, numbers = np.unique(labels, return_inverse=True)
        w = as_weights(weights, len(labels), np.float64)
        counts = np.bincount(numbers, None if w is None else w.astype(np.float64), minlength=len(values))
        return cls(values, counts / counts.sum())

    def __len__(self) -> int:
        return len(self.values)

    @property
    def width(self) -> int:
        """Number of mean outputs of the networks: one probability for each class."""
        return len(self.values)

    def class_numbers(self, y: Any, symbol: str = "y") -> NDArray[np.intp]:
        """Returns the class number of each label (t,). Raises InputError with the first row whose label is unknown.

        Texts from a table (a `TextColumn`) name text classes as they are, other classes by the number they hold.
        """
        labels = as_class_column(y, symbol)
        if isinstance(y, TextColumn) and not isinstance(self.values.tolist()[0], str):
            labels = np.array([value_of(text) for text in labels], dtype=object)
        place = {value: k for k, value in enumerate(self.values.tolist())}
        numbers = np.array([place.get(label, -1) for label in labels.tolist()], dtype=np.intp)
        unknown = np.flatnonzero(numbers < 0)
        if len(unknown):
            row = int(unknown[0])
            raise InputError(
                f"{symbol} has the class {shown(labels[row])} in row {row + 1}, which did not occur in training; "
                f"known: {listed(self.values.tolist())}."
            )
        return numbers

    def most_probable(self, P: Floats, threshold: float | None = None) -> NDArray[np.intp]:
        """Returns the number of the most probable class of each row of P (t, k).

        With a ``threshold`` it is the second of two classes where its probability is at least that, else the first.

        >>> two, P = ClassLabels.fit(["no", "yes"]), np.array([[0.6, 0.4], [0.9, 0.1]])
        >>> two.most_probable(P).tolist(), two.most_probable(P, threshold=0.3).tolist()
        ([0, 0], [1, 0])
        """
        numbers: NDArray[np.intp] = P.argmax(axis=1) if threshold is None else (P[:, 1] >= threshold).astype(np.intp)
        return numbers

    def labels(self, numbers: NDArray[np.integer]) -> NDArray[Any]:
        """Returns the label of each class number (t,)."""
        labels: NDArray[Any] = self.values[numbers]
        return labels

    def parts(self, prefix: str = "target") -> tuple[dict[str, Any], dict[str, Array]]:
        """Returns the classes as JSON and tensors. Raises InputError for labels that JSON cannot hold (dates)."""
        values, kind = self.values.tolist(), self.values.dtype.kind
        name = next((name for name, kinds in KINDS.items() if kind in kinds), "object" if kind == "O" else "")
        if not name or not all(isinstance(value, (str, bool, int, float)) for value in values):
            raise InputError(
                f"classes must be texts, booleans or numbers to be saved; got {shown(values[0])}. Use str(label)."
            )
        return {"kind": "classes", "type": name, "values": values}, {f"{prefix}.shares": self.shares}

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], tensors: Mapping[str, Array], prefix: str) -> ClassLabels:
        """Builds the classes that ``parts`` described. Raises KeyError, TypeError or ValueError otherwise."""
        values, shares = list(header["values"]), tensors[f"{prefix}.shares"].astype(np.float64)
        if not values or not all(isinstance(value, (str, bool, int, float)) for value in values):
            raise ValueError("the classes must be texts, booleans or numbers")
        array = np.array(values, dtype=object) if header["type"] == "object" else np.array(values)
        if header["type"] != "object" and array.dtype.kind not in KINDS[header["type"]]:
            raise ValueError(f"the classes must be of the type {header['type']}")
        if len(set(values)) < len(values):
            raise ValueError("the classes must differ")
        if shares.shape != (len(values),) or not np.isfinite(shares).all():
            raise ValueError(f"the classes' shares must have shape ({len(values)},); got {shares.shape}")
        return cls(array, shares)


@dataclass(frozen=True)
class NumericLabels:
    """m numeric targets, standardised as (y_k − mean_k) / deviation_k over the (weighted) training rows.

    ``is_flat`` is True if y was (t,) rather than (t, 1). A constant y has the deviation 1. ``names`` are those of the
    columns of several targets, or () if they have none. ``notations`` say how the numbers are written in columns of
    texts: that of each target, or one for all.

    >>> numbers = NumericLabels.fit([1.0, 3.0])
    >>> numbers.standardised([1.0, 5.0]).tolist(), numbers.restored([[0.5]]).tolist()
    ([[-1.0], [3.0]], [2.5])
    """

    mean: NDArray[np.float64]  # (m,)
    deviation: NDArray[np.float64]  # (m,)
    is_flat: bool = True
    notations: tuple[Notation, ...] = (PLAIN,)
    names: tuple[str, ...] = ()

    task: ClassVar[Task] = "regression"

    @classmethod
    def fit(cls, y: Any, weights: ArrayLike | None = None, names: Sequence[str] = ()) -> NumericLabels:
        """Learns the mean and the standard deviation of y (t,) or (t, m), each row counted by its weight."""
        labels = as_targets(y)
        Y = _as_numeric(labels)
        if len(places := rounded_integers(labels)):
            integer = int(labels.reshape(-1)[places[0]])
            warn(words_about(integer).replace("{}", "the target"), DataWarning)
        w = as_weights(weights, len(Y), np.float64)
        size = np.maximum(Y.max(axis=0), -Y.min(axis=0))  # (m,); division by it keeps the squares from overflowing
        size[size == 0.0] = 1.0
        scaled = Y / size
        mean = np.average(scaled, axis=0, weights=w)
        scaled -= mean
        deviation = np.sqrt(np.average(np.square(scaled, out=scaled), axis=0, weights=w)) * size
        constant = (Y.max(axis=0) == Y.min(axis=0)) | (deviation == 0.0)
        return cls(mean * size, np.where(constant, 1.0, deviation), labels.ndim == 1, names=tuple(names))

    @property
    def m(self) -> int:
        """Number of targets."""
        return len(self.mean)

    @property
    def width(self) -> int:
        """Number of mean outputs of the networks: one for each target."""
        return self.m

    def part(self, k: int) -> NumericLabels:
        """Returns target k alone, counted from 0."""
        notation = self.notations[k if len(self.notations) > 1 else 0]
        return NumericLabels(self.mean[[k]], self.deviation[[k]], True, (notation,))

    def title(self, k: int) -> str:
        """Returns the name of target k, counted from 0, or its number, counted from 1."""
        return self.names[k] if self.names else str(k + 1)

    def numbers(self, column: TextColumn, symbol: str = "y") -> Column:
        """Returns the numbers of one target in a column of texts. Raises InputError with the first other text."""
        found = converted(column, self.notations[0])
        if isinstance(found, Column):
            return found
        row, text = found
        raise InputError(f"{symbol} must hold numbers; got {text!r} in row {row + 1}.")

    def standardised(self, y: Any, symbol: str = "y") -> NDArray[np.float64]:
        """Returns y (t,) or (t, m) standardised, (t, m). Raises InputError for another number of columns."""
        Y = _as_numeric(y, symbol)
        if Y.shape[1] != self.m:
            raise InputError(f"{symbol} must have {self.m} columns, as in training; got {Y.shape[1]}.")
        Z: NDArray[np.float64] = 0.5 * Y  # the halves have the same quotient, and no difference of them overflows
        Z -= 0.5 * self.mean
        Z /= 0.5 * self.deviation
        return Z

    def in_units(self, Z: ArrayLike) -> NDArray[np.float64]:
        """Returns predictions (…, m) in the targets' own units for network outputs (…, m)."""
        Y: NDArray[np.float64] = self.mean + self.deviation * np.asarray(Z)
        return Y

    def restored(self, Z: ArrayLike) -> NDArray[np.float64]:
        """Returns network outputs (t, m) in the targets' own units, as (t,) if y was (t,)."""
        Y = self.in_units(Z)
        return Y[:, 0] if self.is_flat else Y

    @property
    def output_names(self) -> list[str]:
        """The name of each prediction: "prediction", or of several those of their columns, or "target 1" …"""
        if self.m == 1:
            return ["prediction"]
        return list(self.names) or [f"target {k + 1}" for k in range(self.m)]

    def parts(self, prefix: str = "target") -> tuple[dict[str, Any], dict[str, Array]]:
        """Returns mean and deviation as JSON and tensors."""
        tensors: dict[str, Array] = {f"{prefix}.mean": self.mean, f"{prefix}.deviation": self.deviation}
        header = {"kind": "numbers", "flat": self.is_flat, "notation": self.notations[0].as_json()}
        if len(set(self.notations)) > 1:
            header["notations"] = [notation.as_json() for notation in self.notations]
        if self.names:
            header["names"] = list(self.names)
        return header, tensors

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], tensors: Mapping[str, Array], prefix: str) -> NumericLabels:
        """Builds the targets that ``parts`` described. Raises KeyError, TypeError or ValueError otherwise."""
        mean, deviation = (tensors[f"{prefix}.{part}"].astype(np.float64) for part in ("mean", "deviation"))
        if mean.ndim != 1 or not len(mean) or mean.shape != deviation.shape or not (deviation > 0.0).all():
            raise ValueError("mean and deviation must be (m,), the deviation positive")
        if not (np.isfinite(mean).all() and np.isfinite(deviation).all()):
            raise ValueError("mean and deviation must be finite")
        if type(header["flat"]) is not bool or (header["flat"] and len(mean) != 1):
            raise ValueError("'flat' must be true or false, and false for several targets")
        notations = tuple(map(Notation.from_json, header.get("notations", [header.get("notation", {})])))
        if len(notations) not in (1, len(mean)) or any(notation.kind != "numbers" for notation in notations):
            raise ValueError("the notation must be one of numbers")
        return cls(mean, deviation, header["flat"], notations, known_names(tuple(header.get("names", ())), len(mean)))


def require_scale(y: Any, names: Sequence[str] = ()) -> None:
    """Raises InputError for targets y (t,) or (t, m) so large or so alike that float64 cannot hold their deviation."""
    Y = _as_numeric(y)
    low, high = Y.min(axis=0), Y.max(axis=0)
    is_odd = (np.maximum(high, -low) > LARGEST) | ((low < high) & (0.5 * high - 0.5 * low < LEAST))
    for k in np.flatnonzero(is_odd).tolist():
        target = f"target {names[k]!r}" if names else "y" if Y.shape[1] == 1 else f"y[:, {k}]"
        raise InputError(
            f"{target} must lie within ±{LARGEST:g} and vary by {2.0 * LEAST:g} or more; got {low[k]:g} to "
            f"{high[k]:g}. Rescale it."
        )


def known_names(names: tuple[Any, ...], m: int) -> tuple[str, ...]:
    """Returns the names of m columns of a file. Raises ValueError unless there are none, or m different texts."""
    if names and (len(names) != m or len(set(names)) < m or not all(isinstance(name, str) for name in names)):
        raise ValueError(f"the names must be {m} different texts")
    return names


def _as_numeric(y: Any, symbol: str = "y") -> NDArray[np.float64]:
    """Returns y as finite numbers (t, m)."""
    labels = as_targets(y, symbol)
    try:
        Y = as_array(labels, symbol, np.float64)
    except InputError as error:
        is_text = labels.dtype.kind in "SU" or (labels.dtype.kind == "O" and any(map(_is_text, labels.flat)))
        hint = " If they are classes, train a classifier." if is_text else ""
        raise InputError(f"{error}{hint}") from None
    return Y.reshape(len(Y), -1).astype(np.float64, copy=False)


def _is_text(label: object) -> bool:
    return isinstance(label, str)
