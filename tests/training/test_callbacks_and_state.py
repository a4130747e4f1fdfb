"""What training offers to programs around it: penalties of a mean, Adam's ε̂, runs that go on over other rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4))
Y = RNG.normal(size=(50, 2))
W = RNG.integers(0, 3, 50).astype(float)


def net(dtype: Any = np.float64) -> cr.Network:
    """A small network with the same first θ each time."""
    return cr.Network.dense([4, 6, 2], hidden="tanh", seed=1, dtype=dtype)


def test_a_mean_penalty_is_divided_by_the_weights() -> None:
    """J = (Σ w ℓ + λ₁ Σ|W| + λ₂/2 ‖W‖²) / Σw, and ∇J is its derivative on both engines."""
    N, J = net(), cr.SumOfSquares(mean=True, mean_penalty=True, l1=0.3, l2=2.0)
    losses = cr.SumOfSquares().losses(N(X), Y)
    penalty = sum(0.3 * abs(V).sum() + (V * V).sum() for V in N.W)
    assert J(N, X, Y, W) == pytest.approx((losses @ W + penalty) / W.sum(), rel=1e-12)
    plain = cr.SumOfSquares(l1=0.3, l2=2.0)
    for engine in ("reference", "auto"):
        g = cr.gradient(N, J, X, Y, W, engine=engine)
        np.testing.assert_allclose(g.theta, cr.gradient(N, plain, X, Y, W).theta / W.sum(), rtol=1e-10, atol=1e-14)
        assert g.J == pytest.approx(J(N, X, Y, W), rel=1e-12)


def test_a_mean_penalty_needs_a_mean() -> None:
    """mean_penalty without mean is refused."""
    with pytest.raises(cr.InputError, match="give mean=True with it"):
        cr.SumOfSquares(mean_penalty=True)
    with pytest.raises(cr.InputError, match="mean_penalty must be True or False"):
        cr.SumOfSquares(mean=True, mean_penalty=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("weights", [None, W], ids=["rows", "weights"])
@pytest.mark.parametrize("sizes", [[4, 6, 2], [4, 200, 2]], ids=["narrow", "wide"])
@pytest.mark.parametrize("kind", [cr.Adam, cr.AdamW])
def test_engines_agree_on_mean_penalties_and_epsilon_hat(kind: type[cr.Adam], sizes: list[int], weights: Any) -> None:
    """Over ragged minibatches both engines take the same steps, with a large penalty and a large ε̂."""
    J = cr.SumOfSquares(mean=True, mean_penalty=True, l1=0.1, l2=5.0)
    ends = []
    for engine in ("reference", "auto"):
        N = cr.Network.dense(sizes, hidden="tanh", seed=1)
        history = cr.train(N, X, Y, cost=J, optimizer=kind(0.01, epsilon=0.1, epsilon_hat=True), epochs=8,
                           batch_size=16, weights=weights, engine=engine)  # fmt: skip
        ends.append((N.theta.copy(), history.J))
    np.testing.assert_allclose(ends[0][1], ends[1][1], rtol=1e-10)
    np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=1e-8, atol=1e-12)


def test_epsilon_hat_is_the_papers() -> None:
    """θ := θ − α √(1 − β₂ᵏ)/(1 − β₁ᵏ) μ/(√ν + ε̂), step by step."""
    optimizer = cr.Adam(0.1, epsilon=0.5, epsilon_hat=True)
    theta, mu, nu = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2)
    moving, moments = theta.copy(), optimizer.start(theta)
    for k in range(1, 6):
        g = np.array([0.3 * k, -1.0 / k])
        mu, nu = 0.9 * mu + 0.1 * g, 0.999 * nu + 0.001 * g * g
        theta = theta - 0.1 * np.sqrt(1 - 0.999**k) / (1 - 0.9**k) * mu / (np.sqrt(nu) + 0.5)
        optimizer.step(moving, g, moments, alpha=0.1, k=k, decayed=np.ones(2))
        np.testing.assert_allclose(moving, theta, rtol=1e-12)


@pytest.mark.parametrize("engine", ["reference", "auto"])
def test_a_run_over_other_rows_goes_on(engine: str, tmp_path: Any) -> None:
    """again() keeps θ, moments, the stream and the count of steps: Adam's corrections go on, schedules start afresh."""
    N, optimizer = net(), cr.Adam(cr.Exponential(0.01, decay=0.1))
    first = cr.train(N, X[:30], Y[:30], optimizer=optimizer, batch_size=7, epochs=3, engine=engine).state
    state = first.again()
    state.save(tmp_path / "state.safetensors")
    state = cr.TrainingState.load(tmp_path / "state.safetensors")
    assert (state.step, state.first_step, state.epoch, state.stream) == (15, 15, 0, first.stream)

    expected, moments = N.theta.copy(), {name: moment.copy() for name, moment in first.moments.items()}
    by_hand = net()
    by_hand.theta = expected
    for k in range(4):  # full batches: nothing is drawn
        g = cr.gradient(by_hand, "sum_of_squares", X[:20], Y[:20], engine=engine)
        alpha = optimizer.schedule.at(k, 4)
        optimizer.step(by_hand.theta, g.theta, moments, alpha=alpha, k=16 + k, decayed=np.ones(by_hand.d))
    history = cr.train(N, X[:20], Y[:20], optimizer=optimizer, epochs=4, resume=state, engine=engine)
    np.testing.assert_allclose(N.theta, by_hand.theta, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(history.learning_rate, [optimizer.schedule.at(k, 4) for k in range(4)], rtol=1e-12)
    assert (history.state.step, history.state.run_step, history.epochs) == (19, 4, 4)


def test_another_training_set_without_again_is_refused() -> None:
    """The state of a run does not fit minibatches of another number, and the error names the way."""
    state = cr.train(net(), X, Y, batch_size=7, epochs=1).state
    with pytest.raises(cr.InputError, match=r"start from resume\.again\(\)"):
        cr.train(net(), X, Y, batch_size=9, epochs=2, resume=state)
