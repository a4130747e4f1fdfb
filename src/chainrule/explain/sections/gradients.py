"""∂J/∂W[i] = δ[i] a[i−1]ᵀ, ∂J/∂b[i] = δ[i], and their sums over the examples (Lecture, L15, L17)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule._internal.checks import Array
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Equation, Section
from chainrule.explain.document.formula import Formula, Letter, Row, Script, Sign, Under, Word, fenced, summed
from chainrule.explain.pen import Pen, columns, entries, equation, places, rows
from chainrule.explain.symbols import DOTS, J, Symbols, derivative, shape


def gradients(case: Case, pen: Pen) -> Section:
    """Returns the section with every ∂J/∂W[i], ∂J/∂b[i] and ∂J/∂κ[i]."""
    words, at = pen.words, Symbols(case.m)
    blocks: list[Block] = [pen.say(words.gradient_rule, chain=_chain(case), delta=at.delta(case.r))]
    if case.t > 1:
        blocks.append(pen.say(words.gradient_sum, t=case.t))
    for i in range(case.r, 0, -1):
        blocks += _layer(case, i, at, pen)
    return Section((words.gradients,), tuple(blocks))


def _chain(case: Case) -> Formula:
    """Returns ∂J/∂b[r] = ∂J/∂a[r] · ∂a[r]/∂z[r] · ∂z[r]/∂b[r] as one formula."""
    at, r = Symbols(case.m), case.r
    product = derivative(J, at.a(r)) * derivative(at.a(r), at.z(r)) * derivative(at.z(r), at.b(r))
    return Row((derivative(J, at.b(r)), Sign("="), product))


def _layer(case: Case, i: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    gW, gb = np.asarray(case.gradient.W[i]), case.gradient.b[i]
    m, n = case.m[i], case.m[i - 1]
    if case.t > 1:
        yield from _sums(case, i, at, pen)
    elif pen.is_scalar or m == n == 1:
        yield from _entries(case, i, at, pen)
    else:
        delta, a = case.gradient.delta[i][0], case.run.a[i - 1][0]
        yield equation(derivative(J, at.b(i)), at.delta(i), pen.column(gb))
        symbols = Under(at.delta(i), Word(f"{m}")) @ Under(at.a(i - 1).T, shape(1, n))
        numbers = pen.column(delta) @ pen.row(a)
        if case.has_penalty:
            symbols, numbers = symbols + _penalty(i, at), numbers + pen.matrix(_penalty_gradient(case, i))
        yield equation(derivative(J, at.W(i)), symbols, numbers, pen.matrix(gW))
    if case.net.layout[i - 1].runs is not None:
        yield pen.say(pen.words.block_gradient, W=at.W(i))
    if case.is_parametric(i):
        yield from _kappa(case, i, at, pen)


def _entries(case: Case, i: int, at: Symbols, pen: Pen) -> Iterator[Equation]:
    """Yields each entry of ∂J/∂b[i] and ∂J/∂W[i] of one example."""
    delta, a = case.gradient.delta[i][0], case.run.a[i - 1][0]
    gW, gb, n = np.asarray(case.gradient.W[i]), case.gradient.b[i], case.m[i - 1]
    penalty = _penalty_gradient(case, i) if case.has_penalty else None
    yield from entries(case.m[i], lambda k: equation(derivative(J, at.b(i, k)), at.delta(i, k), pen.number(gb[k])))
    for k in rows(case.m[i]):
        if k is None:
            yield equation(Sign("⋮"))
            continue
        for l in columns(n):
            if l is None:
                yield equation(DOTS)
                continue
            symbols = at.delta(i, k) @ at.a(i - 1, l)
            numbers = pen.number(delta[k]) * pen.number(a[l])
            if penalty is not None:
                symbols, numbers = symbols + _penalty(i, at, k, l), numbers + pen.number(penalty[k, l])
            yield equation(derivative(J, at.W(i, k, l)), symbols, numbers, pen.number(gW[k, l]))


def _sums(case: Case, i: int, at: Symbols, pen: Pen) -> Iterator[Equation]:
    """Yields ∂J/∂b[i] and ∂J/∂W[i] as sums over the examples, with the part of each one."""
    shown = places(case.t, 4, 2)
    letters = [None if j is None else case.symbols(j) for j in shown]
    parts = [None if j is None else (case.gradient.delta[i][j], case.run.a[i - 1][j]) for j in shown]
    terms = summed([DOTS if s is None else s.delta(i) for s in letters])
    numbers = summed([DOTS if part is None else pen.column(part[0]) for part in parts])
    yield equation(derivative(J, at.b(i)), terms, numbers, pen.column(case.gradient.b[i]))
    is_one = case.m[i] == case.m[i - 1] == 1
    terms = summed([DOTS if s is None else s.delta(i) @ (s.a(i - 1) if is_one else s.a(i - 1).T) for s in letters])
    numbers = summed([DOTS if part is None else pen.matrix(np.outer(*part)) for part in parts])
    if case.has_penalty:
        terms, numbers = terms + _penalty(i, at), numbers + pen.matrix(_penalty_gradient(case, i))
    yield equation(derivative(J, at.W(i)), terms, numbers, pen.matrix(np.asarray(case.gradient.W[i])))


def _penalty(i: int, at: Symbols, k: int | None = None, l: int | None = None) -> Formula:
    return derivative(Letter("P"), at.W(i, k, l))


def _penalty_gradient(case: Case, i: int) -> Array:
    return case.cost.penalty_gradient(case.W[i], case.cost.penalty_scale(case.data.weights, case.t))


def _kappa(case: Case, i: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    """Yields ∂J/∂κ[i] = Σ (σ(z[i]) − z[i]) ⊙ ∂J/∂a[i]."""
    yield pen.say(pen.words.kappa_rule, kappa=at.kappa(i))
    j = None if case.t == 1 else Letter("j")
    over = [] if j is None else [Script(Sign("Σ"), sub=j)]
    product = fenced(Letter("σ").of(at.z(i)) - at.z(i)).hadamard(derivative(J, at.a(i)))
    symbols = over[0] @ product if over else product
    yield equation(derivative(J, at.kappa(i)), symbols, pen.column(case.gradient.kappa[i]))
