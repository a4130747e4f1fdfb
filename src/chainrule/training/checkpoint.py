"""Checkpoints: a training run written to a file now and then, from which it continues after whatever ended it."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from typing import TypeAlias

from chainrule import files
from chainrule._internal.checks import as_integer, as_real, shown
from chainrule._internal.user_warnings import warn
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.errors import InputError, TrainingWarning
from chainrule.files.atomic import as_path
from chainrule.training.history import History
from chainrule.training.run_description import description, require_same_run

# Without an interval, writing takes at most this share of the time, and these seconds lie between two writes.
SHARE = 0.01
LEAST_SECONDS = 5.0

PathLike: TypeAlias = str | os.PathLike[str]
Resume: TypeAlias = TrainingState | PathLike | bool | None


@dataclass(frozen=True)
class Checkpoint:
    """A file that a training run is written to: ``cr.train(…, checkpoint=cr.Checkpoint(path, epochs=10))``.

    It is written before the first step, then every ``epochs`` epochs or ``seconds``, whichever comes first, and when
    training ends, also by Ctrl-C; not when training diverges. A path alone, or neither interval, means as often as
    takes at most 1 % of the time, and at most every 5 s.

    The file is that of a network, which ``cr.load`` reads: the best one so far with ``patience``, else the last. It
    also holds the state of the run, its records, and a description of the data and the settings (docs/guide/files.md).

    Raises InputError for a path that names no file, or an interval that is not positive.

    >>> import chainrule as cr, tempfile, os
    >>> net, X, Y = cr.Network.dense([1, 1], initial="zeros"), [[1.0], [2.0]], [[2.0], [4.0]]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = cr.Checkpoint(os.path.join(folder, "run.safetensors"), epochs=10)
    ...     half = cr.train(net, X, Y, epochs=25, checkpoint=run)
    ...     whole = cr.train(net, X, Y, epochs=50, checkpoint=run, resume=True)
    >>> half.epochs, whole.epochs
    (25, 50)
    """

    path: PathLike
    epochs: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        as_path(self.path)
        if self.epochs is not None:
            as_integer(self.epochs, "the epochs of a checkpoint", 1)
        if self.seconds is not None:
            as_real(self.seconds, "the seconds of a checkpoint", 0.0, open_minimum=True)

    @classmethod
    def of(cls, checkpoint: object) -> Checkpoint:
        """Returns a checkpoint, given as it is or by its path. Raises InputError for anything else."""
        if isinstance(checkpoint, Checkpoint):
            return checkpoint
        if not _is_path(checkpoint):
            raise InputError(f"checkpoint must be a path or a cr.Checkpoint; got {shown(checkpoint)}.")
        return cls(checkpoint)  # type: ignore[arg-type]  # it is a path


class CheckpointWriter:
    """The checkpoint of one run, or none: what the run resumes from, when the file is written next, and the writing.

    Raises what `train` raises for its ``checkpoint`` and its ``resume``, before any work.
    """

    def __init__(self, checkpoint: Checkpoint | PathLike | None, resume: Resume, problem: Problem) -> None:
        self._plan = None if checkpoint is None else Checkpoint.of(checkpoint)
        self._path = None if self._plan is None else as_path(self._plan.path)
        source = self._source(resume)
        self._continues = source is not None and self._path is not None and _are_same(source, self._path)
        self.state: TrainingState | None = resume if isinstance(resume, TrainingState) else None
        if self._path is not None or source is not None:
            self._net, self._run = problem.net.copy(), description(problem)
            structure, _ = files.network_parts(self._net)  # raises InputError for what a file cannot hold
        if self._path is not None:
            self._require_usable(self._path)
        if source is not None:
            self.state, saved = TrainingState.load_run(source)
            if saved.run is not None:
                require_same_run(source, saved, structure, self._run)
        if self.state is not None:
            self.state.check_fits(problem)
        self._next_epoch, self._next_time = math.inf, math.inf
        self._has_ended = False  # before this call
        self._written = 0  # the epochs in the file
        self._has_failed = False

    def _require_usable(self, path: str) -> None:
        """Raises InputError if there is a file that is not resumed, OSError if none can be written."""
        if not self._continues and os.path.exists(path):
            raise InputError(
                f"checkpoint: {path} exists. Pass resume=True to continue the run that it holds, give another name, or "
                "delete it."
            )
        files.require_writable(path, replace=self._continues)

    def _source(self, resume: Resume) -> str | None:
        """Returns the path of the file to continue from, if any."""
        if resume is None or resume is False or isinstance(resume, TrainingState):
            return None
        if resume is True:
            if self._path is None:
                raise InputError("resume=True continues from the checkpoint; got checkpoint=None. Name its file.")
            return self._path if os.path.exists(self._path) else None
        if not _is_path(resume):
            raise InputError(
                "resume must be the path of a checkpoint, True for that of checkpoint=…, or a TrainingState, such as "
                f"history.state; got {shown(resume)}."
            )
        return as_path(resume)

    @property
    def remedy(self) -> str:
        """A sentence about how to continue a run that another process has ended."""
        if self._path is None:
            return "With a checkpoint the training could continue from there."
        return f"The checkpoint {self._path} continues it: resume=True, with any number of processes."

    @property
    def deadline(self) -> float:
        """The time, by ``time.perf_counter``, at which the next slice of training should end."""
        return self._next_time

    def epochs_until_due(self, history: History) -> int:
        """Returns the number of epochs to train before the next writing; all of them if none depends on it."""
        return history.planned_epochs if self._next_epoch == math.inf else int(self._next_epoch) - history.epochs

    def begin(self, history: History) -> None:
        """Writes the run before its first step, unless it continues from this file. Raises OSError."""
        if self._path is None:
            return
        began = time.perf_counter()
        self._written, self._has_ended = history.epochs, history.stopped is not None
        if not self._continues:
            self._write(history.state, replace=False)
        self._plan_next(history, time.perf_counter() - began)

    def after_slice(self, history: History) -> None:
        """Writes the run if it is due."""
        if history.epochs >= self._next_epoch or time.perf_counter() >= self._next_time:
            self._try(history, "training continues")

    def end(self, history: History) -> None:
        """Writes the run as it ends, unless it has diverged: the file then keeps what was before."""
        if self._path is not None and not self._has_ended and history.stopped != "diverged":
            self._has_failed = False
            self._try(history, "training has ended")

    def after_loss(self, history: History) -> str:
        """Returns the words about what is left of a run that has lost its rows."""
        trained = f"Training ended after {history.epochs} epochs; the network is intact."
        if self._path is None or self._has_failed:
            return f"{trained} With checkpoint=… the run could continue."
        return f"{trained} When the rows are back, continue with checkpoint={self._path!r}, resume=True."

    def _try(self, history: History, meanwhile: str) -> None:
        """Writes the run; if that fails, there is a warning, the first time and at the end."""
        began = time.perf_counter()
        try:
            self._write(history.state, replace=True)
        except (OSError, MemoryError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            if not self._has_failed:
                warn(
                    f"the checkpoint {self._path} could not be written after epoch {history.epochs}: {reason}. It "
                    f"still holds the run after epoch {self._written}; {meanwhile}.",
                    TrainingWarning,
                )
            self._has_failed = True
        else:
            self._written, self._has_failed = history.epochs, False
        self._plan_next(history, time.perf_counter() - began)

    def _write(self, state: TrainingState, *, replace: bool) -> None:
        assert self._path is not None
        files.write_checkpoint(self._path, self._net, *state.parts(), self._run, replace=replace)

    def _plan_next(self, history: History, seconds: float) -> None:
        """Plans the next writing, when one has just taken this many seconds."""
        assert self._plan is not None
        every, interval = self._plan.epochs, self._plan.seconds
        if every is not None:
            self._next_epoch = history.epochs - history.epochs % every + every
        elif interval is None:
            interval = max(LEAST_SECONDS, seconds / SHARE)
        self._next_time = math.inf if interval is None else time.perf_counter() + interval


def reading_alone(checkpoint: object, resume: Resume) -> tuple[None, Resume]:
    """Returns the arguments of a process that reads what another one reads, which alone writes the checkpoint."""
    if checkpoint is None or resume is not True:
        return None, resume
    path = as_path(Checkpoint.of(checkpoint).path)
    return None, path if os.path.exists(path) else None


def _is_path(value: object) -> bool:
    return isinstance(value, (str, os.PathLike))


def _are_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
