"""The columns that ``chainrule predict`` adds: predictions, probabilities, the ends of intervals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels


def require_possible(model: TableModel, *, has_proba: bool, coverage: float | None) -> None:
    """Raises WrongUsage if the model has no probabilities, or no intervals of this coverage."""
    is_classifier = not isinstance(model.target, NumericLabels)
    if has_proba and not is_classifier:
        raise WrongUsage("--proba: the model predicts a number, which has no probabilities. Give --interval 0.9.")
    if coverage is not None:
        if is_classifier:
            raise WrongUsage("--interval: the model predicts a class, which has no interval. Give --proba.")
        with option_errors("--interval"):
            model.require_interval(coverage)


def predicted(
    model: TableModel, X: Table, taken: Collection[str], *, has_proba: bool, coverage: float | None
) -> dict[str, list[Any]]:
    """Returns the predictions of rows X, under names that are not taken.

    A prediction has the name of its target, or predicted_NAME if that is taken, and a quantile NAME_q0.05; the columns
    probability_CLASS, or probability_NAME of each of several labels (probability_NAME_VALUE if the value is a text),
    and NAME_low and NAME_high, follow. Raises WrongUsage if one of these is taken.
    """
    names = [f"predicted_{name}" if name in taken else name for name in _names(model)]
    Y = np.asarray(model.predict(X))
    of_quantiles = model.target.levels if isinstance(model.target, QuantileLabels) else ()
    titles = [f"{names[0]}_q{q:g}" for q in of_quantiles] or names
    columns = dict(zip(titles, Y.reshape(len(Y), -1).T.tolist(), strict=True))
    if has_proba:
        columns |= zip(_names_of_probabilities(model), model.predict_proba(X).T.tolist(), strict=True)
    if coverage is not None:
        ends = model.predict_interval(X, coverage).reshape(len(Y), -1, 2)
        for k, name in enumerate(names):
            columns |= {f"{name}_low": ends[:, k, 0].tolist(), f"{name}_high": ends[:, k, 1].tolist()}
    if common := [column for column in columns if column in taken]:
        raise WrongUsage(
            f"the rows have a column {common[0]!r}, which is also the name of a result. Keep others, with --keep."
        )
    return columns


def _names(model: TableModel) -> list[str]:
    """Returns the names of the target columns; prediction, or prediction_1, prediction_2, … if they are not known."""
    m = 1 if isinstance(model.target, ClassLabels | QuantileLabels) else model.target.m
    return list(model.target_names) or ["prediction" if m == 1 else f"prediction_{k}" for k in range(1, m + 1)]


def _names_of_probabilities(model: TableModel) -> list[str]:
    if not isinstance(model.target, IndicatorLabels):
        return [f"probability_{value}" for value in model.classes_]
    seconds = [two.values.tolist()[1] for two in model.target.columns]
    ends = [f"_{value}" if isinstance(value, str) else "" for value in seconds]
    return [f"probability_{name}{end}" for name, end in zip(_names(model), ends, strict=True)]
