"""A run whose plan fits into a time: its schedules end when the time does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import NamedTuple

from chainrule.engines import Engine
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.optimizers.schedules import Constant, Exponential, InverseTime, Schedule, Step
from chainrule.training.learning_rate.watched_descent import started
from chainrule.training.renewed_run import RenewedRun
from chainrule.training.time_limit.forecast import Forecast
from chainrule.training.time_limit.plan import FORWARD, check_times, epochs_in_all

clock = time.perf_counter

INDEPENDENT = (Constant, Step, Exponential, InverseTime)  # schedules that do not depend on the planned epochs


class _Progress(NamedTuple):
    """The epochs that are done, with a fraction, at a time."""

    time: float
    epochs: float


class TimedRun(RenewedRun):
    """A run that counts, now and then, the epochs that fit into its time.

    If a schedule extends over the planned epochs and not all of them fit, the run continues from its state in a new run
    with fewer epochs, as after a stop, so that the schedule ends within the time; with more again if training turns out
    to be faster. Other runs keep their plan, and the time cuts them.
    """

    def __init__(self, engine: Engine, problem: Problem, state: TrainingState | None, began: float, seconds: float):
        super().__init__()
        self._engine, self._problem = engine, problem
        self._continue_in(started(engine, problem, state))
        self._began, self._end = began, began + seconds
        done = 0.0 if state is None else state.run_step / problem.steps_per_epoch
        self._start = self._last_look = _Progress(clock(), done)
        self._checks = check_times(began, seconds)
        self._fits_schedules = any(_extends(value) for value in _settings(problem))
        self.planned_epochs = problem.epochs
        self.forecast: Forecast | None = None

    @property
    def stopped(self) -> str | None:
        """The reason why the run has ended, or None; "time_limit" after fewer epochs than were planned first."""
        is_cut = self._run.stopped == "epochs" and self.planned_epochs < self._problem.epochs
        return "time_limit" if is_cut else self._run.stopped

    def advance(self, epochs: int, seconds: float) -> None:
        """Trains for ``epochs`` more epochs or ``seconds``, and looks at the plan whenever that is due."""
        last_epoch, end = len(self.records["J"]) + epochs, clock() + seconds
        while self.stopped is None and not self._is_interrupted:
            until = min([end, *self._checks[:1]])
            self._run.advance(last_epoch - len(self.records["J"]), until - clock())
            now = clock()
            is_due = bool(self._checks) and now >= self._checks[0]
            if is_due and self.stopped is None and not self._is_interrupted:
                self._checks = [check for check in self._checks if check > now]
                self._look(now)
            if now >= end or len(self.records["J"]) >= last_epoch:
                break
        self._is_interrupted = False

    def _look(self, now: float) -> None:
        """Forecasts the run by its speed, and fits its plan into the time that is left."""
        state, planned = self._run.state(), self._problem.epochs
        done = state.run_step / self._problem.steps_per_epoch
        epoch_seconds = self._epoch_seconds(_Progress(now, done))
        left = max(self._end - now, 0.0)
        fitting = min(planned, max(int(done + left / epoch_seconds), 1))
        self.forecast = Forecast(fitting, now - self._began + (planned - done) * epoch_seconds)
        if self._fits_schedules:
            epochs = epochs_in_all(done, left, epoch_seconds, planned, self.planned_epochs)
            if epochs != self.planned_epochs:
                self.planned_epochs = epochs
                self._continue_in(started(self._engine, replace(self._problem, epochs=epochs), state))

    def _epoch_seconds(self, reached: _Progress) -> float:
        """Returns the time of an epoch since the last look, or since the start if no whole one lies between."""
        since = self._last_look if reached.epochs - self._last_look.epochs >= 1.0 else self._start
        self._last_look = reached
        trained = reached.epochs - since.epochs
        epoch_seconds = (reached.time - since.time) / trained
        if trained < 1.0 and self._problem.validation is not None:  # it has not been evaluated yet
            epoch_seconds *= 1.0 + FORWARD * self._problem.validation.t / self._problem.data.t
        return epoch_seconds


def with_best_theta(problem: Problem, state: TrainingState | None) -> Problem:
    """Returns the problem such that its run ends with the best θ by the validation cost, if there is one.

    A run that continues one without a best θ cannot know it, and ends with its last θ.
    """
    knows_best = state is None or state.best_theta is not None or state.best_epoch == 0
    if problem.validation is None or problem.patience is not None or not knows_best:
        return problem
    return replace(problem, patience=max(problem.epochs, 1))  # which does not end the run before its epochs do


def _settings(problem: Problem) -> Iterator[object]:
    """Yields what may be a schedule."""
    yield from (getattr(problem.optimizer, setting.name) for setting in fields(problem.optimizer))
    yield from problem.net.dropout


def _extends(value: object) -> bool:
    """Returns True for a schedule that extends over the planned epochs."""
    return isinstance(value, Schedule) and not isinstance(value, INDEPENDENT)
