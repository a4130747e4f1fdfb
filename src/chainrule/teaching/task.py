"""The text of an exercise: the network, the examples and what is asked, in the lecture's letters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule.explain.document.blocks import Block, Document, Section
from chainrule.explain.document.formula import Formula, Letter, Script, Sign, Word, fenced, joined
from chainrule.explain.formulas.pieces import TWO, norm, power
from chainrule.explain.pen import Pen, equation
from chainrule.explain.sections.definition import chain, maps, parameters
from chainrule.explain.symbols import J, Symbols, derivative, layer
from chainrule.explain.words import Words
from chainrule.teaching.quantities import Given

DIGITS = 4  # of a number that is no short decimal


def task(given: Given, seed: int, words: Words) -> Document:
    """Returns the sheet; its seed is in the title, so that the sheets of students can be told apart."""
    pen = Pen(words, DIGITS, is_scalar=False)
    examples = words.the_examples if len(given.X) > 1 else words.the_example
    sections = (
        Section((f"1. {words.definition}",), tuple(_network(given, pen))),
        Section((f"2. {examples}",), tuple(_examples(given, pen))),
        Section((f"3. {words.to_compute}",), tuple(_questions(given, pen))),
    )
    return Document(words.sheet.format(seed=seed), words.language, sections)


def _network(given: Given, pen: Pen) -> Iterator[Block]:
    net = given.net
    yield chain(net)
    yield equation(layer("L", "i"), fenced(joined([layer(letter, "i") for letter in "Wbσ"], ",")))
    for i, sigma in enumerate(net.sigma, 1):
        yield equation(layer("σ", i), Word(sigma.name))
    dense = ByLayer(np.asarray(W) for W in net.W)
    yield from parameters(net, dense, net.b, net.kappa, pen)
    yield from maps(net, pen)


def _examples(given: Given, pen: Pen) -> Iterator[Block]:
    t, r = len(given.X), given.net.r
    for j in range(t):
        at = Symbols(given.net.m, None if t == 1 else j + 1)
        yield equation(at.x(), pen.column(given.X[j]))
        yield equation(at.y(), pen.column(given.Y[j]))
    output, label = _of_example(layer("a", r), t), _of_example(Letter("y"), t)
    error = output - label
    square = power(fenced(error) if given.net.m[-1] == 1 else norm(error), TWO)
    yield equation(J, Letter("½") @ (square if t == 1 else Script(Sign("Σ"), sub=Letter("j")) @ square))


def _of_example(letter: Formula, t: int) -> Formula:
    return letter if t == 1 else Script(letter, sup=fenced(Letter("j")))


def _questions(given: Given, pen: Pen) -> Iterator[Block]:
    words, r, is_one = pen.words, given.net.r, len(given.X) == 1
    forward = words.ask_forward if is_one else words.ask_forward_each
    yield pen.say(forward, z=layer("z", "i"), a=layer("a", "i"), i=_layers(1, r))
    yield pen.say(words.ask_cost, J=J)
    deltas = words.ask_deltas if is_one else words.ask_deltas_each
    yield pen.say(deltas, delta=layer("δ", "i"), dz=derivative(J, layer("z", "i")), i=_layers(r, 1))
    dW, db = (derivative(J, layer(letter, "i")) for letter in "Wb")
    yield pen.say(words.ask_gradient, W=dW, b=db, i=_layers(r, 1))


def _layers(first: int, last: int) -> str:
    step = 1 if last >= first else -1
    numbers = [str(i) for i in range(first, last + step, step)]
    return f"i = {', '.join(numbers)}"
