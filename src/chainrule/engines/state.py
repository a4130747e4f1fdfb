"""The complete state of a training run, from which training continues with bitwise equal results."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from chainrule import files
from chainrule._internal.checks import Array, as_array, as_integer, as_real, shown
from chainrule.engines.problem import Problem
from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.files import DTYPES
from chainrule.rows.order import position

RECORDS = ("J", "validation_J", "learning_rate", "seconds", "gradient_norm")
Kept: TypeAlias = dict[str, Array]  # what one callback keeps, by name
KEPT = "kept."  # of the tensors that callbacks keep


@dataclass(eq=False, repr=False)
class TrainingState:
    """A training run between two steps: ``save`` it, ``TrainingState.load`` it, pass it to ``cr.train(resume=…)``.

    ``theta`` (d,) and ``moments`` (each (d,)) belong to the optimizer; ``step`` counts its steps, including
    ``first_step`` steps of earlier runs (see `again`), and ``epoch`` the finished epochs. In the current epoch,
    ``batch`` steps are done; ``partial_J`` and ``partial_seconds`` are their part of its record. ``stream`` is the
    position of the random stream at the start of the current epoch. ``best_theta`` is the θ with the lowest validation
    cost ``best_J``, after epoch ``best_epoch``. ``records`` holds one number per epoch under each name. If training
    finds the learning rate itself (`GradientDescent`), ``learning_rate`` is the α of the next step, and
    ``earlier_theta`` the θ before the last one, unless that was taken back. ``kept`` holds what callbacks keep for a
    run that continues: arrays by the name of what keeps them, and by their own. ``order`` describes the rows and
    windows in which an epoch is read, if they are not in memory.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([1, 1])
    >>> half = cr.train(net, [[1.0]], [[2.0]], epochs=5).state
    >>> cr.train(net, [[1.0]], [[2.0]], epochs=10, resume=half).epochs
    10
    """

    theta: Array
    moments: dict[str, Array]
    stream: tuple[int, int]
    step: int = 0
    first_step: int = 0
    epoch: int = 0
    batch: int = 0
    partial_J: float = 0.0
    partial_seconds: float = 0.0
    best_theta: Array | None = None
    best_J: float = math.inf
    best_epoch: int = 0
    records: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in RECORDS})
    learning_rate: float | None = None
    earlier_theta: Array | None = None
    kept: dict[str, Kept] = field(default_factory=dict)
    order: str = ""

    @property
    def _other_thetas(self) -> dict[str, Array]:
        """The further θ that this state holds, by name."""
        given = {"best_theta": self.best_theta, "earlier_theta": self.earlier_theta}
        return {name: theta for name, theta in given.items() if theta is not None}

    @classmethod
    def start(cls, problem: Problem, moments: dict[str, Array]) -> TrainingState:
        """Returns the state before the first step, with these moments; it shares the network's θ without a copy."""
        stream = position(np.random.PCG64(problem.seed))
        return cls(problem.net.theta, moments, stream=stream, order=problem.order)

    def __repr__(self) -> str:
        batch = f", batch={self.batch}" if self.batch else ""
        return f"TrainingState(epoch={self.epoch}{batch}, step={self.step}, d={len(self.theta)})"

    @property
    def run_step(self) -> int:
        """The number of steps in this run, which schedules count."""
        return self.step - self.first_step

    @property
    def seconds(self) -> float:
        """The duration of all epochs so far, and of the steps of the next one.

        >>> import chainrule as cr
        >>> history = cr.train(cr.Network.dense([1, 1]), [[0.0]], [[1.0]], epochs=3)
        >>> history.state.seconds == float(sum(history.seconds))
        True
        """
        return float(sum(self.records["seconds"])) + self.partial_seconds

    def copy(self) -> TrainingState:
        """Returns an independent state with the same numbers."""
        return copy.deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        records = {name: np.array(values, np.float64) for name, values in self.records.items()}
        return {**vars(self), "records": records}

    def __setstate__(self, state: dict[str, Any]) -> None:
        records = {name: np.asarray(values).tolist() for name, values in state["records"].items()}
        vars(self).update({"kept": {}, **state, "records": records})  # states of before have nothing kept

    def end_epoch(
        self,
        problem: Problem,
        validation_J: float | None,
        gradient_norm: float,
        stream: tuple[int, int],
        theta: Callable[[], Array],
    ) -> None:
        """Records the epoch that the last step has ended, and notes the best θ; ``theta`` returns a copy of θ.

        ``stream`` is the position of the random stream at the start of the next epoch.
        """
        self.epoch += 1
        if validation_J is not None and validation_J < self.best_J:
            self.best_J, self.best_epoch = validation_J, self.epoch
            if problem.patience is not None:
                self.best_theta = theta()
        row = (
            self.partial_J,
            math.nan if validation_J is None else validation_J,
            problem.alpha(self.run_step - 1),
            self.partial_seconds,
            gradient_norm,
        )
        for values, value in zip(self.records.values(), row, strict=True):
            values.append(value)
        self.batch, self.partial_J, self.partial_seconds = 0, 0.0, 0.0
        self.stream = stream

    def again(self) -> TrainingState:
        """Returns a state that starts a new run with the same θ, moments and number of steps.

        Epochs and records start from zero, so the training set, the minibatches and the plan may be different.

        >>> import chainrule as cr
        >>> net = cr.Network.dense([1, 1])
        >>> first = cr.train(net, [[1.0], [2.0]], [[2.0], [4.0]], optimizer="adam", batch_size=1, epochs=5).state
        >>> cr.train(net, [[3.0]], [[6.0]], optimizer="adam", epochs=1, resume=first.again()).state
        TrainingState(epoch=1, step=11, d=2)
        """
        moments = {name: moment.copy() for name, moment in self.moments.items()}
        return TrainingState(self.theta.copy(), moments, self.stream, step=self.step, first_step=self.step)

    def check(self) -> None:
        """Raises InputError unless the parts of the state are consistent."""
        theta = self.theta
        if not isinstance(theta, np.ndarray) or theta.ndim != 1 or theta.dtype not in DTYPES.values():
            raise InputError(f"theta must be an array (d,), float32 or float64; got {shown(theta)}.")
        as_array(theta, "theta", theta.dtype)
        if (
            not isinstance(self.moments, dict)
            or not isinstance(self.records, dict)
            or not isinstance(self.stream, tuple)
        ):
            raise InputError("moments and records must be dicts, and stream a tuple, as in history.state.")
        if not isinstance(self.order, str):
            raise InputError(f"order must be a string; got {shown(self.order)}.")
        for name, like in {**self.moments, **self._other_thetas}.items():
            if not isinstance(like, np.ndarray) or like.shape != theta.shape or like.dtype != theta.dtype:
                raise InputError(
                    f"{name} must be an array {theta.shape} of {theta.dtype}, like theta; got {shown(like)}."
                )
            as_array(like, name, theta.dtype)
        if self.learning_rate is not None:
            as_real(self.learning_rate, "learning_rate", 0.0, open_minimum=True)
        if "nu" in self.moments and (lowest := self.moments["nu"].min()) < 0:
            raise InputError(f"nu must be ≥ 0, as a mean or a sum of squares; got {lowest}.")
        for name in ("step", "first_step", "epoch", "batch", "best_epoch"):
            as_integer(getattr(self, name), name, 0)
        if self.best_epoch > self.epoch:
            raise InputError(f"best_epoch must be ≤ epoch = {self.epoch}; got {self.best_epoch}.")
        as_real(self.partial_seconds, "partial_seconds", 0.0)
        for name in ("partial_J", "best_J"):  # both may be infinite
            if not isinstance(getattr(self, name), float):
                raise InputError(f"{name} must be a float; got {shown(getattr(self, name))}.")
        if [type(part) for part in self.stream] != [int, int] or not (
            0 <= self.stream[0] < 2**128 and 0 <= self.stream[1] < 2**128 and self.stream[1] % 2
        ):
            raise InputError(
                f"stream must be two integers of 128 bits, the second odd (PCG64); got {shown(self.stream)}."
            )
        lengths = {name: len(_numbers(values, name)) for name, values in self.records.items()}
        if lengths != dict.fromkeys(RECORDS, self.epoch):
            raise InputError(f"records must hold {self.epoch} numbers each, one per epoch; got {lengths}.")
        for name, arrays in self.kept.items():
            for own, array in arrays.items():
                if not isinstance(array, np.ndarray) or array.dtype not in DTYPES.values():
                    raise InputError(f"{own} of {name!r} in kept must be an array of floats; got {shown(array)}.")

    def check_fits(self, problem: Problem) -> None:
        """Raises InputError unless a run of ``problem`` can continue from this state."""
        self.check()
        expected = set(problem.optimizer.start(problem.net.theta[:1]))
        if self.theta.shape != (problem.net.d,) or self.theta.dtype != problem.net.dtype:
            raise InputError(
                f"resume must hold a θ of {problem.net.d} {problem.net.dtype} numbers, like the network; "
                f"got {len(self.theta)} of {self.theta.dtype}."
            )
        if set(self.moments) != expected:
            raise InputError(
                f"resume must hold the moments of this optimizer, {sorted(expected)}; got {sorted(self.moments)}."
            )
        if problem.patience is not None and self.best_epoch > 0 and self.best_theta is None:
            raise InputError(
                "resume does not hold the best θ, since its run had no patience; got "
                f"patience={problem.patience}. Continue without patience, or start again with it."
            )
        steps = problem.steps_per_epoch
        if self.batch >= steps or self.run_step != self.epoch * steps + self.batch:
            raise InputError(
                f"resume holds {self.run_step} steps, {self.epoch} epochs and {self.batch} steps of the next; an epoch "
                f"now has {steps}. Continue with the same training set and batch_size, or start from resume.again()."
            )
        if self.batch and self.order != problem.order:
            raise InputError(
                f"resume holds a part of an epoch in another order of the rows: {self.order or 'in memory'}; now "
                f"{problem.order or 'in memory'}. Continue with the same rows and window."
            )

    def parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Returns the state as the JSON header and the tensors of a file. Raises InputError if it is inconsistent."""
        self.check()
        tensors = {"theta": self.theta, **{f"moments.{name}": moment for name, moment in self.moments.items()}}
        tensors |= self._other_thetas
        tensors |= {f"records.{name}": np.array(values, np.float64) for name, values in self.records.items()}
        tensors |= {f"{KEPT}{own}.{name}": array for name, arrays in self.kept.items() for own, array in arrays.items()}
        header = {
            "step": self.step,
            **({"first_step": self.first_step} if self.first_step else {}),
            "epoch": self.epoch,
            "batch": self.batch,
            "partial_J": float(self.partial_J).hex(),  # hexadecimal is exact and can express infinity, unlike JSON
            "partial_seconds": float(self.partial_seconds),
            "stream": [hex(part) for part in self.stream],
            "best_J": float(self.best_J).hex(),
            "best_epoch": self.best_epoch,
            **({} if self.learning_rate is None else {"learning_rate": float(self.learning_rate)}),
            **({"order": self.order} if self.order else {}),
        }
        return header, tensors

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the state to one safetensors file, atomically (see docs/guide/files.md).

        Raises OSError if the file cannot be written; an older file of that name is then still intact.
        """
        files.write(path, "training state", *self.parts())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TrainingState:
        """Reads a state that ``save`` wrote, or that of a checkpoint of ``cr.train``.

        Raises OSError if the file cannot be read, FileFormatError if it is not a complete training state.
        """
        return cls.load_run(path)[0]

    @classmethod
    def load_run(cls, path: str | os.PathLike[str]) -> tuple[TrainingState, files.SavedRun]:
        """Reads a state as ``load`` does, with all else that its file says about the run."""
        saved = files.read_run(path)
        return cls.from_parts(os.fsdecode(path), saved.header, saved.tensors), saved

    @classmethod
    def from_parts(cls, name: str, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> TrainingState:
        """Returns the state that ``parts`` describes. Raises FileFormatError; its message begins with ``name``."""
        try:
            state = cls._from_parts(header, tensors)
            state.check()
        except KeyError as error:
            raise FileFormatError(f"{name} is not a complete training state: the tensor {error} is missing.") from None
        except (ChainruleError, TypeError, ValueError, OverflowError) as error:
            raise FileFormatError(f"{name} is not a complete training state: {error}") from None
        return state

    @classmethod
    def _from_parts(cls, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> TrainingState:
        """Returns the state that ``parts`` describes; raises KeyError for a tensor that is missing."""
        stream = files.field(header, "stream", list)
        if [type(part) for part in stream] != [str, str]:
            raise InputError(f"'stream' must be two strings, hexadecimal integers; got {shown(stream)}.")
        return cls(
            theta=tensors["theta"].copy(),
            moments={k.removeprefix("moments."): v.copy() for k, v in tensors.items() if k.startswith("moments.")},
            stream=(int(stream[0], 16), int(stream[1], 16)),
            step=files.field(header, "step", int),
            first_step=files.field(header, "first_step", int) if "first_step" in header else 0,
            epoch=files.field(header, "epoch", int),
            batch=files.field(header, "batch", int),
            partial_J=float.fromhex(files.field(header, "partial_J", str)),
            partial_seconds=files.field(header, "partial_seconds", float),
            best_theta=_copy(tensors.get("best_theta")),
            best_J=float.fromhex(files.field(header, "best_J", str)),
            best_epoch=files.field(header, "best_epoch", int),
            records={name: _record(tensors, name) for name in RECORDS},
            learning_rate=files.field(header, "learning_rate", float) if "learning_rate" in header else None,
            earlier_theta=_copy(tensors.get("earlier_theta")),
            kept=_kept(tensors),
            order=files.field(header, "order", str) if "order" in header else "",
        )


def _numbers(values: object, name: str) -> Sequence[float]:
    """Returns the numbers of a record, some of which may be infinite or NaN. Raises InputError for anything else."""
    if isinstance(values, str) or not isinstance(values, Sequence):  # the native engine's are arrays of Python
        raise InputError(f"records must hold lists of numbers; got {shown(values)} as {name}.")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)):
            raise InputError(f"records must hold lists of numbers; got {shown(value)} in {name}.")
    return values


def _copy(array: Array | None) -> Array | None:
    return None if array is None else array.copy()


def _kept(tensors: Mapping[str, Array]) -> dict[str, Kept]:
    """Returns what callbacks keep; the name of an array has no dot, and that of its keeper any."""
    kept: dict[str, Kept] = {}
    for key, tensor in tensors.items():
        if key.startswith(KEPT):
            own, _, name = key.removeprefix(KEPT).partition(".")
            kept.setdefault(name, {})[own] = tensor.copy()
    return kept


def _record(tensors: Mapping[str, Array], name: str) -> list[float]:
    """Returns the record of this name, one number per epoch."""
    values = tensors[f"records.{name}"]
    if values.ndim != 1 or values.dtype != np.float64:
        raise InputError(f"records.{name} must be float64 (epochs,); got {values.dtype} {values.shape}.")
    numbers: list[float] = values.tolist()
    return numbers
