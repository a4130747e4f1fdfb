"""J with its terms: the loss of each example, its weight, and the penalties (Lecture, L9 – L11)."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule._internal.checks import Array
from chainrule.costs import CrossEntropy
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Section
from chainrule.explain.document.formula import Formula, Letter, Script, Sign, Word, fenced, summed
from chainrule.explain.formulas.costs import loss_formula, smoothed_label
from chainrule.explain.formulas.pieces import TWO, absolute, call, norm
from chainrule.explain.pen import Pen, equation, rows, terms
from chainrule.explain.symbols import THETA, J, Symbols, derivative, layer
from chainrule.network.block_diagonal import free_entries


def cost_of_one(case: Case, j: int, pen: Pen) -> Section:
    """Returns the section with the loss of example j, which is J where it is the only one."""
    at, words = case.symbols(j), pen.words
    blocks: list[Block] = [pen.say(words.cost_rule, name=words.of_cost(case.cost.name))]
    loss = Letter("ℓ").of(at.a(case.r), at.y())
    is_J = case.t == 1 and case.scale(0) == 1.0 and not case.has_penalty
    blocks += _smoothing(case, j, at, pen)
    formulas = _filled(case, j, at, pen)
    blocks.append(equation(J.of(THETA) if is_J else loss, *formulas, pen.number(case.losses[j])))
    if case.t == 1 and not is_J:
        blocks += total(case, pen)
    return Section((words.cost,), tuple(blocks))


def cost_of_all(case: Case, pen: Pen) -> Section:
    """Returns the section with J as the sum over the examples."""
    return Section((pen.words.cost,), tuple(total(case, pen)))


def labels(case: Case, j: int) -> Array:
    """Returns the label of example j as the loss takes it: that of a cross-entropy may be smoothed."""
    y: Array = case.data.Y[j]
    if isinstance(case.cost, CrossEntropy) and (epsilon := case.cost.label_smoothing):
        y = (1.0 - epsilon) * y + epsilon / len(y)
    return y


def _smoothing(case: Case, j: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    if isinstance(case.cost, CrossEntropy) and case.cost.label_smoothing:
        smoothed = smoothed_label(case.cost, pen.number, at.y(), Word(str(case.m[-1])))
        yield pen.say(pen.words.smoothing, y=at.y())
        yield equation(Letter("y"), smoothed, pen.column(labels(case, j)))


def _filled(case: Case, j: int, at: Symbols, pen: Pen) -> tuple[Formula, ...]:
    """Returns ℓ in letters and in numbers, or nothing for a cost of one's own."""
    formula = loss_formula(case.cost, pen.number)
    if formula is None:
        return ()
    r = case.r
    a, y = case.run.a[r][j], labels(case, j)
    shown = _shown(y)
    letters = [None if k is None else (at.a(r, k), at.y(k), None) for k in shown]
    numbers = [None if k is None else (pen.number(a[k]), pen.number(y[k]), float(a[k] - y[k])) for k in shown]
    return formula.value(letters), formula.value(numbers)


def _shown(y: Array) -> list[int | None]:
    """Returns the places of the terms that are shown; of many, that of the largest label too, such as the class."""
    shown, largest = rows(len(y)), int(abs(y).argmax())
    if largest not in shown:
        place = shown.index(None)
        shown[place : place + 1] = [None, largest, None]
    return shown


def total(case: Case, pen: Pen) -> Iterator[Block]:
    """Yields J = Σ w ℓ + penalties with the numbers filled in."""
    letters = terms(case.t, lambda j: _loss(case, j))
    numbers = terms(case.t, lambda j: pen.number(case.losses[j]))
    if not (case.scales == 1).all():
        letters = terms(case.t, lambda j: pen.number(case.scale(j)) @ _loss(case, j))
        numbers = terms(case.t, lambda j: pen.number(case.scale(j)) * pen.number(case.losses[j]))
    if case.has_penalty:
        P = case.cost.penalty(map(free_entries, case.net.W), case.cost.penalty_scale(case.data.weights, case.t))
        yield pen.say(pen.words.penalty, P=Letter("P"))
        yield equation(Letter("P"), _penalty(case, pen), pen.number(P))
        yield equation(derivative(Letter("P"), layer("W", "i")), _penalty_slope(case, pen))
        letters, numbers = [*letters, Letter("P")], [*numbers, pen.number(P)]
    if case.t > 1:
        yield pen.say(pen.words.cost_sum, J=J, t=case.t)
    yield equation(J.of(THETA), summed(letters), summed(numbers), pen.number(case.gradient.J))


def _loss(case: Case, j: int) -> Formula:
    return Letter("ℓ") if case.t == 1 else Script(Letter("ℓ"), sup=fenced(Word(str(j + 1))))


def _penalty(case: Case, pen: Pen) -> Formula:
    """Returns λ₁ Σᵢ Σ|W[i]| + λ₂/2 Σᵢ ‖W[i]‖², without a term that is 0."""
    l1, l2 = _rates(case)
    W, over = layer("W", "i"), Script(Sign("Σ"), sub=Letter("i"))
    parts = [pen.number(l1) @ over @ Sign("Σ") @ absolute(W)] if l1 else []
    if l2:
        parts.append((pen.number(l2) / TWO) @ over @ Script(norm(W), sup=TWO))
    return summed(parts)


def _penalty_slope(case: Case, pen: Pen) -> Formula:
    """Returns λ₁ sign(W[i]) + λ₂ W[i]."""
    l1, l2 = _rates(case)
    W = layer("W", "i")
    return summed([*([pen.number(l1) @ call("sign", W)] if l1 else []), *([pen.number(l2) @ W] if l2 else [])])


def _rates(case: Case) -> tuple[float, float]:
    """Returns λ₁ and λ₂ as they count in J."""
    scale = case.cost.penalty_scale(case.data.weights, case.t)
    return scale * case.cost.l1, scale * case.cost.l2
