"""A training run of the native engine."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from chainrule._internal.checks import Array
from chainrule.engines.minibatches import window_reader
from chainrule.engines.native.core import native
from chainrule.engines.native.description import arrays, cost_of, held_out, network, of_training, optimizer_of
from chainrule.engines.native.pinned import pinned
from chainrule.engines.problem import Problem
from chainrule.engines.state import RECORDS, TrainingState
from chainrule.engines.thread_counts import LEAST_TRIED, first_threads, step_flop, thread_count, threads_beside_reader
from chainrule.rows.compiled_shuffle import shuffled
from chainrule.rows.order import Position, halves


class NativeRun:
    """A training run in compiled code, which proceeds in slices; the network's θ is current after each."""

    def __init__(self, problem: Problem, state: TrainingState, **parts: int) -> None:
        self._d, self._dtype, self._has_patience = problem.net.d, problem.net.dtype, problem.patience is not None
        problem.net.theta = state.theta  # from now on the compiled run updates it
        self._moments = tuple(problem.optimizer.moments)
        self._first_step = state.first_step
        self._order, self._reader = problem.order, window_reader(problem, shuffled)
        self._is_interrupted = False
        flop, limit = step_flop(problem.net, problem.batch_size, problem.X), problem.threads
        if self._reader is not None:
            limit = threads_beside_reader(flop, limit)
        data, validation = of_training(problem), held_out(problem)
        self._pins = pinned((data, validation, problem.net.theta))  # callbacks are the user's code
        run = native.TrainingRun32 if problem.net.dtype == np.float32 else native.TrainingRun64
        self._run = run(
            net=network(problem.net),
            cost=cost_of(problem.cost),
            optimizer=optimizer_of(problem.optimizer),
            data=data,
            validation=validation,
            batch_size=problem.batch_size,
            shuffle=problem.shuffle,
            epochs=problem.epochs,
            tol=-1.0 if problem.tolerance is None else problem.tolerance,
            tol_epochs=problem.tol_epochs,
            patience=problem.patience or 0,
            threads=thread_count(flop / LEAST_TRIED, limit),
            first_threads=first_threads(flop, limit),
            theta=problem.net.theta,
            moments=[np.ascontiguousarray(state.moments[name]) for name in self._moments if state.moments],
            progress={
                **{
                    name: getattr(state, name)
                    for name in ("step", "first_step", "epoch", "batch", "partial_J", "partial_seconds")
                },
                **{name: getattr(state, name) for name in ("best_J", "best_epoch", "best_theta")},
                "stream": halves(state.stream),
                "records": dict(state.records),
            },
            **parts,
        )
        self._records = {name: array("d", state.records[name]) for name in RECORDS}

    @property
    def stopped(self) -> str | None:
        """The reason why the run has ended, or None."""
        reason: str | None = self._run.stopped
        return reason

    @property
    def records(self) -> Mapping[str, MutableSequence[float]]:
        """The records, one number per finished epoch under each name."""
        for name, values in self._run.records_since(len(self._records["J"])).items():
            self._records[name].frombytes(values)
        return self._records

    def advance(self, epochs: int, seconds: float) -> None:
        """Takes steps until ``epochs`` more epochs are finished, ``seconds`` have passed, or the run has stopped."""
        if self._reader is None:
            self._run.advance(epochs, seconds)
            return
        last, end = self._run.progress()["epoch"] + epochs, time.perf_counter() + seconds
        while not self._is_interrupted and (done := self._run.progress())["epoch"] < last and self.stopped is None:
            if self._run.needs_window:
                window = self._reader.window(_position(done["stream"]), done["batch"])
                order, keys = window.order, halves(window.keys)
                self._run.set_window(arrays(window.examples), order, window.first_batch, window.end_batch, keys)
            self._run.advance(last - done["epoch"], max(end - time.perf_counter(), 0.0))
            if time.perf_counter() >= end:
                break
        self._is_interrupted = False

    def take_theta(self) -> None:
        """Continues from the network's θ, which may have been changed since ``advance`` returned."""
        self._run.take_theta()

    def limit_threads(self, limit: int) -> None:
        """Makes later steps use at most ``limit`` threads."""
        self._run.limit_threads(limit)

    def interrupt(self) -> None:
        """Makes ``advance`` return soon; an unfinished step is abandoned."""
        self._is_interrupted = True
        self._run.interrupt()

    def state(self) -> TrainingState:
        """Returns a copy of the complete state."""
        theta = np.empty(self._d, self._dtype)
        moments = {name: np.empty_like(theta) for name in self._moments}
        self._run.get(theta, list(moments.values()))
        best: Array | None = np.empty_like(theta) if self._has_patience else None
        if best is not None and not self._run.best_theta(best):
            best = None
        progress = self._run.progress()
        stream = _position(progress.pop("stream"))
        records: Any = {name: values[:] for name, values in self.records.items()}
        return TrainingState(
            theta, moments, stream, first_step=self._first_step, best_theta=best, records=records,
            order=self._order,
            **progress,
        )  # fmt: skip

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run, as `TrainingRun.finish` says; only the last θ and the moments are kept for the state."""
        self._run.finish()
        if self._reader is not None:
            self._reader.close()
        return self.state


def _position(parts: Sequence[int]) -> Position:
    high, low, increment_high, increment_low = parts
    return high << 64 | low, increment_high << 64 | increment_low


def advance_bundle(kind: Any, runs: Sequence[NativeRun], epochs: int, seconds: float) -> None:
    """Advances runs of one shape together; ``kind`` is their compiled class."""
    kind.advance_bundle([each._run for each in runs], epochs, seconds)
