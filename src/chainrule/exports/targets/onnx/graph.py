"""A graph of ONNX that grows node by node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import helper, numpy_helper

from chainrule.exports.program import Op, Operand, Program
from chainrule.exports.single import as_single

OPERATIONS: dict[Op, str] = {
    "neg": "Neg", "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "sin": "Sin", "tanh": "Tanh", "abs": "Abs", "less": "Less", "where": "Where",
}  # fmt: skip


class Graph:
    """Nodes and constants; a result is the name of a tensor."""

    def __init__(self, names: Iterable[str]) -> None:
        slashes = max((len(name) - len(name.lstrip("/")) for name in names), default=0)
        self._prefix = "/" * (slashes + 1)  # no input and no output begins so
        self.nodes: list[Any] = []
        self._constants: dict[tuple[Any, ...], Any] = {}

    @property
    def constants(self) -> list[Any]:
        """The initialisers of the graph."""
        return list(self._constants.values())

    def constant(self, values: ArrayLike, dtype: Any) -> str:
        """Returns the constant of these values; equal ones are stored once.

        Raises InputError for one that is too large for float32.
        """
        array: NDArray[Any] = as_single(values) if dtype is np.float32 else np.asarray(values, dtype=dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, f"{self._prefix}c{len(self._constants)}")
        return str(self._constants[key].name)

    def op(self, kind: str, *inputs: str, domain: str = "", name: str = "", **attributes: Any) -> str:
        """Appends a node, and returns its result."""
        result = name or f"{self._prefix}{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], domain=domain, **attributes))
        return result

    def sorted(self, a: str, m: int) -> str:
        """Returns the m columns in increasing order."""
        result = f"{self._prefix}TopK_{len(self.nodes)}"
        outputs = [result, f"{result}_indices"]
        self.nodes.append(helper.make_node("TopK", [a, self.constant([m], np.int64)], outputs, axis=1, largest=0))
        return result

    def program(self, program: Program, inputs: tuple[str, ...], dtype: Any) -> str:
        """Appends the steps of a program, and returns its result."""
        names = list(inputs)

        def named(operand: Operand) -> str:
            return self.constant(operand, dtype) if isinstance(operand, float) else names[operand]

        for step in program.steps:
            names += [self.op(OPERATIONS[step.op], *map(named, step.operands))]
        return named(program.result)
