"""The formulas that `explain` prints, read by SymPy: each σ′ and ∂ℓ/∂a is the derivative of its map, everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.explain.document.formula import Formula, Letter, Number
from chainrule.explain.formulas.activations import entrywise
from chainrule.explain.formulas.costs import loss_formula
from chainrule.explain.formulas.vector_valued import vector_valued
from chainrule.symbolic.maps import activated
from chainrule.symbolic.reading import read

z, Z = sympy.Symbol("z", real=True), Letter("z")
POINTS = [sympy.Rational(k, 4) for k in range(-12, 13)]  # kinks among them
ENTRYWISE = [name for name, sigma in ACTIVATIONS.items() if sigma.entrywise]
VECTOR_VALUED = [name for name, sigma in ACTIVATIONS.items() if not sigma.entrywise]


def number(value: float) -> Number:
    """A number as a formula."""
    return Number(value, 17)


def values(expression: Any, letter: Any, points: list[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The values of an expression of one letter."""
    return np.array([float(expression.xreplace({letter: point})) for point in points])


@pytest.mark.parametrize("name", ENTRYWISE)
def test_the_formulas_of_a_sigma_are_its_map_and_its_derivative(name: str) -> None:
    """The printed σ(z) and σ′(z) have the values of the library, and σ′ is what SymPy makes of σ, at kinks too."""
    sigma = ACTIVATIONS[name]
    assert isinstance(sigma, cr.Activation)
    formulas = entrywise(sigma, number)
    assert formulas is not None, "an entrywise activation without a formula"
    value, slope = (read(of(Z, None), {Z: z}) for of in formulas)
    at = np.array(POINTS, dtype=float)
    np.testing.assert_allclose(values(value, z, POINTS), sigma(at), rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(values(slope, z, POINTS), sigma.derivative(at), rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(values(value.diff(z), z, POINTS), sigma.derivative(at), rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("name", VECTOR_VALUED)
def test_the_formulas_of_a_vector_valued_sigma_are_its_map_and_its_jacobian(name: str) -> None:
    """The printed σ(z)ₖ has the values of the library, and its derivatives by z₁ … zₘ are the Jacobian."""
    sigma, letters = ACTIVATIONS[name], sympy.symbols("z_1:4", real=True)
    assert vector_valued(sigma, number) is not None, "a vector-valued activation without a formula"
    a = sympy.Matrix(activated(sigma, letters, [], 1))
    point = np.array([0.5, -1.25, 2.0])
    at = dict(zip(letters, map(sympy.Rational, map(str, point)), strict=True))
    np.testing.assert_allclose(np.array(a.xreplace(at), dtype=float).ravel(), sigma(point), rtol=1e-14)
    jacobian = np.array(a.jacobian(letters).xreplace(at), dtype=float)
    np.testing.assert_allclose(jacobian, sigma.jacobian(point), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", sorted(cr.costs.COSTS))
def test_the_formulas_of_a_cost_are_its_loss_and_its_derivative(name: str) -> None:
    """The printed ℓ and ∂ℓ/∂a have the values of the library, and ∂ℓ/∂a is what SymPy makes of ℓ, at a = y too."""
    cost = cr.costs.get(name)
    formula = loss_formula(cost, number)
    assert formula is not None, "a cost without a formula"
    low, high = cost.outputs
    points = [p / 4 for p in POINTS if low * 4 < p < high * 4]
    letters: dict[Formula, Any] = {Letter("a"): z, Letter("y"): sympy.Rational(1, 4)}
    term = read(formula.value([(Letter("a"), Letter("y"), None)]), letters)
    slope = read(formula.slope(Letter("a"), Letter("y"), None), letters)
    A = np.array(points, dtype=float)[:, None]
    Y = np.full_like(A, 0.25)
    np.testing.assert_allclose(values(term, z, points), cost.losses(A, Y), rtol=1e-14, atol=1e-16)
    for derivative in (slope, term.diff(z)):
        np.testing.assert_allclose(values(derivative, z, points), cost.derivative(A, Y)[:, 0], rtol=1e-13, atol=1e-15)
