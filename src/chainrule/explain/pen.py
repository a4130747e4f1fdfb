"""The style of a page: the digits of its numbers, its language, and the entries that are shown of large arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from string import Formatter
from typing import Any

from chainrule._internal.checks import Array
from chainrule.explain.document.blocks import Equation, Sentence, Text
from chainrule.explain.document.formula import Formula, Grid, Number, Sign, Word
from chainrule.explain.words.words import Words

MOST_ROWS, MOST_COLUMNS = 10, 6  # of a matrix that is shown whole
KEPT_ROWS, KEPT_COLUMNS = 4, 3  # at the start of a larger one, before the dots and the last


@dataclass(frozen=True)
class Pen:
    """Writes numbers, matrices, sentences and equations; ``is_scalar`` asks for single entries in place of matrices."""

    words: Words
    digits: int
    is_scalar: bool

    def number(self, value: Any) -> Number:
        """Returns a number with the digits of the page."""
        return Number(value if isinstance(value, Fraction) else float(value), self.digits)

    def matrix(self, A: Array) -> Formula:
        """Returns a matrix (m, n), or a number if it is (1, 1); large ones have dots before the last row and column."""
        if A.shape == (1, 1):
            return self.number(A[0, 0])
        grid: list[tuple[Formula, ...]] = []
        for k in rows(A.shape[0]):
            if k is None:
                grid.append(tuple(Sign("⋱" if l is None else "⋮") for l in columns(A.shape[1])))
            else:
                grid.append(tuple(Sign("⋯") if l is None else self.number(A[k, l]) for l in columns(A.shape[1])))
        return Grid(tuple(grid))

    def column(self, v: Array) -> Formula:
        """Returns a vector (m,) as a column."""
        return self.matrix(v[:, None])

    def row(self, v: Array) -> Formula:
        """Returns a vector (m,) as a row."""
        return self.matrix(v[None, :])

    def text(self, template: str, **parts: Any) -> Text:
        """Returns a template of the words with formulas, numbers and words in place of its {names}."""
        return tuple(_pieces(template, parts))

    def say(self, template: str, **parts: Any) -> Sentence:
        """Returns a sentence."""
        return Sentence(self.text(template, **parts))

    def remark(self, template: str, **parts: Any) -> Sentence:
        """Returns a remark, which the numbers of this network gave rise to."""
        return Sentence(self.text(template, **parts), is_remark=True)


def equation(*parts: Formula | None) -> Equation:
    """Returns equal formulas; one that is missing, or the same as the one before it, is left out."""
    kept: list[Formula] = []
    for part in parts:
        if part is not None and not (kept and _is_same(kept[-1], part)):
            kept.append(part)
    return Equation(tuple(kept))


def _is_same(one: Formula, other: Formula) -> bool:
    """Returns True for equal formulas, and for a digit and the number that it is."""
    digit = isinstance(one, Word) and one.text.isdigit() and isinstance(other, Number) and other.value == int(one.text)
    return digit or one == other


def places(count: int, most: int, kept: int) -> list[int | None]:
    """Returns the places 0 … count − 1, or of more than ``most`` the first few, None for dots, and the last.

    >>> places(3, 6, 3), places(9, 6, 3)
    ([0, 1, 2], [0, 1, 2, None, 8])
    """
    return list(range(count)) if count <= most else [*range(kept), None, count - 1]


def rows(count: int) -> list[int | None]:
    """Returns the places of a column that are shown, None for dots."""
    return places(count, MOST_ROWS, KEPT_ROWS)


def columns(count: int) -> list[int | None]:
    """Returns the places of a row, or of a sum, that are shown, None for dots."""
    return places(count, MOST_COLUMNS, KEPT_COLUMNS)


def terms(count: int, term: Callable[[int], Formula]) -> list[Formula]:
    """Returns the terms 0 … count − 1 of a sum; of many the first few, dots, and the last."""
    return [Sign("⋯") if k is None else term(k) for k in columns(count)]


def entries(count: int, entry: Callable[[int], Equation]) -> Iterator[Equation]:
    """Yields one equation for each entry of a vector; of many the first few, dots, and the last."""
    for k in rows(count):
        yield equation(Sign("⋮")) if k is None else entry(k)


def _pieces(template: str, parts: dict[str, Any]) -> Iterator[str | Formula]:
    for literal, name, _, _ in Formatter().parse(template):
        if literal:
            yield literal
        if name is not None:
            value = parts[name]
            if isinstance(value, tuple):
                yield from value
            else:
                yield value if isinstance(value, (str, Formula)) else Word(str(value))
