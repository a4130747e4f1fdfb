"""The native engine diverges at the reference's step, with the same message and the last finite θ."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from support.engines.native_runs import SHAPES, state_after

import chainrule as cr
from chainrule._internal.checks import Array

pytestmark = pytest.mark.native


def diverged(engine: str, net: cr.Network, X: Array, Y: Array, **settings: Any) -> tuple[str, cr.History, Array]:
    """The message of the DivergenceError, the history and the θ of a run that diverges."""
    net = net.copy()
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(net, X, Y, engine=engine, **settings)
    return str(caught.value), caught.value.history, net.theta


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "optimizer",
    [cr.GradientDescent(1e3), cr.GradientDescent(1e30), cr.Momentum(10.0), cr.Nesterov(10.0),
     cr.GradientDescent(cr.Step(1e-30, every=1.0, factor=1e300)), cr.AdamW(1e30, weight_decay=1e8)],
    ids=repr,
)  # fmt: skip
def test_divergence_is_the_same(optimizer: cr.Optimizer, shape: str, batch_size: int | None, dtype: str) -> None:
    """Native diverges at the reference's step, with the same message and the last finite θ."""
    m, _ = SHAPES[shape]
    rng = np.random.default_rng(1)
    net = cr.Network.dense(m, hidden="identity", seed=1, dtype=dtype)  # N is a polynomial in θ
    X, Y = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    settings: dict[str, Any] = {"optimizer": optimizer, "epochs": 300, "batch_size": batch_size}
    message, history, theta = diverged("native", net, X, Y, **settings)
    sought_message, sought_history, sought = diverged("reference", net, X, Y, **settings)
    assert message == sought_message
    assert (history.stopped, history.epochs) == (sought_history.stopped, sought_history.epochs)
    assert history.state.step == sought_history.state.step
    assert np.isfinite(theta).all()
    np.testing.assert_array_equal(theta, history.state.theta)
    np.testing.assert_allclose(theta, sought, rtol=1e-2 if dtype == "float32" else 1e-9, atol=1e-5 * abs(sought).max())
    np.testing.assert_allclose(history.J, sought_history.J, rtol=1e-3 if dtype == "float32" else 1e-9)


@pytest.mark.parametrize("cost", ["sum_of_squares", "absolute_error", "huber"])
@pytest.mark.parametrize("hidden", ["relu", "elu", "identity"])
def test_predicting_overflow_changes_no_bit(hidden: str, cost: str) -> None:
    """While θ is small, no number of a step can overflow and none is checked; once a growing learning rate has made θ
    large, all are. The steps are bitwise those of a run that checks every gradient (because it computes its norm to
    clip it), up to the same divergence."""
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(50, 3)), 1e14 * rng.normal(size=(50, 2))  # then the sums come near to overflow
    net = cr.Network.dense(SHAPES["panels"][0], hidden=hidden, seed=1, dtype="float32")
    rate = cr.Step(1e-3, every=1.0, factor=4.0)
    settings: dict[str, Any] = {"cost": cost, "epochs": 200, "batch_size": 16}
    (_, one, theta), (_, other, sought) = (
        diverged("native", net, X, Y, optimizer=cr.Adam(rate, clip_norm=clip), **settings) for clip in (None, 1e300)
    )
    assert one.state.step == other.state.step > 30
    np.testing.assert_array_equal(one.J, other.J)
    np.testing.assert_array_equal(theta, sought)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [cr.AdaGrad, cr.RMSProp, cr.Adam, cr.AdamW])
def test_a_product_that_overflows_is_a_divergence(kind: Any, shape: str, dtype: str) -> None:
    """If α g overflows before it is divided by √ν, the run diverges and θ does not move, although the step of an
    adaptive optimizer is bounded by 2α."""
    large = 1e30 if dtype == "float32" else 1e200
    m, _ = SHAPES[shape]
    net = cr.Network.dense(m, hidden="relu", seed=1, dtype=dtype)
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(50, 3)) * large, rng.normal(size=(50, 2))
    settings: dict[str, Any] = {"cost": "absolute_error", "optimizer": kind(large), "epochs": 3}
    ends = [diverged(engine, net, X, Y, **settings) for engine in ("native", "reference")]
    assert ends[0][0] == ends[1][0]
    for _, _, theta in ends:
        np.testing.assert_array_equal(theta, net.theta)


@pytest.mark.parametrize("seed", range(6))
def test_zero_times_infinity_is_a_divergence(seed: int) -> None:
    """An infinite output with only zero weights behind it makes ∇J NaN, 0 · ∞, although J is finite. The run also
    diverges if it skips zeros by then: the example is in the first minibatch or in the second."""
    net = cr.Network.dense([2, 150, 128, 1], hidden="relu", seed=1, dtype="float32")
    W, W2 = net.layers[0].W, net.layers[1].W
    W[:, 0], W[-1, 0], W2[:, -1] = 0.0, 1e20, -1.0
    X = np.random.default_rng(1).normal(size=(64, 2)).astype("float32")
    X[:, 0] = 0.0
    X[5, 0] = 1e30
    ends = [
        diverged(engine, net, X, X[:, 1:], optimizer=cr.Adam(), epochs=1, batch_size=32, seed=seed)
        for engine in ("native", "reference")
    ]
    assert ends[0][0] == ends[1][0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_divergence_keeps_the_moments_of_the_last_finite_step(shape: str, dtype: str) -> None:
    """After a divergence θ and every moment are those of the step before."""
    m, _ = SHAPES[shape]
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    for optimizer in (cr.Momentum(10.0), cr.AdamW(1e30, weight_decay=1e8)):
        net = cr.Network.dense(m, hidden="identity", seed=1, dtype=dtype)
        _, history, theta = diverged("native", net, X, Y, optimizer=optimizer, epochs=300)
        again = state_after(history.epochs, net, X, Y, optimizer)
        np.testing.assert_array_equal(theta, again.theta)
        for name, moment in again.moments.items():
            np.testing.assert_array_equal(history.state.moments[name], moment)


def test_theta_is_finite_after_a_penalty_overflows() -> None:
    """λ₂ |θ| beyond float32 is divergence before the step, as in the reference, and θ stays."""
    net = cr.Network.dense([64, 64, 64], dtype="float32", seed=0)
    net.theta *= 1e9
    X, Y = np.zeros((8, 64)), np.ones((8, 64))
    settings: dict[str, Any] = {"cost": cr.Huber(l2=1e30), "optimizer": cr.GradientDescent(1e-3), "epochs": 3}
    for engine in ("native", "reference"):
        _, history, theta = diverged(engine, net, X, Y, **settings)
        assert history.state.step == 0
        np.testing.assert_array_equal(theta, net.theta)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [cr.AdaGrad, cr.RMSProp, cr.Adam, cr.AdamW])
def test_squares_that_overflow_are_a_divergence(kind: Any, shape: str, dtype: str) -> None:
    """If ν overflows, though the next θ is finite, the run diverges before the step, and its state is valid."""
    net = cr.Network.dense(SHAPES[shape][0], hidden="tanh", seed=1, dtype=dtype)
    cost = cr.SumOfSquares(l2=float(np.finfo(dtype).max) ** 0.75)
    X, Y = np.zeros((4, 3)), np.ones((4, 2))
    for engine in ("native", "reference"):
        _, history, theta = diverged(engine, net, X, Y, cost=cost, optimizer=kind(1e-3), epochs=9)
        assert history.state.step == 0
        assert not any(moment.any() for moment in history.state.moments.values())
        np.testing.assert_array_equal(theta, net.theta)
        history.state.check()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [cr.Momentum, cr.Nesterov])
def test_a_velocity_that_overflows_is_a_divergence(kind: Any, shape: str) -> None:
    """If v overflows, however small α is, θ stays as it was before the step."""
    net = cr.Network.dense(SHAPES[shape][0], hidden="tanh", initial="zeros", dtype="float32")
    net.W[1][...] = 1000.0
    X, Y = np.zeros((1, 3)), np.zeros((1, 2))
    settings: dict[str, Any] = {"cost": cr.SumOfSquares(l1=1.2e38), "optimizer": kind(2e-38), "epochs": 9}
    ends = [diverged(engine, net, X, Y, **settings) for engine in ("native", "reference")]
    steps = 3 if kind is cr.Momentum else 2  # Nesterov's θ looks a step ahead
    assert [history.state.step for _, history, _ in ends] == [steps, steps]
    assert 980.0 < abs(ends[0][2]).max() < 999.0
    np.testing.assert_allclose(ends[0][2], ends[1][2], rtol=1e-5)


@pytest.mark.parametrize("hidden", [4, 40], ids=["lanes", "panels"])
@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_clipping_by_a_norm_whose_square_leaves_double(size: float, hidden: int) -> None:
    """A gradient whose squares overflow or underflow is clipped to the given norm on both engines."""
    net = cr.Network.dense([2, hidden, 1], hidden="tanh", seed=0)
    X, Y = np.zeros((4, 2)), net(np.zeros((4, 2)))
    optimizer = cr.GradientDescent(0.1 / (clip := min(size / 1e6, 1.0)), clip_norm=clip)
    thetas, norms = [], []
    for engine in ("native", "reference"):
        trained = net.copy()
        history = cr.train(trained, X, Y, cost=cr.SumOfSquares(l2=size), optimizer=optimizer, epochs=1, engine=engine)
        thetas.append(trained.theta)
        norms.append(history.gradient_norm[0])
    assert np.linalg.norm(thetas[0] - net.theta) == pytest.approx(0.1)
    np.testing.assert_allclose(thetas[0], thetas[1], rtol=1e-12, atol=1e-15)
    assert norms[0] == pytest.approx(norms[1], rel=1e-12)


@pytest.mark.parametrize("hidden", [4, 40], ids=["lanes", "panels"])
def test_an_infinite_sum_of_finite_costs_is_divergence(hidden: int) -> None:
    """If the J of an epoch's minibatches overflow only in their sum, both engines diverge at the same step, with the θ
    before it."""
    net = cr.Network.dense([2, hidden, 1], hidden="tanh", seed=0)
    X, Y = np.ones((4, 2)), np.full((4, 1), 1.3e154)
    settings: dict[str, Any] = {"optimizer": cr.GradientDescent(1e-156), "batch_size": 1}
    thetas = []
    for engine in ("native", "reference"):
        _, history, theta = diverged(engine, net, X, Y, **settings, epochs=2)
        assert (history.epochs, history.state.batch) == (0, 2)
        thetas.append(theta)
    after_two_steps = net.copy()
    cr.train(after_two_steps, X[:2], Y[:2], **settings, epochs=1)
    assert abs(after_two_steps.theta - net.theta).max() > 1e-3
    for theta in thetas:
        np.testing.assert_allclose(theta, after_two_steps.theta, rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_penalty_beyond_float32_is_finite(shape: str) -> None:
    """J is a number of double precision: the squares of float32 weights do not overflow in it, on either engine."""
    net = cr.Network.dense(SHAPES[shape][0], hidden="tanh", seed=1, dtype="float32")
    net.W[1][...] *= 1e25
    X, Y = np.zeros((4, 3)), np.ones((4, 2))
    cost, optimizer = cr.AbsoluteError(l2=0.5), cr.GradientDescent(1e-3)
    native, reference = (
        cr.train(net.copy(), X, Y, cost=cost, optimizer=optimizer, epochs=1, engine=engine).J[0]
        for engine in ("native", "reference")
    )
    assert reference == pytest.approx(0.25 * sum((W.astype(float) ** 2).sum() for W in net.W), rel=1e-6)
    assert native == pytest.approx(reference, rel=1e-6)


@pytest.mark.parametrize("hidden", [4, 40], ids=["lanes", "panels"])
def test_a_penalty_that_is_off_adds_nothing(hidden: int) -> None:
    """With λ₂ = 0, an overflowing Σw² does not spoil J."""
    net = cr.Network.dense([2, hidden, 1], hidden="tanh", seed=0)
    net.W[1][...] = 1e200
    X, Y = np.zeros((4, 2)), np.ones((4, 1))
    cost, optimizer = cr.Quantile(l1=1e-3), cr.GradientDescent(1e-3)
    native, reference = (
        cr.train(net.copy(), X, Y, cost=cost, optimizer=optimizer, epochs=3, engine=engine).J
        for engine in ("native", "reference")
    )
    assert np.isfinite(native).all()
    np.testing.assert_allclose(native, reference, rtol=1e-12)


def test_padding_has_no_verdict_of_its_own() -> None:
    """A batch that fills no vector diverges by its own examples' dropout alone, not by that of the empty lanes."""
    net = cr.Network([cr.Layer([[0.0]], [1.0], "identity", 0.5), cr.Layer([[1.0]], [0.0], "relu")])
    verdicts = []
    for seed in range(12):  # where dropout gives a = 0, the loss a − log a is infinite
        of_seed = []
        for engine in ("native", "reference"):
            try:
                cr.train(net.copy(), [[0.0]], [[1.0]], cost="poisson", epochs=1, seed=seed, engine=engine)
                of_seed.append("finite")
            except cr.DivergenceError:
                of_seed.append("diverged")
        assert of_seed[0] == of_seed[1], seed
        verdicts += of_seed
    assert set(verdicts) == {"finite", "diverged"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_norm_that_overflows_cannot_be_clipped(shape: str) -> None:
    """If ∇J is finite and ‖∇J‖ is not, a run that clips diverges with θ in place; one that does not clip goes on.

    W[1] = 0 and every column of the other W sums to 1, so that |∂J/∂W[1]| = |x| = 1e308 in each of its entries.
    """
    m, _ = SHAPES[shape]
    net = cr.Network([cr.Layer(np.full((b, a), 1 / b), np.zeros(b), "identity") for a, b in pairwise(m)])
    net.W[1][...] = 0.0
    X, Y = np.full((1, m[0]), 1e308), np.full((1, m[-1]), -1.0)
    settings: dict[str, Any] = {"cost": "absolute_error", "epochs": 1}
    clips = cr.GradientDescent(1e-300, clip_norm=1e300)
    ends = [diverged(engine, net, X, Y, optimizer=clips, **settings) for engine in ("native", "reference")]
    assert ends[0][0] == ends[1][0]
    for engine, (_, history, theta) in zip(("native", "reference"), ends, strict=True):
        assert history.epochs == 0
        np.testing.assert_array_equal(theta, net.theta)
        history = cr.train(net.copy(), X, Y, engine=engine, optimizer=cr.GradientDescent(1e-300), **settings)
        assert (history.stopped, history.gradient_norm.tolist()) == ("epochs", [np.inf])


@pytest.mark.parametrize("size", [1e200, 1e-170])
def test_a_sparse_gradient_whose_squares_leave_the_range_is_clipped(size: float) -> None:
    """The gradients of the rows ±size are clipped to their norm of 1, though squares of them are infinite, or 0."""
    X = scipy.sparse.csr_array(np.array([[size, 0.0, 0.0], [0.0, 0.0, -size]]))
    Y = np.zeros((2, 2))
    settings: dict[str, Any] = {"cost": "absolute_error", "epochs": 3, "batch_size": 1, "seed": 0}
    settings["optimizer"] = cr.GradientDescent(0.1, clip_norm=min(1.0, size / 10))
    ends = []
    for engine in ("native", "reference"):
        net = cr.Network([cr.Layer(np.ones((2, 3)), [1.0, 1.0], "identity")])
        history = cr.train(net, X, Y, engine=engine, **settings)
        ends.append((net.theta, history.gradient_norm))
    for native, reference in zip(*ends, strict=True):
        np.testing.assert_allclose(native, reference, rtol=1e-12)
