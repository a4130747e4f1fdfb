"""Calibration, residuals and the validation score, after ``fit`` and after each call of ``partial_fit``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions, held_out_predictions
from chainrule.estimators.network.incremental.recent_rows import RecentRows, most_rows
from chainrule.estimators.network.incremental.row_keys import row_keys
from chainrule.tables.calibration import UNCALIBRATED
from chainrule.tables.intervals.spread import spread_of
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

FEWEST = 100  # recent rows that replace a calibration of which the rows are not known


def calibrated(estimator: Any, model: TableModel, members: Sequence[Member], rows: Any) -> TableModel:
    """Returns the model calibrated on all rows that its networks hold out, and remembers some of them.

    ``rows`` are the `Data` that the members' held-out rows belong to.
    """
    estimator.validation_score_, estimator._recent = None, None
    held_out = held_out_predictions(members, estimator.target_)
    if held_out is None:
        return model
    spread, held_out = estimator._learn_spread(held_out, rows)
    estimator._recent = _remembered(estimator, held_out, rows)
    model = replace(model, spread=spread)
    model, estimator.validation_score_ = estimator._calibrate(model, rows.labels[held_out.at], held_out)
    return model


def recalibrated(estimator: Any, model: TableModel, members: Sequence[Member], rows: Any) -> TableModel:
    """Returns the model calibrated on the last held-out rows: old ones, and those that its networks held out just now.

    Without any, it keeps what it had; likewise with few ones beside those of an older file, which does not hold them.
    The network for the spread stays as it is: the residuals of new rows are divided by the spread that it predicts.
    """
    old: RecentRows | None = getattr(estimator, "_recent", None)
    known: TableModel | None = getattr(estimator, "model_", None)
    held_out = held_out_predictions(members, estimator.target_)
    if known is not None:
        model = replace(model, spread=known.spread)
        if held_out is not None and known.spread is not None:
            Z = rows.examples.at(held_out.at).X
            held_out = held_out._replace(spreads=spread_of(known.spread, Z, held_out.P))
    elif held_out is not None:
        spread, held_out = estimator._learn_spread(held_out, rows)
        model = replace(model, spread=spread)
    new = None if held_out is None else _remembered(estimator, held_out, rows)
    recent = new if old is None else old if new is None else old.followed_by(new)
    estimator._recent = recent
    has_unknown = (
        old is None and known is not None and (known.residuals is not None or known.calibration != UNCALIBRATED)
    )
    if known is not None and (recent is None or (has_unknown and len(recent) < FEWEST)):
        return replace(model, calibration=known.calibration, residuals=known.residuals)
    estimator.validation_score_ = None
    if recent is None:
        return model
    is_number = isinstance(estimator.target_, NumericLabels)
    labels = recent.labels if is_number else estimator.target_.labels(recent.labels)
    model, estimator.validation_score_ = estimator._calibrate(model, labels, recent.held_out())
    return model


def _remembered(estimator: Any, held_out: HeldOutPredictions, rows: Any) -> RecentRows:
    """Returns the held-out rows, or a random part of them if they are many."""
    t, most = len(held_out.at), most_rows(held_out.P.shape[1])
    some: NDArray[Any] = np.arange(t) if t <= most else np.sort(np.random.default_rng(0).choice(t, most, replace=False))
    weights, spreads = (None if x is None else x[some] for x in (held_out.weights, held_out.spreads))
    kept = HeldOutPredictions(held_out.P[some], held_out.at[some], weights, spreads=spreads)
    examples = rows.examples.at(kept.at)
    labels = rows.labels if rows.class_numbers is None else rows.class_numbers
    if isinstance(estimator.target_, IndicatorLabels):
        labels = estimator.target_.indicators(rows.labels)
    labels = labels[kept.at]
    return RecentRows.of(kept, labels, row_keys(examples.X, examples.Y), estimator.dtype)
