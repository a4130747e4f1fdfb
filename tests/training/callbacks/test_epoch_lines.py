"""A line for each epoch, and the records of the logger "chainrule"."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

import pytest
from support.noisy_examples import X_VAL, Y_VAL, X, Y, small_net
from support.processes import modules_after

import chainrule as cr
from chainrule.estimators import MLPRegressor, NetworkRegressor
from chainrule.training.callbacks.callback import PartOfRun

SETTINGS: dict[str, Any] = {"optimizer": "adam", "batch_size": 4, "validation": (X_VAL, Y_VAL)}


def test_each_epoch_has_a_line() -> None:
    """A line holds the figures of its epoch, and the last one says how the run ended; no bit changes."""
    text, net, alone = io.StringIO(), small_net(), small_net()
    history = cr.train(net, X, Y, epochs=400, patience=5, callbacks=[cr.callbacks.EpochLines(text)], **SETTINGS)
    *lines, end = text.getvalue().splitlines()
    assert len(lines) == history.epochs < 400
    for epoch, line in enumerate(lines, 1):
        found = re.match(r"epoch (\d+)/400  J (\S+)  validation J (\S+)  best \S+ \(epoch \d+\)  learning rate", line)
        assert found is not None, line
        J, validation_J = history.J[epoch - 1], history.validation_J[epoch - 1]
        assert found.groups() == (str(epoch), f"{J:.4g}", f"{validation_J:.4g}")
    assert end.startswith(f"{history.epochs} of 400 epochs  stopped: patience  J {history.J[-1]:.4g}  validation J ")
    cr.train(alone, X, Y, epochs=400, patience=5, **SETTINGS)
    assert net.theta.tobytes() == alone.theta.tobytes()


@pytest.mark.parametrize("end", ["error", "nothing left"])
def test_whatever_ends_a_run_has_a_line(end: str) -> None:
    """A run that an exception ends has its last line, and so has one that has no epoch left to train."""
    text = io.StringIO()

    def fail(history: cr.History) -> None:
        raise ZeroDivisionError

    if end == "error":
        with pytest.raises(ZeroDivisionError):
            cr.train(small_net(), X, Y, epochs=9, callbacks=[cr.callbacks.EpochLines(text), fail], **SETTINGS)
        assert "1 of 9 epochs  stopped: ended by an error  J " in text.getvalue()
    else:
        net = small_net()
        state = cr.train(net, X, Y, epochs=9, **SETTINGS).state
        cr.train(net, X, Y, epochs=9, resume=state, callbacks=[cr.callbacks.EpochLines(text)], **SETTINGS)
        assert text.getvalue().startswith("no further epoch  ")


def test_verbose_2_is_a_line_for_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    """``verbose=2`` writes a line for each epoch of each network to stderr, in `train`, `train_many` and `minimize`."""
    cr.train(small_net(), X, Y, epochs=3, verbose=2)
    cr.minimize(small_net(), X, Y, epochs=2, verbose=2)
    cr.train_many([small_net(), small_net()], X, Y, epochs=2, verbose=2)
    out, err = capsys.readouterr()
    assert out == ""
    begins = [re.sub("  J .*", "", line) for line in err.splitlines()]
    assert begins[:7] == [
        "epoch 1/3", "epoch 2/3", "epoch 3/3", "3 of 3 epochs", "epoch 1/2", "epoch 2/2", "2 of 2 epochs",
    ]  # fmt: skip
    each = ("epoch 1/2", "epoch 2/2", "2 of 2 epochs")
    assert sorted(begins[7:]) == sorted(f"network {number} of 2  {words}" for number in (1, 2) for words in each)


def test_lines_of_an_estimator_have_its_metric(capsys: pytest.CaptureFixture[str]) -> None:
    """With ``verbose=2`` an estimator's lines name the network, and the metric of ``scoring``."""
    NetworkRegressor(
        epochs=3, n_networks=2, random_state=0, verbose=2, hidden_layer_sizes=(4,), scoring="neg_median_absolute_error"
    ).fit(X, Y[:, 0])
    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("network 2 of 2  epoch ") for line in lines) == 3
    assert all("  median absolute error " in line for line in lines)
    assert len(lines) == 8


def test_the_logger_is_silent_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written by default, and ``logging`` is not even imported."""
    code = "import chainrule as cr; cr.train(cr.Network.dense([1, 1], seed=0), [[1.0]], [[1.0]], epochs=2)"
    assert "logging" not in modules_after(code)
    cr.train(small_net(), X, Y, epochs=3)
    assert capsys.readouterr() == ("", "")
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("chainrule").handlers)


def test_the_logger_has_a_record_for_each_network(caplog: pytest.LogCaptureFixture) -> None:
    """At level INFO there is one record for each network, and none for a measurement of its speed."""
    caplog.set_level("INFO", "chainrule")
    cr.train(small_net(), X, Y, epochs=3)
    cr.minimize(small_net(), X, Y, epochs=2)
    settings: dict[str, Any] = {"epochs": 2, "random_state": 0, "hidden_layer_sizes": (4,), "threads": 1}  # in turn
    NetworkRegressor(n_networks=2, time_limit=1e6, **settings).fit(X, Y[:, 0])
    NetworkRegressor(n_networks=1, optimizer="lm", time_limit=1e6, **settings).fit(X, Y[:, 0])
    texts = [record.getMessage() for record in caplog.records]
    assert [re.sub(" epochs.*", "", text) for text in texts] == [
        "3 of 3", "2 of 2", "network 1 of 2  2 of 2", "network 2 of 2  2 of 2", "2 of 2",
    ]  # fmt: skip
    assert {record.levelname for record in caplog.records} == {"INFO"}


def test_the_logger_has_a_record_for_each_epoch(caplog: pytest.LogCaptureFixture) -> None:
    """At level DEBUG there is one for each epoch, too; θ has the same bits."""
    net, logged = small_net(), small_net()
    cr.train(net, X, Y, epochs=5, **SETTINGS)
    caplog.set_level("DEBUG", "chainrule")
    cr.train(logged, X, Y, epochs=5, **SETTINGS)
    assert [record.levelname for record in caplog.records] == [*["DEBUG"] * 5, "INFO"]
    begins = [record.getMessage().split("  ")[0] for record in caplog.records[:5]]
    assert begins == [f"epoch {k}/5" for k in range(1, 6)]
    assert logged.theta.tobytes() == net.theta.tobytes()


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_the_mlp_pair_logs_its_iterations(
    solver: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """The records of the MLP pair are scikit-learn's messages, one for each iteration, and the loss at the end."""
    caplog.set_level("DEBUG", "chainrule")
    mlp = MLPRegressor(hidden_layer_sizes=(3,), solver=solver, learning_rate="invscaling", max_iter=3, random_state=0)
    with pytest.warns(UserWarning, match="converge"):
        mlp.fit(X, Y[:, 0])
    texts = [record.getMessage() for record in caplog.records]
    assert [text.split(",")[0] for text in texts[:3]] == [f"MLPRegressor: Iteration {k}" for k in (1, 2, 3)]
    assert texts[-1] == f"MLPRegressor: 3 iterations, loss = {mlp.loss_:.8f}"
    assert capsys.readouterr().out == ""


def test_a_part_of_a_run_has_no_display(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """A call of `train` for a part of a larger run shows and logs nothing, since that run does."""
    caplog.set_level("DEBUG", "chainrule")
    cr.train(small_net(), X, Y, epochs=3, verbose=2, callbacks=[PartOfRun()])
    assert capsys.readouterr().err == ""
    assert not caplog.records
