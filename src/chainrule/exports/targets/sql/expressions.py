"""Expressions of SQL that DuckDB, SQLite and PostgreSQL read alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.exports.program import Operand, Program

# PostgreSQL raises an error where a result underflows: what is below e^−300 is 0. CASE evaluates one branch alone.
OPERATIONS = {
    "neg": "(-{0})", "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})",
    "exp": "CASE WHEN {0} < -3e2 THEN 0e0 ELSE exp({0}) END", "log": "ln({0})", "sqrt": "sqrt({0})", "sin": "sin({0})",
    "tanh": "tanh({0})", "abs": "abs({0})", "less": "{0} < {1}", "where": "CASE WHEN {0} THEN {1} ELSE {2} END",
}  # fmt: skip


def number(value: float) -> str:
    """Returns a literal with an exponent, without which DuckDB reads a decimal.

    >>> number(0.5), number(-1e-05)
    ('0.5e0', '(-1e-05)')
    """
    text = repr(float(value))
    text = text if "e" in text else f"{text}e0"
    return f"({text})" if value < 0 else text


def name(word: str) -> str:
    """Returns a quoted identifier."""
    return '"' + word.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """Returns a text, a boolean or a number.

    >>> literal("O'Fallon"), literal(True), literal(3)
    ("'O''Fallon'", 'TRUE', '3')
    """
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int) else number(value)


def double(expression: str) -> str:
    """Returns the expression in float64; PostgreSQL computes with literals alone in decimals."""
    return f"CAST({expression} AS DOUBLE PRECISION)"


def total(terms: Sequence[str]) -> str:
    """Returns a sum as a balanced tree, since SQLite limits the depth of an expression to 1,000."""
    if len(terms) <= 1:
        return terms[0] if terms else "0e0"
    half = len(terms) // 2
    return f"({total(terms[:half])} + {total(terms[half:])})"


def largest(columns: Sequence[str], results: Sequence[str]) -> str:
    """Returns the result that belongs to the first of the largest columns."""
    if len(columns) == 1:
        return results[0]
    cases = [
        f"WHEN {' AND '.join(f'{one} >= {other}' for other in columns if other != one)} THEN {result}"
        for one, result in zip(columns, results, strict=True)
    ]
    return f"CASE {' '.join(cases)} END"


def applied(program: Program, inputs: Sequence[str]) -> str:
    """Returns the result of a program as one expression."""
    found = list(inputs)

    def shown(operand: Operand) -> str:
        return number(operand) if isinstance(operand, float) else found[operand]

    for step in program.steps:
        operands = map(shown, step.operands)
        found.append(OPERATIONS[step.op].format(*operands))
    return shown(program.result)


def size(program: Program) -> int:
    """Returns the number of operations of the program as one expression, in which each use repeats a step."""
    sizes = [0] * program.inputs
    for step in program.steps:
        uses = 2 if step.op == "exp" else 1
        sizes.append(1 + sum(uses * sizes[operand] for operand in step.operands if not isinstance(operand, float)))
    return 0 if isinstance(program.result, float) else sizes[program.result]
