"""A time limit: the epochs that fit are forecast, schedules end within it, and θ is the best one so far."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.noisy_examples import X_VAL, Y_VAL, X, Y, small_net

import chainrule as cr
from chainrule.engines.problem import Problem
from chainrule.errors import TrainingWarning
from chainrule.training.checked_problem import checked_problem
from chainrule.training.time_limit import timed_run
from chainrule.training.time_limit.timed_run import TimedRun

CUT = "time_limit ended training"


def problem(epochs: int, optimizer: cr.Optimizer) -> Problem:
    """A problem with 10 steps an epoch."""
    return checked_problem(
        small_net(), X[:10], Y[:10], None, None, "sum_of_squares", optimizer, epochs, 1, True, 0, None, 1, None, None
    )


class Machine:
    """An engine on a clock of its own: each of the 10 steps of an epoch takes a known time, and nothing else does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, epoch_seconds: float) -> None:
        self.now, self.epoch_seconds, self.starts = 0.0, epoch_seconds, 0
        monkeypatch.setattr(timed_run, "clock", lambda: self.now)

    def start(self, problem: Any, state: Any) -> MachineRun:
        """Starts a run, at the beginning or from a state."""
        self.starts += 1
        return MachineRun(self, problem.epochs, 0 if state is None else state.run_step)

    def train(self, seconds: float, planned: int, optimizer: cr.Optimizer, slower: float = 1.0) -> TimedRun:
        """Trains within a limit in slices of 0.1 s, ``slower`` by this factor in the second half of the time."""
        engine: Any = self
        run = TimedRun(engine, problem(planned, optimizer), None, self.now, seconds)
        usual = self.epoch_seconds
        while run.stopped is None and self.now < seconds:
            self.epoch_seconds = usual * (slower if self.now >= 0.5 * seconds else 1.0)
            run.advance(planned, min(0.1, seconds - self.now))
        return run


class MachineRun:
    """A run that counts its steps."""

    def __init__(self, machine: Machine, epochs: int, step: int) -> None:
        self.machine, self.epochs, self.step = machine, epochs, step

    @property
    def records(self) -> dict[str, range]:
        """As many records as epochs."""
        return {"J": range(self.step // 10)}

    @property
    def stopped(self) -> str | None:
        """The end of the plan."""
        return "epochs" if self.step >= 10 * self.epochs else None

    def advance(self, epochs: int, seconds: float) -> None:
        """Takes steps, one at least."""
        last, end = self.step // 10 + epochs, self.machine.now + seconds
        while self.stopped is None:
            self.step, self.machine.now = self.step + 1, self.machine.now + self.machine.epoch_seconds / 10
            if self.step >= 10 * last or self.machine.now >= end:
                return

    def state(self) -> SimpleNamespace:
        """The number of steps."""
        return SimpleNamespace(run_step=self.step)


@pytest.mark.parametrize("epoch_seconds", [0.002, 0.05, 0.7, 4.0])
@pytest.mark.parametrize("slower", [0.8, 1.0, 1.25])
def test_a_schedule_ends_within_the_time(epoch_seconds: float, slower: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planned epochs end before the time does, at most an epoch and 6 % before; a steady machine is forecast."""
    machine = Machine(monkeypatch, epoch_seconds)
    run = machine.train(30.0, 10**6, cr.Adam(cr.Cosine(0.1)), slower)
    assert (run.stopped, run._run.stopped) == ("time_limit", "epochs")
    assert 0.94 * 30.0 - epoch_seconds * slower <= machine.now <= 30.0 + 1e-9
    assert run.forecast is not None
    if slower == 1.0:
        assert run.forecast.epochs == pytest.approx(30.0 / epoch_seconds, rel=0.01, abs=1.0)
        assert run.forecast.seconds == pytest.approx(1e6 * epoch_seconds, rel=0.01)


def test_the_first_forecast_comes_after_a_second_or_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """After one second of thirty, and after a tenth of four."""
    for seconds, first in ((30.0, 1.0), (4.0, 0.4)):
        machine: Any = Machine(monkeypatch, 0.01)
        run = TimedRun(machine, problem(10**6, cr.Adam()), None, 0.0, seconds)
        while run.forecast is None:
            run.advance(1, 1.0)
        assert machine.now == pytest.approx(first, abs=0.011)


@pytest.mark.parametrize(
    "optimizer", [cr.Adam(0.1), cr.Adam(cr.Step(0.1, every=10)), cr.Adam(cr.InverseTime(0.1, decay=1.0))], ids=repr
)
def test_runs_that_do_not_depend_on_the_plan_keep_it(optimizer: cr.Optimizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A constant α, or one that depends on the epoch alone, is cut by the time, and no new run begins."""
    machine = Machine(monkeypatch, 0.3)
    run = machine.train(10.0, 10**6, optimizer)
    assert (machine.starts, run.planned_epochs, run.stopped) == (1, 10**6, None)
    assert machine.now == pytest.approx(10.0, abs=0.031)


def test_a_plan_that_fits_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """If all epochs fit, nothing is changed, and the run ends with them."""
    machine = Machine(monkeypatch, 0.1)
    run = machine.train(10.0, 99, cr.Adam(cr.Cosine(0.1)))
    assert (machine.starts, run.planned_epochs, run.stopped) == (1, 99, "epochs")


def test_a_cosine_ends_when_the_time_does(engine: str) -> None:
    """α falls as the time passes, a warning tells what was left out, and the History has the forecast."""
    optimizer = cr.Adam(cr.Cosine(0.01))
    with pytest.warns(TrainingWarning, match=rf"{CUT} after [\d,]+ of the 1,000,000 planned epochs, to which the"):
        history = cr.train(small_net(), X, Y, optimizer=optimizer, epochs=10**6, time_limit=0.2, engine=engine)
    assert history.stopped == "time_limit"
    assert history.epochs <= history.planned_epochs < 10**6
    assert history.learning_rate[-1] < 0.5 * history.learning_rate[0]
    assert history.forecast is not None
    assert history.forecast.seconds > 0.2


def test_the_best_theta_is_kept(engine: str) -> None:
    """With a validation set θ ends as the best one within the limit, without ``patience``."""
    net = small_net()
    with pytest.warns(TrainingWarning, match=CUT):
        history = cr.train(
            net, X, Y, optimizer=cr.Adam(0.05), epochs=10**7, validation=(X_VAL, Y_VAL), time_limit=0.2, engine=engine
        )
    assert history.validation_J[-1] > history.validation_J.min()
    assert cr.SumOfSquares()(net, X_VAL, Y_VAL) == pytest.approx(history.validation_J.min(), rel=1e-12)


def test_a_deadline_leaves_the_schedule(engine: str) -> None:
    """Cut by deadlines and resumed, a run with a cosine ends with the bits of an uninterrupted one, without warning."""
    plan: dict[str, Any] = {"optimizer": cr.Adam(cr.Cosine(0.01)), "epochs": 60, "batch_size": 5, "engine": engine}
    whole, net, state, cuts = small_net(), small_net(), None, 0
    cr.train(whole, X, Y, **plan)
    while True:
        history = cr.train(net, X, Y, time_limit=cr.Deadline(1e-5), resume=state, **plan)
        state, cuts = history.state, cuts + 1
        if history.stopped == "epochs":
            break
        assert (history.planned_epochs, history.forecast) == (60, None)
    assert cuts > 1
    assert net.theta.tobytes() == whole.theta.tobytes()


def test_a_limit_that_suffices_changes_nothing(engine: str) -> None:
    """If all epochs fit, θ is bitwise that of training without a limit."""
    limited, free = small_net(), small_net()
    plan: dict[str, Any] = {"optimizer": cr.Adam(cr.OneCycle(0.01)), "epochs": 20, "batch_size": 7, "engine": engine}
    history = cr.train(limited, X, Y, time_limit=600.0, **plan)
    cr.train(free, X, Y, **plan)
    assert (history.stopped, history.planned_epochs) == ("epochs", 20)
    assert limited.theta.tobytes() == free.theta.tobytes()


def test_a_cut_run_is_resumed(engine: str) -> None:
    """A run that a limit has cut goes on, with or without another limit, and with a validation set all along."""
    optimizer = cr.Adam(cr.Cosine(1e-7))  # J falls, however many epochs a machine makes in the time
    plan: dict[str, Any] = {"optimizer": optimizer, "validation": (X_VAL, Y_VAL), "engine": engine}
    net = small_net()
    with pytest.warns(TrainingWarning, match=CUT):
        first = cr.train(net, X, Y, epochs=10**6, time_limit=0.05, **plan)
    with pytest.warns(TrainingWarning, match=CUT):
        second = cr.train(net, X, Y, epochs=10**6, time_limit=0.05, resume=first.state, **plan)
    assert second.epochs >= first.epochs
    assert math.isclose(second.validation_J.min(), cr.SumOfSquares()(net, X_VAL, Y_VAL), rel_tol=1e-12)
    third = cr.train(net, X, Y, epochs=second.epochs + 3, resume=second.state, **plan)
    assert (third.stopped, third.epochs) == ("epochs", second.epochs + 3)


def test_a_run_without_a_best_theta_is_resumed(engine: str) -> None:
    """A state that holds no best θ may be resumed within a limit; θ then ends as the last one."""
    net, validation = small_net(), (X_VAL, Y_VAL)
    state = cr.train(net, X, Y, epochs=3, validation=validation, engine=engine).state
    history = cr.train(net, X, Y, epochs=6, validation=validation, time_limit=60.0, resume=state, engine=engine)
    assert history.stopped == "epochs"
    assert np.array_equal(net.theta, history.state.theta)


def test_wrong_limits() -> None:
    """A limit and a deadline are numbers of seconds > 0."""
    with pytest.raises(cr.InputError, match="time_limit must be a finite number > 0"):
        cr.train(small_net(), X, Y, time_limit=-1.0)
    with pytest.raises(cr.InputError, match="the seconds of a Deadline must be a finite number > 0"):
        cr.Deadline(0.0)
