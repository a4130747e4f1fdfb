"""ℓ(a, y) and ∂ℓ/∂aₖ of the catalogue as formulas, where a and y are letters or numbers (Lecture, L10, L11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chainrule.costs import (
    AbsoluteError,
    Cost,
    CrossEntropy,
    Huber,
    LogLikelihood,
    Poisson,
    Quantile,
    SumOfSquares,
)
from chainrule.explain.document.formula import SUM, Fenced, Formula, Letter, Script, Sign, fenced, summed
from chainrule.explain.formulas.activations import At, Numbered
from chainrule.explain.formulas.pieces import ONE, TWO, ZERO, Piece, absolute, by_pieces, call, compared

Term = Callable[[Formula, Formula, At], Formula]  # of aₖ, yₖ and the number aₖ − yₖ, if they are numbers


class LossFormula(NamedTuple):
    """ℓ(a, y) = before [ term(a₁, y₁) + … + term(aₘ, yₘ) ], and ∂ℓ/∂aₖ."""

    before: Formula | None
    term: Term
    slope: Term

    def value(self, pairs: Sequence[tuple[Formula, Formula, At] | None]) -> Formula:
        """Returns ℓ for the entries of a and y; None stands for dots."""
        terms = [Sign("⋯") if pair is None else self.term(*pair) for pair in pairs]
        total = summed(terms)
        if self.before is None or (len(terms) == 1 and total.level > SUM):
            return self._after_sign(total)
        return self._after_sign(Fenced(total, "[", "]") if len(terms) == 1 else fenced(total))

    def general(self, a: Formula, y: Formula, k: Formula) -> Formula:
        """Returns ℓ as a sum over k, for the entries aₖ and yₖ."""
        term = self.term(a, y, None)
        inner = Fenced(term, "[", "]") if term.level == SUM else term
        return self._after_sign(Script(Sign("Σ"), sub=k) @ inner)

    def _after_sign(self, total: Formula) -> Formula:
        if self.before is None:
            return total
        return -total if self.before == Sign("−") else self.before @ total


def loss_formula(cost: Cost, number: Numbered) -> LossFormula | None:
    """Returns the formulas of a cost of the catalogue, and None for one's own, and for several quantiles."""
    if isinstance(cost, Quantile) and isinstance(cost.q, tuple):
        return None  # each output has a formula of its own
    make = LOSSES.get(type(cost))
    return None if make is None else make(cost, number)


def smoothed_label(cost: CrossEntropy, number: Numbered, y: Formula, m: Formula) -> Formula:
    """Returns (1 − ε) y + ε/m, which a cross-entropy with label smoothing ε takes in place of y."""
    epsilon = number(cost.label_smoothing)
    return fenced(ONE - epsilon) @ y + epsilon / m


def _log(argument: Formula) -> Formula:
    return call("log", argument)


def _bracketed(y: Formula) -> Formula:
    return fenced(ONE - y)


def _by_order(below: Formula, above: Formula, a: Formula, y: Formula, at: At) -> Formula:
    """Returns one formula for a < y, another for a > y, and 0 between."""
    return by_pieces(
        [
            Piece(below, compared(a, "<", y), lambda e: e < 0),
            Piece(ZERO, compared(a, "=", y), lambda e: e == 0),
            Piece(above, compared(a, ">", y), lambda e: e > 0),
        ],
        at,
    )


def _huber(cost: Huber, number: Numbered) -> LossFormula:
    kappa = number(cost.threshold)

    def pieces(near: Formula, low: Formula, high: Formula, a: Formula, y: Formula, at: At) -> Formula:
        e, bound = a - y, cost.threshold
        return by_pieces(
            [
                Piece(low, compared(e, "<", -kappa), lambda number: number < -bound),
                Piece(near, compared(absolute(e), "≤", kappa), lambda number: abs(number) <= bound),
                Piece(high, compared(e, ">", kappa), lambda number: number > bound),
            ],
            at,
        )

    def term(a: Formula, y: Formula, at: At) -> Formula:
        far = kappa * fenced(absolute(a - y) - kappa / TWO)
        return pieces(Letter("½") @ (a - y).to(TWO), far, far, a, y, at)

    return LossFormula(None, term, lambda a, y, at: pieces(a - y, -kappa, kappa, a, y, at))


def _quantile(cost: Quantile, number: Numbered) -> LossFormula:
    assert isinstance(cost.q, float)
    q, rest = number(cost.q), number(1.0 - cost.q)
    return LossFormula(
        None,
        lambda a, y, at: _by_order(q * (y - a), rest * (a - y), a, y, at),
        lambda a, y, at: _by_order(-q, rest, a, y, at),
    )


LOSSES: dict[type[Cost], Callable[..., LossFormula]] = {
    SumOfSquares: lambda cost, number: LossFormula(
        Letter("½"), lambda a, y, at: (a - y).to(TWO), lambda a, y, at: a - y
    ),
    AbsoluteError: lambda cost, number: LossFormula(
        None, lambda a, y, at: absolute(a - y), lambda a, y, at: _by_order(-ONE, ONE, a, y, at)
    ),
    Huber: _huber,
    Quantile: _quantile,
    LogLikelihood: lambda cost, number: LossFormula(
        Sign("−"),
        lambda a, y, at: y @ _log(a) + _bracketed(y) @ _log(ONE - a),
        lambda a, y, at: (ONE - y) / (ONE - a) - y / a,
    ),
    CrossEntropy: lambda cost, number: LossFormula(Sign("−"), lambda a, y, at: y @ _log(a), lambda a, y, at: -(y / a)),
    Poisson: lambda cost, number: LossFormula(None, lambda a, y, at: a - y @ _log(a), lambda a, y, at: ONE - y / a),
}
