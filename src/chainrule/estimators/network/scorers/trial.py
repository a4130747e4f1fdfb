"""The trial of a scorer on a few labels, before training: some are for two classes, for 0 and 1, or for y > 0."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer

from chainrule._internal.checks import Floats
from chainrule.errors import InputError
from chainrule.estimators.network.scorers.names import SCORERS
from chainrule.estimators.network.scorers.one_network import with_outputs
from chainrule.tables.columns import Task
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.decoders import Target

USUAL: dict[Task, tuple[str, ...]] = {
    "classification": ("accuracy", "roc_auc", "neg_log_loss"),
    "multilabel": ("accuracy", "roc_auc", "f1_macro"),
    "regression": ("neg_mean_absolute_error", "neg_root_mean_squared_error"),
}
RELATED = ("_ovr", "_macro", "_weighted", "")  # endings of the same measure, for other labels
MOST_CLASSES = 10  # in a trial, whose result is the same for more
FAILURES = (ValueError, TypeError, AttributeError)  # of scorers


def require_suited(name: str, target: Target, labels: NDArray[Any]) -> None:
    """Raises InputError unless scikit-learn's scorer of this name takes such labels (t,) or (t, m)."""
    its_task, task = _task_of(name), "regression" if target.task == "regression" else "classification"
    if its_task not in (None, task):
        suited = _alternatives("", target, labels)
        raise InputError(f"scoring={name!r} is for {its_task}, and this is {task}; use one such as {suited}.")
    if _takes(name, target, labels):
        return
    suited = _alternatives(name.removesuffix("_samples"), target, labels)
    advice = f"Use one such as {suited}" if suited else "Give a function f(estimator, X, y)"
    if isinstance(target, ClassLabels) and len(target) == 2:
        zero_one = ClassLabels(np.array([0, 1]), target.shares)
        if _takes(name, zero_one, labels):
            advice += f"; or give 0 and 1 as y, such as (y == {target.values.tolist()[1]!r}).astype(int)"
    raise InputError(f"scoring={name!r} is not for {_kind_of(target, labels)}. {advice}.")


def _task_of(name: str) -> str | None:
    measure = getattr(get_scorer(name), "_score_func", None)  # scikit-learn has them in a module for each task
    if measure is None:
        return None
    return "regression" if getattr(measure, "__module__", "").endswith("_regression") else "classification"


def _takes(name: str, target: Target, labels: NDArray[Any]) -> bool:
    """Returns True if the scorer gives a number for the same prediction in all rows, whose labels differ."""
    A: Floats
    if isinstance(target, NumericLabels):
        y = np.stack([labels.min(axis=0), labels.max(axis=0)])
        A = np.repeat(target.standardised(y).mean(axis=0, keepdims=True), 2, axis=0)
    elif isinstance(target, ClassLabels):
        target = ClassLabels(target.values[:MOST_CLASSES], target.shares[:MOST_CLASSES])
        y = np.repeat(target.values, 2)
        A = np.full((len(y), len(target)), 1.0 / len(target))
    else:
        y = np.repeat([[0], [1]], target.m, axis=1)
        A = np.full(y.shape, 0.5)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a measure that is undefined for these predictions
            float(get_scorer(name)(with_outputs(lambda _: A, target), A, y))
    except FAILURES:
        return False
    return True


def _alternatives(measure: str, target: Target, labels: NDArray[Any]) -> str:
    """Returns up to three scorers that take such labels, those of the same measure first."""
    names = dict.fromkeys((*(measure + ending for ending in RELATED), *USUAL[target.task]))
    suited = [repr(name) for name in names if name in SCORERS and _takes(name, target, labels)][:3]
    return " or ".join(filter(None, (", ".join(suited[:-1]), *suited[-1:])))


def _kind_of(target: Target, labels: NDArray[Any]) -> str:
    if isinstance(target, QuantileLabels):
        return "several quantiles of y"
    if isinstance(target, NumericLabels):
        of_several = "" if target.is_flat else f", {target.m} targets"
        return f"y from {labels.min():g} to {labels.max():g}{of_several}"
    if isinstance(target, ClassLabels):
        values = target.values.tolist()
        return f"{len(values)} classes" if len(values) > 2 else f"the classes {values[0]!r} and {values[1]!r}"
    return f"{target.m} labels, of which a row may have several"
