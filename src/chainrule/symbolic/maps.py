"""N_θ(x) and J(θ) as expressions, and their sizes before they are made (Lecture, L7, L9)."""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from chainrule.activations import Sigma
from chainrule.costs import Cost, CrossEntropy
from chainrule.errors import InputError
from chainrule.explain.document.formula import Formula, Letter, Number, Word
from chainrule.explain.formulas.activations import entrywise
from chainrule.explain.formulas.costs import loss_formula, smoothed_label
from chainrule.explain.formulas.vector_valued import vector_valued
from chainrule.network import Network
from chainrule.symbolic.letters import Arrays
from chainrule.symbolic.reading import Expression, read

DIGITS = 17  # of the numbers in a formula, all of them


def outputs(net: Network, letters: Arrays, x: Sequence[Expression]) -> list[Expression]:
    """Returns N(x), an expression for each of the m entries."""
    a = list(x)
    for i in range(1, net.r + 1):
        W, b = letters.W[i], letters.b[i]
        z = [sympy.Add(*(W[k, l] * a[l] for l in range(len(a))), b[k]) for k in range(net.m[i])]
        a = activated(net.sigma[i], z, list(letters.kappa[i]), i)
    return a


def activated(sigma: Sigma, z: Sequence[Expression], kappa: Sequence[Expression], i: int) -> list[Expression]:
    """Returns σ[i](z). Raises InputError if σ has no formula."""
    if (vector := vector_valued(sigma, _number)) is not None:
        zs = _placeholders("z", len(z))
        known, parts = dict(zip(zs, z, strict=True)), list[Formula]()
        for part in vector.parts:
            letter = Letter(part.letter)
            known[letter] = read(part.formula(zs, Word(str(len(z))), *parts), known)
            parts.append(letter)
        return [read(vector.entry(zs, one, *parts), known) for one in zs]
    Z, K = Letter("z"), Letter("κ")
    if (found := entrywise(sigma, _number, K)) is None:
        raise InputError(
            f"sigma[{i}] must be an activation of the catalogue, whose formula is known; got {sigma.name}."
        )
    argument, mix = sympy.Dummy("z", real=True), sympy.Dummy("κ", real=True)
    formula = read(found.value(Z, None), {Z: argument, K: mix})
    mixed = kappa or [mix] * len(z)
    return [formula.xreplace({argument: one, mix: kappa_k}) for one, kappa_k in zip(z, mixed, strict=True)]


def loss(cost: Cost, a: Sequence[Expression], y: Sequence[Expression]) -> Expression:
    """Returns ℓ(a, y). Raises InputError if the cost has no formula."""
    if (formula := loss_formula(cost, _number)) is None:
        raise InputError(f"cost must be one of the catalogue, whose formula is known; got {cost!r}.")
    A, Y = _placeholders("a", len(a)), _placeholders("y", len(y))
    known = dict(zip([*A, *Y], [*a, *y], strict=True))
    if isinstance(cost, CrossEntropy) and cost.label_smoothing:
        smooth = [smoothed_label(cost, _number, one, Word(str(len(y)))) for one in Y]
        known |= {one: read(formula, known) for one, formula in zip(Y, smooth, strict=True)}
    return read(formula.value([(one, other, None) for one, other in zip(A, Y, strict=True)]), known)


def penalty(cost: Cost, W: Sequence[Expression]) -> Expression:
    """Returns λ₁ Σᵢ Σ|W[i]| + λ₂/2 Σᵢ ‖W[i]‖²; J of one example divides it by 1."""
    entries = [entry for one in W for entry in one]
    l1, l2 = (read(_number(value), {}) for value in (cost.l1, cost.l2))
    return l1 * sympy.Add(*map(sympy.Abs, entries)) + l2 / 2 * sympy.Add(*(entry**2 for entry in entries))


def length(net: Network, cost: Cost) -> int:
    """Returns how many letters and numbers J has when it is written out."""
    letters = 1
    for i in range(1, net.r + 1):
        letters = _uses(net, i) * (net.m[i - 1] * (letters + 1) + 1)
    a, y = (sympy.symbols(f"{letter}:{net.m[-1]}", real=True) for letter in "ay")
    return int(sum(loss(cost, a, y).count(one) for one in a)) * letters


def _uses(net: Network, i: int) -> int:
    """Returns how many entries of z[i] an entry of σ[i](z[i]) has in its formula, each counted as often as it is."""
    z = sympy.symbols(f"z:{net.m[i] if not net.sigma[i].entrywise else 1}", real=True)
    kappa = [sympy.Symbol("κ", real=True)] if net.layout[i - 1].parametric else []
    value = activated(net.sigma[i], z, kappa, i)[0]
    return int(sum(value.count(one) for one in z))


def _placeholders(letter: str, m: int) -> list[Formula]:
    return [Letter(f"{letter}{k}") for k in range(m)]


def _number(value: float) -> Number:
    return Number(value, DIGITS)
