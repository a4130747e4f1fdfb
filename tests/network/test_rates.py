"""Training settings of a layer: factors of its learning rate and weight decay, schedules of decay and dropout."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from support.constrained import SHAPES, random_constrained, train_or_skip

import chainrule as cr
from chainrule.backprop import backpropagate
from chainrule.engines.minibatches import dropout_masks
from chainrule.network.forward import forward
from chainrule.network.theta import at_every_parameter, parameter_views
from chainrule.optimizers import OPTIMIZERS

OPTIMIZED = [
    *(kind(0.01) for name, kind in OPTIMIZERS.items() if name != "rprop"),
    cr.Adam(cr.OneCycle(0.02), clip_norm=0.5),
    cr.AdamW(cr.CosLog4(0.02), weight_decay=0.5),
]
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(10, 8)), rng.normal(size=(10, 2))


def network(rate: cr.Factors | None = None, decay: cr.Factors | None = None, dtype: str = "float64") -> cr.Network:
    """8-11-3-2 with blocks, κ, and these factors in every layer."""
    plain = random_constrained(5, SHAPES["a mixture"], cr.tanh).astype(dtype)
    layers = []
    for layer in plain.layers:
        kappa = layer.kappa if isinstance(layer.sigma, cr.Parametric) else None
        layers.append(cr.Layer(layer.W, layer.b, layer.sigma, kappa=kappa, rate=rate, decay=decay))
    return cr.Network(layers)


def scaled(optimizer: cr.Optimizer, factor: float) -> cr.Optimizer:
    """The optimizer with another learning rate."""
    schedule = optimizer.schedule
    return replace(optimizer, learning_rate=replace(schedule, rate=schedule.rate * factor))


# ---- the rate --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZED, ids=repr)
def test_one_rate_for_all_layers_is_a_learning_rate(optimizer: cr.Optimizer, dtype: str, engine: str) -> None:
    """A factor of ¼ everywhere (a power of two) is bitwise a quarter of the learning rate in float64.

    In float32 α · rate is rounded before Adam divides it by 1 − β₁ᵏ, and a plain α after that.
    """
    factors = network(cr.Factors(W=0.25, b=0.25, kappa=0.25), dtype=dtype)
    plain = network(dtype=dtype)
    settings: dict[str, Any] = {"epochs": 6, "batch_size": 4, "engine": engine}
    train_or_skip(factors, X, Y, optimizer=optimizer, **settings)
    train_or_skip(plain, X, Y, optimizer=scaled(optimizer, 0.25), **settings)
    if dtype == "float64":
        assert factors.theta.tobytes() == plain.theta.tobytes()
    np.testing.assert_allclose(factors.theta, plain.theta, rtol=1e-5, atol=1e-6)


def test_the_step_of_rprop_is_multiplied_and_not_its_size(engine: str) -> None:
    """J = ½ (w + b)² has the same derivative by w and b: from 8, with Δ = 1, then 1.2, b makes half the steps of w."""
    layer = cr.Layer([[8.0]], [8.0], "identity", rate=cr.Factors(b=0.5))
    net = cr.Network([layer])
    history = train_or_skip(net, [[1.0]], [[0.0]], optimizer=cr.RPROP(1.0), epochs=2, engine=engine)
    assert net.theta.tolist() == pytest.approx([8 - 1 - 1.2, 8 - 0.5 - 0.6], rel=1e-15)
    assert history.state.moments["step_size"].tolist() == [1.2, 1.2]


@pytest.mark.parametrize("kind", ["W", "b", "kappa"])
@pytest.mark.parametrize("optimizer", [*OPTIMIZED, cr.RPROP(0.01)], ids=repr)
def test_a_rate_of_0_freezes(optimizer: cr.Optimizer, kind: str, engine: str) -> None:
    """Entries of rate 0 do not move by a bit (−0.0 stays −0.0); the first step of the others is unchanged."""
    frozen, plain = network(cr.Factors(**{kind: 0.0}), cr.Factors(W=1.0, b=1.0, kappa=1.0)), network()
    for net in (frozen, plain):
        net.W[3][0, 0] = net.b[1][0] = net.kappa[2][0] = -0.0
    start = frozen.theta.copy()
    history = train_or_skip(frozen, X, Y, optimizer=optimizer, epochs=5, engine=engine)
    mask = at_every_parameter(
        frozen.layout, [cr.Factors(*(float(k == kind) for k in ("W", "b", "kappa")))] * 3, bool
    ).astype(bool)
    assert frozen.theta[mask].tobytes() == start[mask].tobytes()
    assert (frozen.theta[~mask] != start[~mask]).mean() > 0.8
    assert history.stopped == "epochs"


def test_frozen_entries_survive_an_overflow(engine: str) -> None:
    """A frozen entry is not 0 · ∞ = NaN after an infinite step: it keeps its value, and training reports divergence."""
    net = cr.Network([cr.Layer([[1.0]], [1.0], "identity", rate=cr.Factors(b=0.0))])
    with pytest.raises((cr.DivergenceError, cr.EngineDeclined)):
        cr.train(net, [[1.0]], [[0.0]], optimizer=cr.GradientDescent(1e308), epochs=9, engine=engine)
    assert net.b[1].tolist() == [1.0]
    assert np.isfinite(net.theta).all()


def test_kinds_have_their_own_rates() -> None:
    """Gradient descent by hand: W, b and κ of each layer move by α · rate · g, entry by entry."""
    net = network(cr.Factors(W=6.0, b=0.1, kappa=0.5))
    before, g = net.copy(), cr.gradient(net, "sum_of_squares", X, Y, engine="reference")
    cr.train(net, X, Y, optimizer=cr.GradientDescent(0.001), epochs=1, engine="reference")
    rates = parameter_views(before.theta - net.theta, net.layout)
    for views, gradients, rate in ((rates.b, g.b, 0.1), (rates.kappa, g.kappa, 0.5)):
        for i in (1, 2, 3):
            np.testing.assert_allclose(views[i], 0.001 * rate * gradients[i], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(rates.W[2], 0.001 * 6.0 * g.W[2], rtol=1e-9, atol=1e-15)


def test_an_own_optimizer_gets_alpha_by_entry() -> None:
    """``step`` receives α · rate for every entry of θ if a layer has factors, otherwise α; and the factors of decay."""
    seen: list[tuple[Any, Any]] = []

    class Mine(cr.Optimizer):
        """Records the arguments of each step."""

        name = "mine"

        def step(self, theta: Any, gradient: Any, moments: Any, alpha: Any, k: int, decayed: Any) -> None:
            seen.append((alpha, decayed))

    W, kappa = [[1.0, 2.0]], [0.5]
    for rate, decay in ((None, None), (cr.Factors(W=2.0, kappa=0.5), cr.Factors(b=3.0))):
        net = cr.Network([cr.Layer(W, [0.0], cr.Parametric("tanh"), kappa=kappa, rate=rate, decay=decay)])
        cr.train(net, X[:, :2], Y[:, :1], optimizer=Mine(0.5), epochs=1, engine="reference")
    assert seen[0][0] == 0.5
    assert seen[0][1].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert seen[1][0].tolist() == [1.0, 1.0, 0.5, 0.25]
    assert seen[1][1].tolist() == [1.0, 1.0, 3.0, 0.0]


# ---- the decay -------------------------------------------------------------------------------------------------------


def test_the_decay_is_multiplied(engine: str) -> None:
    """AdamW with nothing to learn (x = 0, N(x) = b = y, so ∇J = 0): each entry times 1 − α · rate · λ · decay."""
    layer = cr.Layer(
        [[2.0]], [4.0], cr.Parametric("identity"), kappa=[8.0],
        rate=cr.Factors(W=0.5, b=1.0, kappa=0.25), decay=cr.Factors(W=1.0, b=0.5, kappa=2.0),
    )  # fmt: skip
    net = cr.Network([layer])
    train_or_skip(net, [[0.0]], [[4.0]], optimizer=cr.AdamW(0.5, weight_decay=0.5), epochs=1, engine=engine)
    assert net.theta.tolist() == [2.0 * (1 - 0.125), 4.0 * (1 - 0.125), 8.0 * (1 - 0.125)]


def test_the_usual_decay_leaves_kappa_and_biases_alone(engine: str) -> None:
    """By default only W is decayed; factors that are not named keep their defaults."""
    for decay in (None, cr.Factors(W=1.0)):
        layer = cr.Layer([[2.0]], [4.0], cr.Parametric("identity"), kappa=[8.0], decay=decay)
        net = cr.Network([layer])
        train_or_skip(net, [[0.0]], [[4.0]], optimizer=cr.AdamW(0.5, weight_decay=0.5), epochs=1, engine=engine)
        assert net.theta.tolist() == [1.5, 4.0, 8.0]


def test_penalties_act_on_W_alone() -> None:
    """L1 and L2 are sums over the free entries of every W, without b and κ."""
    net = network()
    with_penalty, without = (
        cr.gradient(net, cost, X, Y, engine="reference")
        for cost in (cr.SumOfSquares(l1=0.5, l2=2.0), cr.SumOfSquares())
    )
    at_W = at_every_parameter(net.layout, [cr.Factors(1.0, 0.0, 0.0)] * 3, bool).astype(bool)
    theta = net.theta[at_W]
    penalty = 0.5 * abs(theta).sum() + (theta**2).sum()
    assert with_penalty.J - without.J == pytest.approx(penalty, rel=1e-12)
    added = with_penalty.theta - without.theta
    np.testing.assert_allclose(added[at_W], 0.5 * np.sign(theta) + 2.0 * theta, rtol=1e-9, atol=1e-12)
    assert not added[~at_W].any()


# ---- schedules -------------------------------------------------------------------------------------------------------

FALLING = cr.FlatCosine(0.5, flat=0.25)


def test_a_scheduled_weight_decay_step_by_step() -> None:
    """In step k of s an epoch λ is the schedule's value after k/s epochs, as α is; at the end it comes near 0."""
    optimizer = cr.AdamW(cr.Cosine(0.1), weight_decay=FALLING)
    net, by_hand, epochs = network(), network(), 8
    history = cr.train(net, X, Y, optimizer=optimizer, epochs=epochs, engine="reference")
    moments = optimizer.start(by_hand.theta)
    decayed = at_every_parameter(net.layout, (layer.decay for layer in net.layers), float)
    for k in range(epochs):
        g = cr.gradient(by_hand, "sum_of_squares", X, Y, engine="reference")
        now = cr.AdamW(0.1, weight_decay=FALLING.at(k, epochs))
        now.step(by_hand.theta, g.theta, moments, cr.Cosine(0.1).at(k, epochs), k + 1, decayed)
    assert net.theta.tobytes() == by_hand.theta.tobytes()
    assert history.stopped == "epochs"
    with pytest.raises(cr.InputError, match=r"weight_decay is a schedule: take the step by optimizer\.at"):
        optimizer.step(by_hand.theta, g.theta, moments, 0.1, 1, decayed)


def test_a_scheduled_dropout_step_by_step() -> None:
    """Step k draws one key, also where p is 0, and drops with the schedule's value after k/s epochs."""
    flat = cr.Step(0.5, every=2, factor=1e-300)  # 0.5 twice, then almost 0, then 0
    schedules: list[cr.Schedule] = [FALLING, flat]
    plain, epochs = cr.Network.dense([8, 6, 5, 2], hidden="tanh", dropout=schedules, seed=4), 5
    net, by_hand = plain.copy(), plain.copy()
    cr.train(net, X, Y, optimizer=cr.GradientDescent(0.01), epochs=epochs, seed=7, engine="reference")
    stream, cost = np.random.PCG64(7), cr.SumOfSquares()
    seen = set()
    for k in range(epochs):
        p = [schedule.at(k, epochs) for schedule in schedules]
        seen.add(p[1])
        masks = dropout_masks(int(stream.random_raw()), by_hand, len(X), [*p, 0.0])
        g = backpropagate(by_hand, cost, forward(by_hand, X, masks), Y, masks=masks)
        by_hand.theta -= 0.01 * g.theta
    assert seen >= {0.5, 0.0}
    assert net.theta.tobytes() == by_hand.theta.tobytes()


@pytest.mark.parametrize("optimizer", ["adam", cr.AdamW(0.01, weight_decay=cr.Constant(0.25))])
def test_a_constant_schedule_is_a_number(optimizer: Any, engine: str) -> None:
    """A dropout and a weight decay by a constant schedule are those by its number, bit for bit, in any minibatches."""
    numbers = "adam" if optimizer == "adam" else cr.AdamW(0.01, weight_decay=0.25)
    nets = [cr.Network.dense([8, 6, 2], dropout=p, seed=2) for p in (cr.Constant(0.25), 0.25)]
    for net, rule in zip(nets, (optimizer, numbers), strict=True):
        train_or_skip(net, X, Y, optimizer=rule, batch_size=4, epochs=5, seed=3, engine=engine)
    assert nets[0].theta.tobytes() == nets[1].theta.tobytes()


@dataclass(frozen=True)
class Peak(cr.Schedule):
    """A user's own schedule, above 1 in the middle of training."""

    name = "peak"

    def at(self, epoch: float, epochs: float) -> float:
        return 2.0 if epoch == 2.0 else self.rate


@dataclass(frozen=True)
class Fall(cr.Schedule):
    """A user's own schedule, below 0 at the end."""

    name = "fall"

    def at(self, epoch: float, epochs: float) -> float:
        return self.rate - epoch


def test_a_schedule_out_of_range_is_refused() -> None:
    """A value out of range is refused before training if it is the first or the last of the schedule, otherwise in the
    step that needs it; θ is intact."""
    before: list[tuple[Any, cr.Schedule | float, Any, str]] = [
        (
            "adam",
            Fall(0.5),
            5,
            r"the dropout of layer 1 after 5 of 5 epochs must be a finite number ≥ 0 .* got -4\.5",
        ),
        ("adam", cr.Step(0.5, every=1, factor=2.0), 1, "the dropout of layer 1 after 1 of 1 epochs must be < 1"),
        (cr.AdamW(0.1, weight_decay=Fall(0.5)), 0.0, 2, r"weight_decay must be a finite number ≥ 0; got -1\.5"),
        (cr.AdamW(0.1, weight_decay=cr.Step(1, every=1e-3, factor=9.0)), 0.0, 2, "weight_decay must be .* got inf"),
    ]
    for optimizer, dropout, epochs, words in before:
        net = cr.Network.dense([8, 6, 2], dropout=dropout)
        start = net.theta.copy()
        with pytest.raises(cr.InputError, match=words):
            cr.train(net, X, Y, optimizer=optimizer, epochs=epochs)
        assert net.theta.tobytes() == start.tobytes()
    net = cr.Network.dense([8, 6, 2], dropout=Peak(0.5))
    with pytest.raises(cr.InputError, match=r"the dropout of layer 1 after 2 epochs must .* got 2\.0"):
        cr.train(net, X, Y, epochs=5, optimizer=cr.GradientDescent(1e-3), engine="reference")
    assert np.isfinite(net.theta).all()


def test_the_representation_of_a_layer_shows_its_settings() -> None:
    """``repr`` of a layer shows the settings that are not defaults."""
    layer = cr.Layer(
        [[1.0]], [0.0], cr.Parametric("mish"), FALLING, rate=cr.Factors(W=6.0), decay=cr.Factors(kappa=math.pi)
    )
    assert repr(layer) == (
        "Layer(1 → 1, parametric mish, dropout=FlatCosine(rate=0.5, flat=0.25), "
        "rate=Factors(W=6.0, b=1.0, kappa=1.0), decay=Factors(W=1.0, b=0.0, kappa=3.141592653589793))"
    )
    assert repr(cr.Layer([[1.0]], [0.0], "mish", 0.25)) == "Layer(1 → 1, mish, dropout=0.25)"
    assert cr.Factors(W=1) == cr.Factors(1.0) != cr.Factors()
