"""A callback is a function of the History, or an object that makes one for each run it watches."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chainrule.costs import Cost
from chainrule.engines.problem import Problem
from chainrule.engines.state import Kept, TrainingState
from chainrule.network import Network
from chainrule.training.history import History

Function: TypeAlias = Callable[[History], object]
Interval: TypeAlias = int | Callable[[], int | None] | None


@dataclass(eq=False)
class WatchedRun:
    """A training run before its first step, as a callback sees it.

    ``net`` is the network in training; its θ is current in every call. ``model`` is the same network, or in a fit of
    `NetworkClassifier` and `NetworkRegressor` a `TableModel` with this network alone, whose ``predict`` takes tables.
    ``settings`` describes the run by name: cost, optimizer, batch size and so on. The run begins after ``first_epoch``
    epochs, which is 0 unless it resumes another one, from ``state``, and has time until ``deadline``, by
    ``time.perf_counter``. ``history`` has no epoch before the run begins, and is then that of the run, also in the
    contexts of callbacks that close. The run trains network ``number`` of ``networks``, which count from 1. What a
    callback writes into ``figures``, by any name, is shown by `Progress`; what it keeps by ``memory`` becomes part of
    the run's state.

    >>> import chainrule as cr
    >>> run = cr.callbacks.WatchedRun(cr.Network.dense([2, 1]))
    >>> run.stop()
    >>> run.should_stop, run.first_epoch
    (True, 0)
    """

    net: Network
    model: Any = None
    settings: Mapping[str, str | int] = field(default_factory=dict)
    has_validation: bool = False
    first_epoch: int = 0
    deadline: float = math.inf
    number: int = 1
    networks: int = 1
    state: TrainingState | None = None
    should_stop: bool = False
    figures: dict[str, str] = field(default_factory=dict)  # that callbacks add to a display of the progress
    memories: dict[str, Callable[[], Kept]] = field(default_factory=dict)
    history: History = field(default_factory=lambda: History.before(0))
    _interrupt: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        if self.model is None:
            self.model = self.net

    @classmethod
    def of(
        cls, problem: Problem, state: TrainingState | None, deadline: float, number: int, networks: int
    ) -> WatchedRun:
        """Returns the run of a problem, from its beginning or from a state."""
        method = repr(problem.optimizer)
        settings = settings_of(problem.net, problem.cost, method, problem.epochs, problem.batch_size)
        first_epoch = 0 if state is None else state.epoch
        has_validation = problem.validation is not None
        return cls(problem.net, None, settings, has_validation, first_epoch, deadline, number, networks, state)

    def stop(self) -> None:
        """Ends the training soon, also in mid-epoch; it may be called from any thread."""
        self.should_stop = True
        self._interrupt()

    def connect(self, interrupt: Callable[[], None]) -> None:
        """Makes ``stop`` call this function, which interrupts the engine; at once, if it was called before."""
        self._interrupt = interrupt
        if self.should_stop:
            interrupt()

    def memory(self, name: str, arrays: Callable[[], Kept]) -> Kept:
        """Makes arrays a part of the state of the run, and of its checkpoints: those that ``arrays`` returns then.

        Returns those that a callback kept under this name in the run that this one continues; {} if there are none.
        Further callbacks of the same name have numbers.
        """
        count = sum(each.partition(" #")[0] == name for each in self.memories)
        own = f"{name} #{count + 1}" if count else name
        self.memories[own] = arrays
        return {} if self.state is None else dict(self.state.kept.get(own, {}))

    def kept(self) -> dict[str, Kept]:
        """Returns what the callbacks keep, for the state of the run."""
        made = {name: arrays() for name, arrays in self.memories.items()}
        return {name: arrays for name, arrays in made.items() if arrays}

    def name(self, word: str) -> str:
        """Returns "word-3" for the third of several networks, and "" for a network alone."""
        return f"{word}-{self.number}" if self.networks > 1 else ""


def settings_of(net: Network, cost: Cost, method: str, epochs: int, batch_size: int | None) -> dict[str, str | int]:
    """Returns the settings of a run by name, as trackers of experiments keep them."""
    return {
        "network": "-".join(map(str, net.m)),
        "cost": repr(cost),
        "optimizer": method,
        "epochs": epochs,
        "batch_size": "all" if batch_size is None else batch_size,
    }


class RunCallback(ABC):
    """A callback that watches runs: for each, ``watch`` opens a context that yields a function of the History.

    That function is called every ``epochs`` epochs, or where that is None every ``seconds`` seconds, and once more if
    epochs have been finished since then when training ends. Returning True stops training. The context closes at the
    end of the run, whatever ends it, when the network has its last θ. An estimator opens ``all_runs`` around the runs
    of its networks, and one ``watch`` for each, in the thread that trains it.

    >>> import chainrule as cr
    >>> from contextlib import contextmanager
    >>> class Norms(cr.callbacks.RunCallback):
    ...     epochs = 10
    ...     @contextmanager
    ...     def watch(self, run):
    ...         norms = []
    ...         yield lambda history: norms.append(float((run.net.theta**2).sum()))
    ...         print(len(norms))
    >>> net = cr.Network.dense([1, 1], seed=0)
    >>> history = cr.train(net, [[1.0]], [[0.0]], epochs=40, callbacks=[Norms()])
    4
    """

    epochs: Interval = None
    seconds: float = 0.1
    needs_records_alone: bool = False  # True: it looks at the history's records, and can watch another process's run

    @abstractmethod
    def watch(self, run: WatchedRun) -> AbstractContextManager[Function | None]:
        """Returns a context around one run, which yields the function to call, or None if there is nothing to call."""

    def all_runs(self, networks: int) -> AbstractContextManager[RunCallback]:
        """Returns a context around the runs of all networks of a fit, which yields the callback that watches them."""
        return nullcontext(self)


class FitCallback(RunCallback):
    """A callback with something in common for all networks of a fit, which ``all_runs`` opens and closes."""

    @abstractmethod
    def all_runs(self, networks: int) -> AbstractContextManager[RunCallback]:
        """Returns a context around the runs of all networks of a fit, which yields the callback that watches them."""

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function | None]:
        """Watches a run alone."""
        with self.all_runs(1) as callback, callback.watch(run) as function:
            yield function


class PartOfRun(RunCallback):
    """Watches a call of `train` or `minimize` that is a part of a larger run, which is shown and logged as a whole."""

    def watch(self, run: WatchedRun) -> AbstractContextManager[Function | None]:
        """Calls nothing."""
        return nullcontext(None)


Callback: TypeAlias = Function | RunCallback
