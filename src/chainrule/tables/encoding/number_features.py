"""The columns of a table that holds numbers alone, described without an object for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule.tables.columns import Feature
from chainrule.tables.numeric_table import NumberedNames

NUMBERS = "numbers"  # the kind of every column, and its type


@dataclass(frozen=True, eq=False)
class NumberFeatures(Sequence[Feature]):
    """A `Feature` per column, made when it is asked for; ``left_out`` maps a reason to the columns left out for it.

    >>> features = NumberFeatures(NumberedNames(1_000_000), {"constant": np.array([1, 2])})
    >>> features[1]
    Feature(name='x1', kind='numbers', type='numbers', dropped='constant')
    """

    names: Sequence[str]
    left_out: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return tuple(self[j] for j in range(len(self))[k])
        reason = self._reasons[self._reason_of_column[k]]
        return Feature(self.names[k], NUMBERS, NUMBERS, reason)  # type: ignore[arg-type]  # a literal

    def __iter__(self) -> Iterator[Feature]:
        reasons = self._reasons
        of = self._reason_of_column.tolist()
        return (Feature(name, "numbers", NUMBERS, reasons[k]) for name, k in zip(self.names, of, strict=True))

    @cached_property
    def in_use(self) -> Mapping[str, None]:
        """The names of the columns that are not left out, in order."""
        return {name: None for name, k in zip(self.names, self._reason_of_column.tolist(), strict=True) if not k}

    @cached_property
    def _reasons(self) -> tuple[str, ...]:
        return "", *self.left_out

    @cached_property
    def _reason_of_column(self) -> NDArray[np.int8]:
        """The number of each column's reason (n,), 0 for a column in use."""
        of = np.zeros(len(self.names), dtype=np.int8)
        for number, columns in enumerate(self.left_out.values(), 1):
            of[columns] = number
        return of


def compact(features: Sequence[Feature]) -> Sequence[Feature]:
    """Returns the features without an object for each, if all are columns of numbers; otherwise as they are."""
    if isinstance(features, NumberFeatures) or not all(f.kind == f.type == NUMBERS for f in features):
        return features
    names = names_of(features)
    if names == NumberedNames(len(names)):
        names = NumberedNames(len(names))
    return NumberFeatures(names, left_out(features))


def names_of(features: Sequence[Feature]) -> Sequence[str]:
    """Returns the names of the columns."""
    return features.names if isinstance(features, NumberFeatures) else tuple(feature.name for feature in features)


def left_out(features: Sequence[Feature]) -> Mapping[str, NDArray[np.intp]]:
    """Returns for each reason the numbers of the columns left out."""
    if isinstance(features, NumberFeatures):
        return features.left_out
    reasons: dict[str, list[int]] = {}
    for k, feature in enumerate(features):
        if feature.dropped:
            reasons.setdefault(feature.dropped, []).append(k)
    return {reason: np.array(columns) for reason, columns in reasons.items()}


def with_reasons(
    features: Sequence[Feature], numbers: Mapping[str, NDArray[np.intp]], categories: Mapping[str, str]
) -> Sequence[Feature]:
    """Returns the features with the reasons for those left out: reasons of column numbers, and of names."""
    if isinstance(features, NumberFeatures):
        return NumberFeatures(features.names, numbers)
    of = {features[k].name: reason for reason, columns in numbers.items() for k in columns.tolist()} | dict(categories)
    return tuple(replace(f, dropped=of[f.name]) if f.name in of else f for f in features)
