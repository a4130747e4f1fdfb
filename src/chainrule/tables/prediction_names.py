"""Predictions as columns: their names, and those of probabilities and of the ends of intervals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels


def target_titles(model: TableModel, taken: Collection[str] = ()) -> list[str]:
    """Returns the names of the predictions of a row.

    A prediction has the name of its target, or predicted_NAME if that is taken, and a quantile NAME_q0.05. It is
    prediction, or prediction_1, prediction_2, …, if the target has no name.
    """
    names = _names(model, taken)
    of_quantiles = model.target.levels if isinstance(model.target, QuantileLabels) else ()
    return [f"{names[0]}_q{q:g}" for q in of_quantiles] or names


def as_columns(
    model: TableModel,
    Y: NDArray[Any],  # (t,) or (t, m)
    P: Floats | None = None,  # (t, k)
    ends: Floats | None = None,  # (t, 2) or (t, m, 2)
    taken: Collection[str] = (),
) -> dict[str, list[Any]]:
    """Returns predictions Y by their names.

    The columns probability_CLASS, or probability_NAME of each of several labels (probability_NAME_VALUE if the value is
    a text), of probabilities P, and NAME_low and NAME_high of the ends of intervals, follow.
    """
    names = _names(model, taken)
    columns = dict(zip(target_titles(model, taken), Y.reshape(len(Y), -1).T.tolist(), strict=True))
    if P is not None:
        columns |= zip(_names_of_probabilities(model), P.T.tolist(), strict=True)
    if ends is not None:
        of_targets = ends.reshape(len(Y), -1, 2)
        for k, name in enumerate(names):
            columns |= {f"{name}_low": of_targets[:, k, 0].tolist(), f"{name}_high": of_targets[:, k, 1].tolist()}
    return columns


def _names(model: TableModel, taken: Collection[str]) -> list[str]:
    """Returns the names of the target columns; prediction, or prediction_1, prediction_2, … if they are not known."""
    m = 1 if isinstance(model.target, ClassLabels | QuantileLabels) else model.target.m
    names = list(model.target_names) or ["prediction" if m == 1 else f"prediction_{k}" for k in range(1, m + 1)]
    return [f"predicted_{name}" if name in taken else name for name in names]


def _names_of_probabilities(model: TableModel) -> list[str]:
    if not isinstance(model.target, IndicatorLabels):
        return [f"probability_{value}" for value in model.classes_]
    seconds = [two.values.tolist()[1] for two in model.target.columns]
    ends = [f"_{value}" if isinstance(value, str) else "" for value in seconds]
    return [f"probability_{name}{end}" for name, end in zip(_names(model, ()), ends, strict=True)]
