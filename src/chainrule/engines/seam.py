"""The seam between the mathematics and any engine: an engine takes a `Problem` and advances a `TrainingRun`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from chainrule._internal.checks import Array
from chainrule.backprop import Gradient
from chainrule.costs import Cost
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.network import Network
from chainrule.optimizers import Optimizer


class TrainingRun(Protocol):
    """A training run in progress; between two calls the network's θ is current."""

    def advance(self, epochs: int, seconds: float) -> None:
        """Go on for so many more epochs or seconds, whichever comes first (then perhaps in the middle of an epoch).

        At least one step is made unless the run has stopped or is interrupted; never a step beyond that.
        """

    def interrupt(self) -> None:
        """Let ``advance`` return soon, the running one or else the next: from a signal handler or another thread."""

    @property
    def stopped(self) -> str | None:
        """None to go on, else "epochs", "tol", "patience" or "diverged"."""

    @property
    def records(self) -> Mapping[str, Sequence[float]]:
        """One number a finished epoch under each name of ``chainrule.engines.state.RECORDS``."""

    def state(self) -> TrainingState:
        """The whole state, as a copy: the run can be started from it again, bitwise."""

    def finish(self) -> Callable[[], TrainingState]:
        """End the run: no step follows, and with patience the network's θ becomes the best one seen.

        What it answers gives the last state, and holds on to no more than that needs: not to the training set.
        """


class Engine(Protocol):
    """Something that can train, evaluate and differentiate networks."""

    name: str

    def declines(
        self, net: Network, cost: Cost | None, optimizer: Optimizer | None, shuffle: bool = True
    ) -> str | None:
        """Why it cannot run this, or None if it can."""

    def start(self, problem: Problem, state: TrainingState | None) -> TrainingRun:
        """A run from θ of the network, or from a state that an engine gave out."""

    def outputs(self, net: Network, X: Array) -> Array | None:
        """N(x) for each row of X: (t, n) → (t, m). None where a number of X is not finite."""

    def shortcut(self, net: Network, reuse: bool = False) -> Callable[[object], Array | None] | None:
        """A quick way from one row x, or a few, to N(x), which may answer None: then ``outputs`` is to be asked.

        It reads θ where it stands. With ``reuse`` it gives out the same array each time. None if there is no such way.
        """

    def gradient(self, net: Network, cost: Cost, X: Array, Y: Array, weights: Array | None) -> Gradient:
        """∇J(θ), J(θ) and every δ[i]."""
