"""The vector-valued σ of the catalogue as formulas of z₁ … zₘ, which are letters or numbers (Lecture, L1, L4, L17)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chainrule._internal.checks import Array
from chainrule.activations import Sigma
from chainrule.explain.document.formula import Formula, Letter, Root, Sign, Word, fenced, summed
from chainrule.explain.formulas.activations import Numbered
from chainrule.explain.formulas.pieces import E, call, power

Entries = Sequence[Formula]  # z₁ … zₘ, of which dots may replace some


class Part(NamedTuple):
    """A number that all entries of σ(z) share, such as the mean of z."""

    letter: str
    formula: Callable[..., Formula]  # of z₁ … zₘ, m and the parts before it
    number: Callable[[Array], float]  # of z (m,)


class VectorMap(NamedTuple):
    """The formulas of σ(z)ₖ and of the Jacobian ∂σ(z)/∂z, and the parts that they share."""

    entry: Callable[..., Formula]  # of z₁ … zₘ, zₖ and the parts
    jacobian: Callable[..., Formula]  # of σ(z), z, m and the parts
    parts: tuple[Part, ...] = ()


def vector_valued(sigma: Sigma, number: Numbered) -> VectorMap | None:
    """Returns the formulas of a vector-valued σ of the catalogue, with its parameters; None for any other σ."""
    if sigma.builtin and sigma.name in VECTOR_VALUED:
        return VECTOR_VALUED[sigma.name](number, **sigma.parameters)
    return None


def _each(zs: Entries, of: Callable[[Formula], Formula]) -> list[Formula]:
    return [z if isinstance(z, Sign) else of(z) for z in zs]


def _sum_of_exponentials(zs: Entries) -> Formula:
    return summed(_each(zs, lambda z: power(E, z)))


I, ONES = Letter("I"), Letter("𝟏")  # the identity matrix, and the column of ones


def _softmax(number: Numbered) -> VectorMap:
    return VectorMap(
        lambda zs, z: power(E, z) / _sum_of_exponentials(zs),
        lambda a, z, m: Word("diag").of(a) - a @ a.T,
    )


def _log_softmax(number: Numbered) -> VectorMap:
    return VectorMap(
        lambda zs, z: z - call("log", _sum_of_exponentials(zs)),
        lambda a, z, m: I - ONES @ Word("softmax").of(z).T,
    )


def _layer_norm(number: Numbered, epsilon: float) -> VectorMap:
    def deviation(zs: Entries, m: Formula, mean: Formula) -> Formula:
        squares = summed(_each(zs, lambda z: fenced(z - mean).to(Word("2"))))
        return Root(squares / m + number(epsilon))

    return VectorMap(
        lambda zs, z, mean, s: (z - mean) / s,
        lambda a, z, m, mean, s: (I - (ONES @ ONES.T + a @ a.T) / m) / s,
        (
            Part("μ", lambda zs, m: summed(zs) / m, lambda z: float(z.mean())),
            Part("s", deviation, lambda z: math.sqrt(float(z.var()) + epsilon)),
        ),
    )


VECTOR_VALUED: dict[str, Callable[..., VectorMap]] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "layer_norm": _layer_norm,
}
