"""A training run of the engine torch; between two calls its state lies on the host, and the network's θ is current."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.engines.stopping import reason_to_stop
from chainrule.engines.thread_counts import step_flop, thread_count
from chainrule.engines.torch.session import session
from chainrule.engines.torch.trainer import Trainer


class TorchRun:
    """The run of one network, alone or in a bundle."""

    def __init__(self, problem: Problem, state: TrainingState, device: Any, precision: str, compute: Any) -> None:
        self.problem, self._state = problem, state
        problem.net.theta = state.theta
        state.theta = problem.net.theta  # the state shares the network's vector
        self.device, self.precision, self.compute = device, precision, compute
        self._most_threads: int | None = problem.threads
        self._trainer: Trainer | None = None  # the last one
        self.has_diverged = self.is_interrupted = False

    @property
    def stopped(self) -> str | None:
        """The reason why the run has ended, or None."""
        return "diverged" if self.has_diverged else reason_to_stop(self.problem, self._state)

    @property
    def records(self) -> dict[str, list[float]]:
        """The records, one number per finished epoch under each name."""
        return self._state.records

    @property
    def place(self) -> tuple[int, int, int]:
        """The steps of earlier runs and of this one, and those of the current epoch; equal in a bundle."""
        return self._state.first_step, self._state.step, self._state.batch

    def advance(self, epochs: int, seconds: float) -> None:
        """Takes steps until ``epochs`` more epochs are finished, ``seconds`` have passed, or the run has stopped."""
        advance_together([self], epochs, seconds)

    def take_theta(self) -> None:
        """Does nothing, since each call of ``advance`` begins with the network's θ."""

    def limit_threads(self, limit: int) -> None:
        """Makes later calls of ``advance`` use at most ``limit`` threads of the CPU."""
        self._most_threads = min(limit, self.problem.threads or limit)

    def interrupt(self) -> None:
        """Makes ``advance`` return soon, after a step."""
        self.is_interrupted = True

    def state(self) -> TrainingState:
        """Returns a copy of the complete state."""
        return self._state.copy()

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run, as `TrainingRun.finish` says."""
        last, self._trainer = self.state(), None
        if self.problem.patience is not None and last.best_theta is not None:
            self.problem.net.theta = last.best_theta
        return lambda: last

    def threads(self) -> int:
        """Returns the number of threads of the CPU that a step is large enough for."""
        problem = self.problem
        return thread_count(step_flop(problem.net, problem.batch_size, problem.X), self._most_threads)

    def trainer_of(self, runs: Sequence[TorchRun]) -> tuple[Trainer, list[int]]:
        """Returns a trainer of these runs, this one among them, and their numbers there.

        It is that of the last call as long as at least half of its networks are in training: a new one would record its
        steps anew.
        """
        problems, trainer = [run.problem for run in runs], self._trainer
        if trainer is None or not {*problems} <= {*trainer.problems} or 2 * len(runs) < len(trainer.problems):
            trainer = Trainer(problems, self.device, self.compute)
            for run in runs:
                run._trainer = trainer
        return trainer, [trainer.problems.index(problem) for problem in problems]


def advance_together(runs: Sequence[TorchRun], epochs: int, seconds: float) -> None:
    """Advances runs of one kind as `TrainingRun.advance` does; the slice ends for all as soon as it ends for one.

    Runs at different steps are advanced one after the other.
    """
    places = defaultdict[tuple[int, int, int], list[TorchRun]](list)
    for run in runs:
        places[run.place].append(run)
    if len(places) > 1:
        for alike in places.values():
            advance_together(alike, epochs, seconds)
        return
    end, states, first = time.perf_counter() + seconds, [run._state for run in runs], runs[0]
    last_epoch = states[0].epoch + epochs

    def can_go_on() -> bool:
        has_ended = any(run.stopped is not None or run.is_interrupted for run in runs)
        return states[0].epoch < last_epoch and not has_ended

    if can_go_on():
        with session(first.device, first.precision, first.threads()):
            trainer, numbers = first.trainer_of(runs)
            trainer.load(states, numbers)
            try:
                while can_go_on():
                    for j in trainer.advance(end - time.perf_counter()):
                        runs[numbers.index(j)].has_diverged = True
                    if time.perf_counter() >= end:
                        break
            finally:
                trainer.store()
    for run in runs:
        run.is_interrupted = False
