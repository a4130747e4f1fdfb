"""Remarks that the numbers give rise to: saturated and dead units, kinks, equal units, a step that is too large."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from chainrule.activations import Activation
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Section, Sentence
from chainrule.explain.document.formula import Row, Sign
from chainrule.explain.pen import Pen
from chainrule.explain.symbols import ALPHA, J, Symbols

FLAT = 1e-3  # a slope of a smooth σ below it is called saturated
VANISHING = 1e-3  # times the largest |δ[r]|, below which δ[1] is called vanishing
MOST = 4  # remarks of one kind


def remarks(case: Case, pen: Pen) -> Section | None:
    """Returns the section with what the numbers show, or None if nothing is remarkable."""
    found = [remark for kind in KINDS for remark in _first(kind(case, pen), pen)]
    return Section((pen.words.remarks,), tuple(found)) if found else None


def _first(remarks: Iterator[Sentence], pen: Pen) -> Iterator[Sentence]:
    """Yields a few remarks of one kind, and how many more there are."""
    more = 0
    for place, remark in enumerate(remarks):
        if place < MOST:
            yield remark
        more = place + 1 - MOST
    if more > 0:
        yield pen.remark(pen.words.more_remarks, count=more)


def _saturated(case: Case, pen: Pen) -> Iterator[Sentence]:
    for i, sigma in enumerate(case.net.sigma, 1):
        slopes = case.slopes[i]
        if slopes is None or sigma.kinks or (i == case.r and case.cost.closed_form(sigma)):
            continue
        for j, k in np.argwhere(abs(slopes) < FLAT):
            at = case.symbols(int(j))
            yield pen.remark(
                pen.words.saturated,
                slope=at.slope(i, int(k)), value=pen.number(slopes[j, k]), z=at.z(i, int(k)), a=at.a(i, int(k)),
            )  # fmt: skip


def _dead(case: Case, pen: Pen) -> Iterator[Sentence]:
    at = Symbols(case.m)
    for i, sigma in enumerate(case.net.sigma, 1):
        slopes = case.slopes[i]
        if slopes is None or not sigma.kinks:
            continue
        for k in np.flatnonzero((slopes == 0).all(axis=0)):
            unit = int(k)
            yield pen.remark(
                pen.words.dead, slope=at.slope(i, unit), name=sigma.name, row=unit + 1, W=at.W(i), b=at.b(i, unit)
            )


def _kinks(case: Case, pen: Pen) -> Iterator[Sentence]:
    for i, sigma in enumerate(case.net.sigma, 1):
        if not isinstance(sigma, Activation) or not sigma.kinks or sigma.smooth:
            continue
        for j, k in np.argwhere(np.isin(case.run.z[i], sigma.kinks)):
            at, slopes = case.symbols(int(j)), case.slopes[i]
            assert slopes is not None
            yield pen.remark(
                pen.words.kink, z=at.z(i, int(k)), value=pen.number(case.run.z[i][j, k]), name=sigma.name,
                slope=at.slope(i, int(k)), chosen=pen.number(slopes[j, k]),
            )  # fmt: skip


def _silent_inputs(case: Case, pen: Pen) -> Iterator[Sentence]:
    at = Symbols(case.m)
    for i in range(1, case.r + 1):
        zero = np.flatnonzero((case.run.a[i - 1] == 0).all(axis=0))
        if 0 < len(zero) < case.m[i - 1] or (len(zero) and case.m[i - 1] == 1):
            names = ", ".join(str(int(l) + 1) for l in zero[:MOST]) + (" …" if len(zero) > MOST else "")
            yield pen.remark(pen.words.silent, a=at.a(i - 1), columns=names, W=at.W(i))


def _twins(case: Case, pen: Pen) -> Iterator[Sentence]:
    """Yields pairs of hidden units with the same weights on both sides, which therefore stay equal (L12, θ = 0)."""
    at = Symbols(case.m)
    for i in range(1, case.r):
        if case.slopes[i] is None:
            continue
        units = np.column_stack([case.W[i], case.b[i], case.W[i + 1].T])
        first: dict[bytes, int] = {}
        for k, unit in enumerate(units + 0.0):  # −0 becomes 0
            other = first.setdefault(unit.tobytes(), k)
            if other != k:
                yield pen.remark(pen.words.twins, one=other + 1, other=k + 1, i=i, W=at.W(i))


def _vanishing(case: Case, pen: Pen) -> Iterator[Sentence]:
    last, first = (float(abs(case.gradient.delta[i]).max()) for i in (case.r, 1))
    if case.r > 1 and 0 < first < VANISHING * last:
        at = Symbols(case.m)
        yield pen.remark(
            pen.words.vanishing,
            first=at.delta(1), last=at.delta(case.r), small=pen.number(first), large=pen.number(last),
        )  # fmt: skip


def _perfect(case: Case, pen: Pen) -> Iterator[Sentence]:
    if not case.gradient.delta[case.r].any():
        yield pen.remark(pen.words.perfect, delta=Symbols(case.m).delta(case.r))


def _infinite(case: Case, pen: Pen) -> Iterator[Sentence]:
    if not case.is_finite:
        yield pen.remark(pen.words.infinite, J=J)


def _too_large_step(case: Case, pen: Pen) -> Iterator[Sentence]:
    step = case.step
    if step is None:
        return
    if not step.change <= 0:
        yield pen.remark(pen.words.rises, J=J, alpha=ALPHA, change=pen.number(step.change))
    elif step.predicted and not 0.5 <= step.change / step.predicted <= 2.0:
        ratio = pen.number(step.change / step.predicted)
        yield pen.remark(pen.words.curved, change=Row((Sign("Δ"), J)), ratio=ratio, alpha=ALPHA)


def _dropout(case: Case, pen: Pen) -> Iterator[Sentence]:
    if any(case.net.dropout):
        yield pen.remark(pen.words.no_dropout)


KINDS: tuple[Callable[[Case, Pen], Iterator[Sentence]], ...] = (
    _infinite, _saturated, _dead, _kinks, _silent_inputs, _twins, _vanishing, _perfect, _too_large_step, _dropout,
)  # fmt: skip
