"""Faults that the labels show: rare classes that are missed, and predictions no better than a constant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.change import Change
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.fit import GAP
from chainrule.tables.diagnosis.case import LabelledRows, TableCase
from chainrule.tables.diagnosis.drift import drift, shares_of_classes, unseen_values
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

ENOUGH = 10  # rows of a class
RARE = 0.3  # of an equal share of the rows, that a rare class has at most
MISSED = 0.1  # share of a class's rows that are predicted
ROWS = 30


def imbalance(case: TableCase) -> Iterator[Finding]:
    """Finds rare classes that are hardly ever predicted."""
    target, rows = case.model.target, case.new
    if isinstance(target, NumericLabels):
        return
    if isinstance(target, ClassLabels):
        count = np.bincount(rows.labels, minlength=len(target))
        right = np.bincount(rows.labels[rows.predicted == rows.labels], minlength=len(target))
        what, names, classes = "class", target.values.tolist(), len(target)
    else:
        count, right = rows.labels.sum(axis=0), (rows.labels * rows.predicted).sum(axis=0)
        what, names, classes = "label", target.classes.tolist(), 2
    is_rare = (count >= ENOUGH) & (count <= RARE * rows.t / classes)
    missed = np.flatnonzero(is_rare & (right < MISSED * count))
    if not len(missed):
        return
    c = int(missed[0])
    change = Change(parameters={"class_weight": "balanced"}, metric="mean recall")
    share = f"{count[c]} of {rows.t} {case.where} ({100 * count[c] / rows.t:.2g} %)"
    yield Finding(
        "label imbalance",
        f"the {what} {names[c]!r} has {share}, of which {right[c]} are predicted as {names[c]!r}.",
        f"Give rare classes more weight: {change}.",
        change,
    )


def no_better_than_a_constant(case: TableCase) -> Iterator[Finding]:
    """Finds a model that is no better than the most frequent class and the class frequencies, or than the mean."""
    rows = case.new
    if rows.t < ROWS:
        return
    score, constant = rows.explained(), 0.0
    what, other = rows.score_name, "each quantile" if rows.score_name == "D²" else "the mean"
    if isinstance(rows.model.target, IndicatorLabels):
        what, other = "R² of the probabilities", "the share of each label"
    if case.is_classification:
        shares = np.bincount(rows.labels) / rows.t
        of_label = np.maximum(rows.outputs[np.arange(rows.t), rows.labels], 1e-300)
        if np.log(of_label).mean() > np.log(shares[rows.labels]).mean() or shares.max() == 1.0:
            return
        what, other, constant = "the accuracy", "the most frequent class", float(shares.max())
    if score <= constant:
        yield Finding(
            "no better than a constant",
            f"{what} is {score:.3g} on {rows.t} {case.where}, and {constant:.3g} if {other} is predicted in every row.",
            "Check that the columns can predict the target, and that this table is like the training rows; then train "
            "again.",
            Change(),
        )


def overfitting(case: TableCase) -> Iterator[Finding]:
    """Finds rows that are fitted much better than held-out ones, unless these have moved, which explains it."""
    if case.held_out is None or case.held_out.t < ROWS:
        return
    if any(any(moved(case)) for moved in (unseen_values, drift, shares_of_classes)):
        return
    known, new = _beyond_chance(case.rows), _beyond_chance(case.held_out)
    if known - new > GAP:
        what = "the accuracy beyond the most frequent class" if case.is_classification else case.rows.score_name
        change = Change(parameters={"hidden_layer_sizes": (32,)})
        yield Finding(
            "overfitting",
            f"{what} is {known:.3g} on {case.rows.t} rows and {new:.3g} on {case.held_out.t} held-out ones.",
            f"Add rows, or take a smaller network: {change}.",
            change,
        )


def _beyond_chance(rows: LabelledRows) -> float:
    """Returns R² or D², or the share of the errors of the most frequent class that the model avoids."""
    score = rows.explained()
    if not isinstance(rows.model.target, ClassLabels):
        return score
    rest = 1.0 - float(np.bincount(rows.labels).max()) / rows.t
    return 1.0 - (1.0 - score) / max(rest, 1.0 / rows.t)
