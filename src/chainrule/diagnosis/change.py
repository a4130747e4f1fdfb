"""A change of training that a finding proposes, and what a trial of it has shown."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Metric = Literal["score", "mean recall", "cross-entropy"]

OPTIONS = {  # of ``chainrule train``, by the parameter of the estimators
    "activation": "--activation",
    "class_weight": "--class-weight",
    "hidden_layer_sizes": "--layers",
    "learning_rate": "--learning-rate",
}


@dataclass(frozen=True)
class Change:
    """A change in the training of a table model; an empty one means to train again.

    ``drop`` names columns to leave out, ``parameters`` are those of `NetworkClassifier` or `NetworkRegressor`. The gain
    is measured by ``metric`` on held-out rows: "score" is the accuracy or R². It is None if rows of the same table
    cannot show a gain.

    >>> change = Change(drop=("row id",), parameters={"class_weight": "balanced"})
    >>> print(change)
    --drop 'row id' --class-weight balanced (in Python class_weight='balanced')
    """

    drop: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metric: Metric | None = "score"

    @property
    def is_to_train_again(self) -> bool:
        """True if nothing is to be changed but the rows."""
        return not self.drop and not self.parameters

    @property
    def options(self) -> str:
        """The options of ``chainrule train`` for this change."""
        given = [("--drop", name) for name in self.drop]
        given += [(OPTIONS[name], _text(value)) for name, value in self.parameters.items() if name in OPTIONS]
        return " ".join(f"{option} {shlex.quote(value)}" for option, value in given)

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        if self.options and arguments:
            return f"{self.options} (in Python {arguments})"
        return self.options or f"in Python {arguments}"


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


class Trial(NamedTuple):
    """The effect of a change of training on held-out rows, on average over several splits.

    ``before`` and ``after`` are the metric without and with the change, ``gain`` is their difference (positive if the
    change is better), ``error`` its standard error.

    >>> print(Trial("accuracy", 0.91, 0.95, gain=0.04, error=0.01, splits=5))
    accuracy 0.910 → 0.950 on held-out rows, a gain of 0.040 ± 0.010 (5 splits)
    >>> print(Trial("R²", 0.91, 0.92, gain=0.01, error=0.01, splits=5))
    R² 0.910 → 0.920 on held-out rows: no gain (0.010 ± 0.010 over 5 splits)
    """

    metric: str
    before: float
    after: float
    gain: float
    error: float
    splits: int

    @property
    def has_gain(self) -> bool:
        """True if the gain is more than chance: above the 95 % quantile of Student's t, and not a rounding."""
        return self.gain > max(STUDENT * self.error, 1e-6) and math.isfinite(self.gain)

    def __str__(self) -> str:
        course = f"{self.metric} {self.before:.3f} → {self.after:.3f} on held-out rows"
        if self.has_gain:
            return f"{course}, a gain of {self.gain:.3f} ± {self.error:.3f} ({self.splits} splits)"
        gain = f"{self.gain:.3f}".replace("-", "−")
        return f"{course}: no gain ({gain} ± {self.error:.3f} over {self.splits} splits)"


STUDENT = 2.13  # the one-sided 95 % quantile with 4 degrees of freedom
