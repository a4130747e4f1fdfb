"""The page of one case: its sections in the lecture's order, numbered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Document, Section, Text
from chainrule.explain.entries import Entry, listed
from chainrule.explain.pen import Pen
from chainrule.explain.printers.text import plain
from chainrule.explain.sections.checks import checks
from chainrule.explain.sections.cost import cost_of_all, cost_of_one
from chainrule.explain.sections.definition import definition
from chainrule.explain.sections.delta_i import delta_i
from chainrule.explain.sections.delta_r import delta_r
from chainrule.explain.sections.forward import forward
from chainrule.explain.sections.gradients import gradients
from chainrule.explain.sections.paths import paths
from chainrule.explain.sections.remarks import remarks
from chainrule.explain.sections.shares import shares
from chainrule.explain.sections.step import step
from chainrule.explain.symbols import J, Symbols, derivative

MOST_EXAMPLES = 3  # that are worked out one by one


def page(case: Case, pen: Pen, exact: Case | None = None) -> Document:
    """Returns the page of a case; with ``exact``, the same case in fractions, all but what is measured is exact."""
    return _document((pen.words.title,), _sections(case, exact or case, pen), pen)


def page_of_entry(case: Case, entry: Entry, pen: Pen) -> Document:
    """Returns the page of the derivative by one entry of θ, along every path."""
    title = pen.text(pen.words.entry_title, derivative=derivative(J, entry.symbol(Symbols(case.m))))
    return _document(title, _sections_of_entry(case, entry, pen), pen)


def page_of_shares(case: Case, entry: Entry, pen: Pen) -> Document:
    """Returns the page of the part that each example has in the step of one entry of θ."""
    title = pen.text(pen.words.why_title, entry=entry.symbol(Symbols(case.m)))
    return _document(title, iter([shares(case, entry, pen)]), pen)


def _document(title: Text, sections: Iterator[Section], pen: Pen) -> Document:
    numbered = (replace(section, title=(f"{n}. ", *section.title)) for n, section in enumerate(sections, 1))
    return Document(plain(title), pen.words.language, tuple(numbered))


def _sections_of_entry(case: Case, entry: Entry, pen: Pen) -> Iterator[Section]:
    if case.t == 1:
        yield paths(case, entry, 0, pen)
    else:
        for j in range(min(case.t, MOST_EXAMPLES)):
            title = pen.text(pen.words.example, number=j + 1, t=case.t)
            yield Section(title, paths(case, entry, j, pen).blocks, is_folded=j > 0)
        yield shares(case, entry, pen)
    if case.is_finite:
        yield checks(case, [entry], pen)


def _sections(case: Case, worked: Case, pen: Pen) -> Iterator[Section]:
    yield definition(worked, pen)
    if case.t == 1:
        yield from _of_example(worked, 0, pen)
    else:
        shown = range(min(case.t, MOST_EXAMPLES))
        for j in shown:
            title = pen.text(pen.words.example, number=j + 1, t=case.t)
            blocks: list[Block] = list(_of_example(worked, j, pen))
            if j == 0 and len(shown) < case.t:
                blocks.insert(0, pen.say(pen.words.some_examples, shown=len(shown), t=case.t))
            yield Section(title, tuple(blocks), is_folded=j > 0)
        yield cost_of_all(worked, pen)
    yield gradients(worked, pen)
    entries = listed(case.net, abs(case.gradient.theta))
    if case.is_finite:
        yield checks(case, entries, pen)
    if case.step is not None:
        yield step(case, case.step, entries, pen)
    if (found := remarks(case, pen)) is not None:
        yield found


def _of_example(case: Case, j: int, pen: Pen) -> Iterator[Section]:
    yield forward(case, j, pen)
    yield cost_of_one(case, j, pen)
    yield delta_r(case, j, pen)
    if case.r > 1:
        yield delta_i(case, j, pen)
