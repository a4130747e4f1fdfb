"""Each derivative beside two that use no chain rule: the complex step and the central difference (L14 – L17)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule._internal.checks import Array
from chainrule.engines.check_gradient import measure
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Section, Table, Text
from chainrule.explain.entries import Entry
from chainrule.explain.pen import Pen
from chainrule.explain.symbols import J, Symbols, derivative

MOST_DIGITS = 16  # of a double


def checks(case: Case, entries: Sequence[Entry], pen: Pen) -> Section:
    """Returns the section with the derivatives of J by these entries of θ, measured."""
    words, at = pen.words, Symbols(case.m)
    places = np.array([entry.place for entry in entries])
    J_theta = case.cost.of(case.net.astype(np.float64), case.data)
    measured = measure(J_theta, places)
    own, central = case.gradient.theta[places].astype(np.float64), measured.central
    step = _confirmed(measured.complex_step, central, abs(J_theta()))
    header: tuple[Text, ...] = (
        (words.derivative,), (words.by_chain_rule,), (words.by_complex_step,), (words.agreeing,),
        (words.by_differences,), (words.agreeing,),
    )  # fmt: skip
    rows = []
    for n, entry in enumerate(entries):
        row: list[Text] = [(derivative(J, entry.symbol(at)),), (pen.number(own[n]),)]
        for other in (step[n], central[n]):
            digits = str(agreeing_digits(own[n], other))
            row += [("–",), ("–",)] if math.isnan(other) else [(pen.number(other),), (digits,)]
        rows.append(tuple(row))
    blocks: list[Block] = [pen.say(words.check_rule, J=J), Table(header, tuple(rows))]
    if 1 < len(entries) < case.net.d:
        blocks.append(pen.say(words.some_entries, shown=len(entries), d=case.net.d))
    if np.isnan(step).any():
        blocks.append(pen.say(words.no_complex_step))
    return Section((words.checks,), tuple(blocks))


def _confirmed(step: Array | None, central: Array, J: float) -> Array:
    """Returns the complex steps that differences confirm, and NaN for the others: σ may drop imaginary parts."""
    if step is None:
        return np.full(len(central), np.nan)
    tolerance = 1e-4 * np.maximum(abs(step), abs(central)) + 1e-7 * (1.0 + J)
    return np.where(abs(step - central) <= tolerance, step, np.nan)


def agreeing_digits(one: float, other: float) -> int:
    """Returns the number of leading digits in which two numbers agree, at most 16.

    >>> agreeing_digits(0.5, 0.5), agreeing_digits(1.0, 1.0 + 5e-10), agreeing_digits(1.0, -1.0)
    (16, 9, 0)
    """
    if one == other:
        return MOST_DIGITS
    off = abs(one - other) / max(abs(one), abs(other))
    return max(0, min(MOST_DIGITS, math.floor(-math.log10(off)))) if math.isfinite(off) else 0
