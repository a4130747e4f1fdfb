"""The steps of an epoch, and its records: J, validation J, learning rate and gradient norm."""

from __future__ import annotations

import numpy as np
import pytest
from support.noisy_examples import W_VAL, X_VAL, Y_VAL, W, X, Y, small_net

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.network.theta import parameter_views
from chainrule.rows.order import shuffled


@pytest.mark.parametrize("weights", [None, W], ids=["", "weights"])
@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.parametrize(
    "cost", [cr.SumOfSquares(), cr.SumOfSquares(l1=0.1, l2=0.2), cr.SumOfSquares(mean=True, l1=0.1, l2=0.2)], ids=repr
)
def test_three_epochs_by_hand(cost: cr.Cost, batch_size: int | None, weights: Array | None, engine: str) -> None:
    """Each minibatch B makes the step θ := θ − α ∇J_B(θ). J_B is the sum over B plus B's share of the penalties, by
    weight; with ``mean`` it is the mean over B plus the whole penalties. J of an epoch is the sum of the J_B (times the
    shares, with ``mean``)."""
    net, alpha, w = small_net(), 0.05, np.ones(10) if weights is None else weights
    by_hand, stream, J = net.copy(), np.random.PCG64(3), []
    data_cost = cr.SumOfSquares(mean=cost.mean)
    for _ in range(3):
        order = np.arange(10) if batch_size is None else shuffled(stream, 10)
        J.append(0.0)
        for rows in (order,) if batch_size is None else (order[:4], order[4:8], order[8:]):
            share = w[rows].sum() / w.sum()
            penalties = 1.0 if cost.mean else share
            g = cr.gradient(by_hand, data_cost, X[rows], Y[rows], w[rows])
            J_B = g.J + penalties * sum(cost.l1 * abs(V).sum() + cost.l2 / 2 * (V**2).sum() for V in by_hand.W)
            for V, dV in zip(by_hand.W, g.W, strict=True):
                dV += penalties * (cost.l1 * np.sign(V) + cost.l2 * V)  # a view into g.theta
            J[-1] += share * J_B if cost.mean else J_B
            by_hand.theta -= alpha * g.theta
    history = cr.train(
        net, X, Y, weights=weights, cost=cost, optimizer=cr.GradientDescent(alpha), epochs=3, batch_size=batch_size,
        seed=3, engine=engine,
    )  # fmt: skip
    np.testing.assert_allclose(net.theta, by_hand.theta, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(history.J, J, rtol=1e-13)
    np.testing.assert_allclose(history.gradient_norm[-1], np.linalg.norm(g.theta), rtol=1e-12)


def test_J_of_a_full_batch_is_J_before_the_step(engine: str) -> None:
    """With the full batch, J of epoch k is the whole cost J(θ) at the θ before epoch k."""
    net, cost, seen = small_net(), cr.SumOfSquares(mean=True, l2=0.3), []
    seen.append(cost(net, X, Y, W))
    history = cr.train(
        net, X, Y, weights=W, cost=cost, epochs=4, engine=engine,
        callbacks=[lambda history: seen.append(cost(net, X, Y, W))],
    )  # fmt: skip
    np.testing.assert_allclose(history.J, seen[:-1], rtol=1e-14)


@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_validation_J_is_the_cost_without_penalties(mean: bool, engine: str) -> None:
    """``validation_J`` is the cost at the θ after the epoch, over the weighted validation set, without penalties."""
    net, seen = small_net(), []
    plain = cr.SumOfSquares(mean=mean)
    history = cr.train(
        net, X, Y, cost=cr.SumOfSquares(mean=mean, l1=1.0, l2=1.0), optimizer=cr.GradientDescent(0.001), epochs=3,
        validation=(X_VAL, Y_VAL, W_VAL), engine=engine,
        callbacks=[lambda history: seen.append(plain(net, X_VAL, Y_VAL, W_VAL))],
    )  # fmt: skip
    np.testing.assert_allclose(history.validation_J, seen, rtol=1e-14)


def test_records_of_rate_and_norm(engine: str) -> None:
    """``learning_rate`` is α of an epoch's last step, ``gradient_norm`` ‖∇J‖ of its last minibatch before clipping."""
    optimizer = cr.GradientDescent(cr.Exponential(0.1, decay=0.5), clip_norm=1e-3)
    history = cr.train(small_net(), X, Y, optimizer=optimizer, epochs=2, batch_size=4, engine=engine)
    np.testing.assert_allclose(history.learning_rate, 0.1 * np.exp(-0.5 * np.array([2 / 3, 5 / 3])), rtol=1e-14)
    assert (history.gradient_norm > 1e-3).all()
    free = cr.train(small_net(), X, Y, optimizer=cr.GradientDescent(1e-300), epochs=1, engine=engine)
    norm = np.linalg.norm(cr.gradient(small_net(), cr.SumOfSquares(), X, Y).theta)
    np.testing.assert_allclose(free.gradient_norm, [norm], rtol=1e-14)


def test_decoupled_decay_does_not_move_biases(engine: str) -> None:
    """If ∇J = 0, AdamW multiplies the weights by 1 − αλ in each step and moves no bias."""
    net = cr.Network([cr.Layer([[2.0, -1.0]], [3.0], "identity")])
    adamw = cr.AdamW(0.5, weight_decay=0.5)
    cr.train(net, np.zeros((2, 2)), np.full((2, 1), 3.0), optimizer=adamw, epochs=2, engine=engine)
    np.testing.assert_array_equal(net.theta, [2.0 * 0.75**2, -1.0 * 0.75**2, 3.0])
    W, b, kappa = parameter_views(net.theta, net.layout)
    assert (W[1].shape, b[1].shape, kappa[1].shape) == ((1, 2), (1,), (0,))


@pytest.mark.parametrize("optimizer", [cr.GradientDescent(0.01), cr.Adam(), cr.RPROP(0.01)], ids=repr)
def test_float32_stays_float32(optimizer: cr.Optimizer, engine: str) -> None:
    """θ, its moments and the outputs of a float32 network stay float32 and agree with float64 to its precision."""
    single, double = small_net("float32"), small_net("float32").astype("float64")
    history = cr.train(single, X, Y, optimizer=optimizer, epochs=20, engine=engine)
    truth = cr.train(double, X, Y, optimizer=optimizer, epochs=20, engine=engine)
    state = history.state
    assert {a.dtype for a in (single.theta, single(X), state.theta, *state.moments.values())} == {np.dtype("f4")}
    np.testing.assert_allclose(single.theta, double.theta, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(history.J, truth.J, rtol=1e-5)


def test_a_seed_fixes_the_path(engine: str) -> None:
    """A seed fixes the whole path, another seed gives another path, and None draws a fresh seed each time."""

    def theta(seed: int | None) -> bytes:
        net = small_net()
        cr.train(net, X, Y, epochs=2, batch_size=3, seed=seed, engine=engine)
        return net.theta.tobytes()

    assert theta(4) == theta(4)
    assert len({theta(4), theta(5), theta(None), theta(None)}) == 4


def test_names_select_the_defaults(engine: str) -> None:
    """A cost or an optimizer given by name has its default settings; a batch size above t means the full batch."""
    a, b = small_net(), small_net()
    cr.train(a, X, Y, cost="huber", optimizer="adam", epochs=3, batch_size=1000, engine=engine)
    cr.train(b, X, Y, cost=cr.Huber(), optimizer=cr.Adam(), epochs=3, engine=engine)
    assert a.theta.tobytes() == b.theta.tobytes()


def test_a_users_own_parts_train() -> None:
    """A user's own σ, cost and optimizer train like the built-in ones of the same formulas."""

    class Mine(cr.Optimizer):
        name = "mine"

        def step(
            self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
        ) -> None:
            theta[...] = theta - alpha * gradient

    own = cr.Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, name="my_tanh")
    half_square = cr.CustomCost(lambda A, Y: 0.5 * ((A - Y) ** 2).sum(axis=1))
    built_in = small_net()
    mine = cr.Network([cr.Layer(built_in.W[1], built_in.b[1], own), built_in.layers[1]])
    cr.train(mine, X, Y, cost=half_square, optimizer=Mine(0.01), epochs=50, batch_size=3, engine="reference")
    cr.train(built_in, X, Y, optimizer=cr.GradientDescent(0.01), epochs=50, batch_size=3, engine="reference")
    np.testing.assert_allclose(mine.theta, built_in.theta, rtol=1e-10)
