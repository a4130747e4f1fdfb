"""TensorBoard, MLflow and Optuna, with stand-ins for the classes and methods of these packages that are called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.noisy_examples import X_VAL, Y_VAL, X, Y, small_net

import chainrule as cr
from chainrule.callbacks import MLflow, OptunaPruning, RunCallback, TensorBoard
from chainrule.estimators import NetworkRegressor

SETTINGS: dict[str, Any] = {"optimizer": "adam", "batch_size": 4, "validation": (X_VAL, Y_VAL)}
NAMES = {"J", "validation_J", "learning_rate", "gradient_norm"}


def module(monkeypatch: pytest.MonkeyPatch, name: str, **values: object) -> ModuleType:
    """Installs a module with these values until the end of the test."""
    made = ModuleType(name)
    vars(made).update(values)
    monkeypatch.setitem(sys.modules, name, made)
    return made


# ---- TensorBoard -----------------------------------------------------------------------------------------------------


class SummaryWriter:
    """tensorboardX's writer, which keeps the scalars."""

    def __init__(self, logdir: str, flush_secs: int) -> None:
        self.folder, self.scalars, self.is_open = logdir, list[tuple[str, float, int]](), True
        WRITERS.append(self)

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Keeps a scalar."""
        assert self.is_open
        self.scalars.append((tag, scalar_value, global_step))

    def close(self) -> None:
        """Ends the file."""
        self.is_open = False


WRITERS: list[SummaryWriter] = []


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> list[SummaryWriter]:
    """The writers that a test makes."""
    WRITERS.clear()
    module(monkeypatch, "tensorboardX", SummaryWriter=SummaryWriter)
    return WRITERS


def test_tensorboard_has_the_curves(writers: list[SummaryWriter]) -> None:
    """Each epoch of a short training has four numbers, those of the History; the writer is closed also after an error.

    A resumed run adds its own epochs, and a record that does not exist is left out.
    """
    net = small_net()
    history = cr.train(net, X, Y, epochs=6, callbacks=[TensorBoard("runs")], **SETTINGS)
    (writer,) = writers
    assert writer.folder == "runs/"
    assert {tag for tag, _, _ in writer.scalars} == NAMES
    assert [(value, step) for tag, value, step in writer.scalars if tag == "J"] == list(
        zip(history.J, range(1, 7), strict=True)
    )
    cr.train(net, X, Y, epochs=8, resume=history.state, callbacks=[TensorBoard("runs")], **SETTINGS)
    assert sorted({step for _, _, step in writers[1].scalars}) == [7, 8]
    with pytest.raises(ZeroDivisionError):
        cr.train(net, X, Y, epochs=2, callbacks=[TensorBoard("runs"), lambda history: 1 / 0])
    assert not any(writer.is_open for writer in writers)
    cr.train(net, X, Y, optimizer="adam", epochs=1, callbacks=[TensorBoard("runs")])
    assert "validation_J" not in {tag for tag, _, _ in writers[3].scalars}


def test_a_long_training_is_thinned(writers: list[SummaryWriter]) -> None:
    """Of 5,000 epochs that end at once a hundred or a few more are written, with the last one."""
    cr.train(small_net(), X, Y, epochs=5000, callbacks=[TensorBoard("runs")], **SETTINGS)
    steps = [step for tag, _, step in writers[0].scalars if tag == "J"]
    assert 50 <= len(steps) <= 200
    assert steps[-1] == 5000
    assert steps == sorted(set(steps))


def test_networks_have_folders(writers: list[SummaryWriter]) -> None:
    """Each network of an estimator has a folder of its own."""
    NetworkRegressor(epochs=2, n_networks=2, random_state=0, callbacks=[TensorBoard("runs")]).fit(X, Y[:, 0])
    assert sorted(writer.folder for writer in writers) == ["runs/network-1", "runs/network-2"]


# ---- MLflow ----------------------------------------------------------------------------------------------------------


class Metric(NamedTuple):
    """MLflow's metric."""

    key: str
    value: float
    timestamp: int
    step: int


class Server:
    """The calls that MLflow has received."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, active: str | None = None) -> None:
        self.params: dict[str, str] = {}
        self.metrics: list[tuple[str, Metric]] = []
        self.ends: list[bool] = []  # True after an error
        entities = SimpleNamespace(Metric=Metric, Param=lambda key, value: (key, value))
        module(
            monkeypatch, "mlflow", entities=entities, MlflowClient=lambda: self, start_run=lambda: self,
            active_run=lambda: None if active is None else SimpleNamespace(info=SimpleNamespace(run_id=active)),
        )  # fmt: skip
        self.info = SimpleNamespace(run_id="own")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.ends.append(kind is not None)

    def log_batch(self, run_id: str, metrics: Any = (), params: Any = ()) -> None:
        """Receives a batch."""
        assert len(metrics) <= 1000
        self.params.update(params)
        self.metrics += [(run_id, metric) for metric in metrics]


def test_mlflow_has_settings_and_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are parameters, and every epoch of a short training has four metrics; the run ends with training."""
    server = Server(monkeypatch)
    history = cr.train(small_net(), X, Y, epochs=5, callbacks=[MLflow()], **SETTINGS)
    assert server.params == {
        "network": "2-3-1", "cost": "SumOfSquares()", "optimizer": "Adam()", "epochs": "5", "batch_size": "4",
    }  # fmt: skip
    assert {run_id for run_id, _ in server.metrics} == {"own"}
    assert [m.value for _, m in server.metrics if m.key == "validation_J"] == history.validation_J.tolist()
    assert {m.step for _, m in server.metrics} == {1, 2, 3, 4, 5}
    assert server.ends == [False]
    with pytest.raises(ZeroDivisionError):
        cr.train(small_net(), X, Y, callbacks=[MLflow(), lambda history: 1 / 0])
    assert server.ends == [False, True]


def test_mlflow_uses_the_active_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a run of MLflow the metrics go there, and it stays open; the networks of an estimator have names."""
    server = Server(monkeypatch, active="outer")
    NetworkRegressor(epochs=2, n_networks=2, random_state=0, callbacks=[MLflow()]).fit(X, Y[:, 0])
    assert {run_id for run_id, _ in server.metrics} == {"outer"}
    assert {m.key for _, m in server.metrics} == {f"network-{j}/{name}" for j in (1, 2) for name in NAMES}
    assert server.ends == []
    cr.minimize(small_net(), X, Y, epochs=2, callbacks=[MLflow()])
    assert (server.params["optimizer"], server.params["batch_size"]) == ("lbfgs", "all")


# ---- Optuna ----------------------------------------------------------------------------------------------------------


class TrialPruned(Exception):
    """Optuna's exception, which ends a trial."""


class Trial:
    """A trial that is pruned at a step."""

    def __init__(self, last: int = 10**9) -> None:
        self.last, self.reports = last, list[tuple[int, float]]()

    def report(self, value: float, step: int) -> None:
        """Receives a value."""
        self.reports.append((step, value))

    def should_prune(self) -> bool:
        """Decides by the step."""
        return self.reports[-1][0] >= self.last


def test_a_trial_is_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The validation cost of each epoch is reported, and TrialPruned leaves the network at the epoch of the last."""
    module(monkeypatch, "optuna", TrialPruned=TrialPruned)
    trial, net, other = Trial(last=3), small_net(), small_net()
    with pytest.raises(TrialPruned, match="after epoch 3"):
        cr.train(net, X, Y, epochs=9, callbacks=[OptunaPruning(trial)], **SETTINGS)
    history = cr.train(other, X, Y, epochs=3, **SETTINGS)
    assert trial.reports == list(enumerate(history.validation_J.tolist(), 1))
    assert net.theta.tobytes() == other.theta.tobytes()


def test_a_metric_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metric is reported in the place of the validation cost, every ``epochs`` epochs and at the end."""
    module(monkeypatch, "optuna", TrialPruned=TrialPruned)
    trial = Trial()
    cr.train(small_net(), X, Y, epochs=5, callbacks=[OptunaPruning(trial, lambda net: net.d, epochs=2)])
    assert trial.reports == [(2, 13.0), (4, 13.0), (5, 13.0)]


def test_the_first_network_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several networks the first one reports, and TrialPruned ends the fit."""
    module(monkeypatch, "optuna", TrialPruned=TrialPruned)
    trial = Trial()
    fit = NetworkRegressor(epochs=3, n_networks=2, random_state=0, callbacks=[OptunaPruning(trial)]).fit(X, Y[:, 0])
    np.testing.assert_array_equal([value for _, value in trial.reports], fit.histories_[0].validation_J)
    with pytest.raises(TrialPruned):
        fit.set_params(callbacks=[OptunaPruning(Trial(last=2))]).fit(X, Y[:, 0])


def test_wrong_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thing that is no trial, a metric that is no function, and a training without a value are refused."""
    module(monkeypatch, "optuna", TrialPruned=TrialPruned)
    with pytest.raises(cr.InputError, match="trial must be a trial of Optuna; got 3"):
        OptunaPruning(3)
    with pytest.raises(cr.InputError, match="metric must be a function of the network; got 3"):
        OptunaPruning(Trial(), 3)  # type: ignore[arg-type]
    with pytest.raises(cr.InputError, match="needs a value to report"):
        cr.train(small_net(), X, Y, callbacks=[OptunaPruning(Trial())])


# ---- all -------------------------------------------------------------------------------------------------------------


class Failure(RunCallback):
    """A callback that raises an error after three epochs."""

    epochs = 1

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @contextmanager
    def watch(self, run: cr.callbacks.WatchedRun) -> Iterator[Any]:
        """Fails in the middle of the run."""

        def fail(history: cr.History) -> None:
            if history.epochs == 3:
                raise self.error

        yield fail


def train(callbacks: list[Any]) -> None:
    """Trains a network."""
    cr.train(small_net(), X, Y, callbacks=callbacks, **SETTINGS)


def search(callbacks: list[Any]) -> None:
    """Searches a minimum."""
    cr.minimize(small_net(), X, Y, callbacks=callbacks)


def fit(callbacks: list[Any]) -> None:
    """Fits an estimator of one network."""
    NetworkRegressor(n_networks=1, random_state=0, callbacks=callbacks).fit(X, Y[:, 0])


@pytest.mark.parametrize("run", [train, search, fit])
@pytest.mark.parametrize("error", [LookupError("no"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_a_failure_costs_no_epoch(
    run: Callable[[list[Any]], None], error: BaseException, writers: list[SummaryWriter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """All epochs until an error are logged, and the error is raised, also if the last call of a tracker fails."""
    server = Server(monkeypatch)
    with pytest.raises(type(error)):
        run([TensorBoard("runs"), MLflow(), Failure(error)])
    assert [step for tag, _, step in writers[0].scalars if tag == "J"] == [1, 2, 3]
    assert [metric.step for _, metric in server.metrics if metric.key == "J"] == [1, 2, 3]
    assert not writers[0].is_open
    monkeypatch.setattr(Server, "log_batch", lambda *_, metrics=(), params=(): metrics and 1 / 0)
    with pytest.raises(type(error)):
        run([MLflow(), Failure(error)])


@pytest.mark.parametrize(
    ("callback", "package"),
    [(TensorBoard("runs"), "tensorboardX"), (MLflow(), "mlflow"), (OptunaPruning(Trial()), "optuna")],
    ids=["tensorboard", "mlflow", "optuna"],
)
def test_a_missing_package(callback: RunCallback, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package training does not begin, and the message has the command that installs it."""
    monkeypatch.setitem(sys.modules, package, None)
    net = small_net()
    before = net.theta.copy()
    with pytest.raises(cr.errors.MissingExtra, match=r"install it with: pip install 'chainrule\[tracking\]'"):
        cr.train(net, X, Y, callbacks=[callback], **SETTINGS)
    assert net.theta.tobytes() == before.tobytes()


def test_no_tracker_changes_a_bit(writers: list[SummaryWriter], monkeypatch: pytest.MonkeyPatch) -> None:
    """θ after training with all of them is θ after training without, bit by bit."""
    Server(monkeypatch)
    module(monkeypatch, "optuna", TrialPruned=TrialPruned)
    net, alone = small_net(), small_net()
    cr.train(net, X, Y, epochs=40, callbacks=[TensorBoard("runs"), MLflow(), OptunaPruning(Trial())], **SETTINGS)
    cr.train(alone, X, Y, epochs=40, **SETTINGS)
    assert net.theta.tobytes() == alone.theta.tobytes()
