"""Straight-line programs in the syntax of a language, and weights as text."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.exports.program import Operand, Program


@dataclass(frozen=True)
class Syntax:
    """The forms of a language: of each operation, of a constant, and of a statement that names a result."""

    operations: Mapping[str, str]  # with {0}, {1}, {2} for the operands
    constant: Callable[[float], str]
    statement: str  # with {name} and {value}
    condition: str = ""  # the same for a condition, if its type must be named; "" if not

    def lines(self, program: Program, inputs: tuple[str, ...]) -> tuple[list[str], str]:
        """Returns one statement a step, and the expression of the result; ``inputs`` are the names of the inputs."""
        names = list(inputs)

        def shown(operand: Operand) -> str:
            return self.constant(operand) if isinstance(operand, float) else names[operand]

        lines = []
        for number, step in enumerate(program.steps, 1):
            value = self.operations[step.op].format(*map(shown, step.operands))
            form = self.condition if step.op == "less" and self.condition else self.statement
            names.append(f"s{number}")
            lines.append(form.format(name=names[-1], value=value))
        return lines, shown(program.result)


def base64_of(array: Floats) -> tuple[str, int]:
    """Returns the numbers as base64, little-endian, and the bytes of each: 4 if float32 holds all of them, else 8."""
    with np.errstate(over="ignore"):  # a number that becomes infinite is not equal
        size = 4 if bool((array.astype(np.float32) == array).all()) else 8
    return base64.b64encode(array.astype(f"<f{size}").tobytes()).decode(), size
