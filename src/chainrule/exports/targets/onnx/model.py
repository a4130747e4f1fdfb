"""A plan as an ONNX model: inputs by column; outputs ``label`` and ``probabilities``, or ``prediction``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from chainrule._internal.version import __version__
from chainrule.exports.plan import Plan, PlanLayer
from chainrule.exports.sigmas import program_of
from chainrule.exports.targets.onnx.features import element_type, features
from chainrule.exports.targets.onnx.graph import Graph

OPSET, ML_OPSET, IR = 17, 3, 8  # which every runtime since 2022 has
NUMBER_TYPES = {"float": (TensorProto.FLOAT, np.float32), "double": (TensorProto.DOUBLE, np.float64)}


def model_of(plan: Plan, properties: Mapping[str, str], name: str, real: str) -> bytes:
    """Returns the model as a protocol buffer, with these properties as its metadata."""
    graph, (kind, dtype) = Graph(column.name for column in plan.columns), NUMBER_TYPES[real]
    inputs = [helper.make_tensor_value_info(c.name, element_type(c), ["t", 1]) for c in plan.columns]
    x = features(graph, plan, kind, dtype)
    outputs = [_probabilities(graph, _network(graph, layers, x, dtype), plan) for layers in plan.networks]
    total = outputs[0] if len(outputs) == 1 else graph.op("Sum", *outputs)
    mean = graph.op("Mul", total, graph.constant([[1.0 / len(outputs)]], float))
    results = _numbers(graph, mean, plan) if plan.classes is None else _classes(graph, mean, plan)
    built = helper.make_model(
        helper.make_graph(graph.nodes, name, inputs, results, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)],
        ir_version=IR, producer_name="chainrule", producer_version=__version__,
    )  # fmt: skip
    helper.set_model_props(built, dict(properties))
    onnx.checker.check_model(built, full_check=True)
    return bytes(built.SerializeToString(deterministic=True))


def _network(graph: Graph, layers: Sequence[PlanLayer], a: str, dtype: type) -> str:
    for layer in layers:
        z = graph.op("Gemm", a, graph.constant(layer.W, dtype), graph.constant(layer.b, dtype), transB=1)
        a = _activated(graph, layer, z, dtype)
    return a


def _activated(graph: Graph, layer: PlanLayer, z: str, dtype: type) -> str:
    program, name = program_of(layer.sigma), layer.sigma.name
    if program is not None:
        kappa = () if layer.kappa is None else (graph.constant(layer.kappa[None], dtype),)
        return graph.program(program, (z, *kappa), dtype)
    if name == "layer_norm":
        centred = graph.op("Sub", z, graph.op("ReduceMean", z, axes=[1], keepdims=1))
        square = graph.op("ReduceMean", graph.op("Mul", centred, centred), axes=[1], keepdims=1)
        epsilon = graph.constant([[layer.sigma.parameters["epsilon"]]], dtype)
        return graph.op("Div", centred, graph.op("Sqrt", graph.op("Add", square, epsilon)))
    return graph.op({"softmax": "Softmax", "log_softmax": "LogSoftmax"}[name], z, axis=-1)


def _probabilities(graph: Graph, a: str, plan: Plan) -> str:
    """Returns the outputs of a network in float64, as probabilities if there are classes."""
    a, last = graph.op("Cast", a, to=TensorProto.DOUBLE), plan.networks[0][-1]
    if plan.classes is None or last.sigma.name == "softmax":
        return a
    if len(last.b) == 1:
        return graph.op("Concat", graph.op("Sub", graph.constant([[1.0]], float), a), a, axis=1)
    return graph.op("Div", a, _sum(graph, a))


def _sum(graph: Graph, a: str) -> str:
    return graph.op("ReduceSum", a, graph.constant([1], np.int64), keepdims=1)


def _free(output: str, plan: Plan) -> str:
    """Returns the name of an output, or predicted_NAME if that is a column."""
    return f"predicted_{output}" if output in {column.name for column in plan.columns} else output


def _numbers(graph: Graph, mean: str, plan: Plan) -> list[Any]:
    scaled = graph.op("Mul", mean, graph.constant(plan.deviation[None], float))
    name = graph.op("Add", scaled, graph.constant(plan.mean[None], float), name=_free("prediction", plan))
    return [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["t", plan.outputs])]


def _classes(graph: Graph, mean: str, plan: Plan) -> list[Any]:
    assert plan.classes is not None
    ratio = graph.op("Div", mean, graph.op("ReduceMax", mean, axes=[1], keepdims=1))
    power = graph.op("Pow", ratio, graph.constant([[1.0 / plan.temperature]], float))
    graph.op("Div", power, _sum(graph, power), name=_free("probabilities", plan))
    number, name = graph.op("ArgMax", mean, axis=1, keepdims=0), _free("label", plan)
    if isinstance(plan.classes[0], str):
        keys = list(range(len(plan.classes)))
        graph.op(
            "LabelEncoder", number, domain="ai.onnx.ml", name=name, keys_int64s=keys,
            values_strings=list(plan.classes), default_string="",
        )  # fmt: skip
    else:
        array = np.array(plan.classes)
        labels = graph.constant(array, np.int64 if array.dtype.kind in "iu" else array.dtype)
        graph.op("Gather", labels, number, name=name)
    kind = {"U": TensorProto.STRING, "i": TensorProto.INT64, "b": TensorProto.BOOL, "f": TensorProto.DOUBLE}
    return [
        helper.make_tensor_value_info(name, kind[np.array(plan.classes).dtype.kind], ["t"]),
        helper.make_tensor_value_info(_free("probabilities", plan), TensorProto.DOUBLE, ["t", plan.outputs]),
    ]
