"""States of the native engine: callbacks see the present one, files keep it, and the reference continues it."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.engines.native_runs import EPOCHS, OPTIMIZERS, PLAIN, SHAPES, finished, make_problem, started

import chainrule as cr

pytestmark = pytest.mark.native


@pytest.mark.parametrize("every", [1, 3, None])
@pytest.mark.parametrize("shape", SHAPES)
def test_callbacks_see_the_present_theta(shape: str, every: int | None) -> None:
    """In a callback ``net.theta``, N(x) and ``history.state`` are those after the last step."""
    problem = make_problem(replace(PLAIN, shape=shape), cr.Adam(0.01))
    net, seen, row = problem.net.copy(), [], np.asarray(problem.examples.X)[0]

    def look(history: cr.History) -> None:
        np.testing.assert_array_equal(net.theta, history.state.theta)
        np.testing.assert_array_equal(net(row), net.copy()(row))
        seen.append((history.epochs, net.theta.copy()))

    cr.train(
        net, *problem.examples[:2], cost=problem.cost, optimizer=problem.optimizer, epochs=12, batch_size=16, seed=3,
        callbacks=[look], callback_epochs=every, engine="native",
    )  # fmt: skip
    epochs = [epoch for epoch, _ in seen]
    assert (
        epochs == list(range(every, 13, every)) if every else epochs[-1] == 12
    )  # without a number it follows the clock
    reference = started(replace(problem, epochs=12), "reference")
    for epoch, theta in seen:
        reference.advance(epoch - len(reference.records["J"]), math.inf)
        np.testing.assert_allclose(theta, reference.state().theta, rtol=0, atol=1e-11)


@pytest.mark.parametrize("is_view", [False, True])
@pytest.mark.parametrize("name", ["X", "Y", "X_val", "theta"])
def test_a_callback_cannot_free_the_memory_in_use(name: str, is_view: bool) -> None:
    """NumPy refuses to resize an array that a run reads or writes, also without its own check, and permits it later."""
    rng = np.random.default_rng(3)
    whole = {"X": rng.normal(size=(65, 3)), "Y": rng.normal(size=(65, 2)), "X_val": rng.normal(size=(65, 3))}
    X, Y, X_val = (array[1:] if is_view else array for array in whole.values())
    net = cr.Network.dense([3, 2], seed=0)

    def resize(history: cr.History) -> None:
        (net.theta if name == "theta" else whole[name]).resize((1, 1), refcheck=False)

    with pytest.raises(ValueError, match="cannot resize"):
        cr.train(net, X, Y, epochs=3, validation=(X_val, Y), callbacks=[resize], callback_epochs=1, engine="native")
    assert np.isfinite(net.theta).all()
    del X, Y, X_val
    for array in whole.values():
        array.resize((1, 1), refcheck=False)
        assert array.shape == (1, 1)


def saved_and_loaded(state: cr.TrainingState) -> cr.TrainingState:
    """The state, saved to a file and loaded from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.safetensors"
        state.save(path)
        return cr.TrainingState.load(path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_time_limit_stops_in_mid_epoch(shape: str, dtype: str) -> None:
    """A time limit ends a run within an epoch; its saved state resumes bitwise as if training had not stopped."""
    rng = np.random.default_rng(5)
    m, threads = SHAPES[shape]
    X, Y = rng.normal(size=(20_000, 3)), rng.normal(size=(20_000, 2))
    settings: dict[str, Any] = {
        "optimizer": cr.Adam(0.003), "batch_size": 7, "epochs": 2, "seed": 9, "engine": "native", "threads": threads,
    }  # fmt: skip
    whole = cr.Network.dense(m, hidden="tanh", dropout=0.1, seed=4, dtype=dtype)
    net = whole.copy()
    stopped = cr.train(net, X, Y, time_limit=cr.Deadline(1e-9), **settings)
    assert stopped.stopped == "time_limit"
    assert 0 < stopped.state.batch < 2858
    np.testing.assert_array_equal(net.theta, stopped.state.theta)
    assert (net.theta != whole.theta).any()
    other = cr.Network.dense(m, hidden="tanh", dropout=0.1, seed=99, dtype=dtype)
    resumed = cr.train(other, X, Y, resume=saved_and_loaded(stopped.state), **settings)
    unbroken = cr.train(whole, X, Y, **settings)
    np.testing.assert_array_equal(other.theta, whole.theta)
    for name in ("J", "learning_rate", "gradient_norm"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(unbroken, name))
    for name, moment in unbroken.state.moments.items():
        np.testing.assert_array_equal(resumed.state.moments[name], moment)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("m", [[3, 5, 2], [3, 70, 2]], ids=["lanes", "panels"])
def test_subnormal_numbers_are_zero_only_during_training(m: list[int], threads: int) -> None:
    """A float32 moment of 1e-40 becomes 0 in a step with gradient 0, and not 0.9e-40, which would be slow on most CPUs;
    after training the thread computes with subnormal numbers again."""
    net = cr.Network.dense(m, initial="zeros", dtype="float32")
    X, Y = np.zeros((8, 3), np.float32), np.zeros((8, 2), np.float32)
    state = cr.train(net, X, Y, optimizer="adam", epochs=1, engine="native").state
    for moment in state.moments.values():
        assert not moment.any()
        moment[...] = 1e-40
    after = cr.train(net, X, Y, optimizer="adam", epochs=2, engine="native", threads=threads, resume=state).state
    assert not any(moment.any() for moment in after.moments.values())
    tiny = np.full(4, 1e-40, np.float32)
    assert (tiny * np.float32(0.5) > 0).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_states_pass_between_the_engines(optimizer: cr.Optimizer, shape: str) -> None:
    """A run that passes from native to the reference and back through files, in mid-epoch with minibatches, ends where
    the reference does."""
    plan = replace(PLAIN, shape=shape, batch_size=50 if optimizer.full_batch_only else 7, dropout=0.2)
    problem = make_problem(plan, optimizer)
    truth = finished(problem, "reference").state()
    state, visited = None, []
    for engine in ("native", "reference", "native", "reference", "native"):
        run = started(problem, engine, state)
        run.advance(1, math.inf)
        run.advance(1, 0.0)
        state = saved_and_loaded(run.state())
        visited.append((engine, state.batch))
    run = started(problem, "native", state)
    run.advance(EPOCHS, math.inf)
    assert run.stopped == "epochs"
    assert optimizer.full_batch_only or any(batch for _, batch in visited)
    end = run.state()
    assert (end.step, end.stream, end.best_epoch) == (truth.step, truth.stream, truth.best_epoch)
    np.testing.assert_allclose(end.theta, truth.theta, rtol=0, atol=1e-10)
    for name, moment in truth.moments.items():
        np.testing.assert_allclose(end.moments[name], moment, rtol=1e-9, atol=1e-11)
    for name in ("J", "validation_J", "gradient_norm"):
        np.testing.assert_allclose(end.records[name], truth.records[name], rtol=1e-9)


def test_both_engines_leave_the_random_stream_in_the_same_place() -> None:
    """After shuffles of 3 to 70,001 examples and the keys of dropout, both engines' random streams are in one state."""
    for t, dropout in ((3, 0.0), (257, 0.5), (70_001, 0.0)):
        net = cr.Network.dense([1, 2, 1], dropout=dropout, seed=0)
        X = np.linspace(-1.0, 1.0, t)[:, None]
        states = [
            cr.train(net.copy(), X, X, optimizer=cr.GradientDescent(1e-9), epochs=2, batch_size=-(-t // 2), seed=2**63,
                     engine=engine).state
            for engine in ("native", "reference")
        ]  # fmt: skip
        assert states[0].stream == states[1].stream
        np.testing.assert_allclose(states[0].theta, states[1].theta, rtol=1e-12, atol=1e-15)
