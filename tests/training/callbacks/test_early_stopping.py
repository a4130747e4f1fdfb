"""Early stopping by a metric: when it stops, which θ is kept, in training, searches and estimators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.noisy_examples import X, Y, small_net

import chainrule as cr
from chainrule.callbacks import EarlyStopping
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables import TableModel


def given(values: list[float]) -> Callable[[Any], float]:
    """A metric that takes these values one after the other."""
    left: Iterator[float] = iter(values)
    return lambda net: next(left)


CASES = [  # mode, patience, min_delta, values, stops after, best epoch
    ("min", 2, 0.0, [3.0, 2.0, 2.0, 2.5, 1.0], 4, 2),
    ("max", 2, 0.0, [1.0, 3.0, 2.0, 3.0, 9.0], 4, 2),
    ("min", 2, 0.5, [3.0, 2.0, 1.9, 1.8, 1.0], 4, 4),  # small improvements do not count, but their θ is kept
    ("min", 3, 0.5, [3.0, 2.0, 1.7, 1.4, 1.3, 1.2, 1.1], 7, 7),  # they add up from the last that counted
    ("min", 2, 0.0, [np.nan, np.nan, 0.0], 2, None),  # NaN is no improvement
    ("min", 2, 0.0, [np.nan, 1.0, np.nan, 2.0, 0.0], 4, 2),
    ("max", 1, 0.0, [-np.inf, np.inf, np.inf], 3, 2),
]


@pytest.mark.parametrize(("mode", "patience", "min_delta", "values", "last", "best"), CASES)
def test_when_it_stops(
    mode: str, patience: int, min_delta: float, values: list[float], last: int, best: int | None, engine: str
) -> None:
    """Training stops ``patience`` epochs after the last improvement by more than ``min_delta``, and θ is the best."""
    stopping = EarlyStopping(given(values), mode=mode, patience=patience, min_delta=min_delta)
    net, other = small_net(), small_net()
    history = cr.train(net, X, Y, optimizer="adam", epochs=9, callbacks=[stopping], engine=engine)
    course = stopping.courses[0]
    assert (history.stopped, history.epochs, course.best_epoch) == ("callback", last, best)
    np.testing.assert_array_equal(course.values, values[:last])
    cr.train(other, X, Y, optimizer="adam", epochs=best or last, engine=engine)
    assert net.theta.tobytes() == other.theta.tobytes()


def test_training_continues_from_the_last_theta(engine: str) -> None:
    """The state of the history has the last θ, not the best one, so that training continues bit by bit."""
    net, whole = small_net(), small_net()
    stopping = EarlyStopping(given([1.0, 2.0, 3.0]), mode="min", patience=2)
    history = cr.train(net, X, Y, optimizer="adam", epochs=20, callbacks=[stopping], engine=engine)
    cr.train(net, X, Y, optimizer="adam", epochs=20, resume=history.state, engine=engine)
    cr.train(whole, X, Y, optimizer="adam", epochs=20, engine=engine)
    assert net.theta.tobytes() == whole.theta.tobytes()


@pytest.mark.parametrize("through", ["state", "file"])
def test_a_resumed_run_knows_its_best_theta(through: str, engine: str, tmp_path: Path) -> None:
    """A run in two parts stops where a whole one does, with the same course and the same best θ, of either part."""
    for values in ([5.0, 1.0, 3.0, 4.0, 2.0, 2.0, 2.0], [5.0, 4.0, 4.5, 4.4, 1.0, 2.0, 2.0, 2.0, 2.0], [np.nan] * 9):
        whole, parts, path = small_net(), small_net(), tmp_path / f"{len(values)}{values[0]}.safetensors"
        settings: dict[str, Any] = {"optimizer": "adam", "engine": engine}
        stopping = EarlyStopping(given(values), mode="min", patience=4)
        history = cr.train(whole, X, Y, epochs=20, callbacks=[stopping], **settings)
        metric, state = given(values), None
        for last in (3, 20, 20):  # the third call finds that the second was stopped
            again = EarlyStopping(metric, mode="min", patience=4)
            resume: Any = True if through == "file" else state
            state = cr.train(
                parts, X, Y, epochs=last, callbacks=[again], resume=resume, **settings,
                checkpoint=path if through == "file" else None,
            ).state  # fmt: skip
        assert state is not None
        assert state.epoch == history.epochs
        np.testing.assert_equal(vars(again.courses[0]), vars(stopping.courses[0]))
        assert parts.theta.tobytes() == whole.theta.tobytes()


def test_metrics_of_one_name_are_kept_apart() -> None:
    """Two callbacks whose functions have the same name keep a course each, in the state of the run."""
    first = [EarlyStopping(given(values), mode="min") for values in ([3.0, 1.0], [1.0, 3.0])]
    net = small_net()
    state = cr.train(net, X, Y, epochs=2, callbacks=first).state
    second = [EarlyStopping(given([2.0]), mode="min") for _ in first]
    cr.train(net, X, Y, epochs=3, callbacks=second, resume=state)
    assert [each.courses[0].values for each in second] == [[3.0, 1.0, 2.0], [1.0, 3.0, 2.0]]


def test_the_interval_and_the_end() -> None:
    """With ``epochs=4`` the metric is computed after epochs 4 and 8, and at the end, whatever ends training."""
    stopping = EarlyStopping(lambda net: 1.0, mode="min", patience=100, epochs=4)
    cr.train(small_net(), X, Y, epochs=10, callbacks=[stopping, lambda history: history.epochs == 9])
    assert stopping.courses[0].epochs == [4, 8, 9]


def test_the_best_theta_is_kept_after_an_error() -> None:
    """An exception of another callback leaves the best θ."""

    def fail(history: cr.History) -> None:
        if history.epochs == 3:
            raise LookupError

    net, best = small_net(), small_net()
    with pytest.raises(LookupError):
        cr.train(net, X, Y, epochs=9, callbacks=[EarlyStopping(given([2.0, 1.0, 3.0]), mode="min"), fail])
    cr.train(best, X, Y, epochs=2)
    assert net.theta.tobytes() == best.theta.tobytes()


def test_a_search() -> None:
    """`minimize` stops likewise, and its network ends with the best θ."""
    net, thetas = small_net(), []
    values = given([2.0, 1.0, 3.0, 4.0])

    def metric(net: cr.Network) -> float:
        thetas.append(net.theta.copy())
        return values(net)

    history = cr.minimize(net, X, Y, callbacks=[EarlyStopping(metric, mode="min", patience=2)])
    assert (history.stopped, history.epochs) == ("callback", 4)
    assert net.theta.tobytes() == thetas[1].tobytes()


def test_an_estimator() -> None:
    """In an estimator the metric gets a model of one network, which predicts labels; each network stops for itself."""
    table = pd.DataFrame({"x": X[:, 0], "kind": np.where(X[:, 1] > 0, "a", "b")})
    labels = np.where(Y[:, 0] > 0, "high", "low")
    models: list[TableModel] = []

    def accuracy(model: TableModel) -> float:
        models.append(model)
        return float((model.predict(table) == labels).mean())

    stopping = EarlyStopping(accuracy, mode="max", patience=3)
    model = NetworkClassifier(
        epochs=400, n_networks=2, random_state=0, hidden_layer_sizes=(4,), callbacks=[stopping], threads=1
    ).fit(table, labels)
    assert [len(course.values) < 400 for course in stopping.courses] == [True, True]
    assert {len(model.networks) for model in models} == {1}
    assert model.stopped_ == "callback"


def test_a_fit_within_a_time_limit_is_one_run() -> None:
    """Within a time limit a network is trained in several parts, and its metric has one course over all of them."""
    stopping = EarlyStopping(lambda model: 1.0, mode="max", patience=10**9)
    fit = NetworkRegressor(time_limit=0.4, random_state=0, callbacks=[stopping], threads=1)
    with pytest.warns(cr.errors.TrainingWarning, match="time limit"):
        fit.fit(np.tile(X, (30, 1)), np.tile(Y[:, 0], 30))
    assert len(stopping.courses) == len(fit.networks_)
    assert all(course.epochs == sorted(set(course.epochs)) for course in stopping.courses)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"metric": 3}, "metric must be a function of the network; got 3"),
        ({"mode": "best"}, 'mode must be "min" or "max", the better end of the metric; got \'best\''),
        ({"patience": 0}, "patience must be an integer ≥ 1"),
        ({"min_delta": -1.0}, "min_delta must be"),
        ({"epochs": 0}, "epochs must be an integer ≥ 1"),
    ],
)
def test_wrong_settings(arguments: dict[str, Any], words: str) -> None:
    """Settings out of their range are refused by name."""
    with pytest.raises(cr.InputError, match=words):
        EarlyStopping(**{"metric": lambda net: 0.0, "mode": "min", **arguments})


def test_a_metric_that_is_no_number() -> None:
    """A metric that returns no number is an error that says so."""
    with pytest.raises(cr.InputError, match="metric must return a number; got None"):
        cr.train(small_net(), X, Y, callbacks=[EarlyStopping(lambda net: None, mode="min")])  # type: ignore[arg-type,return-value]
