"""Maps that are defined piece by piece, and short names for what the formulas of maps are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chainrule.explain.document.formula import (
    Fenced,
    Formula,
    Grid,
    Letter,
    Root,
    Row,
    Script,
    Sign,
    Word,
    fenced,
    walk,
)

ONE, TWO, ZERO = Word("1"), Word("2"), Word("0")
E, HALF, PI = Letter("e"), Letter("½"), Letter("π")


class Piece(NamedTuple):
    """The value of a map where its condition holds: the formula of the condition, and its truth for a number."""

    value: Formula
    condition: Formula
    holds: Callable[[float], bool]


def by_pieces(pieces: Sequence[Piece], at: float | None) -> Formula:
    """Returns all the pieces, or the one that holds at a number."""
    if at is not None:
        return next(piece.value for piece in pieces if piece.holds(at))
    return Grid(tuple((piece.value, piece.condition) for piece in pieces), "{", "")


def compared(one: Formula, sign: str, other: Formula) -> Formula:
    """Returns a condition such as z > 0."""
    return Row((one, Sign(sign), other))


def call(name: str, argument: Formula) -> Formula:
    """Returns the value of a function with a name, such as tanh(z)."""
    return Word(name).of(argument)


def absolute(formula: Formula) -> Formula:
    """Returns the absolute value."""
    return Fenced(formula, "|", "|")


def norm(formula: Formula) -> Formula:
    """Returns the Euclidean norm."""
    return Fenced(formula, "‖", "‖")


def power(base: Formula, exponent: Formula) -> Formula:
    """Returns a power, such as that of e, whose base needs no parentheses."""
    return Script(base, sup=exponent)


SIGMOID, PHI, DENSITY = Word("sigmoid"), Letter("Φ"), Letter("φ")

# The functions that a formula calls by a name of their own: the sigmoid, the normal distribution and its density.
NAMED: dict[Formula, Callable[[Formula], Formula]] = {
    SIGMOID: lambda z: ONE / (ONE + power(E, -z)),
    PHI: lambda z: HALF @ fenced(ONE + call("erf", z / Root(TWO))),
    DENSITY: lambda z: power(E, -(z.to(TWO) / TWO)) / Root(TWO @ PI),
}


def named_in(formula: Formula) -> list[Formula]:
    """Returns the names of functions that a formula calls, each once."""
    return [name for name in dict.fromkeys(walk(formula)) if name in NAMED]
