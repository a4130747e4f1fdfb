"""The page of one case: its sections in the lecture's order, numbered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Document, Section
from chainrule.explain.pen import Pen
from chainrule.explain.sections.checks import checks
from chainrule.explain.sections.cost import cost_of_all, cost_of_one
from chainrule.explain.sections.definition import definition
from chainrule.explain.sections.delta_i import delta_i
from chainrule.explain.sections.delta_r import delta_r
from chainrule.explain.sections.forward import forward
from chainrule.explain.sections.gradients import gradients
from chainrule.explain.sections.remarks import remarks
from chainrule.explain.sections.step import step

MOST_EXAMPLES = 3  # that are worked out one by one


def page(case: Case, pen: Pen) -> Document:
    """Returns the page of a case."""
    sections = (replace(section, title=(f"{n}. ", *section.title)) for n, section in enumerate(_sections(case, pen), 1))
    return Document(pen.words.title, pen.words.language, tuple(sections))


def _sections(case: Case, pen: Pen) -> Iterator[Section]:
    yield definition(case, pen)
    if case.t == 1:
        yield from _of_example(case, 0, pen)
    else:
        shown = range(min(case.t, MOST_EXAMPLES))
        for j in shown:
            title = pen.text(pen.words.example, number=j + 1, t=case.t)
            blocks: list[Block] = list(_of_example(case, j, pen))
            if j == 0 and len(shown) < case.t:
                blocks.insert(0, pen.say(pen.words.some_examples, shown=len(shown), t=case.t))
            yield Section(title, tuple(blocks), is_folded=j > 0)
        yield cost_of_all(case, pen)
    yield gradients(case, pen)
    if case.is_finite:
        yield checks(case, pen)
    if case.step is not None:
        yield step(case, case.step, pen)
    if (found := remarks(case, pen)) is not None:
        yield found


def _of_example(case: Case, j: int, pen: Pen) -> Iterator[Section]:
    yield forward(case, j, pen)
    yield cost_of_one(case, j, pen)
    yield delta_r(case, j, pen)
    if case.r > 1:
        yield delta_i(case, j, pen)
