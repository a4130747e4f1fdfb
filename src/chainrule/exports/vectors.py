"""Test vectors: rows with the values and labels that every target must give, and the bounds within which it must."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.errors import FileFormatError
from chainrule.exports.evaluate import Row, evaluate
from chainrule.exports.examples import examples_of
from chainrule.exports.loss import Loss
from chainrule.exports.plan import Plan
from chainrule.exports.result import labels_by

NEGLECTED = 2.0  # the bound is of first order; this factor is for the terms of higher order


@dataclass(frozen=True, eq=False)
class Vectors:
    """Rows, their values (t, m) and bounds (t, m), and their labels: (t,) of classes, (t, q) of several labels.

    A label is None where two probabilities nearly tie. ``loss`` is what integer weights changed, if there are any.
    """

    rows: Sequence[Row]
    values: Floats
    bounds: Floats
    labels: Sequence[Any] | None
    loss: Loss | None = None

    @classmethod
    def of(cls, plan: Plan, unit: float, rows: Sequence[Row] | None = None, given: Floats | None = None) -> Vectors:
        """Returns the vectors of a plan for a target with unit roundoff ``unit``.

        ``given`` (t, m) are the values for the rows of the plan before its weights became integers.
        """
        rows = examples_of(plan) if rows is None else rows
        exact = evaluate(plan, rows, unit)
        bounds = NEGLECTED * exact.error
        loss = None
        if plan.weights is not None and given is not None:
            loss = Loss.between(plan.result, plan.weights, given, exact.value)
        return cls(rows, exact.value, bounds, labels_by(plan.result, exact.value, bounds), loss)

    def deviation(self, values: Floats) -> tuple[float, float]:
        """Returns the deviation of these values (t, m) where it is largest compared with its bound, and that bound."""
        difference = np.abs(values - self.values)
        difference[np.isnan(difference)] = math.inf
        with np.errstate(divide="ignore", invalid="ignore"):
            worst = np.nanargmax(np.where(difference > 0.0, difference / self.bounds, 0.0))
        return float(difference.flat[worst]), float(self.bounds.flat[worst])

    def wrong_labels(self, labels: Sequence[Any]) -> int:
        """Returns the number of labels that differ where they must not."""
        pairs = zip(_single(self.labels or ()), _single(labels), strict=False)
        return sum(ours is not None and ours != theirs for ours, theirs in pairs)

    def as_json(self) -> str:
        """Returns the vectors as text that `from_json` reads; numbers keep every bit."""
        found = {
            "rows": self.rows, "values": self.values.tolist(), "bounds": self.bounds.tolist(), "labels": self.labels,
        }  # fmt: skip
        if self.loss is not None:
            found["loss"] = asdict(self.loss)
        return json.dumps(found, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, origin: str) -> Vectors:
        """Reads what `as_json` wrote. Raises FileFormatError, which names ``origin``, for anything else."""
        try:
            found: Mapping[str, Any] = json.loads(text)
            values, bounds = (np.array(found[name], dtype=np.float64) for name in ("values", "bounds"))
            if values.shape != bounds.shape or len(values) != len(found["rows"]) or values.ndim != 2:
                raise ValueError("their shapes differ")
            loss = Loss(**found["loss"]) if "loss" in found else None
            return cls(found["rows"], values, bounds, found["labels"], loss)
        except (KeyError, TypeError, ValueError) as error:
            raise FileFormatError(f"{origin} holds no complete test vectors: {error}.") from None


def _single(labels: Sequence[Any]) -> Iterator[Any]:
    """Yields each label, also of rows of several."""
    for label in labels:
        yield from label if isinstance(label, list) else [label]
