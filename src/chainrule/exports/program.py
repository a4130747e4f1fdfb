"""Formulas as straight-line programs: each σ is written once, and every target prints its steps in its own syntax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Op = Literal[
    "neg", "add", "sub", "mul", "div", "exp", "log", "sqrt", "sin", "tanh", "abs", "less", "where"
]  # less(x, y) is a condition, which where(condition, x, y) takes
Operand: TypeAlias = "int | float"  # the number of an earlier step, as an int, or a constant, as a float


@dataclass(frozen=True)
class Step:
    """One operation on earlier results."""

    op: Op
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Program:
    """Steps in order. Inputs are results 0, 1, …, followed by that of each step; ``result`` is the value.

    >>> square = trace(lambda z: z * z + 1.0)
    >>> square.steps
    (Step(op='mul', operands=(0, 0)), Step(op='add', operands=(1, 1.0)))
    """

    inputs: int
    steps: tuple[Step, ...]
    result: Operand


class Value:
    """A result of a program that is being written; Python's operators append steps."""

    def __init__(self, steps: list[Step], operand: Operand, inputs: int) -> None:
        self._steps, self.operand, self._inputs = steps, operand, inputs

    def _then(self, op: Op, *operands: Value | float) -> Value:
        known = tuple(value.operand if isinstance(value, Value) else float(value) for value in operands)
        step = Step(op, known)
        if step not in self._steps:  # each result is computed once
            self._steps.append(step)
        return Value(self._steps, self._inputs + self._steps.index(step), self._inputs)

    def __neg__(self) -> Value:
        return self._then("neg", self)

    def __add__(self, other: Value | float) -> Value:
        return self._then("add", self, other)

    def __radd__(self, other: float) -> Value:
        return self._then("add", other, self)

    def __sub__(self, other: Value | float) -> Value:
        return self._then("sub", self, other)

    def __rsub__(self, other: float) -> Value:
        return self._then("sub", other, self)

    def __mul__(self, other: Value | float) -> Value:
        return self._then("mul", self, other)

    def __rmul__(self, other: float) -> Value:
        return self._then("mul", other, self)

    def __truediv__(self, other: Value | float) -> Value:
        return self._then("div", self, other)

    def __rtruediv__(self, other: float) -> Value:
        return self._then("div", other, self)

    def __lt__(self, other: Value | float) -> Value:
        return self._then("less", self, other)

    def __abs__(self) -> Value:
        return self._then("abs", self)

    def exp(self) -> Value:
        """Returns eᶻ."""
        return self._then("exp", self)

    def log(self) -> Value:
        """Returns log z."""
        return self._then("log", self)

    def sin(self) -> Value:
        """Returns sin z."""
        return self._then("sin", self)

    def tanh(self) -> Value:
        """Returns tanh z."""
        return self._then("tanh", self)

    def where(self, value: Value | float, otherwise: Value | float) -> Value:
        """Returns one of two values by this condition."""
        return self._then("where", self, value, otherwise)


def trace(formula: Callable[..., Value], inputs: int = 1) -> Program:
    """Returns the program of a formula of this many numbers."""
    steps: list[Step] = []
    result = formula(*(Value(steps, k, inputs) for k in range(inputs)))
    return Program(inputs, tuple(steps), result.operand)
