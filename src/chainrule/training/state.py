"""The whole state of a training run: what must be kept to go on bitwise as if nothing had happened."""

from __future__ import annotations

import copy
import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from chainrule import files
from chainrule.checks import Array
from chainrule.errors import FileFormatError, InputError
from chainrule.training.minibatches import position

if TYPE_CHECKING:
    from chainrule.training.problem import Problem

RECORDS = ("J", "validation_J", "learning_rate", "seconds", "gradient_norm")


@dataclass
class TrainingState:
    """A training run between two steps; ``save`` it, load it with ``TrainingState.load``, hand it to ``cr.train(resume=…)``.

    ``theta`` (d,) and ``moments`` (each (d,)) are the optimizer's; ``step`` counts its steps and ``epoch`` the finished
    epochs; ``batch`` steps of the running epoch are made, ``partial_J`` and ``partial_seconds`` are their part of its record.
    ``stream`` is the random stream's position at the start of the running epoch. ``best_theta`` is the θ of the lowest
    validation cost ``best_J``, seen after epoch ``best_epoch``. ``records`` holds one number an epoch under each name.

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
    epoch: int = 0
    batch: int = 0
    partial_J: float = 0.0
    partial_seconds: float = 0.0
    best_theta: Array | None = None
    best_J: float = math.inf
    best_epoch: int = 0
    records: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in RECORDS})

    @classmethod
    def start(cls, problem: Problem) -> TrainingState:
        """The state before the first step."""
        theta = problem.net.theta.copy()
        stream = position(np.random.PCG64(problem.seed))
        return cls(theta=theta, moments=problem.optimizer.start(theta), stream=stream)

    def copy(self) -> TrainingState:
        """A state of its own with the same numbers."""
        return copy.deepcopy(self)

    def check_fits(self, problem: Problem) -> None:
        """Raise InputError unless the run of ``problem`` can go on from here."""
        expected = set(problem.optimizer.start(problem.net.theta[:1]))
        if self.theta.shape != (problem.net.d,) or self.theta.dtype != problem.net.dtype:
            raise InputError(
                f"resume must hold θ of {problem.net.d} {problem.net.dtype} numbers, as the network; "
                f"got {len(self.theta)} of {self.theta.dtype}."
            )
        if set(self.moments) != expected:
            raise InputError(
                f"resume must come from the same optimizer (moments {sorted(expected)}); got moments {sorted(self.moments)}."
            )
        if self.batch > problem.steps_per_epoch:
            raise InputError(
                f"resume stopped after {self.batch} steps of an epoch, which now has {problem.steps_per_epoch}; "
                "go on with the same training set and batch_size."
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to one safetensors file, atomically (see docs/files.md)."""
        tensors = {"theta": self.theta, **{f"moments.{name}": array for name, array in self.moments.items()}}
        if self.best_theta is not None:
            tensors["best_theta"] = self.best_theta
        tensors |= {f"records.{name}": np.array(values, np.float64) for name, values in self.records.items()}
        header = {
            "step": self.step,
            "epoch": self.epoch,
            "batch": self.batch,
            "partial_J": float(self.partial_J).hex(),  # hex: every bit of a float survives
            "partial_seconds": self.partial_seconds,
            "stream": [hex(part) for part in self.stream],
            "best_J": float(self.best_J).hex(),
            "best_epoch": self.best_epoch,
        }
        files.write(path, "training state", header, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TrainingState:
        """Read a state that ``save`` wrote.

        Raises FileFormatError if the file is not a whole one, FileNotFoundError if there is none.
        """
        header, tensors = files.read(path, "training state")
        try:
            state, increment = (int(part, 16) for part in header["stream"])
            return cls(
                theta=tensors["theta"],
                moments={k.removeprefix("moments."): v for k, v in tensors.items() if k.startswith("moments.")},
                stream=(state, increment),
                step=int(header["step"]),
                epoch=int(header["epoch"]),
                batch=int(header["batch"]),
                partial_J=float.fromhex(header["partial_J"]),
                partial_seconds=float(header["partial_seconds"]),
                best_theta=tensors.get("best_theta"),
                best_J=float.fromhex(header["best_J"]),
                best_epoch=int(header["best_epoch"]),
                records={name: tensors[f"records.{name}"].tolist() for name in RECORDS},
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise FileFormatError(f"{os.fspath(path)} is not a whole training state: {error!r}.") from None
