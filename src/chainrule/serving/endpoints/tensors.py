"""Tensors of the Open Inference Protocol: one for each column of a request, and one for each prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule._internal.naming import listed, nearest
from chainrule.errors import InputError
from chainrule.serving.formats.json_rows import Rows
from chainrule.serving.served_model import Answer, ServedModel
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

INTEGERS: dict[str, set[type]] = {f"{sign}INT{bits}": {int} for sign in ("", "U") for bits in (8, 16, 32, 64)}
NUMBERS: dict[str, set[type]] = {name: {int, float} for name in ("FP16", "FP32", "FP64")}
TYPES: dict[str, set[type]] = {"BOOL": {bool}, "BYTES": {str}, **INTEGERS, **NUMBERS}  # with those of their values
KINDS = {"b": "BOOL", "i": "INT64", "u": "INT64", "f": "FP64"}  # by NumPy's kind of labels; others are BYTES
PROBABILITIES = "probabilities"


def rows_in(inputs: object, model: TableModel) -> Rows:
    """Returns the columns in tensors of shape (t,) or (t, 1), or the rows in a single one of shape (t, n).

    None is a missing value, as an empty text is. Raises InputError.
    """
    if not isinstance(inputs, list) or not inputs or not all(isinstance(tensor, dict) for tensor in inputs):
        raise InputError("inputs must be a list of tensors, one for each column.")
    n = model.encoder.n_features_in_
    if len(inputs) == 1 and isinstance(shape := inputs[0].get("shape"), list) and shape[1:] == [n] and n > 1:
        values = _values(inputs[0])
        return [values[k : k + n] for k in range(0, len(values), n)]
    columns: dict[str, list[Any]] = {}
    for tensor in inputs:
        name, values = tensor.get("name"), _values(tensor)
        if not isinstance(name, str) or name in columns:
            raise InputError(f"each tensor must have a name of its own, that of a column; got {shown(name)}.")
        if tensor["shape"] not in ([len(values)], [len(values), 1]):
            raise InputError(f"tensor {name!r} must have the shape [t] of one column; got {shown(tensor['shape'])}.")
        columns[name] = values
    return columns


def outputs_of(served: ServedModel, found: Answer, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the tensors of these names."""
    titles = served.titles
    columns = zip(*found.predictions, strict=True) if len(titles) > 1 else [_flat(found.predictions)]
    of_name = {
        name: _tensor(name, kind, [len(values)], [str(v) for v in values] if kind == "BYTES" else list(values))
        for (name, kind), values in zip(prediction_types(served), columns, strict=True)
    }
    if (P := found.probabilities) is not None:
        of_name[PROBABILITIES] = _tensor(PROBABILITIES, "FP64", [len(P), len(P[0])], [p for row in P for p in row])
    return [of_name[name] for name in wanted]


def prediction_types(served: ServedModel) -> list[tuple[str, str]]:
    """Returns the name and the datatype of each prediction."""
    target = served.model.target
    if isinstance(target, ClassLabels):
        kinds = [target.values.dtype.kind]
    elif isinstance(target, IndicatorLabels):
        kinds = [two.values.dtype.kind for two in target.columns]
    else:
        kinds = ["f"] * len(served.titles)
    return [(name, KINDS.get(kind, "BYTES")) for name, kind in zip(served.titles, kinds, strict=True)]


def names_wanted(served: ServedModel, given: object) -> list[str]:
    """Returns the names of the tensors that a request asks for, by default of all. Raises InputError."""
    known = [*served.titles, *([PROBABILITIES] if served.has_classes else [])]
    if given is None:
        return known
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise InputError('outputs must be a list of objects with a "name".')
    names = [str(one.get("name")) for one in given]
    if unknown := [name for name in names if name not in known]:
        hint = nearest(unknown[0], known) or "."
        raise InputError(f"there is no output {shown(unknown[0])}{hint} Outputs: {listed(known)}.")
    return names


def _values(tensor: dict[str, Any]) -> list[Any]:
    """Returns the values of a tensor, whose data may be a list or a list of lists."""
    name, kind, shape, data = (tensor.get(key) for key in ("name", "datatype", "shape", "data"))
    if not isinstance(kind, str) or kind not in TYPES:
        raise InputError(f"tensor {shown(name)} must have a datatype of {', '.join(TYPES)}; got {shown(kind)}.")
    if not isinstance(data, list) or not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise InputError(f"tensor {shown(name)} must have a shape and data, both lists.")
    if data and all(isinstance(row, list) for row in data):
        data = [value for row in data for value in row]
    if len(shape) not in (1, 2) or min(shape) < 0 or len(data) != int(np.prod(shape, dtype=object)):
        raise InputError(f"tensor {shown(name)} of shape {shown(shape)} has {len(data)} values.")
    if wrong := set(map(type, data)) - TYPES[kind] - {type(None)}:
        value = next(value for value in data if type(value) in wrong)
        raise InputError(f"tensor {shown(name)} must hold values of the type {kind}; got {shown(value)}.")
    return data


def _tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def _flat(predictions: list[Any]) -> list[Any]:
    """Returns the predictions of one target, which may be a list of one value each."""
    return [each[0] if isinstance(each, list) else each for each in predictions]
