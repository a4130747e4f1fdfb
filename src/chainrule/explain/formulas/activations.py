"""σ and σ′ of the catalogue as formulas of z, where z is a letter or a number (Lecture, Def. 4.1, L1 – L4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chainrule.activations import Activation, Parametric, Sigma
from chainrule.explain.document.formula import Fenced, Formula, Row, Word, fenced, joined
from chainrule.explain.formulas.pieces import (
    DENSITY,
    NAMED,
    ONE,
    PHI,
    SIGMOID,
    TWO,
    ZERO,
    E,
    Piece,
    absolute,
    by_pieces,
    call,
    compared,
    power,
)

Numbered = Callable[[float], Formula]  # how a number is shown
At = float | None  # the number that z is, where a map by pieces takes one of them


class Map(NamedTuple):
    """The formulas of σ(z) and σ′(z)."""

    value: Callable[[Formula, At], Formula]
    slope: Callable[[Formula, At], Formula]


def entrywise(sigma: Sigma, number: Numbered, kappa: Formula | None = None) -> Map | None:
    """Returns the formulas of an entrywise σ of the catalogue, with its parameters; None for one's own σ.

    ``kappa`` is the κ of a parametric one.
    """
    if isinstance(sigma, Parametric):
        inner = entrywise(sigma.sigma, number)
        return None if inner is None or kappa is None else _parametric(inner, kappa)
    if not isinstance(sigma, Activation) or not sigma.builtin or sigma.name not in MAPS:
        return None
    constants = [*sigma.parameters.values()]
    if sigma.name == "selu":  # its λ and λα
        constants = [float(sigma(1.0)), float(sigma.derivative(0.0))]
    return MAPS[sigma.name](*map(number, constants))


def _parametric(inner: Map, kappa: Formula) -> Map:
    rest = fenced(ONE - kappa)
    return Map(
        lambda z, at: rest * z + kappa * fenced(inner.value(z, at)),
        lambda z, at: ONE - kappa + kappa * fenced(inner.slope(z, at)),
    )


def _by_sign(positive: Formula, other: Formula, z: Formula, at: At) -> Formula:
    """Returns one formula for z > 0 and another for z ≤ 0."""
    return by_pieces(
        [
            Piece(positive, compared(z, ">", ZERO), lambda number: number > 0),
            Piece(other, compared(z, "≤", ZERO), lambda number: number <= 0),
        ],
        at,
    )


def _less_one(z: Formula) -> Formula:
    return fenced(power(E, z) - ONE)


def _hard(inside: Formula, outside: Formula, z: Formula, at: At) -> Formula:
    return by_pieces(
        [
            Piece(inside, compared(absolute(z), "<", ONE), lambda number: abs(number) < 1),
            Piece(outside, compared(absolute(z), "≥", ONE), lambda number: abs(number) >= 1),
        ],
        at,
    )


def _max(*values: Formula) -> Formula:
    return Row((Word("max"), Fenced(joined(values, ","), "{", "}")))


def _min(*values: Formula) -> Formula:
    return Row((Word("min"), Fenced(joined(values, ","), "{", "}")))


MAPS: dict[str, Callable[..., Map]] = {
    "identity": lambda: Map(lambda z, at: z, lambda z, at: ONE),
    "relu": lambda: Map(lambda z, at: _max(ZERO, z), lambda z, at: _by_sign(ONE, ZERO, z, at)),
    "leaky_relu": lambda slope: Map(
        lambda z, at: _by_sign(z, slope * z, z, at), lambda z, at: _by_sign(ONE, slope, z, at)
    ),
    "elu": lambda alpha: Map(
        lambda z, at: _by_sign(z, alpha * _less_one(z), z, at),
        lambda z, at: _by_sign(ONE, alpha * power(E, z), z, at),
    ),
    "selu": lambda scale, alpha: Map(
        lambda z, at: _by_sign(scale * z, alpha * _less_one(z), z, at),
        lambda z, at: _by_sign(scale, alpha * power(E, z), z, at),
    ),
    "hard_tanh": lambda: Map(lambda z, at: _min(ONE, _max(-ONE, z)), lambda z, at: _hard(ONE, ZERO, z, at)),
    "sigmoid": lambda: Map(
        lambda z, at: NAMED[SIGMOID](z), lambda z, at: power(E, -z) / power(fenced(ONE + power(E, -z)), TWO)
    ),
    "tanh": lambda: Map(lambda z, at: call("tanh", z), lambda z, at: ONE - power(Word("tanh"), TWO).of(z)),
    "softplus": lambda: Map(lambda z, at: call("log", ONE + power(E, z)), lambda z, at: NAMED[SIGMOID](z)),
    "softsign": lambda: Map(
        lambda z, at: z / (ONE + absolute(z)), lambda z, at: ONE / power(fenced(ONE + absolute(z)), TWO)
    ),
    "gaussian": lambda: Map(lambda z, at: power(E, -z.to(TWO)), lambda z, at: -(TWO * z * power(E, -z.to(TWO)))),
    "sine": lambda: Map(lambda z, at: call("sin", z), lambda z, at: call("cos", z)),
    "exp": lambda: Map(lambda z, at: power(E, z), lambda z, at: power(E, z)),
    "gelu": lambda: Map(lambda z, at: z * PHI.of(z), lambda z, at: PHI.of(z) + z * DENSITY.of(z)),
    "silu": lambda: Map(
        lambda z, at: z * SIGMOID.of(z), lambda z, at: SIGMOID.of(z) * fenced(ONE + z * SIGMOID.of(-z))
    ),
    "mish": lambda: Map(
        lambda z, at: z * call("tanh", call("log", ONE + power(E, z))),
        lambda z, at: (
            call("tanh", call("log", ONE + power(E, z)))
            + z * fenced(ONE - power(Word("tanh"), TWO).of(call("log", ONE + power(E, z)))) * SIGMOID.of(z)
        ),
    ),
}

# Of a map that is called by its own name, so that there is something to define it by.
DEFINITIONS: dict[str, Callable[[Formula], Formula]] = {
    "tanh": lambda z: (power(E, z) - power(E, -z)) / (power(E, z) + power(E, -z)),
}
