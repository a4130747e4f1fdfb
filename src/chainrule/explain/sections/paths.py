"""One derivative along every path from its entry of θ to J: the product of the factors on each, and their sum (L14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations import Parametric
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Section
from chainrule.explain.document.formula import Formula, Letter, Script, Sign, Word, fenced, summed
from chainrule.explain.entries import Entry
from chainrule.explain.pen import Pen, equation, terms
from chainrule.explain.symbols import J, Symbols, derivative

MOST_SHOWN = 12  # paths that are all shown
LARGEST = 6  # of more paths, those of the largest products
MOST_FOLLOWED = 50_000  # paths that are followed one by one; of more there is the count alone


class Path(NamedTuple):
    """The factors of one path from J down to an entry of θ, as formulas and as numbers."""

    factors: tuple[Formula, ...]
    numbers: tuple[float, ...]

    @property
    def product(self) -> float:
        """The part of the derivative that comes along this path."""
        return float(np.prod(self.numbers))


def paths(case: Case, entry: Entry, j: int, pen: Pen) -> Section:
    """Returns the section with the paths of example j."""
    at, words = case.symbols(j), pen.words
    count = path_count(case, entry)
    total = part_of_example(case, entry, j)
    blocks: list[Block] = [pen.say(words.paths_rule, entry=entry.symbol(Symbols(case.m)), J=J, count=count)]
    if count > MOST_FOLLOWED:
        blocks.append(pen.say(words.too_many_paths, sum=pen.number(total)))
        return Section((words.paths,), tuple(blocks))
    followed = list(_from_z(case, entry.i, entry.k, j, at))
    if entry.letter == "kappa":
        followed = list(_from_a(case, entry.i, entry.k, j, at))
    last = _last_factor(case, entry, j, at)
    found = [Path((*path.factors, last[0]), (*path.numbers, last[1])) for path in followed]
    shown = found
    if count > MOST_SHOWN:
        shown = sorted(found, key=lambda path: -abs(path.product))[:LARGEST]
        blocks.append(pen.say(words.largest_paths, shown=len(shown)))
    for n, path in enumerate(shown, 1):
        symbols, numbers = _product(path.factors), _product([pen.number(number) for number in path.numbers])
        blocks.append(equation(_name(n), symbols, numbers, pen.number(path.product)))
    products = [pen.number(path.product) for path in shown]
    rest = total - sum(path.product for path in shown)
    letters = terms(len(shown), lambda n: _name(n + 1))
    if len(shown) < count:
        blocks.append(pen.say(words.other_paths, count=count - len(shown), sum=pen.number(rest)))
        letters, products = [*letters, Sign("⋯")], [*products, pen.number(rest)]
    if case.t == 1 and case.has_penalty and entry.letter == "W":
        whole = float(case.gradient.theta[entry.place])
        letters, products = (
            [*letters, derivative(Letter("P"), entry.symbol(at))],
            [*products, pen.number(whole - total)],
        )
        total = whole
    left = derivative(J, entry.symbol(at)) if case.t == 1 else derivative(_loss(j), entry.symbol(at))
    blocks.append(equation(left, summed(letters), summed(products), pen.number(total)))
    return Section((words.paths,), tuple(blocks))


def path_count(case: Case, entry: Entry) -> int:
    """Returns the number of paths: each layer above multiplies it by its units, a vector-valued σ once more."""
    count = 1
    for i in range(entry.i, case.r + 1):
        if i > entry.i:
            count *= case.m[i]
        if case.slopes[i] is None and not (i == case.r or (entry.letter == "kappa" and i == entry.i)):
            count *= case.m[i]
    return count


def part_of_example(case: Case, entry: Entry, j: int) -> float:
    """Returns what example j adds to ∂J by this entry of θ, penalties aside (L15, L17)."""
    return float(parts_of_examples(case, entry)[j])


def parts_of_examples(case: Case, entry: Entry) -> Array:
    """Returns what each example adds to ∂J by this entry of θ (t,): δ[i]ₖ a[i−1]ₗ, δ[i]ₖ, or (σ(z) − z) ∂J/∂a."""
    i, k = entry.i, entry.k
    delta: Array = case.gradient.delta[i][:, k]
    if entry.letter == "b":
        return delta
    if entry.letter == "W":
        return delta * case.run.a[i - 1][:, entry.l]
    sigma = case.net.sigma[i]
    assert isinstance(sigma, Parametric)
    return np.asarray(sigma.kappa_slope(case.run.z[i])[:, k] * case.da[i][:, k])


def _from_z(case: Case, i: int, k: int, j: int, at: Symbols) -> Iterator[Path]:
    """Yields the factors of each path from J down to z[i]ₖ."""
    slopes = case.slopes[i]
    if i == case.r and (slopes is None or case.cost.closed_form(case.net.sigma[i])):
        yield Path((derivative(J, at.z(i, k)),), (float(case.gradient.delta[i][j, k]),))
        return
    if slopes is not None:
        factor = derivative(at.a(i, k), at.z(i, k))
        yield from _longer(_from_a(case, i, k, j, at), factor, float(slopes[j, k]))
        return
    jacobian = np.asarray(case.net.sigma[i].jacobian(case.run.z[i][j]))
    for other in range(case.m[i]):
        factor = derivative(at.a(i, other), at.z(i, k))
        yield from _longer(_from_a(case, i, other, j, at), factor, float(jacobian[other, k]))


def _from_a(case: Case, i: int, k: int, j: int, at: Symbols) -> Iterator[Path]:
    """Yields the factors of each path from J down to a[i]ₖ."""
    if i == case.r:
        yield Path((derivative(J, at.a(i, k)),), (float(case.da[i][j, k]),))
        return
    for above in range(case.m[i + 1]):
        factor = derivative(at.z(i + 1, above), at.a(i, k))
        yield from _longer(_from_z(case, i + 1, above, j, at), factor, float(case.W[i + 1][above, k]))


def _longer(found: Iterator[Path], factor: Formula, number: float) -> Iterator[Path]:
    for path in found:
        yield Path((*path.factors, factor), (*path.numbers, number))


def _last_factor(case: Case, entry: Entry, j: int, at: Symbols) -> tuple[Formula, float]:
    """Returns the factor by which z[i]ₖ (for κ: a[i]ₖ) depends on the entry itself."""
    i, k = entry.i, entry.k
    if entry.letter == "kappa":
        sigma = case.net.sigma[i]
        assert isinstance(sigma, Parametric)
        return derivative(at.a(i, k), at.kappa(i, k)), float(sigma.kappa_slope(case.run.z[i])[j, k])
    number = 1.0 if entry.letter == "b" else float(case.run.a[i - 1][j, entry.l])
    return derivative(at.z(i, k), entry.symbol(at)), number


def _product(factors: list[Formula] | tuple[Formula, ...]) -> Formula:
    first, *rest = factors
    for factor in rest:
        first = first * factor
    return first


def _name(n: int) -> Formula:
    return Script(Letter("p"), sub=Word(str(n)))


def _loss(j: int) -> Formula:
    return Script(J, sup=fenced(Word(str(j + 1))))
