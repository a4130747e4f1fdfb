"""Formulas as frozen values: letters, numbers and the ways to join them, which every printer knows.

Python's operators build them, so that code reads like the lecture: ``W @ a + b`` is W a + b, ``x * y`` is x · y. They
set parentheses where a sum is a factor or a number is negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction

SUM, PRODUCT, ATOM = 1, 2, 3  # how tightly a formula is bound; a looser one is put in parentheses


class Formula:
    """The base class: operators that join two formulas."""

    __slots__ = ()

    @property
    def level(self) -> int:
        """The strength with which the formula is bound: SUM, PRODUCT or ATOM."""
        return ATOM

    def __add__(self, other: Formula) -> Formula:
        return Row((*_terms(self), Sign("+"), _after_sign(other, SUM)), SUM)

    def __sub__(self, other: Formula) -> Formula:
        return Row((*_terms(self), Sign("−"), _after_sign(other, PRODUCT)), SUM)

    def __mul__(self, other: Formula) -> Formula:
        return _product(self, "·", other)

    def __matmul__(self, other: Formula) -> Formula:
        """Returns the product without a sign, or with a dot before a number, which would read as one number."""
        return _product(self, "·" if isinstance(other, Number) else "", other)

    def __truediv__(self, other: Formula) -> Formula:
        return Over(self, other)

    def __neg__(self) -> Formula:
        return Row((Sign("−"), _after_sign(self, PRODUCT)), SUM)

    def hadamard(self, other: Formula) -> Formula:
        """Returns the entrywise product self ⊙ other."""
        return _product(self, "⊙", other)

    def of(self, *arguments: Formula) -> Formula:
        """Returns the value self(x, y, …) of a function."""
        return Row((self, Fenced(joined(arguments, ","), "(", ")")), ATOM)

    def to(self, exponent: Formula) -> Formula:
        """Returns the power of self."""
        return Script(self if self.level == ATOM and not is_negative(self) else fenced(self), sup=exponent)

    @property
    def T(self) -> Formula:
        """The transpose."""
        return Script(self if self.level == ATOM else fenced(self), sup=Sign("⊤"))


@dataclass(frozen=True, slots=True)
class Letter(Formula):
    """A variable, or several letters of the lecture, such as W or σ."""

    text: str


@dataclass(frozen=True, slots=True)
class Word(Formula):
    """Upright text in a formula, such as log or max."""

    text: str


@dataclass(frozen=True, slots=True)
class Sign(Formula):
    """An operator, a comma or dots."""

    text: str


@dataclass(frozen=True, slots=True)
class Number(Formula):
    """A number with the digits it is shown with."""

    value: float | Fraction
    digits: int

    @property
    def level(self) -> int:
        """A fraction is a quotient."""
        return PRODUCT if isinstance(self.value, Fraction) and self.value.denominator > 1 else ATOM


@dataclass(frozen=True, slots=True)
class Row(Formula):
    """Formulas side by side."""

    parts: tuple[Formula, ...]
    binding: int = ATOM

    @property
    def level(self) -> int:
        """As it was made."""
        return self.binding


@dataclass(frozen=True, slots=True)
class Fenced(Formula):
    """A formula between two delimiters, such as parentheses."""

    inner: Formula
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Over(Formula):
    """A quotient."""

    top: Formula
    bottom: Formula

    @property
    def level(self) -> int:
        """A quotient is a product."""
        return PRODUCT


@dataclass(frozen=True, slots=True)
class Root(Formula):
    """A square root."""

    inner: Formula


@dataclass(frozen=True, slots=True)
class Script(Formula):
    """A formula with an index, an exponent, or both."""

    base: Formula
    sub: Formula | None = None
    sup: Formula | None = None


@dataclass(frozen=True, slots=True)
class Grid(Formula):
    """A matrix, or the cases of a definition; each row has the same number of entries."""

    rows: tuple[tuple[Formula, ...], ...]
    left: str = "["
    right: str = "]"


@dataclass(frozen=True, slots=True)
class Under(Formula):
    """A formula with a label below it, such as the shape of a matrix."""

    base: Formula
    label: Formula

    @property
    def level(self) -> int:
        """That of the formula above the label."""
        return self.base.level


def fenced(inner: Formula) -> Formula:
    """Returns the formula in parentheses."""
    return Fenced(inner, "(", ")")


def joined(parts: Iterable[Formula], sign: str) -> Formula:
    """Returns formulas with the sign between them, such as a list with commas."""
    row: list[Formula] = []
    for part in parts:
        row.extend((Sign(sign), part) if row else (part,))
    return row[0] if len(row) == 1 else Row(tuple(row))


def summed(terms: Iterable[Formula]) -> Formula:
    """Returns the sum of one or more terms; a term that is dots stays as it is."""
    first, *rest = terms
    for term in rest:
        first = first + term
    return first


def walk(formula: Formula) -> Iterator[Formula]:
    """Yields a formula and every formula in it."""
    yield formula
    for field in fields(formula):  # type: ignore[arg-type]  # every formula is a dataclass
        yield from _walk(getattr(formula, field.name))


def _walk(value: object) -> Iterator[Formula]:
    """Yields the formulas in a field, which may be a tuple of them, or of tuples."""
    if isinstance(value, Formula):
        yield from walk(value)
    elif isinstance(value, tuple):
        for part in value:
            yield from _walk(part)


def is_negative(formula: Formula) -> bool:
    """Returns True for a number below 0."""
    return isinstance(formula, Number) and formula.value < 0


def is_tall(formula: Formula) -> bool:
    """Returns True if the formula has a matrix or a quotient, for which fences grow."""
    match formula:
        case Grid() | Over():
            return True
        case Number(value):
            return isinstance(value, Fraction) and value.denominator > 1
        case Row(parts):
            return any(map(is_tall, parts))
        case Fenced(inner) | Root(inner) | Under(inner) | Script(inner):
            return is_tall(inner)
    return False


def _terms(formula: Formula) -> tuple[Formula, ...]:
    return formula.parts if isinstance(formula, Row) and formula.binding == SUM else (formula,)


def _after_sign(formula: Formula, least: int) -> Formula:
    """Returns the formula for the place after + or −, in parentheses if it begins with a sign or binds loosely."""
    begins = isinstance(formula, Row) and formula.parts[:1] == (Sign("−"),)
    return fenced(formula) if formula.level < least or begins or is_negative(formula) else formula


def _product(one: Formula, sign: str, other: Formula) -> Formula:
    def factors(formula: Formula) -> tuple[Formula, ...]:
        if isinstance(formula, Row) and formula.binding == PRODUCT:
            return formula.parts
        return (fenced(formula) if formula.level < PRODUCT or is_negative(formula) else formula,)

    return Row((*factors(one), Sign(sign or " "), *factors(other)), PRODUCT)
