"""The part of a model's file that describes the estimator which made the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from chainrule._internal.checks import Array

PREFIX = "estimator."  # of its tensors in a file


@dataclass(frozen=True, eq=False)
class EstimatorRecord:
    """Settings and course of training of an estimator: a JSON header, and tensors by name.

    A `TableModel` predicts without it, and writes it again as it was read. `NetworkClassifier.load` and
    `NetworkRegressor.load` restore the estimator from it.
    """

    header: Mapping[str, Any]
    tensors: Mapping[str, Array]

    def parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Returns the header and the tensors as a file holds them, under names of their own."""
        return dict(self.header), {PREFIX + name: tensor for name, tensor in self.tensors.items()}

    @classmethod
    def from_parts(cls, header: object, tensors: Mapping[str, Array]) -> Self:
        """Returns the record of a file's header and tensors. Raises TypeError for a header that is no object."""
        if not isinstance(header, Mapping):
            raise TypeError("'estimator' must be an object")
        own = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
        return cls(header, own)
