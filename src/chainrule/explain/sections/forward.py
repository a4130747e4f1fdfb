"""The forward pass: z[i] = W[i] a[i−1] + b[i], a[i] = σ[i](z[i]) (Lecture, Def. 4.4, L7)."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Equation, Section
from chainrule.explain.document.formula import Formula, Letter, Script, Sign, Under, Word, summed
from chainrule.explain.formulas.activations import entrywise
from chainrule.explain.formulas.vector_valued import vector_valued
from chainrule.explain.pen import Pen, equation, rows, terms
from chainrule.explain.symbols import Symbols, index, shape


def forward(case: Case, j: int, pen: Pen) -> Section:
    """Returns the section with every z[i] and a[i] of example j."""
    at = case.symbols(j)
    blocks: list[Block] = [
        pen.say(pen.words.forward_rule, a0=at.a(0), x=at.x()),
        equation(at.a(0), at.x(), pen.column(case.run.a[0][j])),
    ]
    for i in range(1, case.r + 1):
        blocks += _entries(case, i, j, at, pen) if pen.is_scalar else _matrices(case, i, j, at, pen)
    blocks.append(equation(Letter("N").of(at.x()), at.a(case.r), pen.column(case.run.a[case.r][j])))
    return Section((pen.words.forward,), tuple(blocks))


def _matrices(case: Case, i: int, j: int, at: Symbols, pen: Pen) -> Iterator[Equation]:
    z, a, below = case.run.z[i][j], case.run.a[i][j], case.run.a[i - 1][j]
    m, n = case.m[i], case.m[i - 1]
    symbols = at.W(i) @ at.a(i - 1) + at.b(i)
    if (m, n) != (1, 1):
        symbols = Under(at.W(i), shape(m, n)) @ Under(at.a(i - 1), Word(str(n))) + Under(at.b(i), Word(str(m)))
    numbers = pen.matrix(case.W[i]) @ pen.column(below) + pen.column(case.b[i])
    yield equation(at.z(i), symbols, numbers, pen.column(z))
    yield from _parts(case, i, j, at, pen)
    yield equation(at.a(i), at.sigma(i).of(at.z(i)), _filled(case, i, j, None, pen), pen.column(a))


def _entries(case: Case, i: int, j: int, at: Symbols, pen: Pen) -> Iterator[Equation]:
    below = case.run.a[i - 1][j]
    for k in rows(case.m[i]):
        if k is None:
            yield equation(Sign("⋮"))
            continue
        W, b, n = case.W[i][k], pen.number(case.b[i][k]), case.m[i - 1]
        symbols = summed(terms(n, lambda l: at.W(i, k, l) @ at.a(i - 1, l))) + at.b(i, k)  # noqa: B023 - used at once
        numbers = summed(terms(n, lambda l: pen.number(W[l]) * pen.number(below[l]))) + b  # noqa: B023
        yield equation(at.z(i, k), symbols, numbers, pen.number(case.run.z[i][j, k]))
    yield from _parts(case, i, j, at, pen)
    for k in rows(case.m[i]):
        if k is not None:
            sigma = at.sigma(i).of(at.z(i, k))
            if not case.net.sigma[i].entrywise:
                sigma = Script(at.sigma(i).of(at.z(i)), sub=index(k))
            yield equation(at.a(i, k), sigma, _filled(case, i, j, k, pen), pen.number(case.run.a[i][j, k]))


def _parts(case: Case, i: int, j: int, at: Symbols, pen: Pen) -> Iterator[Equation]:
    """Yields the numbers that all entries of a vector-valued σ[i] share, such as the mean and the deviation of z[i]."""
    z, m = case.run.z[i][j], Word(str(case.m[i]))
    letters, numbers = list[Formula](), list[Formula]()
    vector = vector_valued(case.net.sigma[i], pen.number)
    for part in () if vector is None else vector.parts:
        symbols = part.formula(terms(len(z), lambda l: at.z(i, l)), m, *letters)
        filled = part.formula(terms(len(z), lambda l: pen.number(z[l])), m, *numbers)
        letters.append(at.part(part.letter, i))
        numbers.append(pen.number(part.number(z)))
        yield equation(letters[-1], symbols, filled, numbers[-1])


def _filled(case: Case, i: int, j: int, k: int | None, pen: Pen) -> Formula:
    """Returns σ[i] with the numbers filled in, of entry k or of the whole z[i]."""
    sigma, z = case.net.sigma[i], case.run.z[i][j]
    if k is None and case.m[i] == 1:
        k = 0
    if k is None:
        return Word(sigma.name).of(pen.column(z))
    if (vector := vector_valued(sigma, pen.number)) is not None:
        shared = [pen.number(part.number(z)) for part in vector.parts]
        return vector.entry(terms(len(z), lambda l: pen.number(z[l])), pen.number(z[k]), *shared)
    kappa = pen.number(case.kappa[i][k]) if case.is_parametric(i) else None
    found = entrywise(sigma, pen.number, kappa)
    if found is None:
        whole = Word(sigma.name).of(pen.number(z[k]) if sigma.entrywise else pen.column(z))
        return whole if sigma.entrywise else Script(whole, sub=index(k))
    return found.value(pen.number(z[k]), float(z[k]))
