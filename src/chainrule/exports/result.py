"""The step after the mean outputs of the networks: to a class, several labels, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.tables.calibration import Calibration
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels


@dataclass(frozen=True)
class Classes:
    """One of k classes: the outputs are probabilities p, which are calibrated (`Calibration`).

    One output is the probability of the second of two classes. ``values`` (k,) are the labels.
    """

    values: tuple[Any, ...]
    calibration: Calibration

    @property
    def width(self) -> int:
        """Number of probabilities."""
        return len(self.values)


@dataclass(frozen=True)
class Labels:
    """q labels that do not exclude each other: each output is a probability p, that of the second of two classes.

    ``values`` (q, 2) are those of a row without and with the label, which it has for p > ½; each has a calibration.
    """

    names: tuple[str, ...]
    values: tuple[tuple[Any, Any], ...]
    calibrations: tuple[Calibration, ...]

    @property
    def width(self) -> int:
        """Number of probabilities."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Numbers:
    """m numbers ``mean`` + ``deviation`` · a; quantiles ŷ = sort(mean + deviation · a) become sort(ŷ + ``shifts``).

    ``names`` (m,) are those of several numbers, or () if they are not known; quantiles are called q0.05, q0.5, …
    """

    names: tuple[str, ...]
    mean: Floats
    deviation: Floats
    shifts: Floats | None = None

    @property
    def width(self) -> int:
        """Number of numbers."""
        return len(self.mean)

    @property
    def titles(self) -> tuple[str, ...]:
        """The names; prediction, or prediction_1, prediction_2, …, where they are not known."""
        if self.names or self.width == 1:
            return self.names or ("prediction",)
        return tuple(f"prediction_{k}" for k in range(1, self.width + 1))


Result: TypeAlias = Classes | Labels | Numbers


def result_of(model: TableModel) -> Result:
    """Returns the result of a table model."""
    target, calibration = model.target, model.calibration
    if isinstance(target, ClassLabels):
        assert isinstance(calibration, Calibration)
        return Classes(tuple(target.values.tolist()), calibration)
    if isinstance(target, QuantileLabels):
        return Numbers(tuple(f"q{q:g}" for q in target.levels), target.mean, target.deviation, target.shifts)
    if isinstance(target, NumericLabels):
        return Numbers(target.names if target.m > 1 else (), target.mean, target.deviation)
    names = target.names or tuple(f"label_{k}" for k in range(1, target.m + 1))
    values = tuple((no, yes) for no, yes in (column.values.tolist() for column in target.columns))
    each = calibration if isinstance(calibration, tuple) else (calibration,) * target.m
    return Labels(names, values, each)


def numbers_of_network(m: int) -> Numbers:
    """Returns the result of a network with m outputs: these as they are."""
    return Numbers((), np.zeros(m), np.ones(m))


def labels_by(result: Result, values: Floats, margin: Floats | float = 0.0) -> list[Any] | None:
    """Returns the class of each row of probabilities (t, k), or a list of labels (t, q); None of numbers.

    A label is None where the two largest probabilities, or p and 1 − p, differ by no more than twice the margin.
    """
    if isinstance(result, Numbers):
        return None
    if isinstance(result, Labels):
        has, is_clear = values > 0.5, np.abs(values - 0.5) > margin
        return [
            [two[label] if clear else None for two, label, clear in zip(result.values, *row, strict=True)]
            for row in zip(has.tolist(), is_clear.tolist(), strict=True)
        ]
    best = np.sort(values, axis=1)
    is_clear = best[:, -1] - best[:, -2] > 2.0 * np.max(margin, axis=-1)
    numbers = values.argmax(axis=1).tolist()
    return [result.values[k] if clear else None for k, clear in zip(numbers, is_clear.tolist(), strict=True)]
