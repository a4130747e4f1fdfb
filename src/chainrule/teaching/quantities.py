"""The quantities of both passes in the order of the lecture, each by its formula, or with a common mistake in it.

z[i], a[i] for i = 1 … r (L7), J (L10), then δ[i], ∂J/∂W[i], ∂J/∂b[i] for i = r … 1 (L14, L15).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple, TypeAlias

import numpy as np

from chainrule import activations
from chainrule._internal.checks import Array
from chainrule.network import Network


class Mistake(Enum):
    """A common mistake in one quantity; the value is its short name."""

    TRANSPOSED = "transposed"
    SLOPE = "slope missing"
    SIGN = "sign"
    MEAN = "mean for sum"
    FACTOR = "factor 2"
    BIAS = "bias forgotten"
    ACTIVATION = "activation forgotten"


class Quantity(NamedTuple):
    """An array of one of the passes: its letter, and its layer, 0 for J."""

    letter: str
    i: int

    @property
    def name(self) -> str:
        """The name in Python, such as delta_2."""
        return f"{self.letter}_{self.i}" if self.i else self.letter

    @property
    def symbol(self) -> str:
        """The lecture's letters, such as δ[2] or ∂J/∂W[1]."""
        if not self.i:
            return self.letter
        letters = {"delta": "δ", "W": "∂J/∂W", "b": "∂J/∂b"}
        return f"{letters.get(self.letter, self.letter)}[{self.i}]"


class Given(NamedTuple):
    """The numbers of a task: a network with entrywise σ[i], and t examples X (t, n) with Y (t, m)."""

    net: Network
    X: Array
    Y: Array


Values: TypeAlias = dict[Quantity, Array]  # z[i], a[i], δ[i] have one row for each example

MISTAKES = {
    "z": (Mistake.BIAS, Mistake.TRANSPOSED),
    "a": (Mistake.ACTIVATION,),
    "J": (Mistake.FACTOR, Mistake.MEAN, Mistake.SIGN),
    "delta": (Mistake.SLOPE, Mistake.SIGN, Mistake.TRANSPOSED, Mistake.FACTOR, Mistake.MEAN),
    "W": (Mistake.TRANSPOSED, Mistake.SIGN, Mistake.MEAN, Mistake.FACTOR),
    "b": (Mistake.SIGN, Mistake.MEAN, Mistake.FACTOR),
}


def in_order(r: int) -> list[Quantity]:
    """Returns all quantities of an r-layer network, each after those that its formula needs.

    >>> [quantity.name for quantity in in_order(1)]
    ['z_1', 'a_1', 'J', 'delta_1', 'W_1', 'b_1']
    """
    forward = [Quantity(letter, i) for i in range(1, r + 1) for letter in ("z", "a")]
    backward = [Quantity(letter, i) for i in range(r, 0, -1) for letter in ("delta", "W", "b")]
    return [*forward, Quantity("J", 0), *backward]


def possible(given: Given, quantity: Quantity) -> list[Mistake]:
    """Returns the mistakes that this network and these examples allow in a quantity."""
    letter, i = quantity
    m, r = given.net.m, given.net.r

    def is_possible(mistake: Mistake) -> bool:
        match mistake:
            case Mistake.TRANSPOSED if letter == "W":
                return m[i] * m[i - 1] > 1
            case Mistake.TRANSPOSED:  # of the W[i] in z[i], of the W[i+1] in δ[i]
                above = i if letter == "z" else i + 1
                return above <= r and m[above] == m[above - 1] > 1
            case Mistake.SLOPE | Mistake.ACTIVATION:
                return given.net.sigma[i] != activations.identity
            case Mistake.FACTOR | Mistake.MEAN if letter == "delta" and i < r:
                return False
            case Mistake.MEAN:
                return len(given.X) > 1
        return True

    return [mistake for mistake in MISTAKES[letter] if is_possible(mistake)]


def formula(given: Given, quantity: Quantity, v: Mapping[Quantity, Array], mistake: Mistake | None = None) -> Array:
    """Returns a quantity from the earlier ones in ``v``, by the lecture's formula or with one mistake in it."""
    net, (letter, i), r = given.net, quantity, given.net.r
    value: Array
    match letter:
        case "z":
            value = _below(given, i, v) @ _weights(net, i, mistake).T
            if mistake is not Mistake.BIAS:
                value = value + net.b[i]
        case "a":
            z = v[Quantity("z", i)]
            value = z if mistake is Mistake.ACTIVATION else net.sigma[i](z)
        case "J":
            value = np.asarray(0.5 * np.square(v[Quantity("a", r)] - given.Y).sum())
        case "delta":
            if i == r:
                value = v[Quantity("a", r)] - given.Y
            else:
                value = v[Quantity("delta", i + 1)] @ _weights(net, i + 1, mistake)
            if mistake is not Mistake.SLOPE:
                sigma = net.sigma[i]
                assert isinstance(sigma, activations.Activation)
                value = value * sigma.derivative(v[Quantity("z", i)])
        case "W":
            value = v[Quantity("delta", i)].T @ _below(given, i, v)
            value = value.T if mistake is Mistake.TRANSPOSED else value
        case _:
            value = v[Quantity("delta", i)].sum(axis=0)
    factors = {Mistake.SIGN: -1.0, Mistake.FACTOR: 2.0, Mistake.MEAN: 1.0 / len(given.X)}
    return np.asarray(value * factors[mistake] if mistake in factors else value)


def worked(given: Given, fixed: Mapping[Quantity, Array], slips: Mapping[Quantity, Mistake]) -> Values:
    """Returns every quantity: those in ``fixed`` as they are, the others by formula, with the mistakes in ``slips``."""
    v: Values = {}
    for quantity in in_order(given.net.r):
        found = fixed.get(quantity)
        v[quantity] = formula(given, quantity, v, slips.get(quantity)) if found is None else found
    return v


def _below(given: Given, i: int, v: Mapping[Quantity, Array]) -> Array:
    """Returns a[i−1], for i = 1 the inputs."""
    return given.X if i == 1 else v[Quantity("a", i - 1)]


def _weights(net: Network, i: int, mistake: Mistake | None) -> Array:
    W = np.asarray(net.W[i])
    return W.T if mistake is Mistake.TRANSPOSED else W
