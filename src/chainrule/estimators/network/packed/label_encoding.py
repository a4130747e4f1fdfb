"""The labels of rows that are read in windows: from those of the file to those that networks are trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._internal.checks import Array, Floats
from chainrule.errors import InputError
from chainrule.estimators.weights import by_class
from chainrule.rows.source import Labels
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.packing.streamed_target import Decoder
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.decoders import decoded
from chainrule.tables.targets.indicator_labels import IndicatorLabels


@dataclass(frozen=True)
class LabelEncoding:
    """Maps labels of a file, which has the decoder ``stored``.

    ``quantiles`` are the decoder of several outputs for one number; indicators y become (1 − ε) y + ε/2, with the
    ``smoothing`` ε; ``factors`` are the weights of the classes, (k,), or of both values of each label.
    """

    stored: Decoder
    quantiles: QuantileLabels | None = None
    smoothing: float = 0.0
    factors: tuple[tuple[float, ...], ...] = ()

    def __call__(self, labels: Labels) -> Labels:
        """Returns the labels of a block as networks are trained on them, and their weights."""
        Y: Any = labels.Y
        weights = self._weights(Y, labels.weights)
        if self.quantiles is not None:
            Y = self.quantiles.standardised(decoded(self.stored, Y)).astype(np.float32)
        if self.smoothing:
            Y = ((1.0 - self.smoothing) * Y + 0.5 * self.smoothing).astype(np.float32)
        return Labels(Y, weights)

    def _weights(self, Y: Any, weights: Array | None) -> Array | None:
        if not self.factors:
            return weights
        of = np.ones(len(Y)) if weights is None else weights.astype(np.float64)
        for factor, column in zip(self.factors, Y.reshape(len(Y), -1).T, strict=True):
            of = of * np.array(factor)[column.astype(np.intp)]
        return of.astype(np.float32)


def class_factors(class_weight: Any, target: Decoder) -> tuple[tuple[float, ...], ...]:
    """Returns the weight of each class, (k,), or of both values of each label; () if there are none.

    Raises InputError as `by_class` does.
    """
    if class_weight is None:
        return ()
    several = isinstance(target, IndicatorLabels)
    columns = target.columns if isinstance(target, IndicatorLabels) else (target,)
    each = class_weight if isinstance(class_weight, Sequence) and not isinstance(class_weight, str) else None
    if each is not None and (not several or len(each) != len(columns)):
        raise InputError(f"class_weight must have a dict per column of y, {len(columns)}; got {len(each)}.")
    choices: Sequence[Mapping[Any, float] | Any] = each or [class_weight] * len(columns)
    return tuple(
        tuple(_factor(choice, column).tolist())
        for choice, column in zip(choices, columns, strict=True)
        if isinstance(column, ClassLabels)
    )


def _factor(choice: Any, classes: ClassLabels) -> Floats:
    """Returns the weight of each class; balanced ones by the shares of all rows, each counted by its weight."""
    if isinstance(choice, str) and choice == "balanced":
        balanced: Floats = 1.0 / (len(classes) * classes.shares)
        return balanced
    factor = by_class(choice, classes.values, None, classes.values)
    return np.ones(len(classes)) if factor is None else factor
