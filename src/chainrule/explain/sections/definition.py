"""The network, its numbers and their places in θ, and what is asked: x, y and J (Lecture, L5, L6, L8, L9)."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Equation, Section, Table, Text
from chainrule.explain.document.formula import Formula, Letter, Row, Script, Sign, Word, fenced, joined, summed
from chainrule.explain.formulas.equations import sigma_equations
from chainrule.explain.pen import Pen, equation, terms
from chainrule.explain.symbols import THETA, layer, member, space
from chainrule.network import Network
from chainrule.network.theta import Part


def definition(case: Case, pen: Pen) -> Section:
    """Returns the section that defines N, with d worked out."""
    words = pen.words
    domains = pen.text("{N}: {domain} → {codomain}", N=Letter("N"), domain=space(case.m[0]), codomain=space(case.m[-1]))
    blocks: list[Block] = [
        pen.say(words.network, map=domains),
        chain(case.net),
        _table(case, pen),
        pen.say(words.parameters, theta=THETA),
        Equation(count(case.net)),
        *parameters(case.net, case.W, case.b, case.kappa, pen),
        *_question(case, pen),
        *maps(case.net, pen),
    ]
    return Section((words.definition,), tuple(blocks))


def chain(net: Network) -> Equation:
    """Returns N = (L[1], …, L[r])."""
    return equation(Letter("N"), fenced(joined([layer("L", i) for i in range(1, net.r + 1)], ",")))


def sigmas(net: Network) -> Iterator[Equation]:
    """Yields L[i] = (W[i], b[i], σ[i]) and the name of each σ[i]."""
    for i, sigma in enumerate(net.sigma, 1):
        yield equation(layer("L", i), fenced(joined([layer(letter, i) for letter in "Wbσ"], ",")))
        yield equation(layer("σ", i), Word(sigma.name))


def _table(case: Case, pen: Pen) -> Table:
    words, rows, start = pen.words, [], 1
    for i, part in enumerate(case.net.layout, 1):
        W, b, kappa = start, start + part.entries, start + part.entries + part.m
        start += part.d
        places = [_places(layer("W", i), W, b), _places(layer("b", i), b, kappa)]
        if part.kappas:
            places.append(_places(layer("κ", i), kappa, start))
        rows.append(
            (
                (layer("L", i),),
                (member(layer("W", i), space(part.m, part.n)),),
                (member(layer("b", i), space(part.m)),),
                (case.net.sigma[i].name,),
                (_count_of(part),),
                tuple(piece for place in places for piece in (*place, ", "))[:-1],
            )
        )
    place = pen.text(words.place, theta=THETA)
    header: tuple[Text, ...] = ((words.layer,), (Letter("W"),), (Letter("b"),), (Letter("σ"),), (words.count,), place)
    return Table(header, tuple(rows))


def _places(symbol: Formula, start: int, end: int) -> Text:
    first, last = (Script(THETA, sub=Word(str(k))) for k in (start, end - 1))
    return (symbol, ": ", first) if end == start + 1 else (symbol, ": ", first, " … ", last)


def _count_of(part: Part) -> Formula:
    """Returns m (n + 1), or the sum of the entries of W, b and κ where W is block-diagonal or σ has κ."""
    m = Word(str(part.m))
    if part.runs is None and not part.parametric:
        return Row((m, Sign("·"), fenced(Word(str(part.n)) + Word("1"))))
    return summed([Word(str(part.entries)), m, *([Word(str(part.kappas))] if part.parametric else [])])


def count(net: Network) -> tuple[Formula, ...]:
    """Returns d, the sums that it is, and its value."""
    layout = net.layout
    is_dense = all(part.runs is None and not part.parametric for part in layout)
    general = None
    if is_dense:
        m = [Script(Letter("m"), sub=sub) for sub in (Letter("i"), Row((Letter("i"), Sign("−"), Word("1"))))]
        general = Script(Sign("Σ"), sub=Letter("i")) @ m[0] @ fenced(m[1] + Word("1"))
    return equation(
        Letter("d"),
        general,
        summed(terms(len(layout), lambda i: _summand(layout[i]))),
        summed(terms(len(layout), lambda i: Word(str(layout[i].d)))),
        Word(str(net.d)),
    ).parts


def _summand(part: Part) -> Formula:
    count = _count_of(part)
    return count if part.runs is None and not part.parametric else fenced(count)


def parameters(net: Network, W: ByLayer[Array], b: ByLayer[Array], kappa: ByLayer[Array], pen: Pen) -> Iterator[Block]:
    """Yields W[i], b[i] and κ[i] of every layer."""
    for i, part in enumerate(net.layout, 1):
        yield equation(layer("W", i), pen.matrix(W[i]))
        if part.runs is not None:
            yield pen.say(pen.words.blocks, W=layer("W", i))
        yield equation(layer("b", i), pen.column(b[i]))
        if part.parametric:
            yield equation(layer("κ", i), pen.column(kappa[i]))


def _question(case: Case, pen: Pen) -> Iterator[Block]:
    if case.t == 1:
        yield pen.say(pen.words.question, x=Letter("x"), y=Letter("y"), J=Letter("J"))
        yield equation(Letter("x"), pen.column(case.run.a[0][0]))
        yield equation(Letter("y"), pen.column(case.data.Y[0]))
    else:
        yield pen.say(pen.words.questions, t=case.t, J=Letter("J"))


def maps(net: Network, pen: Pen) -> Iterator[Block]:
    """Yields the equations of σ(z) and its derivative of each activation that has a formula, each once."""
    kappas = (layer("κ", i) for i in range(1, net.r + 1))
    found = [sigma_equations(sigma, pen.number, kappa) for sigma, kappa in zip(net.sigma, kappas, strict=True)]
    every = [line for equations in found for line in (*equations.map, *equations.derivative)]
    yield from dict.fromkeys(line for line in every if len(line.parts) > 1)
