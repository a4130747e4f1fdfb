"""The chain rule factor by factor: on which quantities another acts directly, and by which derivative (L14, L15)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from chainrule.activations import Parametric
from chainrule.explain.case import Case
from chainrule.explain.document.formula import Formula
from chainrule.explain.entries import Entry, Letters
from chainrule.explain.symbols import J, Symbols, derivative


class Quantity(NamedTuple):
    """J, an entry z[i]ₖ or a[i]ₖ of one example, or an entry of θ; k and l count from 0."""

    letter: Literal["J", "a", "z"] | Letters
    i: int = 0
    k: int = 0
    l: int | None = None

    def symbol(self, at: Symbols) -> Formula:
        """Returns its letter with its indices."""
        if self.letter == "J":
            return J
        if self.letter == "W":
            return at.W(self.i, self.k, self.l)
        write = {"a": at.a, "z": at.z, "b": at.b, "kappa": at.kappa}[self.letter]
        return write(self.i, self.k)


def quantity(entry: Entry) -> Quantity:
    """Returns an entry of θ as a quantity."""
    return Quantity(entry.letter, entry.i, entry.k, entry.l)


class Factor(NamedTuple):
    """The derivative of one quantity by another that acts on it directly."""

    top: Quantity
    bottom: Quantity
    number: float

    def symbol(self, at: Symbols) -> Formula:
        """Returns ∂top/∂bottom."""
        return derivative(self.top.symbol(at), self.bottom.symbol(at))


Path: TypeAlias = tuple[Factor, ...]  # from J down to an entry of θ


def product(path: Path) -> float:
    """Returns the part of the derivative that comes along a path."""
    return float(np.prod([factor.number for factor in path]))


def follow(case: Case, start: Quantity, j: int) -> Iterator[Path]:
    """Yields every path from a quantity to J in example j."""
    above = cache(lambda bottom: factors(case, bottom, j))

    def paths_from(bottom: Quantity) -> Iterator[Path]:
        for factor in above(bottom):
            if factor.top.letter == "J":
                yield (factor,)
            else:
                for path in paths_from(factor.top):
                    yield (*path, factor)

    return paths_from(start)


def factors(case: Case, bottom: Quantity, j: int) -> list[Factor]:
    """Returns the derivatives, in example j, of the quantities on which ``bottom`` acts directly.

    An a[r]ₖ acts on J, an a[i]ₖ on each z[i+1] by W[i+1], a z[i]ₖ on each a[i] that depends on it. z[r]ₖ acts on J
    itself where ∂J/∂z[r] is known in closed form, and for a vector-valued σ[r].
    """
    letter, i, k, l = bottom
    if letter == "a" and i == case.r:
        return [Factor(Quantity("J"), bottom, float(case.da[i][j, k]))]
    if letter == "a":
        weights = enumerate(case.W[i + 1][:, k].tolist())
        return [Factor(Quantity("z", i + 1, above), bottom, weight) for above, weight in weights]
    if letter == "z":
        return _of_sigma(case, bottom, j)
    if letter == "kappa":
        sigma = case.net.sigma[i]
        assert isinstance(sigma, Parametric)
        return [Factor(Quantity("a", i, k), bottom, float(sigma.kappa_slope(case.run.z[i])[j, k]))]
    number = 1.0 if letter == "b" else float(case.run.a[i - 1][j, l])
    return [Factor(Quantity("z", i, k), bottom, number)]


def _of_sigma(case: Case, bottom: Quantity, j: int) -> list[Factor]:
    """Returns ∂J/∂z[r]ₖ, or ∂a[i]/∂z[i]ₖ: σ′ for an entrywise σ, a column of the Jacobian for a vector-valued one."""
    _, i, k, _ = bottom
    slopes = case.slopes[i]
    if i == case.r and (slopes is None or case.cost.closed_form(case.net.sigma[i])):
        return [Factor(Quantity("J"), bottom, float(case.gradient.delta[i][j, k]))]
    if slopes is not None:
        return [Factor(Quantity("a", i, k), bottom, float(slopes[j, k]))]
    jacobian = np.asarray(case.net.sigma[i].jacobian(case.run.z[i][j]))
    return [Factor(Quantity("a", i, other), bottom, float(jacobian[other, k])) for other in range(case.m[i])]
