"""The columns that ``chainrule predict`` adds: predictions, probabilities, the ends of intervals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.tables.model import TableModel
from chainrule.tables.prediction_names import as_columns
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels, NumericLabels


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
    model: TableModel,
    X: Table,
    taken: Collection[str],
    *,
    has_proba: bool,
    threshold: float | None,
    coverage: float | None,
) -> dict[str, list[Any]]:
    """Returns the predictions of rows X, under names that are not taken (`as_columns`).

    With a ``threshold``, for a model of two classes, the second one is predicted where its probability reaches it.
    Raises WrongUsage if the name of a probability or of an end is taken.
    """
    Z = model.encoder.encode(X)
    A = model.outputs_of(Z)
    P = model.probabilities_of(A) if has_proba or threshold is not None else None
    if P is None or threshold is None:
        Y = model.predictions_of(A)
    else:
        assert isinstance(model.target, ClassLabels)
        Y = model.target.labels(model.target.most_probable(P, threshold))
    ends = None if coverage is None else model.intervals_of(Z, A, coverage)
    columns = as_columns(model, Y, P if has_proba else None, ends, taken)
    if common := [column for column in columns if column in taken]:
        raise WrongUsage(
            f"the rows have a column {common[0]!r}, which is also the name of a result. Keep others, with --keep."
        )
    return columns
