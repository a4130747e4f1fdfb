"""The value of a formula with numbers filled in: what a reader with pencil and paper would compute from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule import activations
from chainrule.explain.document.formula import (
    Fenced,
    Formula,
    Grid,
    Letter,
    Number,
    Over,
    Root,
    Row,
    Script,
    Sign,
    Under,
    Word,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "log": np.log, "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "max": max, "min": min,
    "diag": lambda column: np.diag(np.ravel(column)),
}  # fmt: skip


class Symbolic(Exception):
    """The formula has letters, or dots in place of numbers."""


def value_of(formula: Formula) -> Any:
    """Computes a number or an array; raises Symbolic for a formula with letters."""
    match formula:
        case Number(value):
            return float(value)
        case Word(text) if text.isdigit():
            return float(text)
        case Letter("½"):
            return 0.5
        case Letter("e"):
            return math.e
        case Under(base):
            return value_of(base)
        case Fenced(inner, "|"):
            return abs(value_of(inner))
        case Fenced(inner):
            return value_of(inner)
        case Over(top, bottom):
            return value_of(top) / value_of(bottom)
        case Root(inner):
            return value_of(inner) ** 0.5
        case Script(base, None, Sign("⊤")):
            return value_of(base).T
        case Script(base, None, sup) if sup is not None:
            return value_of(base) ** value_of(sup)
        case Grid(rows, "["):
            return np.array([[value_of(entry) for entry in row] for row in rows])
        case Row(parts):
            return _sum(list(parts))
    raise Symbolic(repr(formula))


def _sum(parts: list[Formula]) -> Any:
    total, sign, term = 0.0, 1.0, list[Formula]()
    for part in [*parts, Sign("+")]:
        if isinstance(part, Sign) and part.text in ("+", "−"):
            if term:
                total = total + sign * _product(term)
            sign, term = (1.0 if part.text == "+" else -1.0), []
        else:
            term.append(part)
    return total


def _product(parts: list[Formula]) -> Any:
    product, sign = None, ""
    for part in _calls(parts):
        if isinstance(part, Sign):
            sign = part.text
            continue
        value = part() if callable(part) else value_of(part)
        if product is None:
            product = value
        elif sign == " " and np.ndim(product) == np.ndim(value) == 2:
            product = product @ value
        else:
            product = product * value
    return product


def _calls(parts: list[Formula]) -> Iterator[Any]:
    """Yields the factors, where a function and its arguments are one."""
    rest = iter(parts)
    for part in rest:
        name, power = (part.base, part.sup) if isinstance(part, Script) else (part, None)
        if not isinstance(name, Word) or name.text.isdigit():
            yield part
            continue
        argument = next(rest)
        if argument == Sign(" "):
            argument = next(rest)
        yield _call(name.text, argument, power)


def _call(name: str, argument: Formula, power: Formula | None) -> Callable[[], Any]:
    def value() -> Any:
        assert isinstance(argument, Fenced)
        inner = argument.inner
        commas = isinstance(inner, Row) and Sign(",") in inner.parts
        given = [p for p in inner.parts if p != Sign(",")] if commas and isinstance(inner, Row) else [inner]
        arguments = [value_of(one) for one in given]
        result = _function(name)(*arguments)
        return result if power is None else result ** value_of(power)

    return value


def _function(name: str) -> Callable[..., Any]:
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    sigma = activations.ACTIVATIONS.get(name.removesuffix("′"))
    if sigma is None:
        raise Symbolic(name)

    def column(z: Any) -> Any:
        if isinstance(sigma, activations.Activation):
            return sigma.derivative(z) if name.endswith("′") else sigma(z)
        return sigma(z.T).T

    return column
