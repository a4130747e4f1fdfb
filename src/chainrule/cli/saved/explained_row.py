"""One row of a table as an example of a model's network: its encoding as step 0, its label, and the cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import SparseRows
from chainrule.cli import models
from chainrule.errors import InputError
from chainrule.explain.document.blocks import Block, Section, Text
from chainrule.explain.document.blocks import Table as Rows
from chainrule.explain.document.formula import Letter, Script, fenced
from chainrule.explain.pen import Pen, equation, places
from chainrule.explain.symbols import index
from chainrule.network import Network
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.tables.text.text_column import AnyColumn

MOST_LISTED, KEPT = 60, 40  # columns and features that are listed


class EncodedRow(NamedTuple):
    """An encoded row x (n,) with its label y, and the cost that suits the output of the network."""

    x: Array
    y: Any
    cost: str
    table: Table  # of this row alone
    targets: Mapping[str, AnyColumn]  # of this row alone


def example_of(model: TableModel, net: Network, table: Table, row: int) -> EncodedRow:
    """Returns a row of the table, counted from 1, as an example.

    Raises InputError for a table without the target or a gap in it.
    """
    names = models.targets_in(model, table, "; an explanation needs the label.")
    this = np.array([row - 1])
    inputs = models.model_inputs(model, table).rows(this)
    columns = models.known_columns(model, table.rows(this), names)
    encoded = model.encoder.encode(inputs)
    x = (encoded.toarray() if isinstance(encoded, SparseRows) else encoded)[0]
    label, m = models.encoded_targets(model, columns), net.m[net.r]
    if isinstance(model.target, QuantileLabels):
        raise InputError("the model predicts several quantiles; an explanation is for a class or a mean.")
    if isinstance(model.target, NumericLabels):
        return EncodedRow(x, model.target.standardised(label)[0], "sum_of_squares", table.rows(this), columns)
    if isinstance(model.target, IndicatorLabels):
        return EncodedRow(x, label[0].astype(np.float64), "log_likelihood", table.rows(this), columns)
    number = int(label[0])
    if net.sigma[net.r].name == "softmax":
        return EncodedRow(x, number, "cross_entropy", table.rows(this), columns)
    y = float(number) if m == 1 else np.eye(m)[number]
    return EncodedRow(x, y, "log_likelihood", table.rows(this), columns)


def row_section(model: TableModel, example: EncodedRow, origin: str, row: int, pen: Pen) -> Section:
    """Returns the section with the encoding of each column, and of the label."""
    words = pen.words
    columns: list[tuple[Text, ...]] = [
        ((name,), (_cell(example.table, name),), (encoding,))
        for name, _, encoding in model.encoder.describe(MOST_LISTED)
    ]
    if (others := model.encoder.n_features_in_ - len(columns)) > 0:
        columns.append(((f"… (+{others})",), ("…",), ("…",)))
    names = model.encoder.get_feature_names_out().tolist()
    features: list[tuple[Text, ...]] = []
    for k in places(len(names), MOST_LISTED, KEPT):
        entry: tuple[Text, ...] = (("⋮",), ("⋮",), ("⋮",))
        if k is not None:
            entry = ((Script(Letter("x"), sub=index(k)),), (str(names[k]),), (pen.number(example.x[k]),))
        features.append(entry)
    blocks: list[Block] = [
        pen.say(words.row_rule, row=row, origin=origin, x=Letter("x")),
        Rows(((words.column,), (words.value,), (words.encoding,)), tuple(columns)),
        pen.say(words.features_rule, x=Letter("x")),
        Rows(((words.entry,), (words.feature,), (words.value,)), tuple(features)),
        pen.say(
            words.label_rule,
            column=", ".join(example.targets),
            value=", ".join(map(_value, example.targets.values())),
            y=Letter("y"),
        ),
        *_label(model, example, pen),
    ]
    return Section((f"0. {words.row}",), tuple(blocks))


def _label(model: TableModel, example: EncodedRow, pen: Pen) -> list[Block]:
    """Returns y as the network is trained on it, with the numbers of the classes, or how the number is standardised."""
    if isinstance(model.target, ClassLabels):
        y = np.eye(len(model.target))[example.y] if isinstance(example.y, int) else np.atleast_1d(example.y)
        return [equation(Letter("y"), pen.column(y)), pen.say(pen.words.classes, classes=_numbered(model.target))]
    if isinstance(model.target, IndicatorLabels):
        each = [f"{name}: {_numbered(two)}" for name, two in zip(example.targets, model.target.columns, strict=True)]
        return [equation(Letter("y"), pen.column(example.y)), pen.say(pen.words.classes, classes="; ".join(each))]
    lines: list[Block] = []
    means, deviations = model.target.mean.tolist(), model.target.deviation.tolist()
    for k, (mean, deviation, y) in enumerate(zip(means, deviations, example.y.tolist(), strict=True)):
        letter = Letter("y") if model.target.m == 1 else Script(Letter("y"), sub=index(k))
        original = pen.number(mean + deviation * y)
        lines.append(equation(letter, fenced(original - pen.number(mean)) / pen.number(deviation), pen.number(y)))
    return lines


def _numbered(classes: ClassLabels) -> str:
    return ", ".join(f"{k} = {value}" for k, value in enumerate(classes.values.tolist()))


def _cell(table: Table, name: str) -> str:
    return _value(table.columns[name]) if name in table.columns else "–"


def _value(column: AnyColumn) -> str:
    value = column.objects()[0]
    return "–" if value is None else str(value)
