"""Test vectors: rows with the values and labels that every target must give, and the bounds within which it must."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.errors import FileFormatError
from chainrule.exports.evaluate import Row, evaluate, predicted
from chainrule.exports.examples import examples_of
from chainrule.exports.plan import Plan

NEGLECTED = 2.0  # the bound is of first order; this factor is for the terms of higher order


@dataclass(frozen=True, eq=False)
class Vectors:
    """Rows, their values (t, m) and bounds (t, m), and their labels: None where two probabilities nearly tie."""

    rows: Sequence[Row]
    values: Floats
    bounds: Floats
    labels: Sequence[Any] | None

    @classmethod
    def of(cls, plan: Plan, unit: float, rows: Sequence[Row] | None = None) -> Vectors:
        """Returns the vectors of a plan for a target with unit roundoff ``unit``."""
        rows = examples_of(plan) if rows is None else rows
        exact = evaluate(plan, rows, unit)
        bounds = NEGLECTED * exact.error
        if plan.classes is None:
            return cls(rows, exact.value, bounds, None)
        best = np.sort(exact.value, axis=1)
        is_clear = best[:, -1] - best[:, -2] > 2.0 * bounds.max(axis=1)
        labels = [label if clear else None for label, clear in zip(predicted(plan, exact.value), is_clear, strict=True)]
        return cls(rows, exact.value, bounds, labels)

    def deviation(self, values: Floats) -> tuple[float, float]:
        """Returns the deviation of these values (t, m) where it is largest compared with its bound, and that bound."""
        difference = np.abs(values - self.values)
        difference[np.isnan(difference)] = math.inf
        with np.errstate(divide="ignore", invalid="ignore"):
            worst = np.nanargmax(np.where(difference > 0.0, difference / self.bounds, 0.0))
        return float(difference.flat[worst]), float(self.bounds.flat[worst])

    def wrong_labels(self, labels: Sequence[Any]) -> int:
        """Returns the number of labels that differ where they must not."""
        return sum(ours is not None and ours != theirs for ours, theirs in zip(self.labels or (), labels, strict=False))

    def as_json(self) -> str:
        """Returns the vectors as text that `from_json` reads; numbers keep every bit."""
        return json.dumps(
            {
                "rows": self.rows, "values": self.values.tolist(), "bounds": self.bounds.tolist(),
                "labels": self.labels,
            },
            allow_nan=False,
        )  # fmt: skip

    @classmethod
    def from_json(cls, text: str, origin: str) -> Vectors:
        """Reads what `as_json` wrote. Raises FileFormatError, which names ``origin``, for anything else."""
        try:
            found: Mapping[str, Any] = json.loads(text)
            values, bounds = (np.array(found[name], dtype=np.float64) for name in ("values", "bounds"))
            if values.shape != bounds.shape or len(values) != len(found["rows"]) or values.ndim != 2:
                raise ValueError("their shapes differ")
            return cls(found["rows"], values, bounds, found["labels"])
        except (KeyError, TypeError, ValueError) as error:
            raise FileFormatError(f"{origin} holds no complete test vectors: {error}.") from None
