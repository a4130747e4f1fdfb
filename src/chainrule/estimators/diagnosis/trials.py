"""Trials of remedies: training with a change beside training without it, scored on the same held-out rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.activations import ACTIVATIONS
from chainrule.diagnosis.change import Change, Trial
from chainrule.diagnosis.finding import Diagnosis
from chainrule.estimators.network.validation_split import ValidationSplit, validation_splits
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.diagnosis.diagnose import labelled
from chainrule.tables.intervals.quantile_labels import QuantileLabels, d2_pinball
from chainrule.tables.model import TableModel
from chainrule.tables.reading.read import AnyTable
from chainrule.tables.scores import class_log_losses, log_losses, pooled_r_squared, score_name
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

SPLITS = 5
MOST_ROWS = 2_000  # to train and to score on: a trial is brief
FEWEST_ROWS = 50

Estimator = Callable[..., Any]  # NetworkClassifier or NetworkRegressor


def tried(
    diagnosis: Diagnosis, model: TableModel, make: Estimator, X: Any, y: Any, X_val: Any = None, y_val: Any = None
) -> Diagnosis:
    """Returns the diagnosis with a trial of each remedy that is a change of training.

    On five splits of at most 2,000 rows of X and y, one network like those of the model is trained with the change and
    one without it, from the same seed; the gain is the mean difference on the held-out rows. To train again is tried on
    the rows of X_val and y_val, if they are given, and compared with the model as it is. There are no trials with fewer
    than 50 rows.
    """
    changes = [finding.change for finding in diagnosis.findings if finding.change is not None]
    changes = [change for change in changes if change.metric is not None]
    if not changes:
        return diagnosis
    rows = new = labelled(model, X, y, "y")[0].some(MOST_ROWS)
    if X_val is not None:
        new = labelled(model, X_val, y if y_val is None else y_val, "y_val")[0].some(MOST_ROWS)
    trials: list[tuple[Change, Trial]] = []
    for change in changes:
        used = new if change.is_to_train_again else rows
        if used.t >= FEWEST_ROWS and all(change != other for other, _ in trials):
            trials.append((change, _Trials(model, make, used).of(change)))
    found = (finding._replace(trial=_of(finding.change, trials)) for finding in diagnosis.findings)
    return Diagnosis(tuple(found))


def _of(change: Change | None, trials: Sequence[tuple[Change, Trial]]) -> Trial | None:
    return next((trial for other, trial in trials if other == change), None)


@dataclass(frozen=True, eq=False)
class _Trials:
    model: TableModel
    make: Estimator
    rows: LabelledRows

    def of(self, change: Change) -> Trial:
        """Returns the trial of a change."""
        before, after = [], []
        for seed, split in enumerate(self._splits()):
            held_out = self.rows.at(split.held_out)
            without = self.model if change.is_to_train_again else self._trained(seed, split, Change())
            before.append(self._metric(change, held_out, without))
            after.append(self._metric(change, held_out, self._trained(seed, split, change)))
        sign = -1.0 if change.metric == "cross-entropy" else 1.0
        gains = sign * (np.array(after) - np.array(before))
        error = float(gains.std(ddof=1)) / math.sqrt(len(gains))
        return Trial(
            self._name(change), float(np.mean(before)), float(np.mean(after)), float(gains.mean()), error, len(gains)
        )

    def _splits(self) -> list[ValidationSplit]:
        classes = self.rows.labels if isinstance(self.model.target, ClassLabels) else None
        rng = np.random.default_rng(0)
        return validation_splits(self.rows.t, SPLITS, 1.0 / SPLITS, "random", rng, classes)

    def _trained(self, seed: int, split: ValidationSplit, change: Change) -> TableModel:
        """Trains one network on the rows of a split that are not held out."""
        encoder, rows = self.model.encoder, self.rows.at(split.training)
        table = rows.table.without(*encoder.dropped_, *change.drop)
        kinds = {feature.name: feature.kind for feature in encoder.features_}
        parameters: Mapping[str, Any] = {
            **_own_settings(self.model),
            "categories": [name for name in table.names if kinds[name] == "categories"] or None,
            "n_networks": 1,
            "random_state": seed,
            **change.parameters,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about columns that are constant in a part of the rows
            model: TableModel = self.make(**parameters).fit(table, rows.values).model_
        return model

    def _metric(self, change: Change, held_out: LabelledRows, model: TableModel) -> float:
        """Returns the metric of a model on held-out rows."""
        target = self.model.target
        if isinstance(target, QuantileLabels):
            return d2_pinball(held_out.values, model.predict(held_out.table), target.levels, None)
        if isinstance(target, NumericLabels):
            return pooled_r_squared(held_out.labels, target.standardised(model.predict(held_out.table)))
        if isinstance(target, IndicatorLabels):
            return _metric_of_labels(change, held_out.labels, model.predict_proba(held_out.table))
        P, classes = _probabilities(target, model, held_out.table), held_out.labels
        is_right = P.argmax(axis=1) == classes
        if change.metric == "mean recall":
            return float(np.mean([is_right[classes == c].mean() for c in np.unique(classes)]))
        if change.metric == "cross-entropy":
            return float(class_log_losses(classes, P, 1e-12).mean())
        return float(is_right.mean())

    def _name(self, change: Change) -> str:
        if change.metric != "score":
            return str(change.metric)
        target = self.model.target
        return "R² of the probabilities" if isinstance(target, IndicatorLabels) else score_name(target)


def _metric_of_labels(change: Change, has: NDArray[np.intp], P: Floats) -> float:
    """Returns the metric of the probabilities P (t, q) of several labels."""
    if change.metric == "mean recall":
        some = has.any(axis=0)
        right = ((P > 0.5) & (has == 1)).sum(axis=0)
        return float((right[some] / has.sum(axis=0)[some]).mean()) if some.any() else 0.0
    return float(log_losses(has, P).mean()) if change.metric == "cross-entropy" else pooled_r_squared(has, P)


def _own_settings(model: TableModel) -> dict[str, Any]:
    """Returns the parameters of the estimators that a model shows: its preset, scaling, hidden layers and their σ."""
    net = model.networks[0]
    hidden = [i for i in range(1, net.r) if isinstance(net.W[i], np.ndarray)]  # without those of the preset's own
    settings: dict[str, Any] = {
        "preset": "lecture" if model.about.get("preset") == "lecture" else "default",
        "numbers": model.encoder.numbers,
        "hidden_layer_sizes": tuple(net.m[i] for i in hidden),
    }
    if isinstance(model.target, QuantileLabels):
        settings["quantiles"] = model.target.levels
    if hidden and net.sigma[hidden[-1]].name in ACTIVATIONS:
        settings["activation"] = net.sigma[hidden[-1]].name
    return settings


def _probabilities(target: ClassLabels, model: TableModel, table: AnyTable) -> Floats:
    """Returns P (t, k) for the classes of a target, of which the model may know fewer."""
    P = np.zeros((len(table), len(target)))
    P[:, target.class_numbers(model.target.values)] = model.predict_proba(table)  # type: ignore[union-attr]
    return P
