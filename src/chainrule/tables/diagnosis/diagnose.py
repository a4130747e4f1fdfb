"""The public function that looks for faults of a table model on a table with its target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.diagnosis.change import Change
from chainrule.diagnosis.finding import Diagnosis, Finding
from chainrule.errors import InputError
from chainrule.tables.columns import Column
from chainrule.tables.diagnosis.calibration import miscalibration
from chainrule.tables.diagnosis.case import LabelledRows, TableCase, and_others, dense, some
from chainrule.tables.diagnosis.columns import leaks, left_out_columns, mostly_missing
from chainrule.tables.diagnosis.drift import drift, shares_of_classes, unseen_values
from chainrule.tables.diagnosis.labels import imbalance, no_better_than_a_constant, overfitting
from chainrule.tables.diagnosis.networks import faults_of_networks
from chainrule.tables.diagnosis.rows import copies, missing_labels, too_few_rows
from chainrule.tables.encoding.matching import matched
from chainrule.tables.labels import label_array, labels_at
from chainrule.tables.model import TableModel
from chainrule.tables.reading.read import read
from chainrule.tables.table import known_column
from chainrule.tables.targets.decoders import encoded, known_labels
from chainrule.tables.targets.given_targets import frame_of_targets, named_columns
from chainrule.tables.targets.target_columns import TargetColumns
from chainrule.tables.text.text_column import TextColumn

CHECKS: tuple[Callable[[TableCase], Iterator[Finding]], ...] = (
    missing_labels,
    leaks,
    copies,
    left_out_columns,
    mostly_missing,
    too_few_rows,
    unseen_values,
    drift,
    shares_of_classes,
    faults_of_networks,
    no_better_than_a_constant,
    imbalance,
    overfitting,
    miscalibration,
)


def diagnose(model: TableModel, X: Any, y: Any, X_val: Any = None, y_val: Any = None) -> Diagnosis:
    """Looks for common faults of a table model and its table, and says what shows them and what helps.

    ``X`` is a table with the columns of training, and ``y`` its labels (t,) or (t, m), or the name of the column of X
    that holds them, or a list of names. ``X_val`` and ``y_val`` (by default the same names) are rows that the model was
    not trained on; without them, X may be either. The findings are those of `chainrule.diagnose` on the encoded rows
    (dead and saturated units, δ that vanishes or explodes), and what a table can know, by the names of its columns: one
    that gives the target away; columns left out; copies of rows; values that are missing, unseen in training or have
    moved since; classes that are missed, or whose shares have changed; a model no better than a constant; probabilities
    that are wrong. Of more than 20,000 rows it looks at 20,000.

    Raises InputError for a table or labels that do not fit the model, but not for infinite numbers and missing labels
    in a column of X, which are findings.

    >>> import numpy as np
    >>> from chainrule.tables import TableEncoder, TableModel, diagnose
    >>> from chainrule.tables.target_decoder import ClassLabels
    >>> import chainrule as cr
    >>> X = [[float(k % 7), float(k % 2)] for k in range(60)]
    >>> y = ["odd" if k % 2 else "even" for k in range(60)]
    >>> encoder = TableEncoder().fit(X)
    >>> model = TableModel(encoder, ClassLabels.fit(y), (cr.Network.dense([2, 8, 2], output="softmax", seed=0),))
    >>> diagnose(model, X, y).findings[0].evidence
    "'x1' alone is enough to know 'the target' in every one of 60 rows."

    Source: S. Kaufman et al., Leakage in data mining, 2012; C. Guo et al., On calibration of modern neural networks,
    2017.
    """
    rows, name = labelled(model, X, y, "y")
    held_out = None if X_val is None else labelled(model, X_val, y if y_val is None else y_val, "y_val")[0]
    if found := tuple(_infinite(rows)):
        return Diagnosis(found)
    case = TableCase(rows, held_out, name)
    return Diagnosis(tuple(_wrong_outputs(case)) or tuple(finding for check in CHECKS for finding in check(case)))


def labelled(model: TableModel, X: Any, y: Any, symbol: str) -> tuple[LabelledRows, str]:
    """Returns the rows to look at, with the columns of training, and the name of the target, or of several targets."""
    table, name, unlabelled = read(X), "the target", 0
    at, columns = some(table), None
    if isinstance(y, (Column, TextColumn)):
        columns = {symbol: y}
    elif isinstance(y, TargetColumns):
        columns = dict(y.columns)
    elif (names := named_columns(y, table.names, len(table))) is not None:
        names = tuple(known_column(each, table.names, table.origin) for each in names)
        columns, table, name = {each: table.column(each) for each in names}, table.without(*names), ", ".join(names)
    elif (frame := frame_of_targets(y)) is not None:
        columns = {each: frame.column(each) for each in frame.names}
    count = len(label_array(y, symbol)) if columns is None else len(next(iter(columns.values())))
    if count != len(table):
        raise InputError(f"{symbol} must have one label per row: {len(table)} rows, {count} labels.")
    if columns is not None:
        gaps = tuple(model.encoder.missing)
        columns = {each: c.without(gaps) if isinstance(c, TextColumn) else c for each, c in columns.items()}
        has_gap = np.any([column.missing for column in columns.values()], axis=0)
        unlabelled, at = int(has_gap.sum()), at[~has_gap[at]]
    if not len(at):
        raise InputError(f"{symbol} must have a label in some row; all are missing.")
    if columns is None:
        labels = encoded(model.target, labels_at(y, at, symbol), symbol)
    else:
        known = known_labels(model.target, {each: column.at(at) for each, column in columns.items()}, gaps)
        labels = encoded(model.target, known, next(iter(columns)) if len(columns) == 1 else symbol)
    return LabelledRows(model, dense(matched(model.encoder, table.rows(at))), labels, unlabelled), name


def _infinite(rows: LabelledRows) -> Iterator[Finding]:
    """Finds infinite numbers in the columns, which no encoder takes."""
    found = {name: int(np.isinf(column.values).sum()) for name, column in rows.columns() if column.kind == "numbers"}
    if names := [name for name, count in found.items() if count]:
        worst = max(names, key=found.__getitem__)
        yield Finding(
            "numbers that are not finite",
            f"{and_others(names)}{worst!r} is infinite in {found[worst]} of {rows.t} rows.",
            "Replace infinite numbers by a number, or by an empty cell, which counts as missing.",
        )


def _wrong_outputs(case: TableCase) -> Iterator[Finding]:
    """Finds rows for which the networks' outputs are not finite."""
    wrong = int((~np.isfinite(case.rows.outputs).all(axis=1)).sum())
    broken = [str(j) for j, net in enumerate(case.model.networks, 1) if not np.isfinite(net.theta).all()]
    if wrong or broken:
        change = Change(parameters={"learning_rate": 0.01}, metric=None)
        theta = f", since θ of network {', '.join(broken)} is" if broken else ""
        yield Finding(
            "numbers that are not finite",
            f"the outputs for {wrong} of {case.rows.t} rows are NaN or infinite{theta}.",
            f"Train again, with a smaller learning rate: {change}.",
            change,
        )
