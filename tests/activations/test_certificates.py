"""`check_activation` accepts right derivatives, locates kinks, and refuses wrong ones with a counterexample."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS, Sigma
from chainrule.activations.differences import central, one_sided

Map = Callable[[Array], Any]


@pytest.mark.parametrize("sigma", ACTIVATIONS.values(), ids=lambda sigma: sigma.name)
def test_the_catalogue_is_certified(sigma: Sigma) -> None:
    """Every σ of the catalogue passes over the usual range, with the kinks it declares and an error below 1e-8."""
    certificate = cr.check_activation(sigma)
    assert certificate.sigma is sigma
    assert (certificate.low, certificate.high) == (-20.0, 20.0)
    assert certificate.kinks == (() if sigma.smooth else sigma.kinks)
    assert certificate.error < 1e-8
    assert certificate.points >= (8000 if sigma.entrywise else 20)


@pytest.mark.parametrize("sigma", ACTIVATIONS.values(), ids=lambda sigma: sigma.name)
@pytest.mark.parametrize(("low", "high"), [(-1.5, 0.75), (-600, 600), (0, 1e-3), (-30, -25), (7, 1e4)])
def test_the_catalogue_is_certified_over_other_ranges(sigma: Sigma, low: float, high: float) -> None:
    """The catalogue passes in the tails, over tiny ranges and over wide ones (eᶻ as far as it is finite)."""
    kinks = cr.check_activation(sigma, low, min(high, 700) if sigma is cr.exp else high).kinks
    assert kinks == (() if sigma.smooth else tuple(k for k in sigma.kinks if low < k < high))


@pytest.mark.parametrize(
    "sigma",
    [
        cr.leaky_relu.with_parameters(slope=-0.3),
        cr.elu.with_parameters(alpha=0.5),
        cr.elu.with_parameters(alpha=-2),
        cr.layer_norm.with_parameters(epsilon=1.0),
    ],
    ids=repr,
)
def test_other_parameters_are_certified(sigma: Sigma) -> None:
    """Activations with other parameters pass, also with those that make a kink."""
    assert cr.check_activation(sigma).kinks == (() if sigma.smooth else (0.0,))


def triangle(z: Array) -> Array:
    """A triangle wave of period 2."""
    return np.abs((z + 1) % 2 - 1)


GOOD: list[tuple[str, Map, Map, tuple[float, ...]]] = [
    ("relu, σ′(0) = ½", lambda z: np.maximum(z, 0), lambda z: np.heaviside(z, 0.5), (0.0,)),
    ("kink at ⅓", lambda z: np.abs(z - 1 / 3), lambda z: np.sign(z - 1 / 3), (1 / 3,)),
    ("kinks 1e-3 apart", lambda z: np.clip(z, 0.7, 0.701), lambda z: (z > 0.7) & (z < 0.701), (0.7, 0.701)),
    ("faint kink", lambda z: z + 1e-3 * np.abs(z - 2), lambda z: 1 + 1e-3 * np.sign(z - 2), (2.0,)),
    ("triangles", triangle, lambda z: np.where((z + 1) % 2 > 1, 1.0, -1.0), tuple(map(float, range(-19, 20)))),
    ("steep", lambda z: np.tanh(1e4 * z), lambda z: 1e4 / np.cosh(np.clip(1e4 * z, -300, 300)) ** 2, ()),
    ("fast", lambda z: np.sin(500 * z), lambda z: 500 * np.cos(500 * z), ()),
    ("naive softplus", lambda z: np.log(1 + np.exp(z)), lambda z: 1 / (1 + np.exp(-z)), ()),
    ("naive sigmoid′", lambda z: 1 / (1 + np.exp(-z)), lambda z: cr.sigmoid(z) * (1 - cr.sigmoid(z)), ()),
    ("large", lambda z: 1e6 * z**3, lambda z: 3e6 * z**2, ()),
    ("tiny", lambda z: 1e-20 * np.tanh(z), lambda z: 1e-20 / np.cosh(z) ** 2, ()),
    ("constant", lambda z: np.full(z.shape, 3.0), lambda z: np.zeros(z.shape), ()),
    ("z √|z|", lambda z: z * np.sqrt(np.abs(z)), lambda z: 1.5 * np.sqrt(np.abs(z)), ()),
    ("integers", lambda z: 2 * z, lambda z: np.full(z.shape, 2), ()),
]


@pytest.mark.parametrize(("function", "derivative", "kinks"), [c[1:] for c in GOOD], ids=[c[0] for c in GOOD])
def test_right_derivatives_are_certified(function: Map, derivative: Map, kinks: tuple[float, ...]) -> None:
    """A correct derivative passes, also a steep, fast, badly rounded, tiny or bent one; kinks are located."""
    assert cr.check_activation(cr.Activation(function, derivative)).kinks == pytest.approx(kinks, abs=1e-9)


def off(where: Map, amount: float = 0.1) -> Map:
    """tanh′, wrong by ``amount`` at the chosen z."""
    return lambda z: cr.tanh.derivative(z) + amount * where(z)


relu = cr.relu.function
WRONG: list[tuple[str, Map, Map, float, float]] = [
    # The counterexample must lie between the last two numbers.
    ("wrong sign", np.tanh, lambda z: -cr.tanh.derivative(z), -20, 20),
    ("factor 2", np.sin, lambda z: 2 * np.cos(z), -20, 20),
    ("off by 1e-4", np.sin, lambda z: 1.0001 * np.cos(z), -20, 20),
    ("off by 3e-7", np.sin, lambda z: (1 + 3e-7) * np.cos(z), -20, 20),
    ("one region", np.tanh, off(lambda z: (z > 3) & (z < 4)), 3, 4),
    ("one small region", np.tanh, off(lambda z: np.abs(z - 3.01) < 0.02), 2.98, 3.04),
    ("one smooth bump", np.tanh, off(lambda z: np.exp(-(((z - 3.3) / 0.05) ** 2)), 1e-3), 3, 3.6),
    ("the tail", cr.gelu.function, lambda z: np.where(z < -5, 0, cr.gelu.derivative(z)), -8, -5),
    ("left end", np.tanh, off(lambda z: z < -19.9), -20, -19.9),
    ("right end", np.tanh, off(lambda z: z > 19.9), 19.9, 20),
    ("only at a kink", relu, lambda z: np.where(z == 0, 5, z > 0), 0, 0),
    ("only at a kink, NaN-free below", relu, lambda z: np.where(z == 0, -1e-3, z > 0), 0, 0),
    ("only at a smooth 0", np.sin, lambda z: np.where(z == 0, 0, np.cos(z)), 0, 0),
    (
        "only at the kink ⅓",
        lambda z: np.abs(z - 1 / 3),
        lambda z: np.where(z == 1 / 3, 2, np.sign(z - 1 / 3)),
        1 / 3,
        1 / 3,
    ),
    ("kink that σ′ misplaces", relu, lambda z: z > 0.01, 0, 0.01),
    ("kink that σ′ ignores", lambda z: z + 0.01 * np.abs(z - 0.3), np.ones_like, -20, 20),
    ("kink of σ′ alone", lambda z: 1.0 * z, lambda z: np.where(z > 0.3, 1.1, 1), 0.3, 20),
    ("left out a term", lambda z: z / (1 + np.exp(-z)), cr.sigmoid, -20, 20),
    ("tiny, wrong", lambda z: 1e-20 * np.tanh(z), lambda z: 1.001e-20 / np.cosh(z) ** 2, -20, 20),
    ("jump", np.sign, np.zeros_like, 0, 0),
    ("small jump", lambda z: z + 1e-6 * (z > 0.3), np.ones_like, 0.3, 0.3),
    ("jumps", np.floor, np.zeros_like, -20, 20),
    ("infinite slope", np.cbrt, lambda z: np.abs(np.where(z == 0, 1, z)) ** (-2 / 3) / 3, 0, 0),
    ("σ NaN", np.sqrt, lambda z: 1 / np.sqrt(z), -20, 0),
    ("σ′ infinite", lambda z: np.abs(z) ** 1.5, lambda z: np.where(z == 0, np.inf, 1.5 * np.sqrt(np.abs(z))), 0, 0),
    ("σ infinite", lambda z: np.exp(z**3), lambda z: 3 * z**2 * np.exp(z**3), 8, 20),
    ("noise", lambda z: z + 1e-7 * np.sin(1e12 * z), np.ones_like, -20, 20),
]


@pytest.mark.parametrize(("function", "derivative", "low", "high"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_wrong_derivatives_are_refused(function: Map, derivative: Map, low: float, high: float) -> None:
    """Each wrong derivative is refused, with a counterexample z at which it is indeed wrong."""
    with pytest.raises(cr.ActivationRefused) as refused:
        cr.check_activation(cr.Activation(function, derivative, name="mine"))
    assert str(refused.value).startswith("mine: ")
    z = refused.value.z
    assert isinstance(z, float)
    assert low - 1e-8 <= z <= high + 1e-8


def test_the_counterexample_shows_both_values() -> None:
    """The message gives z, the claimed and the measured derivative, and at a kink both one-sided ones."""
    with pytest.raises(cr.ActivationRefused, match=r"σ′\(0\) is claimed to be 5, measured 0 .*left and 1 .*right"):
        cr.check_activation(cr.Activation(relu, lambda z: np.where(z == 0, 5, z > 0)))
    with pytest.raises(cr.ActivationRefused) as refused:
        cr.check_activation(cr.Activation(np.sin, lambda z: 2 * np.cos(z), name="sin"))
    z = refused.value.z
    assert isinstance(z, float)
    assert f"σ′({z:.17g}) is claimed to be {2 * math.cos(z):.9g}, measured" in str(refused.value)
    assert float(str(refused.value).split("measured ")[1].rstrip(".")) == pytest.approx(math.cos(z), rel=1e-6)


def spoil(z: Array) -> Array:
    """Returns sin z and overwrites z."""
    np.sin(z, out=z)
    return z


calls = iter(range(10**9))

NOT_ENTRYWISE: list[tuple[str, Map, Map, str]] = [
    ("softmax", cr.softmax, lambda z: cr.softmax(z) * (1 - cr.softmax(z)), "not entrywise"),
    ("mean", lambda z: z - z.mean(), np.ones_like, "not entrywise"),
    ("order", lambda z: np.cumsum(z).reshape(z.shape), np.ones_like, "not entrywise"),
    ("derivative mixes", lambda z: z**2, lambda z: 2 * np.sort(z, axis=-1), "not entrywise"),
    ("no function of z", lambda z: z + 1e-3 * next(calls), np.ones_like, "not entrywise"),
    ("shape", lambda z: z.ravel(), np.ones_like, "returned shape"),
    ("number", lambda z: z, lambda z: np.ones(()), "returned shape"),
    ("complex", lambda z: z + 0j, np.ones_like, "returned dtype complex"),
    ("objects", lambda z: z.astype(object), np.ones_like, "returned dtype object"),
    ("no arrays", lambda z: math.sin(z), np.cos, "must map an array"),
    ("in place", spoil, np.cos, "in place"),
]


@pytest.mark.parametrize(
    ("function", "derivative", "message"), [c[1:] for c in NOT_ENTRYWISE], ids=[c[0] for c in NOT_ENTRYWISE]
)
def test_maps_that_are_not_entrywise_are_refused(function: Map, derivative: Map, message: str) -> None:
    """A σ or σ′ that mixes entries, changes its input, or returns another shape or dtype is refused."""
    with pytest.raises(cr.ActivationRefused, match=message):
        cr.check_activation(cr.Activation(function, derivative))


PULLBACKS: list[tuple[str, Map, Callable[[Array, Array], Array], str]] = [
    ("sign", cr.softmax, lambda z, g: -cr.softmax.pullback(z, g), "claimed"),
    ("diagonal only", cr.softmax, lambda z, g: g * cr.softmax(z) * (1 - cr.softmax(z)), "claimed"),
    (
        "not transposed",
        cr.log_softmax,
        lambda z, g: np.einsum("jkl,jl->jk", cr.log_softmax.jacobian(z), g),
        "claimed",
    ),
    ("off by 1e-5", cr.softmax, lambda z, g: (1 + 1e-5) * cr.softmax.pullback(z, g), "claimed"),
    ("forgotten S′", cr.layer_norm, lambda z, g: g - g.mean(axis=-1, keepdims=True), "claimed"),
    ("σ mixes rows", lambda z: z - z.mean(axis=0), lambda z, g: g, "mixes rows"),
    ("pullback mixes rows", lambda z: 2 * z, lambda z, g: 2 * g.mean(axis=0) + 0 * g, "mixes rows"),
    ("NaN", lambda z: np.sqrt(z), lambda z, g: g, "must be finite"),
    ("shape", lambda z: z, lambda z, g: g.sum(axis=-1), "returned shape"),
    ("in place", spoil, lambda z, g: np.cos(z) * g, "in place"),
]


@pytest.mark.parametrize(("function", "pullback", "message"), [c[1:] for c in PULLBACKS], ids=[c[0] for c in PULLBACKS])
def test_wrong_pullbacks_are_refused(function: Map, pullback: Callable[[Array, Array], Array], message: str) -> None:
    """A pullback that is not that of the Jacobian's transpose is refused with a row as the counterexample."""
    with pytest.raises(cr.ActivationRefused, match=message) as refused:
        cr.check_activation(cr.VectorActivation(function, pullback, name="mine"))
    assert message != "claimed" or np.ndim(refused.value.z) == 1  # type: ignore[arg-type]


def test_vector_valued_of_a_given_size() -> None:
    """A σ that is defined for a single m is checked at that m, whether σ or the caller names it."""
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])

    def pullback(z: Array, g: Array) -> Array:
        return np.asarray((g * cr.tanh.derivative(z @ turn.T)) @ turn)

    rotated = cr.VectorActivation(lambda z: np.tanh(z @ turn.T), pullback)
    assert cr.check_activation(rotated, sizes=(2,)).points == 8
    assert cr.check_activation(cr.VectorActivation(rotated.function, pullback, m=2)).points == 8
    with pytest.raises(cr.ActivationRefused, match="fails on an array"):
        cr.check_activation(rotated)
    with pytest.raises(cr.ActivationRefused, match=r"or m \(m=2, say\) if σ is for rows of a single length\."):
        cr.VectorActivation(lambda z: z @ turn.T)
    assert cr.VectorActivation(lambda z: z @ turn.T, m=2).pullback([1.0, 0.0], [1.0, 0.0]).tolist() == [0.0, -1.0]


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, -2.0), (-math.inf, 0.0), (0.0, math.nan)])
def test_an_empty_or_infinite_range_is_refused(low: float, high: float) -> None:
    """The range of the check must have low < high, both finite."""
    with pytest.raises(cr.InputError, match=r"low|high"):
        cr.check_activation(cr.tanh, low, high)


def test_functions_are_evaluated_inside_the_range_only() -> None:
    """A σ that is defined on an interval only can be checked there: no difference quotient leaves it."""
    root = cr.Activation(
        lambda z: np.sqrt(z - 1) + np.sqrt(4 - z), lambda z: 0.5 / np.sqrt(z - 1) - 0.5 / np.sqrt(4 - z)
    )
    assert cr.check_activation(root, 1.1, 3.9).kinks == ()
    with pytest.raises(cr.ActivationRefused, match="must be finite"):
        cr.check_activation(root, 0.9, 3.9)


def test_differences_are_extrapolated() -> None:
    """One-sided and central quotients of exp and sin reach 1e-10, and their error estimates hold."""
    z = np.linspace(-2, 2, 41)
    for side in (-1, 1):
        slope, error = one_sided(np.exp, z, side * np.full(41, 0.05), 1.0)
        assert (abs(slope / np.exp(z) - 1) < 1e-10).all()
        assert (abs(slope - np.exp(z)) <= 20 * error).all()
    jacobian, error = central(np.sin, z.reshape(-1, 1), 0.1, 1.0)
    assert (abs(jacobian[:, 0, 0] - np.cos(z)) < 1e-10).all()
    assert (abs(jacobian[:, 0, 0] - np.cos(z)) <= 20 * error[:, 0, 0]).all()


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_second_derivatives_of_the_catalogue_are_certified(name: str) -> None:
    """The certificate of a σ of the catalogue covers σ″, jumps of σ′ at kinks included, or ∇²(gᵀσ) u."""
    sigma = ACTIVATIONS[name]
    wrong = object.__new__(type(sigma))
    vars(wrong).update(vars(sigma), _second=lambda z, *_, **parameters: 1e-3 + 0.0 * z)
    cr.check_activation(sigma)
    with pytest.raises(cr.ActivationRefused, match=r"σ″|∇²"):
        cr.check_activation(wrong)


def test_a_wrong_second_derivative_is_refused() -> None:
    """The counterexample names σ″, its claimed and its measured value."""
    wrong = cr.Activation(np.sin, np.cos, name="wrong", second_derivative=np.sin)
    with pytest.raises(cr.ActivationRefused, match=r"wrong: σ″\(.*\) is claimed to be .*, measured"):
        cr.check_activation(wrong)
    jumps = cr.Activation(np.sin, np.cos, name="jumps", second_derivative=lambda z: -np.sin(z) + (z > 3.3))
    with pytest.raises(cr.ActivationRefused, match="σ″"):
        cr.check_activation(jumps)
