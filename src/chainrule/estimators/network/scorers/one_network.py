"""One network on encoded rows, as scorers take an estimator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import Rows
from chainrule.tables.columns import Task
from chainrule.tables.model import TableModel, network_outputs
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels


class _OneNetwork(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    def __init__(self, outputs: Callable[[Rows], Floats], target: Any) -> None:
        self.outputs = outputs
        self.target = target

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _OneClassifier(ClassifierMixin, _OneNetwork):  # type: ignore[misc]
    target: ClassLabels

    @property
    def classes_(self) -> NDArray[Any]:
        return self.target.values

    def predict_proba(self, Z: Rows) -> Floats:
        """Returns the probabilities (t, k)."""
        return self.outputs(Z)

    def predict(self, Z: Rows) -> NDArray[Any]:
        """Returns the most probable classes (t,)."""
        return self.target.labels(self.predict_proba(Z).argmax(axis=1))


class _OneOfLabels(_OneClassifier):
    target: IndicatorLabels  # type: ignore[assignment]

    @property
    def classes_(self) -> NDArray[Any]:
        return np.tile([0, 1], (self.target.m, 1))  # of two labels, a scorer would take [0, 1] for two classes

    def predict(self, Z: Rows) -> NDArray[Any]:
        """Returns 1 for each label of a probability above ½, else 0, (t, q)."""
        return (self.predict_proba(Z) > 0.5).astype(np.intp)


class _OneRegressor(RegressorMixin, _OneNetwork):  # type: ignore[misc]
    target: NumericLabels

    def predict(self, Z: Rows) -> Floats:
        """Returns the numbers (t,) or (t, m)."""
        return self.target.restored(self.outputs(Z))


OF_TASK: dict[Task, type[_OneNetwork]] = {
    "classification": _OneClassifier, "multilabel": _OneOfLabels, "regression": _OneRegressor,
}  # fmt: skip


def as_estimator(model: TableModel) -> Any:
    """Returns an estimator of encoded rows, which is the first network of a model."""
    return with_outputs(partial(network_outputs, model.networks[0], target=model.target), model.target)


def with_outputs(outputs: Callable[[Rows], Floats], target: Target) -> Any:
    """Returns an estimator of encoded rows, which decodes these outputs (t, m) by the target."""
    return OF_TASK[target.task](outputs, target)
