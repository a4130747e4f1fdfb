"""Networks of an estimator that other processes train."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.patience import ENDLESS, LIMIT
from support.several_processes.worker_calls import MeetingScorer

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.processes.peer import Peer
from chainrule.processes.pool import using
from chainrule.processes.started import started

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3)).astype(np.float32)
Y = {"classes": np.where(X[:, 0] + X[:, 1] > 0, "yes", "no"), "numbers": X[:, 0] - X[:, 2]}
OPTIONS: dict[str, Any] = {
    "hidden_layer_sizes": 8, "epochs": 4, "n_networks": 5, "random_state": 0, "threads": 1, "callback_epochs": 1,
}  # fmt: skip


@pytest.fixture
def meeting(tmp_path: Path) -> MeetingScorer:
    """A scorer that waits until another process has begun."""
    return MeetingScorer(tmp_path / "flag", os.getpid())


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    """A connected process."""
    with started(1, threads=1) as (one,):
        assert one.wait(LIMIT)
        yield one


@pytest.fixture
def another(peer: Peer) -> Iterator[None]:
    """The process is there for all fits of a test."""
    with using([peer], threads=1):
        yield


def alone_here() -> AbstractContextManager[None]:
    """A context without other processes."""
    return using([], threads=1)


def thetas(estimator: Any) -> list[bytes]:
    """θ of each network as bytes."""
    return [net.theta.tobytes() for net in estimator.networks_]


def alone(scoring: MeetingScorer, **options: Any) -> Any:
    """The same estimator, trained in this process."""
    scoring.flag.touch()
    fitted = NetworkClassifier(**{**OPTIONS, **options}, scoring=scoring).fit(X, Y["classes"])
    scoring.flag.unlink()
    return fitted


def test_the_networks_are_the_same_for_any_number_of_processes(meeting: MeetingScorer, another: None) -> None:
    """θ, records and held-out rows, temperature and score are bitwise the same, wherever a network was trained."""
    with alone_here():
        one = alone(meeting)
    two = NetworkClassifier(**OPTIONS, scoring=meeting).fit(X, Y["classes"])
    assert meeting.flag.exists()  # another process has trained a network
    assert thetas(two) == thetas(one)
    for a, b in zip(one.histories_, two.histories_, strict=True):
        assert np.array_equal(a.J, b.J)
        assert np.array_equal(a.validation_J, b.validation_J)
        assert a.state.moments["mu"].tobytes() == b.state.moments["mu"].tobytes()
    assert two.model_.calibration == one.model_.calibration
    assert two.validation_score_ == one.validation_score_
    assert two.model_.about["scoring"] == one.model_.about["scoring"]
    assert np.array_equal(two.predict_proba(X), one.predict_proba(X))


def test_a_fit_continues_with_its_states(another: None) -> None:
    """A second fit goes on from the states of the first one, wherever the networks were trained."""
    options = {**OPTIONS, "n_networks": 2, "warm_start": True}
    one, two = NetworkRegressor(**options), NetworkRegressor(**options)
    for epochs in (4, 6):
        with alone_here():
            one.set_params(epochs=epochs).fit(X, Y["numbers"])
        two.set_params(epochs=epochs).fit(X, Y["numbers"])
        assert thetas(two) == thetas(one)
    assert two.n_iter_ == 6


def test_recipes_compete_alike_in_other_processes(another: None) -> None:
    """Networks of recipes that compete are the same wherever they are trained, also those that end early."""
    rows = RNG.normal(size=(300, 2)).astype(np.float32)
    y = rows[:, 0] + 3.0 * RNG.normal(size=300)
    options: dict[str, Any] = {"preset": "best", "hidden_layer_sizes": 4, "epochs": 15, "random_state": 0, "threads": 1}
    with alone_here():
        one = NetworkRegressor(**options).fit(rows, y)
    two = NetworkRegressor(**options).fit(rows, y)
    assert thetas(two) == thetas(one)
    assert [h.epochs for h in two.histories_] == [h.epochs for h in one.histories_]


def test_a_killed_process_costs_no_network(meeting: MeetingScorer) -> None:
    """If a process is killed, its network begins again elsewhere: a warning names both, and θ is the same."""
    one = alone(meeting)
    kills = MeetingScorer(meeting.flag, meeting.home, kills=True)
    with pytest.warns(cr.errors.TrainingWarning, match=r"process 1 .* has exited\. Network \d begins again"):
        two = NetworkClassifier(**OPTIONS, workers=2, scoring=kills).fit(X, Y["classes"])
    assert thetas(two) == thetas(one)


def test_ctrl_c_stops_the_networks_in_all_processes(meeting: MeetingScorer) -> None:
    """After Ctrl-C each network that has begun is kept with its best epoch, wherever it is trained."""
    interrupts = MeetingScorer(meeting.flag, meeting.home, interrupts=True)
    options = {**OPTIONS, "epochs": ENDLESS, "patience": ENDLESS, "n_networks": 2}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cr.errors.TrainingWarning)
        fitted = NetworkClassifier(**options, workers=2, scoring=interrupts).fit(X, Y["classes"])
    assert fitted.stopped_ == "interrupted"
    assert 1 <= len(fitted.networks_) <= 2


def test_progress_of_all_networks_is_shown(another: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of epochs come from each network, and say how it ended."""
    NetworkRegressor(**{**OPTIONS, "n_networks": 3, "patience": 4}, verbose=2).fit(X, Y["numbers"])
    lines = capsys.readouterr().err.splitlines()
    for number in (1, 2, 3):
        assert any(line.startswith(f"network {number} of 3  epoch 4/4  J ") for line in lines), lines
        assert any(line.startswith(f"network {number} of 3  4 of 4 epochs  J ") for line in lines), lines


def test_callbacks_that_need_the_network_are_refused() -> None:
    """A function of the History would see no θ; the error says so and names what works."""
    with pytest.raises(cr.InputError, match=r"cannot see a network that another process trains.*verbose=True"):
        NetworkRegressor(**OPTIONS, workers=2, callbacks=[print]).fit(X, Y["numbers"])


def test_a_function_without_a_name_is_refused() -> None:
    """A scorer that has no copy is refused before any training, with the remedy."""
    with pytest.raises(cr.InputError, match="need a copy of every setting"):
        NetworkRegressor(**OPTIONS, workers=2, scoring=lambda e, X, y: 0.0).fit(X, Y["numbers"])


def test_checkpoints_are_written_wherever_a_network_is_trained(another: None, tmp_path: Path) -> None:
    """Each network has its file, from which a fit with another number of processes continues bitwise."""
    given = {**OPTIONS, "n_networks": 3, "learning_rate": 0.01, "optimizer": "adam"}
    saved = {**given, "checkpoint": tmp_path / "run"}
    NetworkRegressor(**{**saved, "epochs": 2}).fit(X, Y["numbers"])
    assert len(list((tmp_path / "run").iterdir())) == 3
    with alone_here():
        resumed = NetworkRegressor(**saved, resume=True).fit(X, Y["numbers"])
        whole = NetworkRegressor(**given).fit(X, Y["numbers"])
    assert resumed.n_iter_ == whole.n_iter_ == 4
    assert thetas(resumed) == thetas(whole)


def test_a_time_limit_is_kept_in_all_processes(another: None) -> None:
    """Networks in another process are planned within the time limit too, and all of them are whole."""
    fitted = NetworkRegressor(**{**OPTIONS, "epochs": 8}, time_limit=600.0).fit(X, Y["numbers"])
    assert fitted.stopped_ == "epochs"
    assert [history.epochs for history in fitted.histories_] == [8] * 5
