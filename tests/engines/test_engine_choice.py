"""``auto`` chooses the native engine, or names the part for which it takes the reference engine."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS
from chainrule.costs import COSTS
from chainrule.engines import choice, native
from chainrule.optimizers import OPTIMIZERS
from chainrule.optimizers.schedules import SCHEDULES

X, Y = np.linspace(-1.0, 1.0, 12).reshape(6, 2), np.linspace(0.0, 1.0, 6)[:, None]
OWN_SIGMA = cr.Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, name="own_tanh")
OWN_COST = cr.CustomCost(lambda A, Y: 0.5 * ((A - Y) ** 2).sum(axis=1), name="own_squares")


class OwnDescent(cr.Optimizer):
    """A user's own optimizer."""

    name: ClassVar[str] = "own_descent"

    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        theta[...] = theta - alpha * gradient


class NearlyAdam(cr.Adam):
    """A subclass that inherits the name of a built-in optimizer."""


@dataclass(frozen=True)
class OwnSchedule(cr.Schedule):
    """A user's own schedule."""

    name: ClassVar[str] = "own_schedule"

    def at(self, epoch: float, epochs: float) -> float:
        return self.rate


def small_net(*sigmas: cr.Activation | str, dtype: str = "float64") -> cr.Network:
    """2-3-1."""
    return cr.Network.dense([2, 3, 1], hidden="tanh", dtype=dtype) if not sigmas else cr.Network(
        [cr.Layer(np.ones((3, 2)), np.zeros(3), sigmas[0]), cr.Layer(np.ones((1, 3)), np.zeros(1), sigmas[1])]
    )  # fmt: skip


@pytest.mark.native
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_auto_takes_the_native_engine(dtype: str) -> None:
    """Every activation, cost, optimizer and schedule of the catalogues runs on the native engine, and the history names
    it."""
    for sigma in ACTIVATIONS.values():
        net = small_net(sigma, "identity").astype(dtype)  # type: ignore[arg-type]
        assert (engines.chosen(net).name, engines.chosen(net).reason) == ("native", "the fastest engine here")
    for kind in COSTS.values():
        assert engines.chosen(small_net(), kind(mean=True, l1=0.1, l2=0.1)).name == "native"
    rates: list[cr.Schedule] = [
        cr.Constant(0.1), cr.Step(0.1, every=2.0), cr.Exponential(0.1, decay=0.1), cr.InverseTime(0.1, decay=0.1),
        cr.Cosine(0.1), cr.OneCycle(0.1), cr.CosLog4(0.1), cr.FlatCosine(0.1),
    ]  # fmt: skip
    assert {rate.name for rate in rates} == set(SCHEDULES)
    for optimizer in OPTIMIZERS.values():
        for rate in rates:
            if optimizer.full_batch_only and not isinstance(rate, cr.Constant):
                continue
            assert engines.chosen(small_net(), None, optimizer(rate, clip_norm=1.0)).name == "native"
    history = cr.train(small_net(dtype=dtype), X, Y, epochs=2)
    assert (history.engine, history.engine_reason) == ("native", "the fastest engine here")
    named = cr.train(small_net(dtype=dtype), X, Y, epochs=2, engine="native")
    assert (named.engine, named.engine_reason) == ("native", "requested by name")


DECLINED = [
    pytest.param(small_net(OWN_SIGMA, "identity"), None, None, r"sigma\[1\] = own_tanh", id="σ[1]"),
    pytest.param(small_net("tanh", OWN_SIGMA), None, None, r"sigma\[2\] = own_tanh", id="σ[r]"),
    pytest.param(small_net(), OWN_COST, None, "the cost CustomCost.*", id="cost"),
    pytest.param(small_net(), None, OwnDescent(0.1), "the optimizer OwnDescent.*", id="optimizer"),
    pytest.param(small_net(), None, NearlyAdam(0.1), "the optimizer NearlyAdam.*", id="subclass"),
    pytest.param(small_net(), None, cr.Adam(OwnSchedule(0.1)), "the schedule OwnSchedule.*", id="schedule"),
]


@pytest.mark.native
@pytest.mark.parametrize(("net", "cost", "optimizer", "why"), DECLINED)
def test_auto_gives_its_reason_for_the_reference_engine_once(
    net: cr.Network, cost: cr.Cost | None, optimizer: cr.Optimizer | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's own part runs on the reference engine. A single notice and the history name the part; if native is
    requested by name, its error has the same words."""
    why += " is not built in"
    monkeypatch.setattr(choice, "_reported_reasons", set())
    settings = {"cost": cost or cr.SumOfSquares(), "optimizer": optimizer or cr.GradientDescent(0.1), "epochs": 2}
    with pytest.warns(
        cr.engines.EngineNotice, match=f"The native engine declines: {why}.* The reference engine runs it"
    ):
        history = cr.train(net.copy(), X, Y, **settings)  # type: ignore[arg-type]
    assert history.engine == "reference"
    assert re.search(f"The native engine declines: {why}", history.engine_reason)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cr.train(net.copy(), X, Y, **settings)  # type: ignore[arg-type]
    refusal = f"engine='native' cannot run this: {why}.* Use engine='auto' or 'reference'"
    with pytest.raises(cr.InputError, match=refusal):
        cr.train(net.copy(), X, Y, engine="native", **settings)  # type: ignore[arg-type]


@pytest.mark.native
def test_complex_theta_is_declined() -> None:
    """The reference engine evaluates complex networks, which the complex step needs, without a notice."""
    net = small_net().astype(np.complex128)
    assert native.ENGINE.declines(net, None, None) == "θ is complex."
    np.testing.assert_array_equal(net(X), net(X, engine="reference"))
    with pytest.raises(cr.InputError, match="engine='native' cannot run this: θ is complex"):
        net(X, engine="native")


def test_without_a_compiled_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the compiled core everything runs on the reference engine, and a notice gives the reason."""
    monkeypatch.setattr("chainrule.engines.native.engine.native", None)
    monkeypatch.setattr(choice, "_reported_reasons", set())
    with pytest.warns(cr.engines.EngineNotice, match=r"compiled core \(chainrule._native\) is not installed"):
        history = cr.train(small_net(), X, Y, epochs=1)
    assert history.engine == "reference"
    net = small_net()
    np.testing.assert_array_equal(net(X), net(X, engine="reference"))
