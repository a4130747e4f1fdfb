"""Pages in exact fractions: every number is the one that rounds to the float, and lines hold without rounding."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.explain.case import as_case
from chainrule.explain.exact import exact_case

SQUARE = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")


def thirds() -> cr.Network:
    """A network whose entries are multiples of ⅓ and 0.1."""
    return cr.Network(
        [cr.Layer([[1 / 3, -2 / 3], [0.1, 0.2]], [0.5, -0.1], "leaky_relu"), cr.Layer([[1 / 3, 2.0]], [0.7], SQUARE)]
    )


def test_L16_in_fractions() -> None:
    """σ(z) = z², x = ½, y = 1, W = ⅓, 2, b = 0, −1: z[1] = 1/6, a[1] = 1/36, z[2] = −17/18, δ[2] = 595/2916."""
    net = cr.Network([cr.Layer([[1 / 3]], [0.0], SQUARE), cr.Layer([[2.0]], [-1.0], SQUARE)])
    lines = [line.strip() for line in net.explain(0.5, 1.0, exact=True).text().splitlines()]
    assert "z[1] = W[1] a[0] + b[1] = 1/3 · 1/2 + 0 = 1/6" in lines
    assert "z[2] = W[2] a[1] + b[2] = 2 · 1/36 + (−1) = −17/18" in lines
    assert "δ[2] = ∂J/∂z[2] = ∂J/∂a[2] · ∂a[2]/∂z[2] = (−35/324) · (−17/9) = 595/2916" in lines
    assert "δ[1] = W[2] δ[2] σ[1]′(z[1]) = 2 · 595/2916 · 1/3 = 595/4374" in lines
    assert "∂J/∂W[1] = δ[1] a[0] = 595/4374 · 1/2 = 595/8748" in lines


def test_fractions_round_to_the_floats() -> None:
    """J, ∇J, δ and ∂J/∂a of a weighted mean over two examples, in fractions, agree with `cr.gradient`."""
    X, Y, weights = [[0.1, 0.2], [-1.0, 0.5]], [[0.3], [1.0]], [1.0, 3.0]
    cost = cr.SumOfSquares(mean=True)
    case = exact_case(as_case(thirds(), X, Y, weights, cost, None))
    g = cr.gradient(thirds(), cost, X, Y, weights, wrt_a=True)
    assert isinstance(case.gradient.J, Fraction)
    assert float(case.gradient.J) == pytest.approx(g.J, rel=1e-14)
    assert g.a is not None
    pairs: list[tuple[Any, Array]] = [(case.da[0], g.a[0])]
    for i in (1, 2):
        pairs += [
            (case.gradient.W[i], np.asarray(g.W[i])),
            (case.gradient.b[i], g.b[i]),
            (case.gradient.delta[i], g.delta[i]),
        ]
    for exact, rounded in pairs:
        np.testing.assert_allclose(np.asarray(exact, dtype=float), rounded, rtol=1e-13, atol=1e-15)
    assert "1/4 ℓ⁽¹⁾ + 3/4 ℓ⁽²⁾" in thirds().explain(X, Y, weights, cost=cost, exact=True).text()


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "html"])
def test_every_form_has_fractions(form: str) -> None:
    """A fraction is 1/3 in text, and a quotient in the other forms."""
    page = getattr(thirds().explain([0.1, 0.2], 0.3, exact=True), form)()
    expected = {"text": "1/3", "html": "<mfrac><mn>1</mn><mn>3</mn></mfrac>"}.get(form, r"\frac{1}{3}")
    assert expected in page


@pytest.mark.parametrize(
    ("net", "cost", "message"),
    [
        (
            cr.Network([cr.Layer(1.0, 0.0, "tanh")]),
            "sum_of_squares",
            "sigma must map fractions to fractions to be exact",
        ),
        (cr.Network([cr.Layer(np.sqrt(2.0), 0.0, "relu")]), "sum_of_squares", r"W\[1\] must hold short fractions"),
        (cr.Network([cr.Layer(1.0, 0.0, "relu")]), cr.SumOfSquares(l2=1.0), "SumOfSquares without a penalty"),
        (cr.Network([cr.Layer(1.0, 0.0, "relu")]), "huber", "cost must be SumOfSquares"),
        (cr.Network([cr.Layer(1.0, 0.0, cr.Parametric("relu"))]), "sum_of_squares", "a σ without κ"),
    ],
)
def test_what_is_not_rational_is_refused(net: cr.Network, cost: cr.Cost | str, message: str) -> None:
    """The message names the σ, the cost or the number."""
    with pytest.raises(cr.InputError, match=message):
        net.explain(0.5, 1.0, cost=cost, exact=True)


def test_every_rational_sigma_is_exact() -> None:
    """identity, relu, leaky_relu, hard_tanh and softsign map fractions to fractions, and no other of the catalogue."""
    z = np.array([Fraction(-5, 3), Fraction(1, 7), Fraction(2)], dtype=object)
    found = {}
    for name, sigma in cr.activations.ACTIVATIONS.items():
        exact = sigma.exact(z) if isinstance(sigma, cr.Activation) else None
        if exact is not None:
            found[name] = exact
            np.testing.assert_allclose(exact[0].astype(float), sigma(z.astype(float)), rtol=1e-15)
            assert isinstance(sigma, cr.Activation)
            np.testing.assert_allclose(exact[1].astype(float), sigma.derivative(z.astype(float)), rtol=1e-15)
    assert set(found) == {"identity", "relu", "leaky_relu", "hard_tanh", "softsign"}
