"""Inks for the quantities of an equation: a factor has one ink, in letters and in numbers, wherever it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from chainrule.explain.document.formula import (
    Fenced,
    Formula,
    Letter,
    Number,
    Over,
    Row,
    Script,
    Sign,
    Under,
    walk,
)
from chainrule.explain.printers.box import box_of, spaced
from chainrule.explain.symbols import J

Inks: TypeAlias = dict[int, str]  # of formulas with numbers, by their identity

# A quantity by its letter: x is a[0], and ∂J/∂z is δ. "∂a" is ∂J/∂a, and "σ′" is ∂a/∂z.
QUANTITIES = {"W": "W", "z": "z", "a": "a", "x": "a", "δ": "δ"}
OF_DERIVATIVES = {("J", "a"): "∂a", ("J", "z"): "δ", ("a", "z"): "σ′"}


class Span(NamedTuple):
    """The columns of a line that have an ink."""

    start: int
    end: int
    ink: str


def ink_of(formula: Formula) -> str | None:
    """Returns the ink of a quantity in letters, such as δ[2]₁ or ∂J/∂a[2], and None for any other formula.

    >>> from chainrule.explain.symbols import Symbols
    >>> at = Symbols((2, 2))
    >>> ink_of(at.W(1, 0, 1)), ink_of(at.slope(1)), ink_of(at.W(1) @ at.a(0))
    ('W', 'σ′', None)
    """
    match formula:
        case Letter(text):
            return QUANTITIES.get(text)
        case Over(top, bottom):
            return OF_DERIVATIVES.get((_differentiated(top), _differentiated(bottom)))
        case Row((Row((_, Sign("′"))), *_)):
            return "σ′"
        case Row((Letter() as letter, Fenced(_, "[", _))):
            return ink_of(letter)
        case Script(base) | Under(base) | Fenced(base, "(", _):
            return ink_of(base)
    return None


def _differentiated(formula: Formula) -> str:
    """Returns the letter behind ∂, such as z of ∂z[2]₁."""
    if not isinstance(formula, Row) or formula.parts[0] != Sign("∂"):
        return ""
    return "J" if formula.parts[1] == J else ink_of(formula.parts[1]) or ""


def inks_of_numbers(parts: Sequence[Formula]) -> Inks:
    """Returns the inks of the numbers in an equation: those of the letters in whose place they are."""
    found: Inks = {}
    letters = parts[0]
    for part in parts[1:]:
        if any(isinstance(one, Number) for one in walk(part)):
            _fill(letters, part, found)
        else:
            letters = part
    if (result := ink_of(parts[0])) is not None and letters is not parts[-1]:
        found[id(parts[-1])] = result
    return found


def _fill(letters: Formula, numbers: Formula, found: Inks) -> None:
    """Adds the inks of the numbers that are in place of letters, where the two formulas are alike."""
    if (ink := ink_of(letters)) is not None:
        found[id(numbers)] = ink
        return
    match letters, numbers:
        case Under(base), _:
            _fill(base, numbers, found)
        case (Fenced(inner), Fenced(other)) | (Script(inner), Script(other)):
            _fill(inner, other, found)
        case Row(parts, binding), Row(others, other_binding) if binding == other_binding:
            pair = [[part for part in row if not isinstance(part, Sign)] for row in (parts, others)]
            if len(pair[0]) == len(pair[1]):
                for left, right in zip(*pair, strict=True):
                    _fill(left, right, found)


def spans(formula: Formula, inks: Inks, start: int) -> Iterator[Span]:
    """Yields the columns of the quantities in the box of a formula that begins at the column ``start``."""
    ink = inks.get(id(formula)) or ink_of(formula)
    if ink is not None:
        yield Span(start, start + box_of(formula).width, ink)
        return
    match formula:
        case Row(parts):
            for part, box in zip(parts, spaced(parts), strict=True):
                yield from spans(part, inks, start)
                start += box.width
        case Fenced(inner):
            yield from spans(inner, inks, start + 1)
        case Script(base) | Under(base):
            yield from spans(base, inks, start)
