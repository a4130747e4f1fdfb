"""Training: what an epoch is and what its J means, when it stops, what it tells, and what is left when it breaks."""

from __future__ import annotations

import copy
import gc
import pickle
import signal
import weakref
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from support.patience import ENDLESS

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.engines.minibatches import shuffled
from chainrule.engines.state import RECORDS
from chainrule.network.theta import parameter_views

RNG = np.random.default_rng(44)
X, Y = RNG.normal(size=(10, 2)), 0.5 * RNG.normal(size=(10, 1))
X_VAL, Y_VAL = RNG.normal(size=(20, 2)), 0.5 * RNG.normal(size=(20, 1))
Y += np.sin(X[:, :1])  # few and noisy examples: a network of 13 parameters soon fits the noise
Y_VAL += np.sin(X_VAL[:, :1])
W, W_VAL = RNG.uniform(0.5, 2.0, size=10), RNG.uniform(0.5, 2.0, size=20)


def small_net(dtype: str = "float64") -> cr.Network:
    """2-3-1, tanh."""
    return cr.Network.dense([2, 3, 1], hidden="tanh", seed=1, dtype=dtype)


def after(epochs: int) -> Callable[[cr.History], bool]:
    """A callback that stops after so many epochs."""
    return lambda history: history.epochs == epochs


# ---- an epoch, by hand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, W], ids=["", "weights"])
@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.parametrize(
    "cost", [cr.SumOfSquares(), cr.SumOfSquares(l1=0.1, l2=0.2), cr.SumOfSquares(mean=True, l1=0.1, l2=0.2)], ids=repr
)
def test_three_epochs_by_hand(cost: cr.Cost, batch_size: int | None, weights: Array | None, engine: str) -> None:
    """θ := θ − α ∇J_B(θ) over the minibatches B. J_B is B's sum and its share, by weight, of the penalties, or with
    ``mean`` B's own mean and the whole penalties; an epoch's J adds up the J_B (times the shares, with ``mean``)."""
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
    """With the full batch, J of epoch k is J(θ) of the whole cost at the θ that epoch k began with."""
    net, cost, seen = small_net(), cr.SumOfSquares(mean=True, l2=0.3), []
    seen.append(cost(net, X, Y, W))
    history = cr.train(
        net, X, Y, weights=W, cost=cost, epochs=4, engine=engine,
        callbacks=[lambda history: seen.append(cost(net, X, Y, W))],
    )  # fmt: skip
    np.testing.assert_allclose(history.J, seen[:-1], rtol=1e-14)


@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_validation_J_is_the_cost_without_penalties(mean: bool, engine: str) -> None:
    """``validation_J`` is taken at the θ after the epoch, over the weighted validation set, penalties left out."""
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


def test_decoupled_decay_leaves_biases_alone(engine: str) -> None:
    """AdamW with nothing to learn (∇J = 0) shrinks the weights by 1 − αλ a step and moves no bias."""
    net = cr.Network([cr.Layer([[2.0, -1.0]], [3.0], "identity")])
    adamw = cr.AdamW(0.5, weight_decay=0.5)
    cr.train(net, np.zeros((2, 2)), np.full((2, 1), 3.0), optimizer=adamw, epochs=2, engine=engine)
    np.testing.assert_array_equal(net.theta, [2.0 * 0.75**2, -1.0 * 0.75**2, 3.0])
    W, b, kappa = parameter_views(net.theta, net.layout)
    assert (W[1].shape, b[1].shape, kappa[1].shape) == ((1, 2), (1,), (0,))


# ---- when it stops -------------------------------------------------------------------------------------------------


def test_tol_stops_when_J_does_not_change_any_more(engine: str) -> None:
    """It stops at the first epoch at which the last tol_epochs + 1 values of J lie within tol · max |J|."""
    descent = cr.GradientDescent(0.02)
    history = cr.train(small_net(), X, Y, optimizer=descent, epochs=5000, tol=1e-4, tol_epochs=7, engine=engine)
    J = history.J
    eights = [J[k - 8 : k] for k in range(8, len(J) + 1)]
    still = [bool(last.max() - last.min() <= 1e-4 * last.max()) for last in eights]
    assert history.stopped == "tol"
    assert still == [False] * (len(J) - 8) + [True]


def test_tol_zero_waits_for_equal_numbers(engine: str) -> None:
    """With tol = 0 J must be the same number tol_epochs + 1 times over."""
    net = cr.Network([cr.Layer([[0.0]], [0.0], "identity")])
    descent = cr.GradientDescent(0.25)  # a factor ½ per step: an exact end after some 55 steps
    history = cr.train(net, [[1.0]], [[3.0]], optimizer=descent, epochs=500, tol=0.0, tol_epochs=3, engine=engine)
    assert history.stopped == "tol"
    assert len(set(history.J[-4:])) == 1
    assert len(set(history.J[-5:])) == 2


def overfitting(engine: str, patience: int | None = None) -> tuple[cr.Network, cr.History, list[Array]]:
    """A network that fits noise, with θ after each epoch."""
    net, path = small_net(), []
    history = cr.train(
        net, X, Y, optimizer=cr.Adam(0.05), epochs=400, validation=(X_VAL, Y_VAL), engine=engine,
        callbacks=[lambda history: path.append(net.theta.copy())], patience=patience,
    )  # fmt: skip
    return net, history, path


def test_patience_stops_and_restores_the_best_theta(engine: str) -> None:
    """It stops ``patience`` epochs after the lowest validation cost, and θ is the one of that epoch again."""
    net, history, path = overfitting(engine, patience=15)
    best = int(np.argmin(history.validation_J)) + 1
    assert history.stopped == "patience"
    assert (history.best_epoch, history.epochs) == (best, best + 15)
    assert 1 < best < 300
    assert net.theta.tobytes() == path[best - 1].tobytes()
    assert history.state.theta.tobytes() == path[-1].tobytes()  # the state can go on from the last one
    assert cr.SumOfSquares()(net, X_VAL, Y_VAL) == pytest.approx(history.validation_J.min(), rel=1e-14)


def test_without_patience_theta_is_the_last_one(engine: str) -> None:
    """A validation set alone only watches."""
    net, history, path = overfitting(engine)
    assert (history.stopped, history.epochs) == ("epochs", 400)
    assert net.theta.tobytes() == path[-1].tobytes()
    assert history.validation_J[-1] > history.validation_J.min()


def test_patience_also_restores_at_the_last_epoch(engine: str) -> None:
    """When the planned epochs end before patience does, θ still is the best one seen."""
    net, history, path = overfitting(engine, patience=399)
    assert history.best_epoch is not None
    assert net.theta.tobytes() == path[history.best_epoch - 1].tobytes()


def test_without_patience_a_resumed_run_ends_in_its_last_theta(engine: str) -> None:
    """The best θ that an earlier run with patience has kept is not what a run without patience ends in."""
    net, history, _ = overfitting(engine, patience=15)
    best, state = net.theta.copy(), history.state
    further = cr.train(net, X, Y, optimizer=cr.Adam(0.05), epochs=state.epoch + 3, resume=state, engine=engine)
    assert net.theta.tobytes() == further.state.theta.tobytes() != best.tobytes()


def test_patience_needs_the_best_theta_of_an_earlier_run(engine: str) -> None:
    """A state whose run kept no best θ cannot go on with patience: the θ to restore is gone."""
    net, validation = small_net(), (X_VAL, Y_VAL)
    state = cr.train(net, X, Y, epochs=3, validation=validation, engine=engine).state
    with pytest.raises(cr.InputError, match=r"resume does not hold the best θ.*Continue without patience"):
        cr.train(net, X, Y, epochs=6, validation=validation, patience=2, resume=state, engine=engine)


def test_time_limit(engine: str) -> None:
    """After the limit training stops, with at least one step made, and can go on where it stood."""
    net = small_net()
    history = cr.train(net, X, Y, epochs=10**9, batch_size=1, time_limit=1e-9, engine=engine)
    assert history.stopped == "time_limit"
    assert 1 <= history.state.step < 10**9
    assert net.theta.tobytes() == history.state.theta.tobytes()
    epochs = history.epochs + 2
    resumed = cr.train(net, X, Y, epochs=epochs, batch_size=1, resume=history.state, engine=engine)
    assert (resumed.stopped, resumed.epochs) == ("epochs", epochs)


def test_no_epochs(engine: str) -> None:
    """``epochs=0`` checks everything and moves nothing."""
    net = small_net()
    history = cr.train(net, X, Y, epochs=0, engine=engine)
    assert (history.stopped, history.epochs, len(history.J)) == ("epochs", 0, 0)
    np.testing.assert_array_equal(net.theta, small_net().theta)


# ---- callbacks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("every", "told"), [(1, [*range(1, 13)]), (5, [5, 10, 12]), (100, [12])])
def test_callbacks_are_told_every_so_many_epochs(every: int, told: list[int], engine: str) -> None:
    """A callback sees the history after every ``callback_epochs`` epochs, and once more at the end."""
    seen: list[int] = []

    def callback(history: cr.History) -> None:
        seen.append(len(history.J))

    cr.train(small_net(), X, Y, epochs=12, callbacks=[callback], callback_epochs=every, engine=engine)
    assert seen == told


def test_callbacks_by_the_clock(engine: str) -> None:
    """With ``callback_epochs=None`` callbacks are called again and again while training lasts, and once at its end."""
    calls: list[int] = []

    def look(history: cr.History) -> bool:
        calls.append(history.epochs)
        return len(calls) == 3

    history = cr.train(small_net(), X, Y, epochs=ENDLESS, callback_epochs=None, callbacks=[look], engine=engine)
    assert (history.stopped, history.epochs) == ("callback", calls[-1])
    assert len(calls) == 3
    assert calls == sorted(calls)
    last: list[int] = []
    watch = [lambda history: last.append(history.epochs)]
    cr.train(small_net(), X, Y, epochs=12, callback_epochs=None, callbacks=watch, engine=engine)
    assert last[-1] == 12


@pytest.mark.parametrize("answer", [True, np.True_], ids=["True", "np.True_"])
def test_a_callback_stops_by_returning_true(answer: bool, engine: str) -> None:
    """Training stops after the epoch, and every callback was called, also those after the one that stopped it."""
    seen: list[int] = []

    def second(history: cr.History) -> int:
        seen.append(history.epochs)
        return 1  # a number is no answer

    history = cr.train(
        small_net(), X, Y, epochs=9, callbacks=[lambda h: h.epochs == 4 and answer, second], engine=engine
    )
    assert (history.stopped, history.epochs, seen) == ("callback", 4, [1, 2, 3, 4])


def test_what_a_callback_raises_comes_through(engine: str) -> None:
    """θ is whole and current when a callback's error leaves training."""
    net, seen = small_net(), []

    def callback(history: cr.History) -> None:
        seen.append(net.theta.copy())
        if history.epochs == 3:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        cr.train(net, X, Y, epochs=9, callbacks=[callback], engine=engine)
    np.testing.assert_array_equal(net.theta, seen[-1])


# ---- what it tells -------------------------------------------------------------------------------------------------


def test_history_converts(engine: str) -> None:
    """A history is a dict of arrays and a table, one row an epoch, the epochs counted from 1; NaN where nothing was."""
    history = cr.train(small_net(), X, Y, epochs=3, engine=engine)
    table = history.to_dict()
    assert list(table) == ["epoch", *RECORDS]
    assert {len(values) for values in table.values()} == {3} == {len(history)}
    np.testing.assert_array_equal(table["epoch"], [1, 2, 3])
    np.testing.assert_array_equal(table["J"], history.J)
    assert np.isnan(history.validation_J).all()
    assert history.best_epoch is None
    assert (history.seconds >= 0).all()
    assert (history.planned_epochs, history.engine) == (3, engine)
    assert history.engine_reason == "requested by name"
    assert repr(history) == f"History(3 epochs, J={history.J[-1]:.6g}, stopped='epochs', engine={engine!r})"
    pandas = pytest.importorskip("pandas")
    frame = history.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(table)
    np.testing.assert_array_equal(frame["J"].to_numpy(), history.J)


def test_a_history_does_not_change_afterwards(engine: str) -> None:
    """What a finished history tells is its own: going on leaves it, and writing into what it gave out does too."""
    net = small_net()
    history = cr.train(net, X, Y, epochs=3, engine=engine)
    J, theta = history.J, history.state.theta.copy()
    history.J[0] = -1.0
    cr.train(net, X, Y, epochs=6, resume=history.state, engine=engine)
    np.testing.assert_array_equal(history.J, J)
    np.testing.assert_array_equal(history.state.theta, theta)


@pytest.mark.parametrize("hidden", [5, 70])
def test_the_last_state_may_be_asked_for_late(hidden: int, engine: str) -> None:
    """However late it is asked for, and from a copy or a pickled history too, the state is that of the last step: θ as
    the network had it then, moments to go on with bitwise; and it is one object, not a new one each time."""
    net = cr.Network.dense([X.shape[1], hidden, Y.shape[1]], seed=1)
    train = partial(cr.train, X=X, Y=Y, optimizer=cr.Adam(), batch_size=4, seed=3, engine=engine)
    whole = net.copy()
    history = train(net, epochs=3)
    theta = net.theta.copy()
    copies = [pickle.loads(pickle.dumps(history)), copy.deepcopy(history)]  # noqa: S301 - made just now
    net.theta[...] = 0.0
    assert history.state is history.state
    train(whole, epochs=5)
    for kept in (history, *copies):
        np.testing.assert_array_equal(kept.state.theta, theta)
        np.testing.assert_array_equal(kept.J, history.J)
        train(net, epochs=5, resume=kept.state)
        np.testing.assert_array_equal(net.theta, whole.theta)


def test_a_history_holds_no_training_set(engine: str) -> None:
    """X and Y are let go when training ends, though the history and its state live on."""
    data = [X.copy(), Y.copy()]
    held = [weakref.ref(array) for array in data]
    history = cr.train(small_net(), *data, epochs=2, validation=tuple(data), patience=2, engine=engine)
    del data
    gc.collect()
    assert [array() for array in held] == [None, None]
    assert history.state.epoch == 2


# ---- when it breaks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [30.0, 1e300, 1e308], ids=["J overflows", "∇J overflows", "θ overflows"])
def test_divergence_keeps_the_last_finite_theta(rate: float, engine: str) -> None:
    """When J, ∇J or the next θ is not finite, θ stays finite, and the error names the step, the rate and remedies."""
    net = small_net()
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(net, X, 100 * Y, optimizer=cr.GradientDescent(rate), epochs=2000, batch_size=4, engine=engine)
    history = caught.value.history
    assert history.stopped == "diverged"
    assert np.isfinite(net.theta).all()
    assert net.theta.tobytes() == history.state.theta.tobytes()
    message = str(caught.value)
    step, epoch = history.state.batch + 1, history.epochs + 1
    for part in (f"step {step} of epoch {epoch} ", f"learning rate {rate:g}", f"such as {rate / 10:g}", "mean=True"):
        assert part in message
    assert "clip_norm" in message


def test_ctrl_c_ends_between_steps(engine: str) -> None:
    """Ctrl-C raises TrainingInterrupted, a KeyboardInterrupt, with the history; θ is whole; the old handler is back."""
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
    """Interrupted with ``patience``, the network holds the best θ seen so far."""
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


# ---- dtypes, seeds, names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [cr.GradientDescent(0.01), cr.Adam(), cr.RPROP(0.01)], ids=repr)
def test_float32_stays_float32(optimizer: cr.Optimizer, engine: str) -> None:
    """θ, its moments and the outputs of a float32 network stay float32; twenty steps are float64's to its precision."""
    single, double = small_net("float32"), small_net("float32").astype("float64")
    history = cr.train(single, X, Y, optimizer=optimizer, epochs=20, engine=engine)
    truth = cr.train(double, X, Y, optimizer=optimizer, epochs=20, engine=engine)
    state = history.state
    assert {a.dtype for a in (single.theta, single(X), state.theta, *state.moments.values())} == {np.dtype("f4")}
    np.testing.assert_allclose(single.theta, double.theta, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(history.J, truth.J, rtol=1e-5)


def test_seeds(engine: str) -> None:
    """A seed fixes the whole path, another gives another one, and None draws a fresh seed each time."""

    def theta(seed: int | None) -> bytes:
        net = small_net()
        cr.train(net, X, Y, epochs=2, batch_size=3, seed=seed, engine=engine)
        return net.theta.tobytes()

    assert theta(4) == theta(4)
    assert len({theta(4), theta(5), theta(None), theta(None)}) == 4


def test_names_stand_for_defaults(engine: str) -> None:
    """A cost or an optimizer given by name has its default settings; a batch size beyond t is the whole set."""
    a, b = small_net(), small_net()
    cr.train(a, X, Y, cost="huber", optimizer="adam", epochs=3, batch_size=1000, engine=engine)
    cr.train(b, X, Y, cost=cr.Huber(), optimizer=cr.Adam(), epochs=3, engine=engine)
    assert a.theta.tobytes() == b.theta.tobytes()


def test_a_users_own_parts_train() -> None:
    """A user's own σ, cost and optimizer train like the built-in ones whose formulas they have."""

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
