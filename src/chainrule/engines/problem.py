"""The training problem, which is everything that an engine needs to train: cost, data, optimizer, stopping rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import as_probability
from chainrule._internal.sparse_rows import Rows
from chainrule.costs import Cost, TrainingSet
from chainrule.costs.training_set import Subset
from chainrule.errors import EngineDeclined
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Schedule
from chainrule.rows.windowed import WindowedRows

# The rounding of J, in spacings of its floats: at a minimum J alternates for ever between a few neighbouring numbers.
J_ROUNDING = 4


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, its cost over a training set, and the plan of its training; `train` has checked all of it."""

    net: Network
    cost: Cost
    optimizer: Optimizer
    data: TrainingSet | Subset | WindowedRows
    batch_size: int  # 1 … t; t is the lecture's gradient descent over all examples
    epochs: int  # the planned total, over which schedules extend
    seed: int
    validation: TrainingSet | Subset | None = None
    tol: float | None = None
    tol_epochs: int = 10
    patience: int | None = None
    threads: int | None = None
    shuffle: bool = True

    @cached_property
    def examples(self) -> TrainingSet:
        """The training set of a problem that is in memory as a whole."""
        assert not isinstance(self.data, WindowedRows)
        return side_by_side(self.data)

    @property
    def validation_set(self) -> TrainingSet | None:
        """The validation set, if there is one."""
        return None if self.validation is None else side_by_side(self.validation)

    def in_memory(self) -> Problem:
        """Returns the problem for an engine that needs the examples side by side; each `Subset` is copied."""
        if not isinstance(self.data, Subset) and not isinstance(self.validation, Subset):
            return self
        data = self.data if isinstance(self.data, WindowedRows) else self.examples
        return replace(self, data=data, validation=self.validation_set)

    @property
    def X(self) -> Rows | None:
        """The inputs of all examples, and of others if they are a `Subset`; None if they are read in windows."""
        if isinstance(self.data, WindowedRows):
            return None
        return self.data.of.X if isinstance(self.data, Subset) else self.data.X

    def refuse_windows(self, engine: str) -> None:
        """Raises EngineDeclined for an engine that needs all examples in memory, if they are read in windows."""
        if self.X is None:
            raise EngineDeclined(
                f"the engine {engine} cannot run this: the rows are read in windows. Use engine='auto', or pass "
                f"window={self.data.t} to read all of them."
            )

    @property
    def order(self) -> str:
        """The rows and windows that an epoch is read in, in words; empty if they are in memory."""
        return self.data.description if isinstance(self.data, WindowedRows) else ""

    @cached_property
    def total_weight(self) -> float:
        """Σ wⱼ, the number of examples if they have no weights."""
        if isinstance(self.data, WindowedRows):
            return self.data.total_weight
        weights = self.data.weights
        return float(self.data.t if weights is None else weights.sum())

    @property
    def full_batch(self) -> bool:
        """True if every step uses all examples, then in their given order; only dropout is random."""
        return self.batch_size == self.data.t

    @property
    def in_order(self) -> bool:
        """True if the steps of an epoch use the examples in their given order."""
        return self.full_batch or not self.shuffle

    @property
    def steps_per_epoch(self) -> int:
        """The number of minibatches in an epoch, ⌈t / batch size⌉; the last one may be smaller."""
        return -(-self.data.t // self.batch_size)

    @property
    def has_dropout(self) -> bool:
        """True if a hidden layer has dropout, be it in some steps only, so that each step draws a key."""
        return any(self.net.dropout)

    @property
    def has_exact_J(self) -> bool:
        """True if the J of an epoch is J(θ) at one θ, over all examples, without dropout."""
        return self.full_batch and not self.has_dropout

    @property
    def rounding(self) -> float:
        """The rounding of J, relative to |J|."""
        return J_ROUNDING * float(np.finfo(self.net.dtype).eps)

    @property
    def tolerance(self) -> float | None:
        """The largest change of J, relative to max |J|, at which J "does not change": tol and the rounding of J."""
        return None if self.tol is None else self.tol + self.rounding

    def alpha(self, step: int) -> float:
        """Returns the learning rate α of step number ``step`` = 0, 1, 2, …"""
        return self.optimizer.schedule.value(step / self.steps_per_epoch, self.epochs)

    def optimizer_at(self, step: int) -> Optimizer:
        """Returns the optimizer with its settings, such as a scheduled weight decay, in step number ``step``."""
        return self.optimizer.at(step / self.steps_per_epoch, self.epochs)

    def dropout(self, step: int) -> tuple[float, ...]:
        """Returns the dropout probability p of each layer in step number ``step``.

        Raises InputError if a schedule gives a number that is not a probability.
        """
        epoch = step / self.steps_per_epoch
        return tuple(
            as_probability(p.value(epoch, self.epochs), f"the dropout of layer {i} after {epoch:g} epochs")
            if isinstance(p, Schedule)
            else p
            for i, p in enumerate(self.net.dropout, 1)
        )


def side_by_side(data: TrainingSet | Subset) -> TrainingSet:
    """Returns the examples in arrays that hold no others."""
    return data.in_memory() if isinstance(data, Subset) else data
