"""Each optimizer: two steps by hand, a thousand steps beside PyTorch, clipping, settings and names."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.pytorch import pytorch

import chainrule as cr
from chainrule import optimizers
from chainrule.optimizers import clip

Array = NDArray[Any]

ALL: list[cr.Optimizer] = [
    cr.GradientDescent(0.01),
    cr.Momentum(),
    cr.Nesterov(),
    cr.AdaGrad(),
    cr.RMSProp(),
    cr.Adam(),
    cr.AdamW(),
    cr.RPROP(),
]


def run(
    optimizer: cr.Optimizer, theta: Array, gradient: Callable[[Array], Array], steps: int, decayed: Array
) -> dict[str, Array]:
    """Moves θ in place by ``steps`` steps and returns the moments."""
    moments = optimizer.start(theta)
    for k in range(1, steps + 1):
        optimizer.step(theta, gradient(theta), moments, optimizer.schedule.at(0, 1), k, decayed)
    return moments


# ---- by hand ---------------------------------------------------------------------------------------------------------

# optimizer, θ after two steps from θ = (1, −1) with g = (2, −1), then (2, 3), and the moments then
TWO_STEPS: list[tuple[cr.Optimizer, list[float], dict[str, list[float]]]] = [
    (cr.GradientDescent(0.5), [1 - 1 - 1, -1 + 0.5 - 1.5], {}),
    # v = (2, −1), then (3, 2.5)
    (cr.Momentum(0.5, momentum=0.5), [1 - 1 - 1.5, -1 + 0.5 - 1.25], {"v": [3, 2.5]}),
    # g + v/2 = (3, −1.5), then (3.5, 4.25)
    (cr.Nesterov(0.5, momentum=0.5), [1 - 1.5 - 1.75, -1 + 0.75 - 2.125], {"v": [3, 2.5]}),
    # ν = (4, 1), then (8, 10)
    (cr.AdaGrad(0.5, epsilon=1.0), [1 - 1 / 3 - 1 / (8**0.5 + 1), -1 + 0.25 - 1.5 / (10**0.5 + 1)], {"nu": [8, 10]}),
    # ν = (1, ¼), then (1¾, 2.4375)
    (
        cr.RMSProp(0.5, decay=0.75, epsilon=1.0),
        [1 - 1 / 2 - 1 / (1.75**0.5 + 1), -1 + 0.5 / 1.5 - 1.5 / (2.4375**0.5 + 1)],
        {"nu": [1.75, 2.4375]},
    ),
    # μ = (1, −½), then (1½, 1¼); ν = (1, ¼), then (1¾, 2.4375); 1 − β₁ᵏ = ½, ¾; 1 − β₂ᵏ = ¼, 7/16
    (
        cr.Adam(0.5, beta1=0.5, beta2=0.75, epsilon=1.0),
        [1 - 0.5 * 2 / (2 + 1) - 0.5 * 2 / (4**0.5 + 1),
         -1 + 0.5 * 1 / (1 + 1) - 0.5 * (5 / 3) / ((2.4375 * 16 / 7) ** 0.5 + 1)],
        {"mu": [1.5, 1.25], "nu": [1.75, 2.4375]},
    ),
    # θ₁ is a weight and shrinks by 1 − αλ = ¾ before each step, θ₂ is a bias
    (
        cr.AdamW(0.5, beta1=0.5, beta2=0.75, epsilon=1.0, weight_decay=0.5),
        [0.75 * (0.75 * 1 - 1 / 3) - 1 / 3, -1 + 0.25 - 0.5 * (5 / 3) / ((2.4375 * 16 / 7) ** 0.5 + 1)],
        {"mu": [1.5, 1.25], "nu": [1.75, 2.4375]},
    ),
    # the signs: same, so Δ = 0.6; opposite, so Δ = ¼ and no move
    (cr.RPROP(0.5), [1 - 0.5 - 0.6, -1 + 0.5], {"step_size": [0.6, 0.25], "previous": [2, 0]}),
]  # fmt: skip


@pytest.mark.parametrize(("optimizer", "expected", "moments"), TWO_STEPS, ids=lambda v: repr(v)[:40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_two_steps_worked_by_hand(
    optimizer: cr.Optimizer, expected: list[float], moments: dict[str, list[float]], dtype: Any
) -> None:
    """θ and the moments after two steps, in place, in the dtype of θ; the gradient is only read."""
    gradients = iter([[2.0, -1.0], [2.0, 3.0]])
    seen = []

    def gradient(theta: Array) -> Array:
        seen.append(np.array(next(gradients), dtype))
        return seen[-1]

    theta = np.array([1.0, -1.0], dtype)
    after = run(optimizer, theta, gradient, 2, decayed=np.array([1.0, 0.0], dtype))
    rtol = 1e-15 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(theta, expected, rtol=rtol)
    assert tuple(after) == optimizer.moments
    assert all(moment.dtype == dtype and moment.shape == theta.shape for moment in after.values())
    for name, values in moments.items():
        np.testing.assert_allclose(after[name], values, rtol=rtol)
    np.testing.assert_array_equal(seen, [[2.0, -1.0], [2.0, 3.0]])


def test_defaults_are_the_papers() -> None:
    """Decay rates, ε and step-size bounds as published."""
    assert (cr.Adam().learning_rate, cr.Adam().beta1, cr.Adam().beta2, cr.Adam().epsilon) == (1e-3, 0.9, 0.999, 1e-8)
    assert (cr.AdamW().learning_rate, cr.AdamW().weight_decay) == (1e-3, 0.01)
    assert (cr.RMSProp().learning_rate, cr.RMSProp().decay) == (1e-3, 0.9)
    rprop = cr.RPROP()
    assert (rprop.learning_rate, rprop.shrink, rprop.grow, rprop.smallest, rprop.largest) == (0.1, 0.5, 1.2, 1e-6, 50.0)
    assert (cr.Momentum().momentum, cr.Nesterov().momentum) == (0.9, 0.9)


# ---- PyTorch ---------------------------------------------------------------------------------------------------------

CURVES = np.array([0.3, 1.0, 4.0, 10.0])
WEIGHTS = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 1.0])


def valley(theta: Array) -> Array:
    """∇ of a quadratic in θ₁ … θ₄ beside Rosenbrock's valley (1 − x)² + 10 (y − x²)² in x = θ₅, y = θ₆."""
    x, y = theta[4], theta[5]
    bend = np.array([-2 * (1 - x) - 40 * x * (y - x * x), 20 * (y - x * x)])
    return np.concatenate([CURVES * theta[:4], bend])


# Settings that do not amplify rounding: RMSProp at α = 0.002, say, ends in a cycle where an ulp of θ₀ grows to 3e-3.
PEERS: list[tuple[cr.Optimizer, str, dict[str, Any]]] = [
    (cr.GradientDescent(0.01), "SGD", {"lr": 0.01}),
    (cr.Momentum(0.002, momentum=0.9), "SGD", {"lr": 0.002, "momentum": 0.9}),
    (cr.Nesterov(0.002, momentum=0.9), "SGD", {"lr": 0.002, "momentum": 0.9, "nesterov": True}),
    (cr.AdaGrad(0.1), "Adagrad", {"lr": 0.1}),
    (cr.RMSProp(0.0001), "RMSprop", {"lr": 0.0001, "alpha": 0.9}),
    (cr.RMSProp(0.01, decay=0.8, epsilon=1.0), "RMSprop", {"lr": 0.01, "alpha": 0.8, "eps": 1.0}),
    (cr.Adam(0.01), "Adam", {"lr": 0.01}),
    (cr.Adam(0.002, beta1=0.8, beta2=0.99, epsilon=1e-3), "Adam", {"lr": 0.002, "betas": (0.8, 0.99), "eps": 1e-3}),
    (cr.AdamW(0.01, weight_decay=0.1), "AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    (cr.RPROP(0.01), "Rprop", {"lr": 0.01}),
    (cr.Momentum(0.01, clip_norm=0.5), "SGD", {"lr": 0.01, "momentum": 0.9}),
]


@pytest.mark.parametrize(("optimizer", "peer", "options"), PEERS, ids=lambda v: repr(v)[:30])
def test_a_thousand_steps_are_pytorchs(optimizer: cr.Optimizer, peer: str, options: dict[str, Any]) -> None:
    """θ after each of 1,000 steps differs from torch.optim's by less than 1e-10 in float64."""
    torch = pytorch()
    theta = np.array([1.0, -2.0, 0.5, 1.5, -1.2, 1.0])
    parts = [torch.from_numpy(theta[i].copy()).requires_grad_() for i in (WEIGHTS == 1, WEIGHTS == 0)]
    groups = [{"params": [parts[0]]}, {"params": [parts[1]]} | ({"weight_decay": 0.0} if peer == "AdamW" else {})]
    other = getattr(torch.optim, peer)(groups, **options)
    moments = optimizer.start(theta)
    for k in range(1, 1001):
        theirs = np.empty(6)
        theirs[WEIGHTS == 1], theirs[WEIGHTS == 0] = (p.detach().numpy() for p in parts)
        assert abs(theta - theirs).max() < 1e-10
        g = valley(theirs)
        clip(g, optimizer.clip_norm)
        for part, i in zip(parts, (WEIGHTS == 1, WEIGHTS == 0), strict=True):
            part.grad = torch.from_numpy(g[i].copy())
        other.step()
        g = valley(theta)
        clip(g, optimizer.clip_norm)
        optimizer.step(theta, g, moments, optimizer.schedule.at(0, 1), k, WEIGHTS)
    assert np.isfinite(theta).all()
    assert np.linalg.norm(valley(theta)) < np.linalg.norm(valley(np.array([1.0, -2.0, 0.5, 1.5, -1.2, 1.0])))


# ---- what holds for all ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ALL, ids=lambda o: o.name)
def test_only_weight_decay_moves_theta_at_a_stationary_point(optimizer: cr.Optimizer) -> None:
    """With g = 0 no optimizer moves θ, except by AdamW's decay, which does not move biases."""
    theta = np.array([2.0, 2.0])
    run(optimizer, theta, np.zeros_like, 3, decayed=np.array([1.0, 0.0]))
    shrunk = 2.0 * (1 - 1e-3 * 0.01) ** 3 if isinstance(optimizer, cr.AdamW) else 2.0
    np.testing.assert_allclose(theta, [shrunk, 2.0], rtol=1e-15)


@pytest.mark.parametrize("optimizer", ALL, ids=lambda o: o.name)
def test_the_step_moves_views_of_theta(optimizer: cr.Optimizer) -> None:
    """A step changes θ in place, so that W and b remain its views."""
    theta = np.array([1.0, 2.0, 3.0])
    W = theta[:2]
    run(optimizer, theta, np.ones_like, 1, decayed=np.ones(3))
    assert W.base is theta
    assert (W < [1.0, 2.0]).all()


@pytest.mark.parametrize("optimizer", ALL, ids=lambda o: o.name)
def test_huge_and_tiny_gradients_give_no_warnings(optimizer: cr.Optimizer) -> None:
    """Squares that overflow or underflow raise no warning (the suite makes warnings errors)."""
    theta = np.zeros(4)
    run(optimizer, theta, lambda _: np.array([1e200, -1e308, 1e-320, 0.0]), 3, decayed=np.ones(4))


def test_rprop_alone_needs_the_full_batch() -> None:
    """Only RPROP needs the full batch, since the signs of minibatch gradients are noise."""
    assert [o.name for o in ALL if o.full_batch_only] == ["rprop"]


def test_rprop_multiplies_in_the_type_of_its_step_sizes() -> None:
    """In float32 Δ := Δ · η₊ rounds η₊ first, as the native engine does: 0.7 · 1.2 is 0.84000003 there."""
    theta, optimizer = np.ones(1, np.float32), cr.RPROP(0.7, grow=1.2)
    moments = optimizer.start(theta)
    for k in (1, 2):
        optimizer.step(theta, np.ones(1, np.float32), moments, alpha=0.7, k=k, decayed=np.ones(1, np.float32))
    assert moments["step_size"][0] == np.float32(0.7) * np.float32(1.2) != np.float32(float(np.float32(0.7)) * 1.2)


def test_rprop_keeps_its_step_sizes_in_bounds() -> None:
    """Δ stays between ``smallest`` and ``largest``."""
    optimizer, theta = cr.RPROP(1.0, smallest=0.25, largest=1.5), np.zeros(2)
    signs = iter([1, -1, 1, -1, 1, -1])
    moments = run(optimizer, theta, lambda _: np.array([1.0, float(next(signs))]), 6, decayed=np.ones(2))
    np.testing.assert_array_equal(moments["step_size"], [1.5, 0.25])


def test_rprop_sees_the_sign_of_tiny_gradients() -> None:
    """Two derivatives of 1e-200 have the same sign, although their product underflows."""
    moments = run(cr.RPROP(0.1), np.zeros(1), lambda _: np.array([1e-200]), 2, decayed=np.ones(1))
    assert moments["step_size"][0] == pytest.approx(0.12)


# ---- clipping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gradient", "c", "norm", "clipped"),
    [
        ([3.0, 4.0], 1.0, 5.0, [0.6, 0.8]),
        ([3.0, 4.0], 5.0, 5.0, [3.0, 4.0]),
        ([3.0, 4.0], 10.0, 5.0, [3.0, 4.0]),
        ([3.0, 4.0], None, 5.0, [3.0, 4.0]),
        ([0.0, 0.0], 1.0, 0.0, [0.0, 0.0]),
        ([3e200, 4e200], 1.0, 5e200, [0.6, 0.8]),
        ([3e-200, 4e-200], 1e-200, 5e-200, [0.6e-200, 0.8e-200]),
        ([], 1.0, 0.0, []),
    ],
)
def test_clipping_worked_by_hand(gradient: list[float], c: float | None, norm: float, clipped: list[float]) -> None:
    """Clipping makes g · min(1, c/‖g‖) in place and returns the norm before, also if squares overflow or underflow."""
    g = np.array(gradient)
    assert clip(g, c) == pytest.approx(norm, rel=1e-15, abs=0.0)
    np.testing.assert_allclose(g, clipped, rtol=1e-15)


def test_clipping_keeps_single_precision_and_takes_its_norm_in_double() -> None:
    """The norm of 10⁶ equal float32 entries is exact to the rounding of float64, and g stays float32."""
    g = np.full(1_000_000, 0.1, np.float32)
    assert clip(g, 1.0) == pytest.approx(1000 * float(np.float32(0.1)), rel=1e-12)
    assert g.dtype == np.float32
    np.testing.assert_allclose(g, 1e-3, rtol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_is_left_as_it_is(bad: float) -> None:
    """Clipping leaves a gradient with NaN or ∞ unchanged, so that training can report it."""
    g = np.array([1.0, bad])
    assert not math.isfinite(clip(g, 1.0))
    np.testing.assert_array_equal(g, [1.0, bad])


# ---- settings and names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "symbol"),
    [
        *((lambda kind=kind, a=a: kind(a), "learning_rate")
          for kind in (type(o) for o in ALL) for a in (0.0, -0.1, math.nan, math.inf, True, "0.1", None)
          if a is not None or kind is not cr.GradientDescent),
        *((lambda kind=kind, c=c: kind(clip_norm=c), "clip_norm")
          for kind in (type(o) for o in ALL) for c in (0.0, math.inf)),
        (lambda: cr.Momentum(momentum=1.0), "momentum"),
        (lambda: cr.Momentum(momentum=-0.1), "momentum"),
        (lambda: cr.Nesterov(momentum=math.nan), "momentum"),
        (lambda: cr.AdaGrad(epsilon=0.0), "epsilon"),
        (lambda: cr.RMSProp(decay=1.0), "decay"),
        (lambda: cr.RMSProp(epsilon=-1.0), "epsilon"),
        (lambda: cr.Adam(beta1=1.0), "beta1"),
        (lambda: cr.Adam(beta2=-0.5), "beta2"),
        (lambda: cr.Adam(epsilon=0.0), "epsilon"),
        (lambda: cr.AdamW(weight_decay=-0.01), "weight_decay"),
        (lambda: cr.RPROP(shrink=0.0), "shrink"),
        (lambda: cr.RPROP(largest=math.inf), "largest"),
        (lambda: cr.RPROP(cr.Cosine(0.1)), "learning_rate of RPROP"),
    ],
)  # fmt: skip
def test_bad_settings_are_refused(make: Callable[[], cr.Optimizer], symbol: str) -> None:
    """The error begins with the setting's name."""
    with pytest.raises(cr.InputError, match=rf"^{symbol} must"):
        make()


@pytest.mark.parametrize("options", [{"shrink": 1.0}, {"grow": 1.0}, {"smallest": 1.0}, {"largest": 0.01}])
def test_rprops_settings_must_fit_each_other(options: dict[str, float]) -> None:
    """RPROP needs 0 < η₋ < 1 < η₊ and Δ_min ≤ Δ ≤ Δ_max."""
    with pytest.raises(cr.InputError, match="must hold"):
        cr.RPROP(**options)


def test_optimizers_are_frozen_values() -> None:
    """Equal settings make equal optimizers, with readable text; NumPy's numbers become floats."""
    assert cr.Adam(np.float64(0.5)) == cr.Adam(0.5)
    assert type(cr.Adam(np.float64(0.5)).learning_rate) is float
    assert hash(cr.RPROP()) == hash(cr.RPROP(0.1))
    assert repr(cr.Momentum(cr.Constant(0.1), clip_norm=1.0)) == (
        "Momentum(learning_rate=Constant(rate=0.1), clip_norm=1.0)"
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        cr.Adam().beta1 = 0.5  # type: ignore[misc]


def test_the_learning_rate_is_a_schedule() -> None:
    """A number becomes a constant schedule, which RPROP accepts too."""
    assert cr.Adam(0.5).schedule == cr.Constant(0.5)
    assert cr.Adam(cr.CosLog4(0.5)).schedule == cr.CosLog4(0.5)
    assert cr.RPROP(cr.Constant(0.5)).start(np.zeros(1))["step_size"] == 0.5


def test_optimizers_by_name() -> None:
    """A name gives its optimizer, with the learning rate if one is given; anything but an optimizer is refused."""
    assert [optimizers.get(name) for name in optimizers.OPTIMIZERS] == [cr.GradientDescent(), *ALL[1:]]
    assert optimizers.get("adam", learning_rate=0.5) == cr.Adam(0.5)
    own = cr.Adam(0.1)
    assert optimizers.get(own) is own
    with pytest.raises(cr.UnknownName, match="did you mean 'adam'"):
        optimizers.get("adm")
    with pytest.raises(cr.InputError, match="learning_rate is given twice"):
        optimizers.get(own, learning_rate=0.5)
    with pytest.raises(cr.InputError, match="optimizer must be an optimizer"):
        optimizers.get(cr.Adam)  # type: ignore[arg-type]
