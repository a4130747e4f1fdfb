"""Runs of the torch engine end like those of the reference: records, stopping epoch, divergence, and the last θ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.constrained import SHAPES, random_constrained
from support.noisy_examples import W_VAL, X_VAL, Y_VAL, W, X, Y, small_net

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.engines.state import RECORDS
from chainrule.optimizers import OPTIMIZERS

pytestmark = pytest.mark.torch

SETTINGS: dict[str, dict[str, Any]] = {
    **{name: {"optimizer": kind(0.01), "batch_size": 10 if kind.full_batch_only else 4, "weights": W}
       for name, kind in OPTIMIZERS.items()},
    "clipped, scheduled": {"optimizer": cr.Adam(cr.OneCycle(0.02), clip_norm=0.5), "batch_size": 3},
    "scheduled decay": {"optimizer": cr.AdamW(cr.CosLog4(0.02), weight_decay=cr.FlatCosine(0.5)), "batch_size": 3},
    "ε̂": {"optimizer": cr.Adam(0.01, epsilon_hat=True), "batch_size": 4},
    "mean of weights and penalties": {"cost": cr.Huber(mean=True, l1=0.1, l2=0.2, mean_penalty=True), "weights": W,
                                      "batch_size": 3},
    "no rate": {"optimizer": cr.GradientDescent()},
    "in order": {"optimizer": "adam", "batch_size": 4, "shuffle": False},
    "patience": {"optimizer": cr.Adam(0.05), "epochs": 400, "patience": 15},
    "tol": {"optimizer": cr.GradientDescent(0.02), "epochs": 3000, "tol": 1e-3},
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_records_are_those_of_the_reference(name: str) -> None:
    """Records, θ, moments, the stopping epoch and its reason are the reference's, within the rounding of the steps."""
    settings: dict[str, Any] = {"epochs": 12, "validation": (X_VAL, Y_VAL, W_VAL), "seed": 3} | SETTINGS[name]
    ours, truth = (cr.train(small_net(), X, Y, engine=engine, **settings) for engine in ("torch", "reference"))
    assert (ours.engine, ours.stopped, ours.epochs) == ("torch", truth.stopped, truth.epochs)
    assert (ours.best_epoch, ours.state.step) == (truth.best_epoch, truth.state.step)
    for record in set(RECORDS) - {"seconds"}:
        np.testing.assert_allclose(getattr(ours, record), getattr(truth, record), rtol=1e-8, err_msg=record)
    np.testing.assert_allclose(ours.state.theta, truth.state.theta, rtol=1e-8, atol=1e-10)
    for moment, values in truth.state.moments.items():
        np.testing.assert_allclose(ours.state.moments[moment], values, rtol=1e-6, atol=1e-10)
    assert ours.state.stream == truth.state.stream


@pytest.mark.parametrize(
    "optimizer", [cr.Adam(0.01), cr.AdamW(cr.OneCycle(0.02)), cr.Adam(0.01, epsilon_hat=True)], ids=repr
)
def test_adam_in_float32(optimizer: cr.Optimizer) -> None:
    """Adam's step of float32, one kernel of PyTorch, moves θ and the moments as the reference does."""
    states = [
        cr.train(small_net("float32"), X, Y, optimizer=optimizer, epochs=12, batch_size=4, engine=engine).state
        for engine in ("torch", "reference")
    ]
    for ours, truth in zip(states[0].parts()[1].items(), states[1].parts()[1].items(), strict=True):
        if ours[0] != "records.seconds":
            np.testing.assert_allclose(ours[1], truth[1], rtol=2e-4, atol=1e-5, err_msg=ours[0])


@pytest.mark.parametrize("shape", SHAPES)
def test_constrained_layers(shape: str) -> None:
    """Blocks, κ, dropout that follows a schedule, rates, decays and a frozen part move θ as the reference does."""
    plain = random_constrained(6, SHAPES[shape], cr.Parametric("mish")).layers
    rng = np.random.default_rng(1)
    layers = [
        cr.Layer(plain[0].W, plain[0].b, plain[0].sigma, cr.FlatCosine(0.4), rate=cr.Factors(kappa=0.1, b=0.0)),
        cr.Layer(plain[1].W, plain[1].b, plain[1].sigma, 0.3, decay=cr.Factors(kappa=0.5)),
        plain[2],
    ]
    rows, labels = rng.normal(size=(20, layers[0].n)), rng.normal(size=(20, 2))
    nets = {engine: cr.Network(layers) for engine in ("torch", "reference")}
    for engine, net in nets.items():
        cr.train(net, rows, labels, optimizer=cr.AdamW(0.01), batch_size=6, epochs=8, engine=engine)
    np.testing.assert_allclose(nets["torch"].theta, nets["reference"].theta, rtol=1e-9, atol=1e-12)
    assert (nets["torch"].b[1] == plain[0].b).all()


def diverged(engine: str, net: cr.Network, rows: Array, labels: Array, **settings: Any) -> tuple[str, cr.History]:
    """The message of the DivergenceError, and the history, of a run that diverges; θ is that of its state."""
    net = net.copy()
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(net, rows, labels, engine=engine, **settings)
    history = caught.value.history
    assert np.isfinite(net.theta).all()
    assert (net.theta == history.state.theta).all()
    return str(caught.value), history


DIVERGENT: dict[str, dict[str, Any]] = {
    "J": {"optimizer": cr.GradientDescent(1e3)},
    "θ": {"optimizer": cr.GradientDescent(1e30)},
    "v": {"optimizer": cr.Momentum(10.0), "epochs": 300},
    "α g": {"optimizer": cr.AdaGrad(1e300)},
    "ν": {"optimizer": cr.Adam(1e-3), "cost": cr.SumOfSquares(l2=1e231)},
    "α": {"optimizer": cr.AdamW(1e30, weight_decay=1e8)},
    "signs alone": {"optimizer": cr.RPROP(0.1), "cost": cr.SumOfSquares(l2=1e308)},
    "c/‖g‖": {"optimizer": cr.GradientDescent(0.1, clip_norm=1e-200), "cost": cr.SumOfSquares(l2=1e200)},
}


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("name", DIVERGENT)
def test_divergence_is_that_of_the_reference(name: str, batch_size: int | None) -> None:
    """A run diverges at the reference's step, with the same message, θ and moments of the last finite step."""
    settings: dict[str, Any] = {"epochs": 50, "batch_size": batch_size} | DIVERGENT[name]
    if batch_size and getattr(settings["optimizer"], "full_batch_only", False):
        return
    rng = np.random.default_rng(1)
    net = cr.Network.dense([3, 5, 2], hidden="identity", seed=1)  # N is a polynomial in θ
    rows, labels = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    (message, ours), (sought, truth) = (diverged(e, net, rows, labels, **settings) for e in ("torch", "reference"))
    assert message == sought
    assert (ours.epochs, ours.state.step, ours.state.batch) == (truth.epochs, truth.state.step, truth.state.batch)
    largest = abs(truth.state.theta).max()
    np.testing.assert_allclose(ours.state.theta, truth.state.theta, rtol=1e-6, atol=1e-9 * largest)
    for moment, values in truth.state.moments.items():
        np.testing.assert_allclose(ours.state.moments[moment], values, rtol=1e-6, atol=1e-9 * abs(values).max())


def test_a_sum_that_overflows_is_no_divergence() -> None:
    """Finite gradients whose sum overflows in double precision do not end a run."""
    rows, labels = np.zeros((2, 2)), np.zeros((2, 1))
    net = cr.Network.dense([2, 1], initial="zeros")
    net.W[1][...] = 1.0
    settings: dict[str, Any] = {"cost": cr.SumOfSquares(l2=1e308), "optimizer": cr.RPROP(0.1), "epochs": 3}
    thetas = []
    for engine in ("torch", "reference"):
        own = net.copy()
        assert cr.train(own, rows, labels, engine=engine, **settings).epochs == 3
        thetas.append(own.theta)
    np.testing.assert_allclose(thetas[0], thetas[1], rtol=1e-12)
