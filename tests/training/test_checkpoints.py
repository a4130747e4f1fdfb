"""A run that ends at any moment continues from its checkpoint, and ends bitwise like the uninterrupted one."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from support.engines.state_bits import bits
from support.noisy_examples import X_VAL, Y_VAL, W, X, Y

import chainrule as cr
from chainrule import files
from chainrule.training import checkpoint as module

EPOCHS = 12
SETTINGS: dict[str, dict[str, Any]] = {
    "descent": {},
    "adam, minibatches": {"optimizer": "adam", "batch_size": 3, "weights": W},
    "rprop": {"optimizer": "rprop"},
    "schedule, clipped": {"optimizer": cr.AdamW(cr.OneCycle(0.02), clip_norm=0.5), "batch_size": 4},
    "momentum, in order": {"optimizer": cr.Momentum(0.01), "batch_size": 4, "shuffle": False},
    "patience": {"optimizer": cr.Momentum(0.1), "batch_size": 4, "patience": 3, "validation": (X_VAL, Y_VAL)},
    "tol": {"tol": 0.3, "tol_epochs": 4, "optimizer": "adam"},
}


def new(dropout: float = 0.25, dtype: str = "float64") -> cr.Network:
    """2-3-1 with dropout."""
    return cr.Network.dense([2, 3, 1], hidden="tanh", dropout=dropout, seed=1, dtype=dtype)


def train(net: cr.Network, **settings: Any) -> cr.History:
    """Trains for EPOCHS epochs unless told otherwise."""
    return cr.train(net, X, Y, **{"epochs": EPOCHS, "seed": 3, **settings})


def checkpoints_of(path: Path, interval: dict[str, Any], net: cr.Network, **settings: Any) -> list[bytes]:
    """The contents that the checkpoint of a run has, one after the other."""
    contents: list[bytes] = []
    write = files.write_checkpoint

    def watched(*arguments: Any, **named: Any) -> None:
        write(*arguments, **named)
        contents.append(path.read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "write_checkpoint", watched)
        train(net, checkpoint=cr.Checkpoint(path, **interval), **settings)
    return contents


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("interval", [{"epochs": 1}, {"seconds": 1e-9}], ids=["epochs", "steps"])
def test_every_checkpoint_leads_to_the_same_end(
    interval: dict[str, Any], settings: dict[str, Any], engine: str, tmp_path: Path
) -> None:
    """From each content that the file ever had, another network ends with the θ, moments, records, best network,
    validation, stopping epoch and reason of the run without a checkpoint."""
    whole_net = new()
    whole = train(whole_net, engine=engine, **settings)
    contents = checkpoints_of(tmp_path / "run", interval, new(), engine=engine, **settings)
    assert len(contents) >= 2
    if "epochs" in interval:
        assert len(contents) == 1 + whole.epochs
    for content in contents if "epochs" in interval else contents[1::7]:
        (tmp_path / "run").write_bytes(content)
        net = new()
        net.theta = np.zeros(net.d)
        history = train(net, engine=engine, checkpoint=tmp_path / "run", resume=True, **settings)
        assert net.theta.tobytes() == whole_net.theta.tobytes()
        assert bits(history.state) == bits(whole.state)
        assert (history.stopped, history.best_epoch) == (whole.stopped, whole.best_epoch)
        assert cr.load(tmp_path / "run").theta.tobytes() == whole_net.theta.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_checkpoint_is_a_network_and_a_state(dtype: str, engine: str, tmp_path: Path) -> None:
    """``cr.load`` reads the network that training left, with patience the best, and ``TrainingState.load`` the
    state."""
    for name, settings in SETTINGS.items():
        net = new(dtype=dtype)
        history = train(net, engine=engine, checkpoint=tmp_path / name, **settings)
        assert cr.load(tmp_path / name).theta.tobytes() == net.theta.tobytes()
        assert cr.load(tmp_path / name).layers[0].dropout == 0.25
        assert bits(cr.TrainingState.load(tmp_path / name)) == bits(history.state)


def test_a_finished_run_returns_at_once_or_goes_on(engine: str, tmp_path: Path) -> None:
    """A finished run ends again without a step and without a write; with more epochs it is the longer run."""
    path, adam = tmp_path / "run", {"optimizer": "adam", "batch_size": 3, "engine": engine}
    first = train(new(), checkpoint=path, **adam)
    before = path.stat().st_mtime_ns
    again = train(new(), checkpoint=path, resume=True, **adam)
    assert (again.stopped, bits(again.state)) == ("epochs", bits(first.state))
    assert path.stat().st_mtime_ns == before
    longer = train(new(), checkpoint=path, resume=path, epochs=30, **adam)
    assert bits(longer.state) == bits(train(new(), epochs=30, **adam).state)
    assert cr.TrainingState.load(path).epoch == 30


def test_resume_alone_writes_nothing(tmp_path: Path) -> None:
    """``resume=path`` without ``checkpoint`` leaves the file; with another name the run goes on there."""
    path, other = tmp_path / "run", tmp_path / "other"
    train(new(), epochs=5, checkpoint=path)
    before = path.read_bytes()
    history = train(new(), resume=path)
    assert history.epochs == EPOCHS
    train(new(), resume=str(path), checkpoint=other)
    assert path.read_bytes() == before
    assert bits(cr.TrainingState.load(other)) == bits(history.state)
    history.state.save(tmp_path / "state")  # the file of a state is resumed too
    assert bits(train(new(), resume=tmp_path / "state", epochs=20).state) == bits(train(new(), epochs=20).state)


def test_the_run_begins_if_there_is_no_checkpoint(tmp_path: Path) -> None:
    """With ``resume=True`` and no file the run begins, so that the same program begins a run and continues it."""
    history = train(new(), checkpoint=tmp_path / "run", resume=True)
    assert bits(history.state) == bits(train(new()).state)
    assert train(new(), checkpoint=tmp_path / "other", resume=False).epochs == EPOCHS


def test_a_callback_of_some_epochs_is_called_at_the_same_epochs(engine: str, tmp_path: Path) -> None:
    """A callback every five epochs that changes θ is called at the epochs of the uninterrupted run, wherever that run
    was cut."""

    def clipped(net: cr.Network, seen: list[int]) -> dict[str, Any]:
        def clip(history: cr.History) -> None:
            seen.append(history.epochs)
            np.clip(net.theta, -0.3, 0.3, out=net.theta)

        return {"callbacks": [clip], "callback_epochs": 5, "optimizer": "adam", "engine": engine}

    whole = new()
    calls: list[int] = []
    train(whole, **clipped(whole, calls))
    assert calls == [5, 10, 12]
    cut = new()
    for epoch, content in enumerate(checkpoints_of(tmp_path / "run", {"epochs": 1}, cut, **clipped(cut, []))):
        (tmp_path / "run").write_bytes(content)
        net = new()
        later: list[int] = []
        train(net, resume=tmp_path / "run", **clipped(net, later))
        assert later == [k for k in (5, 10, 12) if k > epoch]
        assert net.theta.tobytes() == whole.theta.tobytes()


@pytest.mark.parametrize("repeated", [False, True], ids=["a run", "a resumed run"])
def test_ctrl_c_writes_a_last_checkpoint(repeated: bool, engine: str, tmp_path: Path) -> None:
    """Ctrl-C writes the run as it is, and the resumed run ends like the uninterrupted one."""
    path, settings = tmp_path / "run", {"optimizer": "adam", "batch_size": 3, "engine": engine}

    def press(history: cr.History) -> None:
        if history.epochs in (5, 8):
            signal.raise_signal(signal.SIGINT)

    for _ in range(1 + repeated):
        with pytest.raises(cr.TrainingInterrupted) as caught:
            train(new(), checkpoint=path, resume=True, callbacks=[press], **settings)
        assert bits(cr.TrainingState.load(path)) == bits(caught.value.history.state)
    history = train(new(), checkpoint=path, resume=True, **settings)
    assert bits(history.state) == bits(train(new(), **settings).state)


def test_a_diverged_run_keeps_the_checkpoint_before(engine: str, tmp_path: Path) -> None:
    """A run that diverges leaves the last checkpoint before, which is a network as any other."""
    path, net = tmp_path / "run", cr.Network.dense([2, 1], seed=0)
    with pytest.raises(cr.DivergenceError) as caught:
        train(
            net, epochs=500, optimizer=cr.GradientDescent(1.0), checkpoint=cr.Checkpoint(path, epochs=1), engine=engine
        )
    state = cr.TrainingState.load(path)
    assert state.epoch == caught.value.history.epochs - 1 > 3
    assert cr.load(path).theta.tobytes() == state.theta.tobytes()


@pytest.mark.parametrize("engine", ["native", "reference"])  # engine="torch" declines sparse rows
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_sparse_rows(sparse: bool, engine: str, tmp_path: Path) -> None:
    """A run over sparse rows continues, and rows of another form or with other numbers are another run's."""
    rows: Any = scipy.sparse.csr_array(X) if sparse else X
    settings: dict[str, Any] = {"optimizer": "adam", "epochs": 6, "engine": engine}
    whole = cr.train(new(), rows, Y, **settings)
    cr.train(new(), rows, Y, **{**settings, "epochs": 3}, checkpoint=tmp_path / "run")
    again = cr.train(new(), rows, Y, **settings, resume=tmp_path / "run")
    assert bits(again.state) == bits(whole.state)
    for other in (X if sparse else scipy.sparse.csr_array(X), 2 * rows):
        with pytest.raises(cr.InputError, match=r"another run: its X was .*CRC-32"):
            cr.train(new(), other, Y, **settings, resume=tmp_path / "run")


def test_parts_of_your_own(tmp_path: Path) -> None:
    """A run with a σ, a cost and an optimizer of the user's own continues; another function of the same name is not
    told apart, as its code is not in the file."""

    class Half(cr.GradientDescent):
        name = "half"

    square = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")
    cost = cr.CustomCost(lambda A, Y: ((A - Y) ** 2).sum(axis=1), name="mine")
    settings: dict[str, Any] = {"cost": cost, "optimizer": Half(0.001), "engine": "reference"}

    def own() -> cr.Network:
        return cr.Network.dense([2, 3, 1], hidden=square, seed=0)

    whole = train(own(), **settings)
    train(own(), epochs=5, checkpoint=tmp_path / "run", **settings)
    assert bits(train(own(), resume=tmp_path / "run", **settings).state) == bits(whole.state)
    with pytest.raises(cr.InputError, match=r"its cost was CustomCost\(mine\), and is SumOfSquares\(\) now"):
        train(own(), resume=tmp_path / "run", **{**settings, "cost": "sum_of_squares"})


OTHER: dict[str, tuple[dict[str, Any], str]] = {
    "cost": ({"cost": cr.SumOfSquares(mean=True)}, "its cost was SumOfSquares(), and is SumOfSquares(mean=True) now"),
    "optimizer": ({"optimizer": cr.Adam(0.1)}, "its optimizer was Adam(), and is Adam(learning_rate=0.1) now"),
    "batch size": ({"batch_size": 4}, "its batch_size was 5, and is 4 now"),
    "order": ({"shuffle": False}, "its shuffle was True, and is False now"),
    "labels": ({"Y": Y + 1.0}, "its Y was 10 × 1, CRC-32 0x"),
    "rows": ({"X": X[:9], "Y": Y[:9]}, "its X was 10 × 2, CRC-32 0x"),
    "weights": ({"weights": W}, "its weights was none, and is 10, CRC-32 0x"),
    "validation": ({"validation": (X_VAL, Y_VAL)}, "its validation X was none, and is 20 × 2, CRC-32 0x"),
    "sizes": ({"net": cr.Network.dense([2, 4, 1])}, "its network had the sizes m = [2, 3, 1], and has [2, 4, 1] now"),
    "type": ({"net": new(dtype="float32")}, "its network had the number type = float64, and has float32 now"),
    "sigma": (
        {"net": cr.Network.dense([2, 3, 1], hidden="relu", dropout=0.25)},
        "layer 1 of its network had activation = tanh, and has relu now",
    ),
    "dropout": ({"net": new(dropout=0.5)}, "layer 1 of its network had dropout = 0.25, and has 0.5 now"),
}


@pytest.mark.parametrize(("changes", "words"), OTHER.values(), ids=OTHER)
def test_the_checkpoint_of_another_run_is_refused(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    """A checkpoint of other data, another network or other settings is refused; the message names the difference, and
    no bit of θ moves."""
    settings: dict[str, Any] = {"X": X, "Y": Y, "optimizer": "adam", "batch_size": 5, "epochs": 3}
    cr.train(net=new(), checkpoint=tmp_path / "run", **settings)
    changed = {"net": new(), **settings, **changes}
    before, content = changed["net"].theta.tobytes(), (tmp_path / "run").read_bytes()
    with pytest.raises(cr.InputError) as caught:
        cr.train(checkpoint=tmp_path / "run", resume=True, **changed)
    assert f"run is the checkpoint of another run: {words}" in str(caught.value)
    assert changed["net"].theta.tobytes() == before
    assert (tmp_path / "run").read_bytes() == content


def test_settings_that_may_differ(tmp_path: Path) -> None:
    """The engine, threads, stopping rules, callbacks and the seed, whose stream the state holds, may be others."""
    train(new(), epochs=5, checkpoint=tmp_path / "run", optimizer="adam", engine="reference")
    history = train(
        new(), resume=tmp_path / "run", optimizer="adam", seed=None, threads=1, tol=0.0, time_limit=100.0,
        callbacks=[lambda _: None],
    )  # fmt: skip
    assert bits(history.state)["stream"] == bits(train(new(), optimizer="adam").state)["stream"]


def test_the_state_of_a_checkpoint_may_go_on_with_other_settings(tmp_path: Path) -> None:
    """As the message says, ``TrainingState.load`` continues the run with another learning rate."""
    train(new(), epochs=5, checkpoint=tmp_path / "run", optimizer=cr.Adam(0.1))
    state = cr.TrainingState.load(tmp_path / "run")
    history = train(new(), resume=state, optimizer=cr.Adam(0.01))
    assert history.learning_rate.tolist() == [0.1] * 5 + [0.01] * 7


def test_by_default_writing_takes_little_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without an interval the time between two writes is at least that of a write divided by SHARE, and at least
    LEAST_SECONDS, so that a short run is written at its beginning and at its end alone."""
    assert len(checkpoints_of(tmp_path / "short", {}, new())) == 2
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    write, begins, ends = files.write_checkpoint, [], []

    def slow(*arguments: Any, **named: Any) -> None:
        begins.append(clock[0])
        write(*arguments, **named)
        clock[0] += 0.5
        ends.append(clock[0])

    def second(history: cr.History) -> None:
        clock[0] += 1.0

    monkeypatch.setattr(files, "write_checkpoint", slow)
    train(new(), epochs=300, checkpoint=tmp_path / "long", callbacks=[second])
    gaps = [begin - end for begin, end in zip(begins[1:-1], ends, strict=False)]
    assert len(gaps) == 5
    assert min(gaps) >= 0.5 / module.SHARE >= module.LEAST_SECONDS
