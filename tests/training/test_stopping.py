"""Training ends by tol, patience, a time limit, divergence or Ctrl-C, each with the documented θ."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from support.noisy_examples import X_VAL, Y_VAL, X, Y, small_net

import chainrule as cr
from chainrule._internal.checks import Array


def test_tol_stops_when_J_no_longer_changes(engine: str) -> None:
    """Training stops at the first epoch at which the last tol_epochs + 1 values of J lie within tol · max |J|."""
    descent = cr.GradientDescent(0.02)
    history = cr.train(small_net(), X, Y, optimizer=descent, epochs=5000, tol=1e-4, tol_epochs=7, engine=engine)
    J = history.J
    eights = [J[k - 8 : k] for k in range(8, len(J) + 1)]
    still = [bool(last.max() - last.min() <= 1e-4 * last.max()) for last in eights]
    assert history.stopped == "tol"
    assert still == [False] * (len(J) - 8) + [True]


def test_tol_zero_waits_for_equal_numbers(engine: str) -> None:
    """With tol = 0 training stops when J has been the same number for tol_epochs + 1 epochs."""
    net = cr.Network([cr.Layer([[0.0]], [0.0], "identity")])
    descent = cr.GradientDescent(0.25)  # θ's error is halved at each step: it is 0 after about 55 steps
    history = cr.train(net, [[1.0]], [[3.0]], optimizer=descent, epochs=500, tol=0.0, tol_epochs=3, engine=engine)
    assert history.stopped == "tol"
    assert len(set(history.J[-4:])) == 1
    assert len(set(history.J[-5:])) == 2


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("output", ["identity", "sigmoid"])
@pytest.mark.parametrize("seed", [16, 27, 39, 51, 53, 55, 56])
def test_tol_zero_ends_where_rounding_makes_J_alternate(seed: int, output: str, dtype: type, engine: str) -> None:
    """At the minimum of a regression J alternates between neighbouring numbers, and training ends there."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(8, 2))
    Y = rng.normal(size=(8, 1)) if output == "identity" else (rng.random((8, 1)) < 0.5) * 1.0
    cost = cr.SumOfSquares() if output == "identity" else cr.LogLikelihood(l2=0.1)
    largest = np.linalg.eigvalsh(np.c_[X, np.ones(8)].T @ np.c_[X, np.ones(8)]).max()  # of the Hessian of ½ Σ (a − y)²
    descent = cr.GradientDescent(1.0 / (largest if output == "identity" else 0.25 * largest + 0.1))
    net = cr.Network.dense([2, 1], output=output, initial="zeros", dtype=dtype)
    history = cr.train(net, X, Y, cost=cost, optimizer=descent, epochs=5000, tol=0.0, engine=engine)
    assert history.stopped == "tol"
    gradient = cr.gradient(net.astype(np.float64), cost, X, Y).theta
    assert abs(gradient).max() <= (1e-6 if dtype is np.float64 else 1e-2)


def overfitting(engine: str, patience: int | None = None) -> tuple[cr.Network, cr.History, list[Array]]:
    """A network that fits noise, with θ after each epoch."""
    net, path = small_net(), []
    history = cr.train(
        net, X, Y, optimizer=cr.Adam(0.05), epochs=400, validation=(X_VAL, Y_VAL), engine=engine,
        callbacks=[lambda history: path.append(net.theta.copy())], patience=patience,
    )  # fmt: skip
    return net, history, path


def test_patience_stops_and_restores_the_best_theta(engine: str) -> None:
    """Training stops ``patience`` epochs after the lowest validation cost and restores the θ of that epoch."""
    net, history, path = overfitting(engine, patience=15)
    best = int(np.argmin(history.validation_J)) + 1
    assert history.stopped == "patience"
    assert (history.best_epoch, history.epochs) == (best, best + 15)
    assert 1 < best < 300
    assert net.theta.tobytes() == path[best - 1].tobytes()
    assert history.state.theta.tobytes() == path[-1].tobytes()  # the state continues from the last one
    assert cr.SumOfSquares()(net, X_VAL, Y_VAL) == pytest.approx(history.validation_J.min(), rel=1e-14)


def test_without_patience_theta_is_the_last_one(engine: str) -> None:
    """A validation set without ``patience`` neither stops training nor changes θ."""
    net, history, path = overfitting(engine)
    assert (history.stopped, history.epochs) == ("epochs", 400)
    assert net.theta.tobytes() == path[-1].tobytes()
    assert history.validation_J[-1] > history.validation_J.min()


def test_patience_also_restores_at_the_last_epoch(engine: str) -> None:
    """If the planned epochs end before ``patience`` does, θ is the best one too."""
    net, history, path = overfitting(engine, patience=399)
    assert history.best_epoch is not None
    assert net.theta.tobytes() == path[history.best_epoch - 1].tobytes()


def test_without_patience_a_resumed_run_ends_in_its_last_theta(engine: str) -> None:
    """A resumed run without ``patience`` ends in its last θ, not in the best θ of the earlier run."""
    net, history, _ = overfitting(engine, patience=15)
    best, state = net.theta.copy(), history.state
    further = cr.train(net, X, Y, optimizer=cr.Adam(0.05), epochs=state.epoch + 3, resume=state, engine=engine)
    assert net.theta.tobytes() == further.state.theta.tobytes() != best.tobytes()


def test_patience_needs_the_best_theta_of_an_earlier_run(engine: str) -> None:
    """A state without a best θ cannot be resumed with ``patience``, since there would be no θ to restore."""
    net, validation = small_net(), (X_VAL, Y_VAL)
    state = cr.train(net, X, Y, epochs=3, validation=validation, engine=engine).state
    with pytest.raises(cr.InputError, match=r"resume does not hold the best θ.*Continue without patience"):
        cr.train(net, X, Y, epochs=6, validation=validation, patience=2, resume=state, engine=engine)


def test_time_limit(engine: str) -> None:
    """Training stops at the time limit, after at least one step, and can be resumed."""
    net = small_net()
    with pytest.warns(cr.errors.TrainingWarning, match="time_limit ended training after"):
        history = cr.train(net, X, Y, epochs=10**9, batch_size=1, time_limit=1e-9, engine=engine)
    assert history.stopped == "time_limit"
    assert 1 <= history.state.step < 10**9
    assert net.theta.tobytes() == history.state.theta.tobytes()
    epochs = history.epochs + 2
    resumed = cr.train(net, X, Y, epochs=epochs, batch_size=1, resume=history.state, engine=engine)
    assert (resumed.stopped, resumed.epochs) == ("epochs", epochs)


def test_no_epochs(engine: str) -> None:
    """``epochs=0`` checks the input and does not move θ."""
    net = small_net()
    history = cr.train(net, X, Y, epochs=0, engine=engine)
    assert (history.stopped, history.epochs, len(history.J)) == ("epochs", 0, 0)
    np.testing.assert_array_equal(net.theta, small_net().theta)


@pytest.mark.parametrize("rate", [30.0, 1e300, 1e308], ids=["J explodes", "∇J overflows", "θ overflows"])
def test_divergence_keeps_the_last_finite_theta(rate: float, engine: str) -> None:
    """If J explodes, or J, ∇J or the next θ is not finite, θ stays finite; the error names the place and remedies."""
    net = small_net()
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(net, X, 100 * Y, optimizer=cr.GradientDescent(rate), epochs=2000, batch_size=4, engine=engine)
    history = caught.value.history
    assert history.stopped == "diverged"
    assert np.isfinite(net.theta).all()
    assert net.theta.tobytes() == history.state.theta.tobytes()
    message = str(caught.value)
    step, epoch = history.state.batch + 1, history.epochs + 1
    where = f"in {history.epochs} epochs" if rate == 30.0 else f"step {step} of epoch {epoch} "
    for part in (where, f"learning rate {rate:g}", f"such as {rate / 10:g}", "mean=True"):
        assert part in message
    assert "clip_norm" in message


def test_ctrl_c_ends_between_steps(engine: str) -> None:
    """Ctrl-C raises TrainingInterrupted, a KeyboardInterrupt, with the history; θ is that of the last step, and the
    previous handler is restored."""
    net, handler = small_net(), signal.getsignal(signal.SIGINT)

    def press(history: cr.History) -> None:
        if history.epochs == 5:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(cr.TrainingInterrupted, match="after 5 of 100 epochs") as caught:
        cr.train(net, X, Y, epochs=100, callbacks=[press], engine=engine)
    history = caught.value.history
    assert isinstance(caught.value, KeyboardInterrupt)
    assert (history.stopped, history.epochs) == ("interrupted", 5)
    assert net.theta.tobytes() == history.state.theta.tobytes()
    assert signal.getsignal(signal.SIGINT) is handler
    resumed = cr.train(net, X, Y, epochs=7, resume=history.state, engine=engine)
    assert resumed.epochs == 7


def test_ctrl_c_with_patience_leaves_the_best_theta(engine: str) -> None:
    """After an interrupt with ``patience`` the network has the best θ so far."""
    net, path = small_net(), []

    def press(history: cr.History) -> None:
        path.append(net.theta.copy())
        if history.epochs == 150:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(cr.TrainingInterrupted) as caught:
        cr.train(
            net, X, Y, optimizer=cr.Adam(0.05), epochs=400, validation=(X_VAL, Y_VAL), patience=399, callbacks=[press],
            engine=engine,
        )  # fmt: skip
    best = caught.value.history.best_epoch
    assert best is not None
    assert best < 150
    np.testing.assert_array_equal(net.theta, path[best - 1])
