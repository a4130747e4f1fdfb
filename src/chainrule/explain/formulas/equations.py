"""The equations that define a σ or a cost: its map, its derivative, and the functions and numbers they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chainrule.activations import Sigma
from chainrule.costs import Cost, CrossEntropy
from chainrule.explain.document.blocks import Equation
from chainrule.explain.document.formula import Formula, Letter, Row, Script, Sign, Word
from chainrule.explain.formulas.activations import DEFINITIONS, Numbered, entrywise
from chainrule.explain.formulas.costs import loss_formula, smoothed_label
from chainrule.explain.formulas.pieces import NAMED, named_in
from chainrule.explain.formulas.vector_valued import VectorMap, vector_valued
from chainrule.explain.symbols import derivative

Z, A, Y, K, M = (Letter(letter) for letter in "zaykm")


class Equations(NamedTuple):
    """The equation of a map, that of its derivative, and after each those of what it refers to."""

    map: list[Equation]
    derivative: list[Equation]


def sigma_equations(sigma: Sigma, number: Numbered, kappa: Formula) -> Equations:
    """Returns the equations of σ(z) and σ′(z), or ∂σ(z)/∂z; of one's own σ, its name alone. κ is for a parametric σ."""
    if (vector := vector_valued(sigma, number)) is not None:
        return _of_vector(sigma.name, vector)
    name, slope = Word(sigma.name).of(Z), Word(f"{sigma.name}′").of(Z)
    if not sigma.entrywise:
        slope = derivative(name, Z)
    found = entrywise(sigma, number, kappa)
    if found is None:
        return Equations([Equation((name,))], [Equation((slope,))])
    value = DEFINITIONS[sigma.name](Z) if sigma.name in DEFINITIONS else found.value(Z, None)
    return Equations(_with_named(name, value), _with_named(slope, found.slope(Z, None)))


def cost_equations(cost: Cost, number: Numbered) -> Equations:
    """Returns the equations of ℓ(a, y) and ∂ℓ/∂aₖ; of one's own cost, its name alone."""
    loss, a, y = Letter("ℓ"), Script(A, sub=K), Script(Y, sub=K)
    found = loss_formula(cost, number)
    if found is None:
        own = Word(cost.name).of(A, Y)
        return Equations([Equation((own,))], [Equation((derivative(own, a),))])
    where = []
    if isinstance(cost, CrossEntropy) and cost.label_smoothing:
        smooth = Script(Row((Y, Sign("′"))), sub=K)
        where = [Equation((smooth, smoothed_label(cost, number, y, M)))]
        y = smooth
    value = Equation((loss.of(A, Y), found.general(a, y, K)))
    return Equations([value, *where], [Equation((derivative(loss, a), found.slope(a, y, None))), *where])


def _with_named(left: Formula, right: Formula) -> list[Equation]:
    """Returns left = right, and the equations of the functions that the right side calls by name."""
    return [Equation((left, right)), *(Equation((name.of(Z), NAMED[name](Z))) for name in named_in(right))]


def _of_vector(name: str, vector: VectorMap) -> Equations:
    zs = [Script(Z, sub=Word("1")), Script(Z, sub=Word("2")), Sign("⋯"), Script(Z, sub=M)]
    k, whole = Script(Z, sub=K), Word(name).of(Z)
    parts = list(_parts(vector, zs))
    letters = [part.parts[0] for part in parts]
    entry = Equation((Script(whole, sub=K), vector.entry(zs, k, *letters)))
    jacobian = Equation((derivative(whole, Z), vector.jacobian(whole, Z, M, *letters)))
    return Equations([entry, *parts], [jacobian, *parts])


def _parts(vector: VectorMap, zs: list[Formula]) -> Iterator[Equation]:
    letters: list[Formula] = []
    for part in vector.parts:
        yield Equation((Letter(part.letter), part.formula(zs, M, *letters)))
        letters.append(Letter(part.letter))
