"""Straight-line programs in the syntax of a language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
