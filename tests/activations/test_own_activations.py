"""A user's own activation: its derivative, given or computed by the complex step, and the checks of both."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array


def test_a_users_own_entrywise_activation() -> None:
    """A function and its derivative, with parameters, make a σ that is not marked as built in."""
    sigma = cr.Activation(lambda z, k: k * z**2, lambda z, k: 2 * k * z, name="square", parameters={"k": 3})
    assert sigma(2.0) == 12.0
    assert sigma.derivative(2.0) == 12.0
    assert not sigma.builtin
    assert sigma.with_parameters(k=1.0)(2.0) == 4.0
    np.testing.assert_array_equal(sigma.pullback([[1.0, 2.0]], [[1.0, -1.0]]), [[6.0, -12.0]])
    assert sigma(np.float32(2)).dtype == np.float32
    own = cr.Activation(lambda z: z, np.ones_like)
    z = np.zeros(3)
    own(z)[0] = 1.0
    assert z[0] == 0.0


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
        (lambda z: z / (1 + np.exp(-z)), cr.silu.derivative),
        (lambda z: np.where(z.real > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1, 0.1)),
        (lambda z: z * z * np.sin(z), lambda z: 2 * z * np.sin(z) + z * z * np.cos(z)),
    ],
)
def test_a_derivative_may_be_left_out(function: Callable[..., Array], derivative: Callable[..., Array]) -> None:
    """If the function is analytic between its kinks, the complex step gives σ′ to rounding error."""
    sigma = cr.Activation(function)
    z = np.linspace(-10, 10, 999)
    np.testing.assert_allclose(sigma.derivative(z), derivative(z), rtol=1e-13, atol=1e-13)
    with pytest.raises(cr.InputError, match="real z only"):
        sigma.derivative(z + 1j)


@pytest.mark.parametrize(
    "function",
    [
        np.abs,
        lambda z: z * np.conj(z),
        lambda z: np.maximum(z.real, 0),
        np.vectorize(math.tanh),
        lambda z: z.astype(float) ** 2,
        np.sign,
        lambda z: np.exp(z**3),
    ],
)
def test_a_derivative_that_cannot_be_computed_is_required(function: Callable[..., Array]) -> None:
    """If the function is not analytic, accepts no complex numbers, jumps or overflows, σ′ must be given."""
    with pytest.raises(cr.ActivationRefused, match="Give σ′"):
        cr.Activation(function)


@pytest.mark.parametrize(
    ("function", "derivative", "what"),
    [
        (lambda z: max(0, z), lambda z: 1.0 * (z > 0), "σ"),
        (lambda z: math.exp(z), np.exp, "σ"),
        (lambda z: z if z > 0 else 0 * z, lambda z: 1.0 * (z > 0), "σ"),
        (np.exp, lambda z: math.exp(z), "σ′"),
    ],
    ids=["max", "math.exp", "if", "math.exp as σ′"],
)
def test_functions_of_a_number_are_refused_when_they_are_passed(
    function: Callable[..., Array], derivative: Callable[..., Array], what: str
) -> None:
    """A σ or σ′ that fails for an array is refused by the constructor, which names NumPy's functions."""
    with pytest.raises(cr.ActivationRefused, match=rf"mine: {what} must map an array .* Use np.maximum\(z, 0\)"):
        cr.Activation(function, derivative, name="mine")
    own = cr.Activation(np.vectorize(function), np.vectorize(derivative), name="mine")
    assert own([1.0, 2.0]).shape == (2,)


def test_numbers_that_are_objects_are_refused() -> None:
    """`np.frompyfunc` returns objects, which are no numbers."""
    with pytest.raises(cr.ActivationRefused, match="returned dtype object"):
        cr.Activation(np.frompyfunc(math.erf, 1, 1), name="erf")


def test_a_users_own_vector_valued_activation() -> None:
    """A vector-valued σ without a pullback gets that of the complex step, or is refused if it is not analytic."""
    unit = cr.VectorActivation(lambda z: z / np.sqrt(1 + (z * z).sum(axis=-1, keepdims=True)))
    z, g = np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.5, 2.0]])
    s = np.sqrt(1 + (z * z).sum(axis=1))
    for j in range(2):
        jacobian = np.eye(2) / s[j] - np.outer(z[j], z[j]) / s[j] ** 3
        np.testing.assert_allclose(unit.jacobian(z)[j], jacobian, rtol=1e-14)
        np.testing.assert_allclose(unit.pullback(z, g)[j], jacobian.T @ g[j], rtol=1e-14)
    with pytest.raises(cr.ActivationRefused, match="Give the pullback"):
        cr.VectorActivation(lambda z: np.abs(z) / np.abs(z).sum(axis=-1, keepdims=True))


def test_a_vector_valued_activation_of_one_size() -> None:
    """Def. 4.1 allows a σ: ℝᵐ → ℝᵐ of one m alone; its gradient is exact, and another m is refused by name."""
    M = np.array([[1.0, 2.0], [-0.5, 0.25]])
    mix = cr.VectorActivation(lambda z: np.tanh(z @ M.T), name="mix", m=2)
    z = np.array([0.3, -0.7])
    np.testing.assert_allclose(mix.jacobian(z), np.diag(1 - np.tanh(M @ z) ** 2) @ M, rtol=1e-14)
    hidden = cr.Layer([[0.5], [2.0]], [0.1, -0.2], mix)
    net = cr.Network([hidden, cr.Layer([[1.0, -1.0]], [0.0], "identity")])
    X, Y = np.array([[0.4], [-1.1]]), np.array([[0.2], [0.7]])
    cost = cr.SumOfSquares()
    gradient, step = cr.gradient(net, cost, X, Y).theta, 1e-6
    for k in range(net.d):
        above, below = net.copy(), net.copy()
        above.theta[k] += step
        below.theta[k] -= step
        assert gradient[k] == pytest.approx((cost(above, X, Y) - cost(below, X, Y)) / (2 * step), abs=1e-8)
    with pytest.raises(cr.InputError, match=r"sigma must fit the 3 rows of W; mix is defined for m = 2 alone"):
        cr.Layer(np.ones((3, 1)), np.zeros(3), mix)
    with pytest.raises(cr.InputError, match=r"z must be rows \(t, 2\) or one row \(2,\) for mix; got shape \(3,\)"):
        mix([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cr.relu("one"), "z must"),
        (lambda: cr.relu([[1.0], [1.0, 2.0]]), "z must"),
        (lambda: cr.softmax(1.0), "got a single number"),
        (lambda: cr.softmax.pullback([1.0, 2.0], [1.0]), "g must have the shape"),
        (lambda: cr.Activation(3, np.cos), "function must"),  # type: ignore[arg-type]
        (lambda: cr.VectorActivation(np.sin, np.cos, m=0), "m must"),
        (lambda: cr.Activation(np.sin, 3), "derivative must"),  # type: ignore[arg-type]
        (lambda: cr.Activation(np.sin, np.cos, range=(1, -1)), "range must"),
        (lambda: cr.Activation(np.sin, np.cos, parameters={"k": math.inf}), "k must be a finite number"),
        (lambda: cr.Activation(lambda z: z.sum(), np.cos)([1.0, 2.0]), "returned shape"),
        (lambda: cr.Activation(lambda z: z + 1j, np.cos)([1.0]), "returned dtype complex"),
    ],
)
def test_bad_inputs_and_definitions_are_refused(call: Callable[[], object], message: str) -> None:
    """The error names the wrong input or the wrong part of a definition."""
    with pytest.raises(cr.InputError, match=message):
        call()
