"""Reads the formulas of `explain` as expressions of SymPy, so that both have one source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy

from chainrule.explain.document.formula import (
    PRODUCT,
    SUM,
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
    Word,
)
from chainrule.explain.exact import short_fraction
from chainrule.explain.formulas.pieces import NAMED

Expression: TypeAlias = Any  # of SymPy, which has no types
Letters: TypeAlias = Mapping[Formula, Expression]

FUNCTIONS = {"log": sympy.log, "tanh": sympy.tanh, "sin": sympy.sin, "cos": sympy.cos, "erf": sympy.erf}
CONSTANTS = {Letter("e"): sympy.E, Letter("π"): sympy.pi, Letter("½"): sympy.Rational(1, 2)}
RELATIONS = {">": sympy.Gt, "≥": sympy.Ge, "<": sympy.Lt, "≤": sympy.Le, "=": sympy.Eq}
ARGUMENT = Letter("the argument")


def exact_number(value: float | np.floating[Any]) -> Expression:
    """Returns a number as the short fraction that rounds to it, or as a float if there is none."""
    fraction = short_fraction(np.float64(value) if isinstance(value, float) else value)
    return sympy.Float(float(value)) if fraction is None else sympy.Rational(fraction.numerator, fraction.denominator)


def read(formula: Formula, letters: Letters) -> Expression:
    """Returns a formula as an expression, in which ``letters`` stand for expressions.

    The derivative at a kink is that of the library: where a maximum or a minimum has two equal values the first one
    counts, so that the derivative of max{0, z} at 0 is 0, and that of |z| is 0.
    """
    if formula in letters:
        return letters[formula]
    match formula:
        case Letter() if formula in CONSTANTS:
            return CONSTANTS[formula]
        case Number(value):
            return exact_number(float(value))
        case Word(text) if text.isdigit():
            return sympy.Integer(text)
        case Fenced(inner, "|"):
            return sympy.Abs(read(inner, letters))
        case Fenced(inner):
            return read(inner, letters)
        case Over(top, bottom):
            return read(top, letters) / read(bottom, letters)
        case Root(inner):
            return sympy.sqrt(read(inner, letters))
        case Script(base, None, exponent) if exponent is not None:
            return read(base, letters) ** read(exponent, letters)
        case Grid(rows, "{"):
            return _by_pieces(rows, letters)
        case Row(parts, binding) if binding == SUM:
            return _sum(parts, letters)
        case Row(parts, binding) if binding == PRODUCT:
            return sympy.Mul(*(read(part, letters) for part in parts if not isinstance(part, Sign)))
        case Row((function, Fenced(argument))):
            return _call(function, argument, letters)
    raise TypeError(f"no expression for {formula!r}.")


def _sum(parts: Sequence[Formula], letters: Letters) -> Expression:
    terms, sign = [], 1
    for part in parts:
        if isinstance(part, Sign):
            sign = -1 if part.text == "−" else 1
        else:
            terms.append(sign * read(part, letters))
    return sympy.Add(*terms)


def _by_pieces(rows: Sequence[Sequence[Formula]], letters: Letters) -> Expression:
    """Returns the pieces with their conditions; the last one holds wherever no other does."""
    values = [read(value, letters) for value, _ in rows]
    conditions = [*(_condition(condition, letters) for _, condition in rows[:-1]), True]
    return sympy.Piecewise(*zip(values, conditions, strict=True))


def _condition(condition: Formula, letters: Letters) -> Expression:
    assert isinstance(condition, Row)
    one, sign, other = condition.parts
    assert isinstance(sign, Sign)
    return RELATIONS[sign.text](read(one, letters), read(other, letters))


def _call(function: Formula, argument: Formula, letters: Letters) -> Expression:
    if isinstance(function, Script) and function.sup is not None:  # tanh²(z)
        return _call(function.base, argument, letters) ** read(function.sup, letters)
    if function in NAMED:
        return read(NAMED[function](ARGUMENT), {**letters, ARGUMENT: read(argument, letters)})
    assert isinstance(function, Word)
    if function.text not in ("max", "min"):
        return FUNCTIONS[function.text](read(argument, letters))
    assert isinstance(argument, Row)
    first, second = (read(part, letters) for part in argument.parts if not isinstance(part, Sign))
    beats = second > first if function.text == "max" else second < first
    pieces = sympy.piecewise_fold(sympy.Piecewise((second, beats), (first, True))).args
    return sympy.Piecewise(*((value, sympy.simplify(condition)) for value, condition in pieces))
