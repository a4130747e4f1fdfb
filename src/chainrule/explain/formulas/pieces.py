"""Maps that are defined piece by piece, and short names for what the formulas of maps are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chainrule.explain.document.formula import Fenced, Formula, Grid, Letter, Row, Script, Sign, Word

ONE, TWO, ZERO = Word("1"), Word("2"), Word("0")
E = Letter("e")


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
