"""`train_many`: every network ends bitwise as `train` would leave it, and errors name the network."""

from __future__ import annotations

import pickle
import signal
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engines.state_bits import bits
from support.noisy_examples import X_VAL, Y_VAL, W, X, Y, small_net
from support.patience import ENDLESS, LIMIT

import chainrule as cr
from chainrule.errors import TrainingWarning
from chainrule.training import job

DIVERGING = cr.GradientDescent(1e6)


def nets(k: int, **settings: Any) -> list[cr.Network]:
    """2-3-1, tanh, with the seeds 0, 1, …"""
    return [cr.Network.dense([2, 3, 1], hidden="tanh", seed=seed, **settings) for seed in range(k)]


SETTINGS: dict[str, list[Any]] = {
    "optimizer": ["gradient_descent", cr.Adam(0.05), cr.Momentum(0.01, clip_norm=1.0), "rmsprop"],
    "epochs": [1, 3, 7],
    "batch_size": [None, 1, 4],
    "seed": [0, 5],
    "shuffle": [True, False],
    "weights": [None, W],
    "cost": ["sum_of_squares", cr.SumOfSquares(mean=True, l2=0.01), cr.Huber()],
    "patience": [None, 2],
    "tol": [None, 1e-3],
}
ROWS: list[Any] = [None, range(0, 10, 2), [3, 3, 1], np.arange(9, -1, -1)]


@pytest.mark.filterwarnings("ignore:.*J rose from:chainrule.errors.TrainingWarning")  # some draws learn nothing
@settings(max_examples=25)
@given(data=st.data(), k=st.integers(1, 5), threads=st.integers(1, 3), dtype=st.sampled_from(["float32", "float64"]))
def test_each_network_ends_as_if_trained_alone(data: st.DataObject, k: int, threads: int, dtype: str) -> None:
    """θ, moments, records and state are bitwise those of `train`, for any arguments of each, on both engines."""
    each = {name: [data.draw(st.sampled_from(values)) for _ in range(k)] for name, values in SETTINGS.items()}
    rows = [data.draw(st.sampled_from(ROWS)) for _ in range(k)]
    engine, validation = data.draw(st.sampled_from(["native", "reference"])), (X_VAL, Y_VAL)
    common: dict[str, Any] = {"validation": validation, "engine": engine}
    differing: dict[str, Any] = {name: cr.Each(values) for name, values in each.items()}
    together, alone = nets(k, dtype=dtype), nets(k, dtype=dtype)
    histories = cr.train_many(together, X, Y, rows=cr.Each(rows), threads=threads, **common, **differing)
    for j, net in enumerate(alone):
        own = {name: values[j] for name, values in each.items()}
        at = np.arange(10) if rows[j] is None else np.array(rows[j])
        own["weights"] = None if own["weights"] is None else own["weights"][at]
        history = cr.train(net, X[at], Y[at], **common, **own)
        assert bits(histories[j].state) == bits(history.state)
        assert together[j].theta.tobytes() == net.theta.tobytes()
        assert histories[j].stopped == history.stopped


def test_targets_and_inputs_of_each_network(engine: str) -> None:
    """X, Y and validation sets may differ as all arguments may, also as training sets."""
    targets, together, alone = np.stack([np.sin(Y[:, 0]), np.cos(Y[:, 0])]), nets(2), nets(2)
    cr.train_many(together, X, cr.Each(targets), epochs=5, optimizer="adam", engine=engine)
    for net, y in zip(alone, targets, strict=True):
        cr.train(net, X, y, epochs=5, optimizer="adam", engine=engine)
    sets = [cr.TrainingSet(X, Y), cr.TrainingSet(X_VAL, Y_VAL)]
    cr.train_many(together, cr.Each(sets), epochs=5, optimizer="adam", engine=engine)
    for net, one in zip(alone, sets, strict=True):
        cr.train(net, one, epochs=5, optimizer="adam", engine=engine)
    assert [net.theta.tobytes() for net in together] == [net.theta.tobytes() for net in alone]


# ---- what a wrong argument says --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seed": cr.Each([1, 2])}, "seed must hold one value for each of the 3 networks; got 2."),
        ({"seed": [1, 2, 3]}, "seed must be one value for all networks, or cr.Each([…]); got [1, 2, 3]."),
        ({"epochs": cr.Each([1, -1, 1])}, "network 2: epochs must be an integer ≥ 0; got -1."),
        ({"optimizer": cr.Each(["adam", "adam", "adan"])}, "network 3: unknown optimizer 'adan'; did you mean 'adam'?"),
        ({"rows": [0, 10]}, "network 1: rows must be from 0 to 9, those of X; got 0 to 10."),
        ({"rows": cr.Each([[0], [0.5], [0]])}, "network 2: rows must be a list of row numbers of X, from 0 to 9"),
        ({"rows": [[0], [1, 2]]}, "network 1: rows must be a list of row numbers of X, from 0 to 9; got [[0], [1, 2]]"),
        (
            {"rows": np.ma.masked_array([0, 1], mask=[False, True])},
            "network 1: rows must be finite; got masked entries",
        ),
        ({"rows": np.arange(10) > 3}, "network 1: rows must be a list of row numbers of X, from 0 to 9"),
        ({"patience": 3}, "network 1: patience=3 needs a validation set"),
        ({"checkpoint": "run.safetensors"}, "checkpoint must name a file of its own for each network, cr.Each"),
        ({"threads": 0}, "threads must be an integer ≥ 1; got 0."),
    ],
)
def test_a_wrong_argument_names_its_network_before_any_work(arguments: dict[str, Any], words: str) -> None:
    """The message is that of `train`, with the number of the network, and no network has been trained."""
    three = nets(3)
    before = [net.theta.copy() for net in three]
    with pytest.raises(cr.InputError) as caught:
        cr.train_many(three, X, Y, **arguments)
    assert str(caught.value).startswith(words)
    assert all(map(np.array_equal, before, (net.theta for net in three)))


def test_networks_are_a_list_of_different_ones() -> None:
    """One network alone, an empty list, and the same network twice are refused; so is a number for each."""
    net = small_net()
    for networks, words in (
        (net, "networks must be a list of one or more networks"),
        ([], "networks must be a list of one or more networks"),
        ([net, small_net(), net], r"networks 1 and 3 are the same object; train net\.copy\(\) beside it"),
        ([net, 3], "network 2 must be a Network; got 3"),
    ):
        with pytest.raises(cr.InputError, match=words):
            cr.train_many(networks, X, Y)  # type: ignore[arg-type]
    with pytest.raises(cr.InputError, match="Each must hold a list of values, one for each network; got 5"):
        cr.Each(5)  # type: ignore[arg-type]


# ---- when something goes wrong ---------------------------------------------------------------------------------------


def test_a_network_that_diverges_does_not_stop_the_others(engine: str) -> None:
    """DivergenceError comes when all are trained, names those that diverged, and has every history."""
    together, alone = nets(4), nets(4)
    optimizers = [cr.Adam(), DIVERGING, cr.Adam(), DIVERGING]
    with pytest.raises(cr.DivergenceError, match="networks 2, 4 of 4 diverged; the other 2 are tr") as caught:
        cr.train_many(together, X, Y, optimizer=cr.Each(optimizers), engine=engine, threads=2)
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - raised above
    assert [history.stopped for history in error.histories] == ["epochs", "diverged", "epochs", "diverged"]
    assert error.history.epochs == caught.value.histories[1].epochs
    assert all(np.isfinite(net.theta).all() for net in together)
    cr.train(alone[2], X, Y, optimizer=cr.Adam(), engine=engine)
    assert np.array_equal(together[2].theta, alone[2].theta)


@pytest.mark.parametrize(
    ("optimizers", "words"),
    [
        ([DIVERGING, DIVERGING], r"networks 1, 2 of 2 diverged\. Network 1: "),
        ([cr.Adam(), DIVERGING], r"network 2 of 2 diverged; the other one is trained\. Network 2: "),
    ],
)
def test_the_number_of_trained_networks(optimizers: list[cr.optimizers.Optimizer], words: str) -> None:
    """The error says how many other networks are trained, if there are any."""
    with pytest.raises(cr.DivergenceError, match=words):
        cr.train_many(nets(2), X, Y, optimizer=cr.Each(optimizers))


def test_a_rise_of_J_names_its_network() -> None:
    """The TrainingWarning about steps that are too large has the number of the network."""
    with pytest.warns(TrainingWarning, match="network 2: J rose from"):
        cr.train_many(nets(2), X, Y, optimizer=cr.Each(["adam", cr.GradientDescent(0.6)]), epochs=2)


def test_an_exception_of_a_callback_stops_all(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It propagates with the number of its network, and the others stop after a complete step."""
    monkeypatch.setattr(job, "SHORT_FLOP", 0.0)

    def fail(history: cr.History) -> None:
        if history.epochs >= 3:
            raise RuntimeError("no more")

    two = nets(2)
    with pytest.raises(RuntimeError, match="no more") as caught:
        cr.train_many(
            two, X, Y, optimizer="adam", epochs=ENDLESS, callbacks=cr.Each([[fail], []]), engine=engine, threads=2
        )
    assert caught.value.__notes__[-1] == "This happened to network 1."
    assert all(np.isfinite(net.theta).all() for net in two)


@pytest.mark.parametrize("rate", [0.01, None], ids=["given rate", "rate left out"])
def test_ctrl_c_leaves_every_network_where_it_can_continue(
    rate: float | None, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Networks in training, those that have ended and those that have not begun all resume with the same bits."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread alone")
    monkeypatch.setattr(job, "SHORT_FLOP", 0.0)
    together, alone = nets(4), nets(4)
    settings: dict[str, Any] = {"optimizer": cr.GradientDescent(rate), "batch_size": 9, "engine": engine}

    def stop(history: cr.History) -> bool:
        return True

    def interrupt(history: cr.History) -> None:
        if history.epochs == 20:
            signal.raise_signal(signal.SIGINT)

    callbacks = cr.Each([[stop], [interrupt], [interrupt], [interrupt]])
    with pytest.raises(cr.TrainingInterrupted, match=r"1 of 4 networks are trained; all are intact\.") as caught:
        cr.train_many(together, X, Y, epochs=ENDLESS, callbacks=callbacks, threads=2, **settings)
    histories = pickle.loads(pickle.dumps(caught.value)).histories  # noqa: S301 - raised above
    assert [history.stopped for history in histories] == ["callback", "interrupted", "interrupted", "interrupted"]
    assert histories[3].epochs == 0
    epochs, states = [history.epochs + 3 for history in histories], [history.state for history in histories]
    cr.train_many(together, X, Y, epochs=cr.Each(epochs), resume=cr.Each(states), **settings)
    for net, other, count in zip(together, alone, epochs, strict=True):
        cr.train(other, X, Y, epochs=count, **settings)
        assert net.theta.tobytes() == other.theta.tobytes()


def test_networks_that_are_bound_by_python_take_turns(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread trains all networks if each of them needs Python most of the time, else there are several."""
    barrier, threads = threading.Barrier(2, timeout=LIMIT), set()

    def look(history: cr.History) -> None:
        threads.add(threading.get_ident())
        if engine == "native" and job.SHORT_FLOP == 0.0:
            barrier.wait()  # both networks are in training

    settings: dict[str, Any] = {"optimizer": "adam", "epochs": 3, "callbacks": [look], "engine": engine, "threads": 2}
    cr.train_many(nets(2), X, Y, **settings)
    assert len(threads) == 1
    threads.clear()
    monkeypatch.setattr(job, "SHORT_FLOP", 0.0)
    cr.train_many(nets(2), X, Y, **settings)
    assert len(threads) == (2 if engine == "native" else 1)


def test_a_checkpoint_of_each_network(tmp_path: Path) -> None:
    """A file for each network is written, and all of them are resumed with the same bits."""
    files = cr.Each([str(tmp_path / f"{j}.safetensors") for j in range(3)])
    together, alone = nets(3), nets(3)
    cr.train_many(together, X, Y, optimizer="adam", epochs=4, checkpoint=files)
    histories = cr.train_many(nets(3), X, Y, optimizer="adam", epochs=9, checkpoint=files, resume=True)
    expected = [cr.train(net, X, Y, optimizer="adam", epochs=9) for net in alone]
    assert [bits(history.state) for history in histories] == [bits(history.state) for history in expected]
    assert np.array_equal(cr.load(files.values[2]).theta, alone[2].theta)


def test_callbacks_watch_all_networks(capsys: pytest.CaptureFixture[str]) -> None:
    """``verbose=True`` shows the networks as one bar; a callback in the list of one network watches that alone."""
    first = cr.callbacks.EarlyStopping(lambda net: 1.0, mode="max", patience=3)
    histories = cr.train_many(nets(2), X, Y, optimizer="adam", epochs=9, callbacks=cr.Each([[first], []]), verbose=True)
    assert [history.epochs for history in histories] == [4, 9]
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(("epoch 4/9 (network 1 of 2)", "epoch 9/9 (network 2 of 2)"))
    stop = cr.callbacks.StopRequest()
    stop.set()
    histories = cr.train_many(nets(3), X, Y, optimizer="adam", epochs=9, callbacks=[stop])
    assert [(history.stopped, history.epochs) for history in histories] == [("callback", 0)] * 3


class Opened(cr.callbacks.StopRequest):
    """Notes the numbers of networks around whose runs it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.networks: list[int] = []

    def all_runs(self, networks: int) -> AbstractContextManager[cr.callbacks.RunCallback]:
        self.networks.append(networks)
        return super().all_runs(networks)


@pytest.mark.parametrize("arguments", [{"epochs": cr.Each([1, -1])}, {"batch_size": cr.Each([1, 0])}, {"engine": "no"}])
def test_no_callback_is_opened_before_all_arguments_are_checked(arguments: dict[str, Any]) -> None:
    """A wrong argument of the last network is refused before a callback of all networks is opened."""
    callback = Opened()
    with pytest.raises((cr.InputError, cr.UnknownName)):
        cr.train_many(nets(2), X, Y, callbacks=[callback], **arguments)
    assert callback.networks == []
    cr.train_many(nets(2), X, Y, epochs=1, optimizer="adam", callbacks=[callback])
    assert callback.networks == [2, 1, 1]


def test_callbacks_of_one_network_are_checked() -> None:
    """An object that is no list of callbacks is refused with the number of its network."""
    with pytest.raises(cr.InputError, match="network 2: callbacks must be a list of functions"):
        cr.train_many(nets(2), X, Y, callbacks=cr.Each([[], 3]))
