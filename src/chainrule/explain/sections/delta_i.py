"""δ[i−1] from δ[i]: ∂J/∂a[i−1] = W[i]ᵀ δ[i], then the factor ∂a[i−1]/∂z[i−1] (Lecture, L14)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Equation, Section
from chainrule.explain.document.formula import Under, Word, fenced, summed
from chainrule.explain.pen import Pen, entries, equation, terms
from chainrule.explain.sections.slopes import slope_blocks
from chainrule.explain.symbols import J, Symbols, derivative, shape


def delta_i(case: Case, j: int, pen: Pen) -> Section:
    """Returns the section with δ[r−1] … δ[1] of example j, for a network of two layers or more."""
    at = case.symbols(j)
    rule = pen.say(pen.words.below_rule, W=at.W(case.r), delta=at.delta(case.r), a=at.a(case.r - 1), J=J)
    blocks: list[Block] = [rule]
    for i in range(case.r, 1, -1):
        if pen.is_scalar or case.m[i] == case.m[i - 1] == 1:
            blocks += _entries(case, i, j, at, pen)
        else:
            blocks += _matrices(case, i, j, at, pen)
    return Section((pen.words.delta_i,), tuple(blocks))


def _matrices(case: Case, i: int, j: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    m, n = case.m[i], case.m[i - 1]
    da, delta, below = case.da[i - 1][j], case.gradient.delta[i][j], case.gradient.delta[i - 1][j]
    symbols = Under(at.W(i).T, shape(n, m)) @ Under(at.delta(i), Word(str(m)))
    numbers = pen.matrix(case.W[i].T) @ pen.column(delta)
    yield equation(derivative(J, at.a(i - 1)), symbols, numbers, pen.column(da))
    yield from slope_blocks(case, i - 1, j, at, pen)
    slopes = case.slopes[i - 1]
    if slopes is None:
        turned = fenced(derivative(at.a(i - 1), at.z(i - 1))).T @ fenced(at.W(i).T @ at.delta(i))
        jacobian = pen.matrix(np.asarray(case.net.sigma[i - 1].jacobian(case.run.z[i - 1][j]))).T
        yield equation(at.delta(i - 1), turned, jacobian @ pen.column(da), pen.column(below))
    else:
        symbols = fenced(at.W(i).T @ at.delta(i)).hadamard(at.slope(i - 1))
        numbers = pen.column(da).hadamard(pen.column(slopes[j]))
        yield equation(at.delta(i - 1), symbols, numbers, pen.column(below))


def _entries(case: Case, i: int, j: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    m, n, W = case.m[i], case.m[i - 1], case.W[i]
    da, delta, below = case.da[i - 1][j], case.gradient.delta[i][j], case.gradient.delta[i - 1][j]

    def pulled(l: int) -> Equation:
        symbols = summed(terms(m, lambda k: at.W(i, k, l) @ at.delta(i, k)))
        numbers = summed(terms(m, lambda k: pen.number(W[k, l]) * pen.number(delta[k])))
        return equation(derivative(J, at.a(i - 1, l)), symbols, numbers, pen.number(da[l]))

    yield from entries(n, pulled)
    yield from slope_blocks(case, i - 1, j, at, pen)
    slopes = case.slopes[i - 1]
    if slopes is None:
        jacobian = np.asarray(case.net.sigma[i - 1].jacobian(case.run.z[i - 1][j]))

        def turned(l: int) -> Equation:
            symbols = summed(
                terms(n, lambda k: derivative(at.a(i - 1, k), at.z(i - 1, l)) * derivative(J, at.a(i - 1, k)))
            )
            numbers = summed(terms(n, lambda k: pen.number(jacobian[k, l]) * pen.number(da[k])))
            return equation(at.delta(i - 1, l), symbols, numbers, pen.number(below[l]))

        yield from entries(n, turned)
        return
    slope = slopes[j]

    def product(l: int) -> Equation:
        left, symbols = derivative(J, at.a(i - 1, l)), at.slope(i - 1, l)
        if m == n == 1:  # the lecture's δ[1] = W[2] δ[2] σ[1]′(z[1]), with all its factors
            long = pen.number(W[0, 0]) * pen.number(delta[0]) * pen.number(slope[0])
            return equation(at.delta(i - 1), at.W(i) @ at.delta(i) @ symbols, long, pen.number(below[0]))
        numbers = pen.number(da[l]) * pen.number(slope[l])
        return equation(at.delta(i - 1, l), left * symbols, numbers, pen.number(below[l]))

    yield from entries(n, product)
