"""Exporting a model to another language or format, with a proof that it computes the same."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule.errors import ChainruleError, InputError
from chainrule.exports.encoded import without_encoding
from chainrule.exports.evaluate import Row
from chainrule.exports.examples import examples_of
from chainrule.exports.plan import ColumnKind, Plan, plan_of
from chainrule.exports.proof import Proof, prove
from chainrule.exports.quantised import quantised
from chainrule.exports.result import Numbers
from chainrule.exports.targets import inputs_of, real_of, target_of, weights_of
from chainrule.exports.targets.levels import require_levels
from chainrule.exports.targets.target import UNITS, Target
from chainrule.exports.vectors import Vectors
from chainrule.files import write_bytes
from chainrule.network import Network
from chainrule.tables.model import TableModel

MICROSECONDS_A_SECOND = 1_000_000


def export(
    model: Any,
    path: str | os.PathLike[str],
    *,
    real: str | None = None,
    weights: str | None = None,
    inputs: str | None = None,
    replace: bool = True,
) -> Proof:
    """Writes a model for another language, and proves it: the file is run on test rows and compared with the model.

    ``model`` is a `Network`, a `TableModel`, or a fitted `NetworkClassifier` or `NetworkRegressor`; the encoding of its
    columns, all networks, their mean, the calibration and the labels are part of the file. The ending of ``path``
    decides the target:

    ===== ==================================================================
    .onnx ONNX with one input a column; needs the package onnx
    .mjs  an ES module for JavaScript without dependencies, and its types
    .c    C99 with a header, a test, and no dependency but <math.h>
    .sql  a query for DuckDB, SQLite and PostgreSQL; no times, no gelu
    .py   a script that needs NumPy alone, in float64
    ===== ==================================================================

    ``real`` is the number type of the target, "float" or "double". For C, ``weights`` "int8" or "int16" stores W in
    integers, one factor a row; the proof is then that of the model with these weights, and ``proof.loss`` has their
    differences from the model. For ONNX, ``inputs="matrix"`` gives the model one input x (t, n) of encoded features in
    the place of an input a column, without the encoding. The 64 to 256 test rows have medians, extremes,
    gaps, every level and an unseen one; they travel in the file, for `verify`. Each value must lie within twice a
    running error bound of first order, and each label must be equal where the two largest probabilities differ by more
    than that. If the program that would run the file is not installed, the file is written all the same, and
    ``proof.is_proved`` is False.

    Several numbers and labels have the names of their columns in each target, and quantiles are called q0.05, q0.5, ….

    Raises InputError for another ending, an option that the target lacks, a σ of one's own, a model too large for SQL,
    or numbers or texts that the target cannot hold, ChainruleError if the file does not compute the same (it is not
    written then), OSError if it cannot be written.

    >>> import chainrule as cr, tempfile, pathlib
    >>> net = cr.Network.dense([2, 3, 1], hidden="mish", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     proof = cr.export(net, pathlib.Path(folder, "net.py"))
    ...     proof.is_proved, proof.rows
    (True, 79)

    Source: N. J. Higham, Accuracy and stability of numerical algorithms, 2nd ed., 2002, ch. 3, for the bounds.
    """
    file = Path(path)
    target = target_of(file)
    chosen, form = real_of(target, real), inputs_of(target, inputs)
    integers = weights_of(target, weights)
    exported = _model(model)
    plan = plan_of(exported)
    if form != "matrix":
        require_levels(plan, target.suffix, chosen)
    rows = examples_of(plan)
    vectors = own = _own_vectors(exported, plan, rows)
    if form == "matrix":
        plan, rows = without_encoding(exported, plan, rows)
    if integers is not None:
        plan = quantised(plan, integers)
    if form == "matrix" or integers is not None or UNITS[chosen] != _unit(exported):
        vectors = Vectors.of(plan, UNITS[chosen], rows, own.values)
    contents = target.files(plan, vectors, file.stem, chosen)
    with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
        for ending, data in contents.items():
            Path(folder, file.stem + ending).write_bytes(data)
        proof = prove(target, Path(folder, file.name), vectors, str(file))
    for ending, data in contents.items():
        write_bytes(file.with_name(file.stem + ending), data, replace=replace)
    return proof


def verify(path: str | os.PathLike[str]) -> Proof:
    """Runs an exported file again on the test rows that it holds; needs no model.

    Raises InputError for another ending, FileFormatError for a file without test rows, ChainruleError if a result lies
    outside its bound, OSError if the file cannot be read.

    >>> import chainrule as cr, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "net.py")
    ...     proof = cr.export(cr.Network.dense([2, 3, 1], seed=0), path)
    ...     cr.verify(path) == proof
    True
    """
    file = Path(path)
    target: Target = target_of(file)
    return prove(target, file, target.vectors(file), str(file))


def _model(model: Any) -> TableModel | Network:
    """Returns the model, or that of a fitted estimator."""
    found = getattr(model, "model_", model)
    if not isinstance(found, (TableModel, Network)):
        raise InputError(
            "model must be a Network, a TableModel or a fitted NetworkClassifier or NetworkRegressor; got "
            f"{shown(model)}."
        )
    return found


def _unit(model: TableModel | Network) -> float:
    """Returns the unit roundoff of the model's number type."""
    net = model if isinstance(model, Network) else model.networks[0]
    return UNITS["float" if net.dtype == np.float32 else "double"]


def _in_a_table(value: Any, kind: ColumnKind) -> Any:
    """Returns a value of a row as the model reads it in a table."""
    if value is not None and kind == "datetime":
        return np.datetime64(value, "us")
    if value is not None and kind == "duration":
        return np.timedelta64(round(value * MICROSECONDS_A_SECOND), "us")
    return value


def _own_vectors(model: TableModel | Network, plan: Plan, rows: Sequence[Row]) -> Vectors:
    """Returns the plan's values for the rows, with the bounds of the model's own number type.

    Raises ChainruleError unless the model's own values lie within these.
    """
    if isinstance(model, Network):
        values = model(np.array([list(row.values()) for row in rows]))
    else:
        kinds = {column.name: column.kind for column in plan.columns}
        table = [{name: _in_a_table(value, kinds[name]) for name, value in row.items()} for row in rows]
        Y = model.predict(table) if isinstance(plan.result, Numbers) else model.predict_proba(table)
        values = np.reshape(Y, (len(rows), -1))
    vectors = Vectors.of(plan, _unit(model), rows)
    deviation, bound = vectors.deviation(np.asarray(values, dtype=np.float64))
    if not deviation <= bound:
        raise ChainruleError(f"the model's parts deviate by {deviation:.2g} from itself; the bound is {bound:.2g}.")
    return vectors
