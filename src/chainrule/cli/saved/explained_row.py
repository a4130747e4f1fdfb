"""One row of a table as an example of a model's network: its encoding as step 0, its label, and the cost."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import SparseRows
from chainrule.cli import models, target
from chainrule.errors import InputError
from chainrule.explain.document.blocks import Block, Section, Text
from chainrule.explain.document.blocks import Table as Rows
from chainrule.explain.document.formula import Letter, Script, fenced
from chainrule.explain.pen import Pen, equation, places
from chainrule.explain.symbols import index
from chainrule.network import Network
from chainrule.tables.model import TableModel
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels

MOST_LISTED, KEPT = 60, 40  # columns and features that are listed


class EncodedRow(NamedTuple):
    """An encoded row x (n,) with its label y, and the cost that suits the output of the network."""

    x: Array
    y: Any
    cost: str
    table: Table  # of this row alone
    column: str  # the target


def example_of(model: TableModel, net: Network, table: Table, row: int) -> EncodedRow:
    """Returns a row of the table, counted from 1, as an example.

    Raises InputError for a table without the target or a gap in it.
    """
    name = models.target_in(model, table)
    if name is None:
        raise InputError(
            f"{table.origin} has no target column {models.column_of(model)!r}; an explanation needs the label."
        )
    inputs = models.model_inputs(model, table).rows(np.array([row - 1]))
    labelled = models.with_known_target(model, table.rows(np.array([row - 1])), name)
    labelled.require_complete(name)
    encoded = model.encoder.encode(inputs)
    x = (encoded.toarray() if isinstance(encoded, SparseRows) else encoded)[0]
    label = labelled.columns[name]
    if isinstance(model.target, ClassLabels):
        number = int(target.as_class_numbers(name, label, model.target)[0])
        if net.m[net.r] == 1:
            return EncodedRow(x, float(number), "log_likelihood", labelled, name)
        if net.sigma[net.r].name == "softmax":
            return EncodedRow(x, number, "cross_entropy", labelled, name)
        return EncodedRow(x, np.eye(net.m[net.r])[number], "log_likelihood", labelled, name)
    y = model.target.standardised(target.as_finite_numbers(name, label), name)[0]
    return EncodedRow(x, y, "sum_of_squares", labelled, name)


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
        pen.say(words.label_rule, column=example.column, value=_cell(example.table, example.column), y=Letter("y")),
        *_label(model, example, pen),
    ]
    return Section((f"0. {words.row}",), tuple(blocks))


def _label(model: TableModel, example: EncodedRow, pen: Pen) -> list[Block]:
    """Returns y as the network is trained on it: the number of the class, or the standardised number."""
    if isinstance(model.target, ClassLabels):
        classes = ", ".join(f"{k} = {value}" for k, value in enumerate(model.target.values.tolist()))
        return [pen.say(pen.words.classes, classes=classes)]
    mean, deviation = float(model.target.mean[0]), float(model.target.deviation[0])
    y = float(np.asarray(example.y)[0])
    original = pen.number(mean + deviation * y)
    return [equation(Letter("y"), fenced(original - pen.number(mean)) / pen.number(deviation), pen.number(y))]


def _cell(table: Table, name: str) -> str:
    value = table.columns[name].objects()[0] if name in table.columns else None
    return "–" if value is None else str(value)
