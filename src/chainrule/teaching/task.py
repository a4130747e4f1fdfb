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
from chainrule.explain.words import in_language
from chainrule.teaching.quantities import Given

PEN = Pen(in_language("en"), 4, is_scalar=False)


def task(given: Given, seed: int) -> Document:
    """Returns the sheet; its seed is in the title, so that the sheets of students can be told apart."""
    sections = (
        Section(("1. The network",), tuple(_network(given))),
        Section(("2. The examples" if len(given.X) > 1 else "2. The example",), tuple(_examples(given))),
        Section(("3. What to compute",), tuple(_questions(given))),
    )
    return Document(f"Backpropagation by hand, sheet {seed}", "en", sections)


def _network(given: Given) -> Iterator[Block]:
    net = given.net
    yield chain(net)
    yield equation(layer("L", "i"), fenced(joined([layer(letter, "i") for letter in "Wbσ"], ",")))
    for i, sigma in enumerate(net.sigma, 1):
        yield equation(layer("σ", i), Word(sigma.name))
    dense = ByLayer(np.asarray(W) for W in net.W)
    yield from parameters(net, dense, net.b, net.kappa, PEN)
    yield from maps(net, PEN)


def _examples(given: Given) -> Iterator[Block]:
    t, r = len(given.X), given.net.r
    for j in range(t):
        at = Symbols(given.net.m, None if t == 1 else j + 1)
        yield equation(at.x(), PEN.column(given.X[j]))
        yield equation(at.y(), PEN.column(given.Y[j]))
    output, label = _of_example(layer("a", r), t), _of_example(Letter("y"), t)
    error = output - label
    square = power(fenced(error) if given.net.m[-1] == 1 else norm(error), TWO)
    yield equation(J, Letter("½") @ (square if t == 1 else Script(Sign("Σ"), sub=Letter("j")) @ square))


def _of_example(letter: Formula, t: int) -> Formula:
    return letter if t == 1 else Script(letter, sup=fenced(Letter("j")))


def _questions(given: Given) -> Iterator[Block]:
    r, t = given.net.r, len(given.X)
    each = "" if t == 1 else ", for each example"
    yield PEN.say(
        "(a) The forward pass: {z} and {a} for {i}{each}.",
        z=layer("z", "i"),
        a=layer("a", "i"),
        i=_layers(1, r),
        each=each,
    )
    yield PEN.say("(b) The cost {J}.", J=J)
    yield PEN.say(
        "(c) Backpropagation: {delta} = {dz} for {i}{each}.",
        delta=layer("δ", "i"),
        dz=derivative(J, layer("z", "i")),
        i=_layers(r, 1),
        each=each,
    )
    yield PEN.say(
        "(d) The gradient: {W} and {b} for {i}.",
        W=derivative(J, layer("W", "i")),
        b=derivative(J, layer("b", "i")),
        i=_layers(r, 1),
    )


def _layers(first: int, last: int) -> str:
    step = 1 if last >= first else -1
    numbers = [str(i) for i in range(first, last + step, step)]
    return f"i = {', '.join(numbers)}"
