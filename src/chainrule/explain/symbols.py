"""The lecture's letters as formulas: z[i], W[i]ₖₗ, ∂J/∂b[i], with (j) for example j of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chainrule.explain.document.formula import (
    ATOM,
    Fenced,
    Formula,
    Letter,
    Over,
    Row,
    Script,
    Sign,
    Word,
    fenced,
    joined,
)

Index: TypeAlias = "int | Formula | None"  # of an entry, from 0 if it is a number

J, THETA, ALPHA = Letter("J"), Letter("θ"), Letter("α")
DOTS = Sign("⋯")


@dataclass(frozen=True)
class Symbols:
    """The letters of a network of sizes m₀ … m_r; ``example`` counts from 1, and is None if there is one alone.

    Entries k and l count from 0, as in arrays, and are shown from 1. An array of one entry has no index, as in L16.
    """

    m: tuple[int, ...]
    example: int | None = None

    def z(self, i: int, k: Index = None) -> Formula:
        """z[i], or z[i]ₖ."""
        return self._of_example("z", i, k)

    def a(self, i: int, k: Index = None) -> Formula:
        """a[i], or a[i]ₖ."""
        return self._of_example("a", i, k)

    def delta(self, i: int, k: Index = None) -> Formula:
        """δ[i], or δ[i]ₖ."""
        return self._of_example("δ", i, k)

    def W(self, i: int, k: Index = None, l: Index = None) -> Formula:
        """W[i], or W[i]ₖₗ."""
        if k is None or l is None or self.m[i] == self.m[i - 1] == 1:
            return layer("W", i)
        return Script(layer("W", i), sub=index(k, l))

    def b(self, i: int, k: Index = None) -> Formula:
        """b[i], or b[i]ₖ."""
        return self._entry("b", i, k)

    def kappa(self, i: int, k: Index = None) -> Formula:
        """κ[i], or κ[i]ₖ."""
        return self._entry("κ", i, k)

    def sigma(self, i: int) -> Formula:
        """σ[i]."""
        return layer("σ", i)

    def slope(self, i: int, k: Index = None) -> Formula:
        """σ[i]′(z[i]), or σ[i]′(z[i]ₖ)."""
        return Row((layer("σ", i), Sign("′"))).of(self.z(i, k))

    def part(self, letter: str, i: int) -> Formula:
        """A number that all entries of σ[i](z[i]) share, such as their mean μ[i]."""
        return self._of_example(letter, i, None)

    def x(self) -> Formula:
        """x of this example."""
        return self._marked(Letter("x"))

    def y(self, k: Index = None) -> Formula:
        """y, or yₖ."""
        sub = None if k is None or self.m[-1] == 1 else index(k)
        return self._marked(Letter("y"), sub)

    def _entry(self, letter: str, i: int, k: Index) -> Formula:
        return layer(letter, i) if k is None or self.m[i] == 1 else Script(layer(letter, i), sub=index(k))

    def _of_example(self, letter: str, i: int, k: Index) -> Formula:
        return self._marked(layer(letter, i), None if k is None or self.m[i] == 1 else index(k))

    def _marked(self, base: Formula, sub: Formula | None = None) -> Formula:
        sup = None if self.example is None else fenced(Word(str(self.example)))
        return base if sub is None and sup is None else Script(base, sub, sup)


def layer(letter: str, i: int | str) -> Formula:
    """Returns a letter with the number of a layer, such as W[1] or L[r]."""
    number = Word(str(i)) if isinstance(i, int) else Letter(i)
    return Row((Letter(letter), Fenced(number, "[", "]")))


def index(*k: int | Formula) -> Formula:
    """Returns an index from 1: 23 for (1, 2), and 2,13 where a part has two digits."""
    if isinstance(k[0], Formula):
        return joined([part for part in k if isinstance(part, Formula)], "")
    return Word(index_digits(*(part for part in k if isinstance(part, int))))


def index_digits(*k: int) -> str:
    """Returns the digits of an index.

    >>> index_digits(1, 2), index_digits(1, 12)
    ('23', '2,13')
    """
    parts = [str(part + 1) for part in k]
    return ("" if all(len(part) == 1 for part in parts) else ",").join(parts)


def derivative(top: Formula, bottom: Formula) -> Formula:
    """Returns ∂top/∂bottom."""
    return Over(_partial(top), _partial(bottom))


def _partial(formula: Formula) -> Formula:
    return Row((Sign("∂"), formula), ATOM)


def space(m: int, n: int | None = None) -> Formula:
    """Returns ℝᵐ or ℝ^{m×n}."""
    size = Word(str(m)) if n is None else shape(m, n)
    return Letter("ℝ") if (m, n) == (1, None) else Script(Letter("ℝ"), sup=size)


def shape(m: int, n: int) -> Formula:
    """Returns m×n."""
    return Row((Word(str(m)), Sign("×"), Word(str(n))))


def member(formula: Formula, of: Formula) -> Formula:
    """Returns formula ∈ of."""
    return Row((formula, Sign("∈"), of))
