"""Logs in CSV and Parquet hold every epoch once, whatever ends training, and never cost it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.noisy_examples import X_VAL, Y_VAL, X, Y, small_net

import chainrule as cr
from chainrule.callbacks import CSVLogger, ParquetLogger
from chainrule.estimators import NetworkRegressor

READ: dict[str, Any] = {"csv": pd.read_csv, "parquet": pd.read_parquet}
LOGGERS: dict[str, Any] = {"csv": CSVLogger, "parquet": ParquetLogger}
KINDS = pytest.mark.parametrize("kind", LOGGERS)


def settings(epochs: int) -> dict[str, Any]:
    """Settings of a training with a validation set."""
    return {"optimizer": "adam", "batch_size": 4, "validation": (X_VAL, Y_VAL), "epochs": epochs}


def search(callbacks: Sequence[Any]) -> None:
    """Searches a minimum with these callbacks."""
    cr.minimize(small_net(), X, Y, callbacks=callbacks)


def fit(callbacks: Sequence[Any]) -> None:
    """Fits an estimator with these callbacks."""
    NetworkRegressor(n_networks=1, random_state=0, callbacks=callbacks).fit(X, Y[:, 0])


@KINDS
def test_every_epoch_is_a_row(kind: str, tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has the records of the History, bit by bit, however often the log was called; θ has the same bits."""
    monkeypatch.setattr(LOGGERS[kind], "seconds", 0.0)
    path, net, alone = tmp_path / f"log.{kind}", small_net(), small_net()
    history = cr.train(net, X, Y, callbacks=[LOGGERS[kind](path)], engine=engine, **settings(25))
    pd.testing.assert_frame_equal(READ[kind](path), history.to_frame(), check_exact=True)
    cr.train(alone, X, Y, engine=engine, **settings(25))
    assert net.theta.tobytes() == alone.theta.tobytes()


@KINDS
@pytest.mark.parametrize("end", ["callback", "error", "limit"])
def test_whatever_ends_training(kind: str, end: str, tmp_path: Path) -> None:
    """The epochs until then are there if a callback, an error or the time limit ends training."""

    def stop(history: cr.History) -> bool:
        if history.epochs == 7 and end == "error":
            raise LookupError
        return history.epochs == 7 and end == "callback"

    path = tmp_path / "log"
    limit = cr.Deadline(0.05) if end == "limit" else None
    callbacks = [LOGGERS[kind](path), *([] if end == "limit" else [stop])]
    epochs = 7
    try:
        epochs = cr.train(
            small_net(), X, Y, epochs=10**9, time_limit=limit, callbacks=callbacks, callback_epochs=1
        ).epochs
    except LookupError:
        assert end == "error"
    assert READ[kind](path)["epoch"].tolist() == list(range(1, epochs + 1))


@KINDS
@pytest.mark.parametrize("train", [search, fit])
def test_an_error_in_other_trainings(kind: str, train: Callable[[Sequence[Any]], None], tmp_path: Path) -> None:
    """A search and an estimator that fail leave the epochs until then."""

    class Failure(cr.callbacks.RunCallback):
        epochs = 1

        @contextmanager
        def watch(self, run: cr.callbacks.WatchedRun) -> Iterator[Any]:
            yield lambda history: history.epochs == 3 and 1 / 0

    path = tmp_path / "log"
    with pytest.raises(ZeroDivisionError):
        train([LOGGERS[kind](path), Failure()])
    assert READ[kind](path)["epoch"].tolist() == [1, 2, 3]


@KINDS
def test_a_resumed_run(kind: str, tmp_path: Path) -> None:
    """The log of a resumed run begins with the epochs before."""
    path, net = tmp_path / "log", small_net()
    state = cr.train(net, X, Y, callbacks=[LOGGERS[kind](path)], **settings(4)).state
    cr.train(net, X, Y, resume=state, callbacks=[LOGGERS[kind](path)], **settings(6))
    assert READ[kind](path)["epoch"].tolist() == [1, 2, 3, 4, 5, 6]


@KINDS
def test_a_finished_run_that_is_resumed(kind: str, tmp_path: Path) -> None:
    """The log still has all epochs if the resumed run has none left."""
    path, again, net = tmp_path / "log", tmp_path / "again", small_net()
    state = cr.train(net, X, Y, callbacks=[LOGGERS[kind](path)], **settings(4)).state
    cr.train(net, X, Y, resume=state, callbacks=[LOGGERS[kind](again)], **settings(4))
    assert again.read_bytes() == path.read_bytes()


@KINDS
def test_the_networks_of_an_estimator(kind: str, tmp_path: Path) -> None:
    """Each network has a file of its own."""
    logger = LOGGERS[kind](tmp_path / f"log.{kind}")
    fit = NetworkRegressor(epochs=3, n_networks=2, random_state=0, hidden_layer_sizes=(3,), callbacks=[logger])
    fit.fit(X, Y[:, 0])
    assert sorted(os.listdir(tmp_path)) == [f"log-1.{kind}", f"log-2.{kind}"]
    tables = [READ[kind](tmp_path / f"log-{j}.{kind}") for j in (1, 2)]
    assert [table["J"].tolist() for table in tables] == [history.J.tolist() for history in fit.histories_]


@KINDS
def test_a_place_that_cannot_be_written(kind: str, tmp_path: Path) -> None:
    """A path without a folder is an error before the first step; one that names no file is refused at once."""
    net = small_net()
    before = net.theta.copy()
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*, make it first"):
        cr.train(net, X, Y, callbacks=[LOGGERS[kind](tmp_path / "none" / "log")])
    assert net.theta.tobytes() == before.tobytes()
    with pytest.raises(cr.InputError, match="path must name a file"):
        LOGGERS[kind]("")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
def test_a_full_disk_does_not_end_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a later write fails, there is one TrainingWarning, and training continues."""
    monkeypatch.setattr(CSVLogger, "seconds", 0.0)
    with pytest.warns(cr.errors.TrainingWarning, match="the log /dev/full could not be written: No space left") as seen:
        history = cr.train(small_net(), X, Y, epochs=20, callbacks=[CSVLogger("/dev/full")])
    assert (history.epochs, len(seen)) == (20, 1)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chainrule.files.write_bytes", fail)
    with pytest.warns(cr.errors.TrainingWarning, match="could not be written: No space left"):
        cr.train(small_net(), X, Y, epochs=2, callbacks=[ParquetLogger(tmp_path / "log")])
