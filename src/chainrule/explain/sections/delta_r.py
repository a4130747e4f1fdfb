"""δ[r] = ∂J/∂z[r] by the chain rule, each factor evaluated, and in closed form where there is one (Lecture, L14)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule._internal.checks import Array
from chainrule.costs import CrossEntropy, LogLikelihood, SumOfSquares
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Equation, Section
from chainrule.explain.document.formula import PRODUCT, Fenced, Formula, Letter, Row, Script, Sign, Under, Word, fenced
from chainrule.explain.formulas.costs import loss_formula
from chainrule.explain.formulas.pieces import ONE
from chainrule.explain.pen import Pen, entries, equation
from chainrule.explain.sections.cost import labels
from chainrule.explain.sections.slopes import slope_blocks
from chainrule.explain.symbols import J, Symbols, derivative, shape


def delta_r(case: Case, j: int, pen: Pen) -> Section:
    """Returns the section with δ[r] of example j."""
    at, r, words = case.symbols(j), case.r, pen.words
    rule = pen.say(
        words.delta_rule,
        dJ=derivative(J, at.a(r)),
        da=derivative(at.a(r), at.z(r)),
        J=J,
        a=at.a(r),
        z=at.z(r),
    )
    blocks: list[Block] = [
        rule,
        *_output_slope(case, j, at, pen),
        *slope_blocks(case, r, j, at, pen),
        *_product(case, j, at, pen),
        *_closed_form(case, j, at, pen),
    ]
    return Section(pen.text(words.delta_r, delta=Symbols(case.m).delta(r)), tuple(blocks))


def _weighted(case: Case, j: int, slope: Formula, pen: Pen) -> Formula:
    """Returns the derivative of the loss of example j times its weight in J, which is left out if it is 1."""
    if (scale := case.scale(j)) == 1.0:
        return slope
    return pen.number(scale) * (slope if slope.level > PRODUCT else fenced(slope))


def _output_slope(case: Case, j: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    """Yields ∂J/∂a[r]."""
    r, m = case.r, case.m[-1]
    a, y, da = case.run.a[r][j], labels(case, j), case.da[r][j]
    formula = loss_formula(case.cost, pen.number)
    if formula is None:
        slope = _weighted(case, j, derivative(Letter("ℓ"), at.a(r)), pen)
        yield equation(derivative(J, at.a(r)), slope, pen.column(da))
    elif isinstance(case.cost, SumOfSquares) and not pen.is_scalar:
        letters = _weighted(case, j, at.a(r) - at.y(), pen)
        numbers = _weighted(case, j, pen.column(a) - pen.column(y), pen)
        yield equation(derivative(J, at.a(r)), letters, numbers, pen.column(da))
    else:
        slope_of = formula.slope

        def entry(k: int) -> Equation:
            letters = slope_of(at.a(r, k), at.y(k), None)
            numbers = slope_of(pen.number(a[k]), pen.number(y[k]), float(a[k] - y[k]))
            both = (_weighted(case, j, slope, pen) for slope in (letters, numbers))
            return equation(derivative(J, at.a(r, k)), *both, pen.number(da[k]))

        yield from entries(m, entry)


def _product(case: Case, j: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    """Yields δ[r] = (∂a[r]/∂z[r])ᵀ ∂J/∂a[r]."""
    r, m = case.r, case.m[-1]
    da, slopes, delta = case.da[r][j], case.slopes[r], _by_chain_rule(case, j)
    left, dJ = derivative(J, at.z(r)), derivative(J, at.a(r))
    if slopes is None:
        symbols = Under(fenced(derivative(at.a(r), at.z(r))).T, shape(m, m)) @ Under(dJ, Word(str(m)))
        numbers = pen.matrix(np.asarray(case.net.sigma[r].jacobian(case.run.z[r][j]))).T @ pen.column(da)
        yield equation(at.delta(r), left, symbols, numbers, pen.column(delta))
    elif pen.is_scalar or m == 1:
        slope = slopes[j]

        def entry(k: int) -> Equation:
            letters = derivative(J, at.a(r, k)) * derivative(at.a(r, k), at.z(r, k))
            numbers = pen.number(da[k]) * pen.number(slope[k])
            return equation(at.delta(r, k), derivative(J, at.z(r, k)), letters, numbers, pen.number(delta[k]))

        yield from entries(m, entry)
    else:
        numbers = pen.column(da).hadamard(pen.column(slopes[j]))
        yield equation(at.delta(r), left, dJ.hadamard(at.slope(r)), numbers, pen.column(delta))


def _by_chain_rule(case: Case, j: int) -> Array:
    """Returns δ[r] of example j by the chain rule alone, which rounds where a[r] is near 0 or 1."""
    r = case.r
    if not case.cost.closed_form(case.net.sigma[r]):
        delta: Array = case.gradient.delta[r][j]
        return delta
    return np.asarray(case.net.sigma[r].pullback(case.run.z[r][j], case.da[r][j]))


def _closed_form(case: Case, j: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    """Yields how the factors cancel to a[r] − y for a cost and a σ[r] that belong together."""
    r = case.r
    sigma = case.net.sigma[r]
    if not case.cost.closed_form(sigma):
        return
    a, y, delta = case.run.a[r][j], labels(case, j), case.gradient.delta[r][j]
    k = Letter("k")
    yield pen.say(pen.words.closed_form, sigma=sigma.name, cost=pen.words.of_cost(case.cost.name))
    steps = (*_cancelled(case, at, k), at.a(r, k) - at.y(k))
    yield equation(at.delta(r, k), *(_weighted(case, j, step, pen) for step in steps))
    filled = _weighted(case, j, pen.column(a) - pen.column(y), pen)
    difference = _weighted(case, j, at.a(r) - at.y(), pen)
    yield equation(at.delta(r), difference, filled, pen.column(delta))
    if not np.allclose(_by_chain_rule(case, j), delta, rtol=1e-6, atol=0.0):
        yield pen.remark(pen.words.rounded, a=at.a(r))


def _cancelled(case: Case, at: Symbols, k: Formula) -> tuple[Formula, ...]:
    """Returns the product of both factors, and what is left of it, before it becomes a − y."""
    r, l = case.r, Letter("l")
    a, y = at.a(r, k), at.y(k)
    if isinstance(case.cost, LogLikelihood):
        both = a @ fenced(ONE - a)
        return (((a - y) / both) * both,)
    if isinstance(case.cost, CrossEntropy):
        al, yl = at.a(r, l), at.y(l)
        over = Script(Sign("Σ"), sub=l)
        is_k = Fenced(Row((l, Sign("="), k)), "[", "]")
        return over @ fenced(-(yl / al)) * al @ fenced(is_k - a), a @ over @ yl - y
    return (fenced(ONE - y / a) * a,)
