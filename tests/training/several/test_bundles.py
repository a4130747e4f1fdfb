"""Bundles: tiny networks of one shape whose steps are made together, and which end bitwise as each would alone."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engines.state_bits import bits
from support.noisy_examples import X_VAL, Y_VAL, W, X, Y
from support.patience import ENDLESS

import chainrule as cr
from chainrule.engines.native.engine import NativeEngine
from chainrule.training import job
from chainrule.training.several.bundle import Bundle
from chainrule.training.several.job_queue import MOST_COPIED, QueuedJob, divided

pytestmark = pytest.mark.native


def nets(k: int, sizes: Sequence[int] = (2, 3, 1), **options: Any) -> list[cr.Network]:
    """Networks of one shape with the seeds 0, 1, …"""
    return [cr.Network.dense(sizes, hidden="tanh", seed=seed, **options) for seed in range(k)]


@pytest.fixture(scope="module")
def lanes() -> int:
    """The most networks of a bundle in float64, one a lane; skips a test if vectors are too short for one."""
    kind = kinds(nets(2))[0]
    if kind is None:
        pytest.skip("vectors of two numbers in float64 (SSE2, NEON) are too short for a bundle")
    most: int = kind.most
    return most


@pytest.fixture
def bundles(monkeypatch: pytest.MonkeyPatch, lanes: int) -> list[int]:
    """The sizes of the bundles, slice by slice."""
    return watched_bundles(monkeypatch)


def watched_bundles(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collects the sizes of the bundles, slice by slice; two networks are enough for one."""
    sizes: list[int] = []
    kind_of = NativeEngine.bundle_kind

    def watched(self: NativeEngine, problem: Any) -> Any:
        kind = kind_of(self, problem)
        if kind is not None:
            advance = kind.advance

            def counted(runs: Sequence[Any], epochs: int, seconds: float) -> None:
                sizes.append(len(runs))
                advance(runs, epochs, seconds)

            return replace(kind, advance=counted, least=2)
        return kind

    monkeypatch.setattr(NativeEngine, "bundle_kind", watched)
    return sizes


SETTINGS: dict[str, list[Any]] = {
    "optimizer": [cr.Adam(0.05), cr.Adam(cr.Cosine(0.02)), cr.Adam(0.01, clip_norm=0.1)],
    "epochs": [2, 5, 9],
    "batch_size": [1, 3, 8],
    "seed": [0, 5],
    "shuffle": [True, False],
    "cost": [cr.SumOfSquares(), cr.SumOfSquares(mean=True, l2=0.01), cr.SumOfSquares(l1=0.1)],
    "patience": [None, 1, 2],
    "tol": [None, 1e-2],
}
ROWS: list[Any] = [range(10), range(0, 10, 2), [3, 3, 1], np.arange(9, -1, -1)]


@pytest.mark.usefixtures("lanes")
@settings(max_examples=25)
@given(data=st.data(), k=st.integers(4, 9), dtype=st.sampled_from(["float32", "float64"]), m=st.integers(1, 2))
def test_each_network_of_a_bundle_ends_as_if_trained_alone(data: st.DataObject, k: int, dtype: str, m: int) -> None:
    """θ, moments, records and state are bitwise those of `train`, whatever differs between the networks."""
    each = {name: [data.draw(st.sampled_from(values)) for _ in range(k)] for name, values in SETTINGS.items()}
    rows = [np.array(data.draw(st.sampled_from(ROWS))) for _ in range(k)]
    targets, held_out = np.hstack([Y, Y**2])[:, :m], np.hstack([Y_VAL, Y_VAL**2])[:, :m]
    common: dict[str, Any] = {"validation": (X_VAL, held_out), "tol_epochs": 2}
    differing: dict[str, Any] = {name: cr.Each(values) for name, values in each.items()}
    together, alone = (nets(k, (2, 3, m), dtype=dtype) for _ in range(2))
    with pytest.MonkeyPatch.context() as monkeypatch:
        bundles = watched_bundles(monkeypatch)
        histories = cr.train_many(together, X, targets, rows=cr.Each(rows), weights=W, threads=1, **common, **differing)
    assert max(bundles) > 1
    for j, net in enumerate(alone):
        own = {name: values[j] for name, values in each.items()}
        at = rows[j]
        history = cr.train(net, X[at], targets[at], weights=W[at], **common, **own)
        assert bits(histories[j].state) == bits(history.state)
        assert together[j].theta.tobytes() == net.theta.tobytes()
        assert histories[j].stopped == history.stopped


@pytest.mark.parametrize(
    "optimizer",
    [cr.GradientDescent(0.01), "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "rprop"],
    ids=str,
)
def test_every_optimizer(optimizer: Any, bundles: list[int]) -> None:
    """A bundle has one optimizer; a full batch of a few rows is a minibatch too."""
    together, alone, x, y = nets(8), nets(8), X[:7], Y[:7]
    settings: dict[str, Any] = {"optimizer": optimizer, "epochs": 20}
    settings["batch_size"] = None if optimizer == "rprop" else 4
    histories = cr.train_many(together, x, y, threads=1, **settings)
    assert bundles
    for net, history in zip(alone, histories, strict=True):
        assert bits(cr.train(net, x, y, **settings).state) == bits(history.state)


# ---- which networks are bundled --------------------------------------------------------------------------------------


def queued_jobs(networks: Sequence[cr.Network], X: Any = X, Y: Any = Y, **arguments: Any) -> list[QueuedJob]:
    """Returns the jobs of a call of `train_many`."""
    found: list[QueuedJob] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        init = QueuedJob.__init__

        def watched(self: QueuedJob, *args: Any, **others: Any) -> None:
            init(self, *args, **others)
            found.append(self)

        monkeypatch.setattr(QueuedJob, "__init__", watched)
        cr.train_many(networks, X, Y, **{"optimizer": "adam", "batch_size": 4, "epochs": 1, **arguments})
    return found


def kinds(networks: Sequence[cr.Network], **arguments: Any) -> list[Any]:
    """Returns the kind of the bundles in which each network could be trained."""
    return [queued.bundle_kind for queued in queued_jobs(networks, **arguments)]


@pytest.mark.parametrize(
    "arguments",
    [
        {"batch_size": 9},
        {"batch_size": None},
        {"optimizer": cr.GradientDescent()},
        {"time_limit": 60.0},
        {"record": ["theta"]},
        {"engine": "reference"},
        {"callbacks": [print]},
        {"X": cr.TrainingSet},
    ],
    ids=["large minibatch", "full batch", "rate left out", "time limit", "path", "reference", "callback", "sparse"],
)
def test_what_is_trained_one_by_one(arguments: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Jobs that a bundle cannot do, or not faster, are done without it."""
    if "X" in arguments:
        arguments = {"X": pytest.importorskip("scipy.sparse").csr_array(X)}
    assert kinds(nets(2), **arguments) == [None, None]


@pytest.mark.usefixtures("lanes")
def test_networks_of_a_bundle_have_one_shape() -> None:
    """Sizes, σ, number type, cost and optimizer are those of all; dropout and width beyond lanes exclude a network."""
    networks = [
        *nets(2),
        *nets(1, (2, 4, 1)),
        *nets(1, dtype="float32"),
        cr.Network.dense([2, 3, 1], hidden="relu"),
        cr.Network.dense([2, 3, 1], hidden="tanh", dropout=0.5),
        *nets(1, (2, 33, 1)),
    ]
    first, same, *others = kinds(networks)
    assert first == same
    assert first is not None
    assert first not in others
    assert others[-2:] == [None, None]
    assert len({*kinds(nets(3), optimizer=cr.Each(["adam", "rmsprop", cr.Adam(0.3)]))}) == 2
    assert len({*kinds(nets(3), cost=cr.Each([cr.Huber(), cr.Huber(2.0), cr.Huber(l2=0.1)]))}) == 2


@pytest.mark.usefixtures("lanes")
def test_bundles_are_divided_among_the_threads() -> None:
    """There are as many as threads, or more if the lanes are too few, and none if a thread has few networks."""
    queued = queued_jobs(nets(12), epochs=cr.Each(range(1, 13)))
    kind = queued[0].bundle_kind
    assert kind is not None
    for threads in (1, 2, 4, 5, 50):
        parts = divided(queued, threads)
        sizes = [len(part) for part in parts]
        assert [one.number for part in parts for one in part] == list(range(12, 0, -1))  # those with most work first
        if 12 // threads >= kind.least:
            assert len(sizes) == max(threads, math.ceil(12 / kind.most))
            assert max(sizes) <= kind.most
            assert max(sizes) - min(sizes) <= 1
        else:
            assert sizes == [1] * 12


@pytest.mark.usefixtures("lanes")
def test_large_copies_of_rows_do_not_exist_for_all_networks_of_a_bundle() -> None:
    """Networks of a bundle are trained at the same time, so that their copies exist at the same time."""
    t = MOST_COPIED // 16
    for rows, are_bundled in ((range(t), True), (range(t + 1), False)):
        found = kinds(nets(2), X=np.zeros((t + 1, 2)), Y=np.zeros((t + 1, 1)), rows=rows)
        assert [kind is not None for kind in found] == [are_bundled] * 2


# ---- when something goes wrong ---------------------------------------------------------------------------------------


def test_one_network_of_a_bundle_diverges(bundles: list[int], lanes: int) -> None:
    """It keeps its last finite θ, and the others are trained to their end."""
    together, alone = nets(8), nets(8)
    rates = [1e-2] * 8
    rates[2] = 1e200
    optimizers = [cr.GradientDescent(rate) for rate in rates]
    settings: dict[str, Any] = {"batch_size": 3, "epochs": 7}
    with pytest.raises(cr.DivergenceError, match="network 3 of 8 diverged; the other 7 are trained") as caught:
        cr.train_many(together, X, Y, optimizer=cr.Each(optimizers), threads=1, **settings)
    assert bundles[0] == min(8, lanes)
    for j, net in enumerate(alone):
        if j == 2:
            with pytest.raises(cr.DivergenceError):
                cr.train(net, X, Y, optimizer=optimizers[j], **settings)
        else:
            cr.train(net, X, Y, optimizer=optimizers[j], **settings)
        assert net.theta.tobytes() == together[j].theta.tobytes()
    assert [history.stopped for history in caught.value.histories].count("diverged") == 1


def test_an_exception_of_a_callback_stops_the_bundle(
    monkeypatch: pytest.MonkeyPatch, bundles: list[int], lanes: int
) -> None:
    """It propagates with the number of its network alone; the callbacks of the others see the end of their runs."""
    monkeypatch.setattr(job, "SHORT_FLOP", 0.0)

    def fail(history: cr.History) -> None:
        if history.epochs >= 3:
            raise RuntimeError("no more")

    two = nets(4)
    with pytest.raises(RuntimeError, match="no more") as caught:
        cr.train_many(
            two, X, Y, optimizer="adam", epochs=ENDLESS, batch_size=1, threads=1,
            callbacks=cr.Each([[], [fail], [], []]),
        )  # fmt: skip
    assert bundles[0] == min(4, lanes)
    assert caught.value.__notes__[1:] == ["This happened to network 2."]
    assert all(np.isfinite(net.theta).all() for net in two)


def test_an_error_of_the_engine_reaches_what_watches_the_jobs() -> None:
    """An exception of the bundle's step ends all jobs with it, as it would end one alone."""
    seen: list[BaseException] = []

    def slices() -> Any:
        try:
            yield job.RunSlice(run, 1, 1.0, kind)
        except MemoryError as error:
            seen.append(error)
            raise

    def advance(runs: Sequence[Any], epochs: int, seconds: float) -> None:
        raise MemoryError

    run: Any = None
    kind = cr.engines.bundle.BundleKind("kind", 2, 8, advance)
    with pytest.raises(MemoryError):
        Bundle(stop=lambda: None).run([slices(), slices()])
    assert len(seen) == 2


def test_ctrl_c_in_a_bundle(monkeypatch: pytest.MonkeyPatch, bundles: list[int], lanes: int) -> None:
    """All networks stop after a complete step, and resume with the same bits."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread alone")
    monkeypatch.setattr(job, "SHORT_FLOP", 0.0)
    together, alone = nets(4), nets(4)
    settings: dict[str, Any] = {"optimizer": "adam", "batch_size": 3}

    def interrupt(history: cr.History) -> None:
        if history.epochs == 20:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(cr.TrainingInterrupted, match=r"0 of 4 networks are trained; all are intact\.") as caught:
        cr.train_many(together, X, Y, epochs=ENDLESS, callbacks=[interrupt], threads=1, **settings)
    histories = caught.value.histories
    epochs, states = [history.epochs + 3 for history in histories], [history.state for history in histories]
    cr.train_many(together, X, Y, epochs=cr.Each(epochs), resume=cr.Each(states), threads=1, **settings)
    assert bundles[0] == bundles[-1] == min(4, lanes)
    for net, other, count in zip(together, alone, epochs, strict=True):
        cr.train(other, X, Y, epochs=count, **settings)
        assert net.theta.tobytes() == other.theta.tobytes()


def test_checkpoints_and_callbacks_of_each_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundles: list[int]
) -> None:
    """A slice of a bundle ends when a callback or a checkpoint of one network is due."""
    monkeypatch.setattr(job, "SHORT_FLOP", 0.0)
    seen: dict[int, list[int]] = {j: [] for j in range(4)}

    def note(j: int) -> Any:
        return lambda history: seen[j].append(history.epochs)

    files = [cr.Checkpoint(tmp_path / f"{j}.safetensors", epochs=2 + j) for j in range(4)]
    intervals = [1, 2, 3, 5]
    settings: dict[str, Any] = {"optimizer": "adam", "batch_size": 2, "threads": 1}
    calls, saved = cr.Each([[note(j)] for j in range(4)]), cr.Each(files)
    cr.train_many(
        nets(4), X, Y, epochs=4, callbacks=calls, callback_epochs=cr.Each(intervals), checkpoint=saved, **settings
    )
    assert seen == {0: [1, 2, 3, 4], 1: [2, 4], 2: [3, 4], 3: [4]}
    histories = cr.train_many(nets(4), X, Y, epochs=9, checkpoint=saved, resume=True, **settings)
    assert bundles
    for net, history in zip(nets(4), histories, strict=True):
        expected = cr.train(net, X, Y, optimizer="adam", batch_size=2, epochs=9)
        assert bits(history.state) == bits(expected.state)
