"""The outputs of an ONNX model: a label and probabilities, several labels, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from chainrule.exports.plan import Plan
from chainrule.exports.result import Classes, Labels, Numbers, Result
from chainrule.exports.targets.onnx.graph import Graph
from chainrule.tables.calibration import LEARNED

TYPES = {"U": TensorProto.STRING, "i": TensorProto.INT64, "b": TensorProto.BOOL, "f": TensorProto.DOUBLE}  # of labels


def mean_outputs(graph: Graph, outputs: Sequence[str], plan: Plan) -> str:
    """Returns the mean in float64 of the networks' outputs, as probabilities if there are classes."""
    parts = [_shares(graph, a, plan) for a in outputs]
    total = parts[0] if len(parts) == 1 else graph.op("Sum", *parts)
    return graph.op("Mul", total, graph.constant([[1.0 / len(parts)]], float))


def _shares(graph: Graph, a: str, plan: Plan) -> str:
    a, last = graph.op("Cast", a, to=TensorProto.DOUBLE), plan.networks[0][-1]
    if not isinstance(plan.result, Classes) or last.sigma.name == "softmax":
        return a
    if len(last.b) == 1:
        return graph.op("Concat", _complement(graph, a), a, axis=1)
    return graph.op("Div", a, _sum(graph, a))


def _sum(graph: Graph, a: str) -> str:
    return graph.op("ReduceSum", a, graph.constant([1], np.int64), keepdims=1)


def _complement(graph: Graph, p: str) -> str:
    return graph.op("Sub", graph.constant([[1.0]], float), p)


def results(graph: Graph, mean: str, result: Result, names: Sequence[str]) -> list[Any]:
    """Appends the nodes of the outputs with these names, and returns their descriptions."""
    if isinstance(result, Numbers):
        return _numbers(graph, mean, result, names)
    if isinstance(result, Labels):
        return _labels(graph, mean, result, names)
    return _classes(graph, mean, result, names)


def free(result: Result, inputs: Sequence[str]) -> list[str]:
    """Returns the names of the outputs, the probabilities last; predicted_NAME where it is that of another one."""
    if isinstance(result, Numbers):
        names = result.names or ("prediction",)
    else:
        names = (*(result.names if isinstance(result, Labels) else ("label",)), "probabilities")
    taken, found = {*inputs}, []
    for word in names:
        name = word
        while name in taken:
            name = f"predicted_{name}"
        taken.add(name)
        found.append(name)
    return found


def _numbers(graph: Graph, mean: str, result: Numbers, names: Sequence[str]) -> list[Any]:
    """Returns one output (t, 1) for each number with a name, else one output (t, m)."""
    y = graph.op("Mul", mean, graph.constant(result.deviation[None], float))
    end = "" if result.names else names[0]
    y = graph.op("Add", y, graph.constant(result.mean[None], float), name=end)
    if result.shifts is not None:
        y = graph.op("Add", graph.sorted(y, result.width), graph.constant(result.shifts[None], float))
        y = graph.sorted(y, result.width)
    for k, name in enumerate(names if result.names else ()):
        graph.op("Gather", y, graph.constant([k], np.int64), axis=1, name=name)
    width = 1 if result.names else result.width
    return [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["t", width]) for name in names]


def _classes(graph: Graph, mean: str, result: Classes, names: Sequence[str]) -> list[Any]:
    label, probabilities = names
    p = _unsmoothed(graph, mean, [result.calibration.smoothing])
    ratio = graph.op("Div", p, graph.op("ReduceMax", p, axes=[1], keepdims=1))
    power = graph.op("Pow", ratio, graph.constant([[1.0 / result.calibration.temperature]], float))
    graph.op("Div", power, _sum(graph, power), name=probabilities)
    return [
        _value(graph, graph.op("ArgMax", mean, axis=1, keepdims=0), result.values, label),
        _probabilities(probabilities, result.width),
    ]


def _labels(graph: Graph, mean: str, result: Labels, names: Sequence[str]) -> list[Any]:
    """Returns one output (t,) for each label, and the probabilities (t, q)."""
    *labels, probabilities = names
    has = graph.op("Less", graph.constant([[0.5]], float), mean)
    smoothings = [one.smoothing for one in result.calibrations]
    two = [_unsmoothed(graph, one, smoothings) for one in (mean, _complement(graph, mean))]
    beta = graph.constant([[1.0 / one.temperature for one in result.calibrations]], float)
    top = graph.op("Max", *two)
    p, q = (graph.op("Pow", graph.op("Div", one, top), beta) for one in two)
    graph.op("Div", p, graph.op("Add", p, q), name=probabilities)
    number = graph.op("Cast", has, to=TensorProto.INT64)  # (t, q)
    columns = [graph.op("Gather", number, graph.constant(k, np.int64), axis=1) for k in range(result.width)]
    found = [_value(graph, *one) for one in zip(columns, result.values, labels, strict=True)]
    return [*found, _probabilities(probabilities, result.width)]


def _unsmoothed(graph: Graph, p: str, smoothings: Sequence[float]) -> str:
    """Appends the nodes that take the smoothing of labels out of p (t, k), where there is any."""
    if not any(smoothings):
        return p
    less = graph.op("Sub", p, graph.constant([smoothings], float))
    return graph.op("Max", less, graph.op("Mul", p, graph.constant([[LEARNED]], float)))


def _value(graph: Graph, number: str, values: Sequence[Any], name: str) -> Any:
    """Appends the node from the number (t,) of a label to its value."""
    array = np.array(values)
    if array.dtype.kind == "U":
        graph.op(
            "LabelEncoder", number, domain="ai.onnx.ml", name=name, keys_int64s=list(range(len(values))),
            values_strings=list(values), default_string="",
        )  # fmt: skip
    else:
        labels = graph.constant(array, np.int64 if array.dtype.kind in "iu" else array.dtype)
        graph.op("Gather", labels, number, name=name)
    kind = "i" if array.dtype.kind == "u" else array.dtype.kind
    return helper.make_tensor_value_info(name, TYPES[kind], ["t"])


def _probabilities(name: str, width: int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["t", width])
