"""Why an entry of θ moves: the part of each example in its derivative and in its step (Lecture, L13, L17)."""

from __future__ import annotations

import numpy as np

from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Section, Table, Text
from chainrule.explain.document.formula import Row, Sign
from chainrule.explain.entries import Entry
from chainrule.explain.pen import Pen, equation
from chainrule.explain.sections.paths import parts_of_examples
from chainrule.explain.symbols import ALPHA, J, Symbols, derivative

MOST_EXAMPLES = 20  # in the table, those with the largest parts


def shares(case: Case, entry: Entry, pen: Pen) -> Section:
    """Returns the section with the parts of the examples, the largest first."""
    words, at = pen.words, Symbols(case.m)
    parts = parts_of_examples(case, entry)
    total = float(case.gradient.theta[entry.place])
    symbol = entry.symbol(at)
    slope = derivative(J, symbol)
    alpha = case.learning_rate
    order = np.argsort(-abs(parts), kind="stable")[:MOST_EXAMPLES]
    rows: list[tuple[Text, ...]] = [_row(str(j + 1), float(parts[j]), total, alpha, pen) for j in order]
    if (others := case.t - len(order)) > 0:
        name = pen.text(words.other_examples, count=others)
        rows.append(_row(name, float(parts.sum() - parts[order].sum()), total, alpha, pen))
    if case.has_penalty and entry.letter == "W":
        rows.append(_row(words.penalty_name, total - float(parts.sum()), total, alpha, pen))
    step: Text = (Row((Sign("Δ"), symbol)),)
    header: tuple[Text, ...] = ((words.example_name,), (slope,), *([step] if alpha is not None else []), (words.share,))
    blocks: list[Block] = [
        pen.say(words.share_rule, derivative=slope, entry=symbol, t=case.t),
        Table(header, tuple(rows)),
        equation(slope, pen.number(total)),
    ]
    if alpha is not None:
        change = pen.number(-alpha * total)
        blocks.append(
            equation(Row((Sign("Δ"), symbol)), -(ALPHA @ slope), -(pen.number(alpha) * pen.number(total)), change)
        )
    if (against := int((np.sign(parts) * np.sign(total) < 0).sum())) > 0:
        blocks.append(pen.remark(words.against, count=against, t=case.t))
    return Section((words.shares,), tuple(blocks))


def _row(name: str | Text, part: float, total: float, alpha: float | None, pen: Pen) -> tuple[Text, ...]:
    share = f"{100.0 * part / total:.1f} %".replace("-", "−") if total else "–"
    first: Text = (name,) if isinstance(name, str) else name
    step: list[Text] = [] if alpha is None else [(pen.number(-alpha * part),)]
    return first, (pen.number(part),), *step, (share,)
