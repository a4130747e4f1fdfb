"""Calibration, residuals and the validation score, after ``fit`` and after each call of ``partial_fit``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.estimators.network.competition import losses_on
from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.held_out_predictions import held_out_predictions
from chainrule.estimators.network.incremental.outdated_rows import outdated
from chainrule.estimators.network.incremental.recent_rows import RecentRows, most_rows
from chainrule.estimators.network.incremental.row_keys import Keys, row_keys
from chainrule.tables.calibration import UNCALIBRATED
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

FEWEST = 100  # rows that replace a calibration of which the rows are not known; until then they are ``_first_rows``


def calibrated(estimator: Any, model: TableModel, members: Sequence[Member], rows: Any, data: Any) -> TableModel:
    """Returns the model calibrated on all rows that its networks hold out, and remembers some of them.

    ``rows`` are the `Data` that the members' held-out rows belong to, ``data`` those that they were trained on.
    """
    estimator.validation_score_, estimator._recent, estimator._first_rows = None, None, None
    held_out = held_out_predictions(members, estimator.target_)
    if held_out is None:
        return model
    spread, held_out = estimator._learn_spread(held_out, rows, members, data)
    estimator._recent = _remembered(estimator, members, rows, held_out.at, held_out.spreads)
    model = replace(model, spread=spread)
    model, estimator.validation_score_ = estimator._calibrate(model, rows.labels[held_out.at], held_out)
    return model


def recalibrated(estimator: Any, model: TableModel, members: Sequence[Member], rows: Any, data: Any) -> TableModel:
    """Returns the model calibrated on the last held-out rows: old ones, and those that its networks hold out just now.

    The networks predict all of them as they are now, and outdated rows are forgotten. If they hold no row out, it keeps
    what it had; likewise with few rows beside those of a file that does not hold them. The network for the spread
    stays as it is.
    """
    known: TableModel | None = getattr(estimator, "model_", None)
    if known is None:
        return calibrated(estimator, model, members, rows, data)
    kept = replace(model, calibration=known.calibration, residuals=known.residuals, spread=known.spread)
    keys, has_rows = row_keys(rows.examples.X, rows.examples.Y), getattr(estimator, "_recent", None) is not None
    recent: RecentRows | None = estimator._recent if has_rows else getattr(estimator, "_first_rows", None)
    if recent is not None:
        recent = recent.of_networks([member.number for member in members]).without(keys)
    held_out = [member.at for member in members if member.held_out is not None]
    if held_out:
        at = np.unique(np.concatenate(held_out))
        new = _remembered(estimator, members, rows, at, None, keys[at])
        recent = new if recent is None else recent.followed_by(new)
    if not has_rows and _is_calibrated(known) and (recent is None or len(recent) < FEWEST):
        estimator._first_rows = recent
        return kept
    if not held_out or recent is None:
        estimator._recent = recent
        return kept
    predicted = recent.held_out(model.networks, estimator.target_, known.spread)
    losses = losses_on(_labels(estimator, recent), estimator.target_, predicted.weights)(predicted.P)
    if first := outdated(losses):
        recent = recent.at(slice(first, None))
        predicted = recent.held_out(model.networks, estimator.target_, known.spread)
    estimator._recent, estimator._first_rows = recent, None
    model = replace(model, spread=known.spread)
    model, estimator.validation_score_ = estimator._calibrate(model, _labels(estimator, recent), predicted)
    return model


def _labels(estimator: Any, recent: RecentRows) -> NDArray[Any]:
    """Returns the labels as they were given."""
    is_number = isinstance(estimator.target_, NumericLabels)
    labels: NDArray[Any] = recent.labels if is_number else estimator.target_.labels(recent.labels)
    return labels


def _is_calibrated(known: TableModel) -> bool:
    """Returns True if something in the model was learned from held-out rows."""
    has_shifts = isinstance(known.target, QuantileLabels) and bool(known.target.shifts.any())
    return has_shifts or known.residuals is not None or known.calibration != UNCALIBRATED


def _remembered(
    estimator: Any, members: Sequence[Member], rows: Any, at: NDArray[Any], spreads: Floats | None,
    keys: Keys | None = None,
) -> RecentRows:  # fmt: skip
    """Returns the rows ``at`` (t,) that networks hold out, with their spreads, or a random part if they are many."""
    m, t = estimator.target_.width, len(at)
    most = most_rows(m, rows.examples.X)
    some: NDArray[Any] = np.arange(t) if t <= most else np.sort(np.random.default_rng(0).choice(t, most, replace=False))
    kept = at[some]
    examples = rows.examples.at(kept)
    labels = rows.labels if rows.class_numbers is None else rows.class_numbers
    if isinstance(estimator.target_, IndicatorLabels):
        labels = estimator.target_.indicators(rows.labels)
    weights = np.ones(len(kept)) if examples.weights is None else examples.weights.astype(np.float64)
    return RecentRows(
        row_keys(examples.X, examples.Y) if keys is None else keys[some], rows.examples.X[kept],
        np.column_stack([np.isin(kept, member.at) for member in members]), labels[kept], weights,
        np.zeros((len(kept), m)) if spreads is None else spreads[some],
    )  # fmt: skip
