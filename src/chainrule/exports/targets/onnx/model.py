"""A plan as an ONNX model, with one input for each column, or one for the matrix of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from chainrule._internal.version import __version__
from chainrule.exports.plan import Plan, PlanLayer
from chainrule.exports.sigmas import program_of
from chainrule.exports.targets.onnx.features import element_type, features
from chainrule.exports.targets.onnx.graph import Graph
from chainrule.exports.targets.onnx.results import free, mean_outputs, results
from chainrule.exports.targets.onnx.target import MATRIX

OPSET, ML_OPSET, IR = 17, 3, 8  # which every runtime since 2022 has
NUMBER_TYPES = {"float": (TensorProto.FLOAT, np.float32), "double": (TensorProto.DOUBLE, np.float64)}


def model_of(plan: Plan, properties: Mapping[str, str], name: str, real: str) -> bytes:
    """Returns the model as a protocol buffer, with these properties as its metadata."""
    kind, dtype = NUMBER_TYPES[real]
    names = [MATRIX] if plan.is_matrix else [column.name for column in plan.columns]
    ends = free(plan.result, names)
    graph = Graph([*names, *ends])
    if plan.is_matrix:
        inputs, x = [helper.make_tensor_value_info(MATRIX, kind, ["t", plan.n])], MATRIX
    else:
        inputs = [helper.make_tensor_value_info(c.name, element_type(c), ["t", 1]) for c in plan.columns]
        x = features(graph, plan, kind, dtype)
    mean = mean_outputs(graph, [_network(graph, layers, x, dtype) for layers in plan.networks], plan)
    outputs = results(graph, mean, plan.result, ends)
    built = helper.make_model(
        helper.make_graph(graph.nodes, name, inputs, outputs, graph.constants),
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
