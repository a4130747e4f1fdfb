"""The step θ − α ∇J(θ), and what it does to J beside what the gradient predicts (Lecture, L12, L13)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.explain.case import Case, Step
from chainrule.explain.document.blocks import Block, Section, Table, Text
from chainrule.explain.document.formula import Letter, Row, Script, Sign
from chainrule.explain.entries import Entry
from chainrule.explain.formulas.pieces import TWO, norm
from chainrule.explain.pen import Pen, equation
from chainrule.explain.symbols import ALPHA, THETA, J, Symbols, derivative


def step(case: Case, made: Step, entries: Sequence[Entry], pen: Pen) -> Section:
    """Returns the section with the old and the new entries of θ, and J before and after."""
    words, at = pen.words, Symbols(case.m)
    slope = case.gradient.theta
    gradient = Row((Sign("∇"), J)).of(THETA)
    header: tuple[Text, ...] = (
        (words.entry,), (words.old,), (derivative(J, Script(THETA, sub=Letter("k"))),), (words.new,)
    )  # fmt: skip
    rows = tuple(
        ((entry.symbol(at),), *((pen.number(v[entry.place]),) for v in (case.net.theta, slope, made.theta)))
        for entry in entries
    )
    before, later, change = J.of(THETA), J.of(THETA - ALPHA @ gradient), Row((Sign("Δ"), J))
    blocks: list[Block] = [
        pen.say(words.step_rule, rule=Row((THETA, Sign(":="), THETA - ALPHA @ gradient)), alpha=ALPHA),
        equation(ALPHA, pen.number(made.alpha)),
        Table(header, rows),
    ]
    if len(entries) < case.net.d:
        blocks.append(pen.say(words.some_entries, shown=len(entries), d=case.net.d))
    blocks += [
        equation(before, pen.number(case.gradient.J)),
        equation(later, pen.number(made.J)),
        equation(change, later - before, pen.number(made.change)),
        equation(
            -(ALPHA @ norm(gradient).to(TWO)),
            -(pen.number(made.alpha) * pen.number(float(np.linalg.norm(slope))).to(TWO)),
            pen.number(made.predicted),
        ),
        pen.say(words.prediction, change=change),
    ]
    return Section((words.step,), tuple(blocks))
