"""ONNX: Gemm, or MatMul and Add, and between them any operations whose values are those of a σ."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.checks import Array
from chainrule.conversion.chain import Chain, Map
from chainrule.errors import FileFormatError, InputError, MissingExtra
from chainrule.network import Network


def knows(model: Any) -> bool:
    """Returns True for a ModelProto."""
    onnx = sys.modules.get("onnx")
    return onnx is not None and isinstance(model, onnx.ModelProto)


def read_file(path: Path) -> Network:
    """Returns the network of an .onnx file."""
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise MissingExtra(f"{path.name} needs the package onnx; pip install onnx") from None
    try:
        model = onnx.load(path)
    except DecodeError as error:
        raise FileFormatError(f"{path.name} is not an ONNX model: {error}.") from None
    if not model.graph.node:
        raise FileFormatError(f"{path.name} is not an ONNX model: it has no operations.")
    return read(model)


def read(model: Any) -> Network:
    """Returns the network from the input to the output of floating-point rows."""
    graph = Graph(model)
    chain, between = Chain("the ONNX model"), Between(graph)
    nodes = iter(graph.nodes)
    node = next(nodes, None)
    while node is not None:
        following = next(nodes, None)
        if node.op_type not in ("Gemm", "MatMul") or node.input[1] not in graph.constants:
            between.add(node, chain)
            node = following
            continue
        if node.input[0] != between.value:
            raise chain.refused(named(node), f"its input {node.input[0]!r} is not the value before it")
        W, b = graph.affine(node)
        between.close(chain, W.shape[-1])
        end = node.output[0]
        if node.op_type == "MatMul" and following is not None and (added := graph.added(following, end)) is not None:
            b, end, following = np.broadcast_to(added.reshape(-1), W.shape[:1]), following.output[0], next(nodes, None)
        chain.affine(W, b, named(node))
        between.begin(end)
        node = following
    between.close(chain, 0)
    return chain.network()


class Between:
    """The operations since the last affine map, or since the input."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._nodes, self._is_input = graph, list[Any](), True
        self._start = self.value = graph.input

    def begin(self, value: str) -> None:
        """Forgets the operations; what follows is computed from this value."""
        self._nodes, self._is_input = [], False
        self._start = self.value = value

    def add(self, node: Any, chain: Chain) -> None:
        """Adds an operation, which must depend on the last affine map alone."""
        known = {self._start, "", *self._graph.constants, *(name for before in self._nodes for name in before.output)}
        if others := [name for name in node.input if name not in known]:
            raise chain.refused(named(node), f"it takes {others[0]!r}, a value from before the last affine map")
        self._nodes.append(node)
        self.value = node.output[0]

    def close(self, chain: Chain, n: int) -> None:
        """Makes the operations the σ of the last layer; those on the input, n numbers, must change nothing."""
        if not self._nodes:
            return
        function, part = self._graph.function(self._nodes, self._start, self.value), ", ".join(map(named, self._nodes))
        if not self._is_input:
            chain.sigma(function, part)
            return
        x = np.linspace(-2.0, 2.0, max(n, 1), dtype=np.float32)[None]
        if not np.array_equal(np.asarray(function(x), np.float32), x):
            raise chain.refused(part, "it changes the input before the first affine map")


class Graph:
    """The operations that lead from the input to the output, in order, and the values that depend on no input."""

    def __init__(self, model: Any) -> None:
        from onnx import numpy_helper

        self._model = model
        self.constants: dict[str, Array] = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        inputs = [i.name for i in model.graph.input if i.name not in self.constants]
        if len(inputs) != 1:
            raise InputError(f"the ONNX model must have one input, rows of numbers; it has {', '.join(inputs)}.")
        self.input = inputs[0]
        self.nodes = list(self._needed(self._output()))

    def _output(self) -> str:
        """Returns the name of the output of numbers; a classifier of scikit-learn also gives labels, and a ZipMap."""
        from onnx import TensorProto

        floating = {TensorProto.FLOAT, TensorProto.DOUBLE}
        maps = {node.output[0]: str(node.input[0]) for node in self._model.graph.node if node.op_type == "ZipMap"}
        outputs = self._model.graph.output
        found = [
            maps.get(o.name, o.name) for o in outputs if o.name in maps or o.type.tensor_type.elem_type in floating
        ]
        if len(found) != 1:
            names = ", ".join(output.name for output in outputs)
            raise InputError(f"the ONNX model must have one output of floating-point numbers; its outputs: {names}.")
        return str(found[0])

    def _needed(self, output: str) -> Iterator[Any]:
        """Yields the operations that the output depends on, and evaluates those of constants alone."""
        needed, wanted = list[Any](), {output}
        for node in reversed(self._model.graph.node):  # every model is in topological order
            if wanted & set(node.output):
                needed.append(node)
                wanted |= set(node.input)
        for node in reversed(needed):
            if all(name in self.constants or not name for name in node.input):
                values = self._evaluated([node], [], list(node.output))({})
                self.constants |= dict(zip(node.output, values, strict=True))
            else:
                yield node

    def affine(self, node: Any) -> tuple[Array, Array | None]:
        """Returns W and b of a Gemm or MatMul; a Gemm is α x B + β c, with B or its transpose."""
        from onnx import helper

        B = self.constants[node.input[1]]
        if node.op_type == "MatMul":
            return B.T, None
        own = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        W = B if own.get("transB", 0) else B.T
        W = W * W.dtype.type(own.get("alpha", 1.0))
        if len(node.input) < 3 or node.input[2] not in self.constants:
            return W, None
        c = self.constants[node.input[2]]
        return W, np.broadcast_to(c.reshape(-1), W.shape[:1]) * c.dtype.type(own.get("beta", 1.0))

    def added(self, node: Any, value: str) -> Array | None:
        """Returns the constant that an Add adds to the value; None for another operation."""
        if node.op_type != "Add" or value not in node.input:
            return None
        other = node.input[0] if node.input[1] == value else node.input[1]
        return self.constants.get(other)

    def function(self, nodes: Sequence[Any], start: str, end: str) -> Map:
        """Returns the operations as a function of the rows of the value ``start``."""
        evaluated = self._evaluated(nodes, [start], [end])
        return lambda z: evaluated({start: z})[0]

    def _evaluated(self, nodes: Sequence[Any], inputs: list[str], outputs: list[str]) -> Any:
        from onnx import helper, numpy_helper
        from onnx.reference import ReferenceEvaluator

        used = {name for node in nodes for name in node.input} & set(self.constants)
        graph = helper.make_graph(
            list(nodes), "part",
            [helper.make_value_info(name, helper.make_tensor_type_proto(0, None)) for name in inputs],
            [helper.make_value_info(name, helper.make_tensor_type_proto(0, None)) for name in outputs],
            [numpy_helper.from_array(self.constants[name], name) for name in sorted(used)],
        )  # fmt: skip
        model = helper.make_model(
            graph, opset_imports=self._model.opset_import, functions=self._model.functions,
            ir_version=self._model.ir_version,
        )  # fmt: skip
        evaluator = ReferenceEvaluator(model)
        return lambda values: evaluator.run(None, values)


def named(node: Any) -> str:
    """Returns the operation of a node with its name."""
    return f"{node.op_type} {node.name or node.output[0]!r}"
