"""The columns that ``chainrule predict`` adds: predictions, probabilities, the ends of intervals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.tables.conformal import bounds
from chainrule.tables.model import TableModel
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels


def require_possible(model: TableModel, *, has_proba: bool, coverage: float | None) -> None:
    """Raises WrongUsage if the model has no probabilities, or no intervals of this coverage."""
    is_classifier = isinstance(model.target, ClassLabels)
    if has_proba and not is_classifier:
        raise WrongUsage("--proba: the model predicts a number, which has no probabilities. Give --interval 0.9.")
    if coverage is not None:
        if is_classifier:
            raise WrongUsage("--interval: the model predicts a class, which has no interval. Give --proba.")
        with option_errors("--interval"):
            bounds(model.residuals, coverage)


def predicted(
    model: TableModel, X: Table, taken: Collection[str], *, has_proba: bool, coverage: float | None
) -> dict[str, list[Any]]:
    """Returns the predictions of rows X, under names that are not taken.

    A prediction has the name of the target, or predicted_NAME if that is taken; the columns probability_CLASS, and
    NAME_low and NAME_high, follow. Raises WrongUsage if one of these is taken.
    """
    recorded = model.about.get("column")
    target = recorded if isinstance(recorded, str) else "prediction"
    name = f"predicted_{target}" if target in taken else target
    if isinstance(model.target, ClassLabels):
        P = model.predict_proba(X)
        columns = {name: model.target.labels(P.argmax(axis=1)).tolist()}
        if has_proba:
            columns |= {f"probability_{value}": P[:, k].tolist() for k, value in enumerate(model.target.values)}
    else:
        columns = _numbers(name, model.predict(X))
        if coverage is not None:
            ends = model.predict_interval(X, coverage)
            columns |= _numbers(f"{name}_low", ends[..., 0]) | _numbers(f"{name}_high", ends[..., 1])
    if common := [column for column in columns if column in taken]:
        raise WrongUsage(
            f"the rows have a column {common[0]!r}, which is also the name of a result. Keep others, with --keep."
        )
    return columns


def _numbers(name: str, Y: Any) -> dict[str, list[float]]:
    """Returns numbers (t,) as one column, those of several targets (t, m) as NAME_1, NAME_2, …"""
    if np.ndim(Y) == 1:
        return {name: Y.tolist()}
    return {f"{name}_{k}": column.tolist() for k, column in enumerate(np.asarray(Y).T, 1)}
