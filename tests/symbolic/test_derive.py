"""`cr.derive`: N, J and ∂J/∂θ as expressions of SymPy, against the lecture's case by hand and `cr.gradient`."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import sympy
from support.strategies import fits, random_labels, random_network, smallest_size

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.errors import MissingExtra
from chainrule.symbolic import Derivation

COSTS: list[cr.Cost] = [
    cr.SumOfSquares(),
    cr.LogLikelihood(),
    cr.CrossEntropy(label_smoothing=0.1),
    cr.AbsoluteError(l1=0.1),
    cr.Huber(threshold=0.5, l2=0.3),
    cr.Quantile(q=0.9),
    cr.Poisson(),
    cr.SumOfSquares(mean=True, l2=0.1, mean_penalty=True),
]
SHORT = ("identity", "sigmoid", "exp", "softmax")  # outputs above a σ that the cost does not suit


def symbol(name: str) -> Any:
    """A symbol as `cr.derive` makes it."""
    return sympy.Symbol(name, real=True)


def test_L16_is_derived_as_the_lecture_does_by_hand() -> None:
    """r = 2, n = m = 1, J = ½ (a[2] − y)²: each derivative is the product of the lecture's factors."""
    W1, b1, W2, b2, x, y = map(symbol, ("W[1]", "b[1]", "W[2]", "b[2]", "x", "y"))
    d = cr.derive(cr.Network([cr.Layer(0.8, -0.1, "tanh"), cr.Layer(-1.2, 0.3, "sigmoid")]))
    z1 = W1 * x + b1
    a1 = sympy.tanh(z1)
    z2 = W2 * a1 + b2
    a2 = 1 / (1 + sympy.exp(-z2))
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2 * delta2 * (1 - a1**2)
    assert d.N[0] == a2
    assert sympy.simplify(d.J - (a2 - y) ** 2 / 2) == 0
    by_hand = [(d.W[2], delta2 * a1), (d.b[2], delta2), (d.W[1], delta1 * x), (d.b[1], delta1)]
    for letter, slope in by_hand:
        found = d.gradient.theta[list(d.theta).index(letter[0])]
        assert sympy.simplify(found - slope) == 0, letter
    assert d.gradient.b[1][0] == d.gradient.theta[1]
    assert list(d.theta) == [W1, b1, W2, b2]
    assert d.values[W1] == sympy.Rational(4, 5)


def test_linear_regression_has_the_derivative_of_its_sum_of_squares() -> None:
    """r = 1, σ = identity: ∂J/∂W = (W x + b − y) xᵀ, entry by entry (L10)."""
    d = cr.derive(cr.Network.dense([2, 1]))
    error = (d.W[1] * d.x)[0] + d.b[1][0] - d.y[0]
    assert d.J == error**2 / 2
    for l in range(2):
        assert sympy.expand(d.gradient.W[1][l] - error * d.x[l]) == 0


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_derivative_is_that_of_the_gradient(name: str) -> None:
    """Of random networks with this σ, in the output or below it, and every other cost: N, J and ∇J in twelve digits."""
    start = sorted(ACTIVATIONS).index(name)
    rng, sigma, width = np.random.default_rng(start), ACTIVATIONS[name], smallest_size(name)
    for n, cost in enumerate(COSTS[start % 2 :: 2]):
        outputs = [ACTIVATIONS[s] for s in SHORT if fits(cost, ACTIVATIONS[s], 2)]
        m, sigmas = [1 if width > 1 else 2, max(2, width)], [sigma]
        if name != "layer_norm" and (n % 2 or not fits(cost, sigma)):
            m, sigmas = [1, 2, 2 if cost.name == "cross_entropy" else 1], [sigma, outputs[0]]
        if not fits(cost, sigmas[-1]):
            continue
        net = random_network(rng, m, sigmas)
        x, y = rng.normal(size=m[0]), random_labels(rng, cost, 1, m[-1])[0]
        g = cr.gradient(net, cost, x, [y])
        if not np.isfinite(g.J):  # log 0
            continue
        d = cr.derive(net, cost=cost)
        computed = sympy.lambdify([*d.theta, *d.x, *d.y], [*d.N, d.J, *d.gradient.theta], "math", cse=True)
        values = np.array(computed(*net.theta, *x, *cost.targets([y], net.m[-1])[0]))
        np.testing.assert_allclose(values[: m[-1]], net(x), rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(values[m[-1]], g.J, rtol=1e-12)
        np.testing.assert_allclose(values[m[-1] + 1 :], g.theta, rtol=0, atol=1e-12 * abs(g.theta).max() + 1e-15)


def test_kinks_have_the_derivative_of_the_library() -> None:
    """At z = 0 of each kinked σ, at a = y of each kinked cost and at W = 0 of a penalty, as `cr.gradient` takes it."""
    cases: list[tuple[cr.Network, cr.Cost]] = [
        *((cr.Network([cr.Layer(1.0, k, s), cr.Layer(2.0, 0.0, "identity")]), cr.SumOfSquares())
          for s in ACTIVATIONS.values() for k in s.kinks),
        *((cr.Network([cr.Layer(1.0, 5.0, "identity")]), cost)
          for cost in (cr.AbsoluteError(), cr.Quantile(q=0.3), cr.Huber(5.0))),
        (cr.Network([cr.Layer(0.0, 1.0, "identity")]), cr.SumOfSquares(l1=0.5)),
    ]  # fmt: skip
    for net, cost in cases:
        y = 5.0 if net.r == 1 else 1.0
        slopes = cr.derive(net, 0.0, y, cost=cost, numbers=True).gradient.theta
        expected = cr.gradient(net, cost, [0.0], [y]).theta
        np.testing.assert_allclose(np.array(slopes, dtype=float).ravel(), expected, rtol=1e-15, err_msg=str(net))


def test_blocks_and_kappa_have_letters_of_their_own() -> None:
    """Outside of its blocks a W[i] is 0 and has no letter; κ has one for each unit, and its derivative."""
    layer = cr.Layer(cr.Diagonal([2.0, 3.0]), [0.5, 1.0], cr.Parametric("softplus"), kappa=[0.5, 0.25])
    net = cr.Network([layer])
    d = cr.derive(net)
    assert str(d.W[1]) == "Matrix([[W[1]_11, 0], [0, W[1]_22]])"
    assert [str(letter) for letter in d.kappa[1]] == ["κ[1]_1", "κ[1]_2"]
    point = cr.derive(net, [1.0, -2.0], [0.0, 1.0], numbers=True)
    g = cr.gradient(net, "sum_of_squares", [[1.0, -2.0]], [[0.0, 1.0]])
    np.testing.assert_allclose(np.array(point.gradient.theta.evalf(), dtype=float).ravel(), g.theta, rtol=1e-14)


def test_numbers_are_exact_where_they_are_short() -> None:
    """0.1 is 1/10 and a class is its one-hot label; J of fractions is a fraction."""
    net = cr.Network([cr.Layer([[0.1, -0.2]], [0.3], "relu")])
    d = cr.derive(net, [1.0, -2.0], 1.0, numbers=True)
    assert d.N[0] == sympy.Rational(4, 5)
    assert d.J == sympy.Rational(1, 50)
    assert list(d.gradient.W[1]) == [sympy.Rational(-1, 5), sympy.Rational(2, 5)]
    assert list(cr.derive(cr.Network.dense([1, 3], output="softmax"), y=2, cost="cross_entropy").y) == [0, 0, 1]
    assert isinstance(cr.derive(cr.Network([cr.Layer(np.pi, 0.0, "sine")])).values[symbol("W[1]")], sympy.Float)


def test_a_derivation_is_shown_line_by_line() -> None:
    """The text has N, J and each derivative by its letter; the LaTeX of a notebook has them as formulas."""
    d = cr.derive(cr.Network([cr.Layer([[1.0], [2.0]], [0.0, 0.5], cr.Parametric("tanh"))]))
    names = [line.split(" = ")[0] for line in str(d).splitlines()]
    assert names == ["N_1", "N_2", "J", *(f"∂J/∂{s}" for s in d.theta)]
    assert repr(d) == "Derivation(N: ℝ → ℝ², d=6)"
    latex = d._repr_latex_()
    assert r"\frac{\partial J}{\partial W[1]_{21}} &=" in latex
    assert r"\frac{\partial J}{\partial \kappa[1]_{2}} &=" in latex
    assert latex.isascii()
    assert isinstance(d, Derivation)


OWN = cr.Activation(lambda z: z**3, lambda z: 3 * z**2, name="cube")
FOURTH = cr.CustomCost(lambda A, Y: ((A - Y) ** 4).sum(axis=1), name="fourth")


@pytest.mark.parametrize(
    ("net", "options", "message"),
    [
        (cr.Network.dense([10, 20, 3]), {}, "net must be small .* its 283 derivatives would have about 1,461,978 "),
        (cr.Network([cr.Layer(1.0, 0.0, OWN)]), {}, r"sigma\[1\] must be an activation of the catalogue.* got cube"),
        (cr.Network.dense([1, 1]), {"cost": FOURTH}, "cost must be one of the catalogue.* got CustomCost"),
        (cr.Network.dense([2, 1]), {"x": [1.0]}, r"x must have shape \(2,\), one example; got \(1,\)"),
        (cr.Network.dense([2, 1]), {"x": [[1.0, 2.0]]}, r"x must have shape \(2,\), one example; got \(1, 2\)"),
        (cr.Network.dense([2, 2]), {"y": [1.0]}, r"Y must have shape \(t, 2\)"),
        (cr.Network.dense([2, 1]), {"cost": "sum"}, "unknown cost 'sum'"),
        (cr.Network.dense([2, 1]), {"cost": "poisson"}, "Poisson needs outputs"),
        (cr.Network.dense([2, 1]).astype(complex), {}, "net must be float32 or float64"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_expression_is_refused(net: cr.Network, options: dict[str, Any], message: str) -> None:
    """The message names the argument, what is expected and what came."""
    with pytest.raises(cr.ChainruleError, match=message):
        cr.derive(net, **options)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SymPy the message says what to install."""
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(MissingExtra, match=r"derive needs SymPy; install it with: pip install 'chainrule\[symbolic\]'"):
        cr.derive(cr.Network.dense([1, 1]))
