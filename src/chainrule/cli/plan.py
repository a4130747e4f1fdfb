"""How a network is trained where the command line leaves it open, and the options made into values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule import activations, engines
from chainrule.checks import as_real
from chainrule.cli.refusals import WrongUsage, usage
from chainrule.naming import resolve
from chainrule.optimizers import OPTIMIZERS, AdamW, GradientDescent, Optimizer
from chainrule.schedules import Schedule

OPTIMIZER = "adamw"
# AdamW's decay is a prior on the weights: beside J, a mean over t rows, it weighs 1/t. Both numbers
# were chosen on the bundled sets, over ten seeds each: few rows gain most (diabetes: R² from 0.38 to 0.47).
DECAY, MOST_DECAY = 360.0, 2.0
# Full-batch and minibatch descent over a *mean*: the library's default is meant for the lecture's sum.
DESCENT_RATE = 0.1
FEW_ROWS = 1000
SMALL, LARGE = (64, 32), (256, 128)


@dataclass(frozen=True)
class Plan:
    """The hidden layers, the optimizer and the minibatches for a training set of t rows."""

    hidden: tuple[int, ...]
    optimizer: Optimizer
    batch_size: int | None

    @property
    def weight_decay(self) -> float:
        """AdamW's λ; 0 for an optimizer that has none."""
        decay = self.optimizer.weight_decay if isinstance(self.optimizer, AdamW) else 0.0
        return decay.rate if isinstance(decay, Schedule) else decay


@dataclass(frozen=True)
class Wishes:
    """The options that make up the plan, checked before anything is read; None leaves it open."""

    layers: tuple[int, ...] | None
    activation: str
    optimizer: str
    learning_rate: float | None
    batch_size: int | None
    engine: str

    @classmethod
    def of(
        cls, layers: str | None, activation: str, optimizer: str, learning_rate: float | None, batch_size: int | None,
        engine: str,
    ) -> Wishes:  # fmt: skip
        """The options as values. Raises WrongUsage with the option that cannot be meant."""
        optimizer = optimizer.lower().replace("-", "_")
        with usage("--activation"):
            activations.get(activation)
        with usage("--optimizer"):
            kind = resolve("optimizer", optimizer, OPTIMIZERS)
        if learning_rate is not None:
            with usage("--learning-rate"):
                as_real(learning_rate, "the learning rate", 0.0, open_minimum=True)
        if kind.full_batch_only and batch_size is not None:
            raise WrongUsage(f"--batch-size: {optimizer} compares whole gradients; leave the batch size out.")
        with usage("--engine"):
            resolve("engine", engine, {"auto": "", **engines.MODULES})
        return cls(None if layers is None else hidden(layers), activation, optimizer, learning_rate, batch_size, engine)

    def plan(self, t: int) -> Plan:
        """The plan for t training rows."""
        layers = self.layers if self.layers is not None else SMALL if t < FEW_ROWS else LARGE
        optimizer = self._optimizer(t)
        if optimizer.full_batch_only:
            return Plan(layers, optimizer, None)
        return Plan(layers, optimizer, min(t, self.batch_size or default_batch_size(t)))

    def _optimizer(self, t: int) -> Optimizer:
        given: dict[str, Any] = {} if self.learning_rate is None else {"learning_rate": self.learning_rate}
        kind = OPTIMIZERS[self.optimizer]
        if kind is AdamW:
            return AdamW(**given, weight_decay=round(min(DECAY / t, MOST_DECAY), 4))
        if kind is GradientDescent:
            return GradientDescent(**{"learning_rate": DESCENT_RATE, **given})
        return kind(**given)


def default_batch_size(t: int) -> int:
    """The power of two nearest to √t, from 8 to 512: some √t steps an epoch."""
    return int(min(max(2 ** round(math.log2(math.sqrt(t))), 8), 512))


def hidden(layers: str) -> tuple[int, ...]:
    """The sizes of the hidden layers: "64,32", or "none". Raises WrongUsage for anything else."""
    if layers.strip().lower() in ("", "none"):
        return ()
    try:
        sizes = tuple(int(size) for size in layers.split(","))
    except ValueError:
        sizes = (0,)
    if min(sizes) < 1:
        raise WrongUsage(f"--layers: give the sizes of the hidden layers, such as 64,32, or none; got {layers!r}.")
    return sizes


def described(sizes: Sequence[int]) -> str:
    """784-256-128-10."""
    return "-".join(map(str, sizes))
