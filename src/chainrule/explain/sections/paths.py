"""One derivative along every path from its entry of θ to J: the product of the factors on each, and their sum (L14)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations import Parametric
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Section
from chainrule.explain.document.formula import Formula, Letter, Script, Sign, Word, fenced, summed
from chainrule.explain.entries import Entry
from chainrule.explain.factors import follow, product, quantity
from chainrule.explain.pen import Pen, equation, terms
from chainrule.explain.symbols import J, Symbols, derivative

MOST_SHOWN = 12  # paths that are all shown
LARGEST = 6  # of more paths, those of the largest products
MOST_FOLLOWED = 50_000  # paths that are followed one by one; of more there is the count alone


def paths(case: Case, entry: Entry, j: int, pen: Pen) -> Section:
    """Returns the section with the paths of example j."""
    at, words = case.symbols(j), pen.words
    count = path_count(case, entry)
    total = part_of_example(case, entry, j)
    blocks: list[Block] = [pen.say(words.paths_rule, entry=entry.symbol(Symbols(case.m)), J=J, count=count)]
    if count > MOST_FOLLOWED:
        blocks.append(pen.say(words.too_many_paths, sum=pen.number(total)))
        return Section((words.paths,), tuple(blocks))
    found = list(follow(case, quantity(entry), j))
    shown = found
    if count > MOST_SHOWN:
        shown = sorted(found, key=lambda path: -abs(product(path)))[:LARGEST]
        blocks.append(pen.say(words.largest_paths, shown=len(shown)))
    for n, path in enumerate(shown, 1):
        symbols = _product([factor.symbol(at) for factor in path])
        numbers = _product([pen.number(factor.number) for factor in path])
        blocks.append(equation(_name(n), symbols, numbers, pen.number(product(path))))
    products = [pen.number(product(path)) for path in shown]
    rest = total - sum(map(product, shown))
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


def _product(factors: Sequence[Formula]) -> Formula:
    first, *rest = factors
    for factor in rest:
        first = first * factor
    return first


def _name(n: int) -> Formula:
    return Script(Letter("p"), sub=Word(str(n)))


def _loss(j: int) -> Formula:
    return Script(J, sup=fenced(Word(str(j + 1))))
