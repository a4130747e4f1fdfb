"""The one seam between the mathematics and whatever computes it, and the choice of an engine.

An engine takes a Problem and advances a TrainingRun; it evaluates N(x) and ∇J(θ). The reference engine is the
definition; every other engine is tested against it. An engine may decline, and says why; ``auto`` takes the next.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chainrule import costs, optimizers
from chainrule.checks import Array
from chainrule.errors import EngineDeclined
from chainrule.naming import resolve
from chainrule.network import as_network

if TYPE_CHECKING:
    from chainrule.backprop import Gradient
    from chainrule.costs import Cost
    from chainrule.network import Network
    from chainrule.optimizers import Optimizer
    from chainrule.training.problem import Problem
    from chainrule.training.state import TrainingState

__all__ = ["Choice", "Engine", "EngineNotice", "TrainingRun", "chosen"]


class EngineNotice(UserWarning):
    """``auto`` took another engine than the fastest, and the message says why; said once for each reason."""


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
        """One number a finished epoch under each name of ``chainrule.training.state.RECORDS``."""

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


@dataclass(frozen=True, eq=False)
class Choice:
    """The engine that runs something, and the reason why it is that one."""

    engine: Engine
    reason: str

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name


MODULES = {"native": "chainrule.engines.native", "reference": "chainrule.engines.reference"}
PREFERENCE = ("native", "reference")  # what "auto" tries, the fastest first

_told: set[str] = set()


def _load(name: str) -> Engine:
    module = importlib.import_module(resolve("engine", name, {"auto": "", **MODULES}))
    engine: Engine = module.ENGINE
    return engine


def chosen(
    net: Network,
    cost: Cost | str | None = None,
    optimizer: Optimizer | str | None = None,
    *,
    shuffle: bool = True,
    engine: str = "auto",
) -> Choice:
    """Which engine runs this network (with this cost, optimizer and order of the examples, in training), and why.

    ``cost`` and ``optimizer`` are values or names, and ``shuffle`` a bool, as in ``cr.train``; ``engine`` is "auto" for
    the fastest that can, or an engine's name. Raises UnknownName for a name that none has, EngineDeclined if the named
    one cannot.

    >>> import chainrule as cr
    >>> cr.engines.chosen(cr.Network.dense([5, 3, 2, 1]), engine="reference").reason
    'asked for by name'
    """
    as_network(net)
    cost = None if cost is None else costs.get(cost)
    optimizer = None if optimizer is None else optimizers.get(optimizer)
    choice = _choose(net, cost, optimizer, engine, shuffle)
    if "declines" in choice.reason and choice.reason not in _told:
        _told.add(choice.reason)
        warnings.warn(f"{choice.reason} The {choice.name} engine runs it.", EngineNotice, stacklevel=2)
    return choice


def _choose(net: Network, cost: Cost | None, optimizer: Optimizer | None, engine: str, shuffle: bool = True) -> Choice:
    if engine != "auto":
        named = _load(engine)
        if why := named.declines(net, cost, optimizer, shuffle):
            raise EngineDeclined(f"engine={engine!r} cannot run this: {why} Use engine='auto' or 'reference'.")
        return Choice(named, "asked for by name")
    reasons: list[str] = []
    for name in PREFERENCE:
        candidate = _load(name)
        if (why := candidate.declines(net, cost, optimizer, shuffle)) is None:
            return Choice(candidate, " ".join(reasons) or "the fastest engine here")
        reasons.append(f"The {name} engine declines: {why}")
    raise EngineDeclined("no engine can run this. " + " ".join(reasons))


def for_network(net: Network, engine: str, cost: Cost | None = None) -> Engine:
    """The engine that evaluates or differentiates ``net``; nothing is said of the choice, which matters in training."""
    return _choose(net, cost, None, engine).engine
