"""The letters of a network as symbols of SymPy: x, y and each entry of θ, named as the lecture writes them (L9)."""

from __future__ import annotations

from typing import NamedTuple

import sympy

from chainrule._internal.by_layer import ByLayer
from chainrule.explain.entries import Letters as EntryLetter
from chainrule.explain.entries import arrays
from chainrule.explain.symbols import index_digits
from chainrule.network import Network
from chainrule.symbolic.reading import Expression


class Arrays(NamedTuple):
    """A vector in the order of θ (d, 1), and its entries as W[i] (mᵢ, mᵢ₋₁), b[i] (mᵢ, 1) and κ[i] (mᵢ or 0, 1)."""

    theta: Expression
    W: ByLayer[Expression]
    b: ByLayer[Expression]
    kappa: ByLayer[Expression]


def column(letter: str, m: int) -> Expression:
    """Returns the symbols letter_1 … letter_m as a column (m, 1), or the letter alone if m = 1."""
    return sympy.Matrix([_symbol(letter, (k,) if m > 1 else ()) for k in range(m)])


def theta_of(net: Network) -> Expression:
    """Returns the symbols of θ in its order (d, 1): W[1]_11 …, b[1]_1 …"""
    names: list[Expression] = [None] * net.d
    for array in arrays(net):
        for flat, place in enumerate(array.places.ravel().tolist()):
            if place >= 0:
                entry = array.entry(flat)
                indices = (entry.k,) if entry.l is None else (entry.k, entry.l)
                names[place] = _symbol(_name(entry.letter, entry.i), indices if array.places.size > 1 else ())
    return sympy.Matrix(names)


def by_layer(net: Network, theta: Expression) -> Arrays:
    """Returns the entries of a vector (d, 1) in the order of θ as arrays; outside the blocks of a W[i] they are 0."""
    shaped: dict[tuple[EntryLetter, int], Expression] = {}
    for letter, i, places in arrays(net):
        rows = places.reshape(net.m[i], -1).tolist()
        shaped[letter, i] = sympy.Matrix([[theta[p] if p >= 0 else 0 for p in row] for row in rows])
    empty = sympy.zeros(0, 1)

    def layers(letter: EntryLetter) -> ByLayer[Expression]:
        return ByLayer(shaped.get((letter, i), empty) for i in range(1, net.r + 1))

    return Arrays(theta, layers("W"), layers("b"), layers("kappa"))


def _name(letter: EntryLetter, i: int) -> str:
    return f"{'κ' if letter == 'kappa' else letter}[{i}]"


def _symbol(name: str, indices: tuple[int, ...]) -> Expression:
    return sympy.Symbol(f"{name}_{index_digits(*indices)}" if indices else name, real=True)
