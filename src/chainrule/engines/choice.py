"""The choice of an engine: the fastest one that can run a network, or the one requested by name."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chainrule import costs, optimizers
from chainrule._internal.checks import Array, shown
from chainrule._internal.imports import imported
from chainrule._internal.naming import resolve
from chainrule._internal.sparse_rows import Rows
from chainrule._internal.user_warnings import warn
from chainrule.costs import Cost
from chainrule.engines.problem import Problem
from chainrule.engines.seam import Engine, SharedEngine
from chainrule.errors import EngineDeclined, InputError
from chainrule.network import Network, check_network
from chainrule.optimizers import Optimizer
from chainrule.processes import launcher
from chainrule.processes.launcher import Launch


class EngineNotice(UserWarning):
    """A notice that "auto" took the reference engine or a GPU, or that processes train apart; once each.

    Nothing is wrong: the results are those of the native engine within rounding. It is a UserWarning, so that
    ``warnings.simplefilter("ignore", cr.engines.EngineNotice)`` hides it.

    >>> import chainrule as cr, numpy as np, warnings
    >>> net = cr.Network.dense([1, 1], output=cr.Activation(np.sin, np.cos, name="my_sine"))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", cr.engines.EngineNotice)
    ...     cr.train(net, [[1.0]], [[0.5]], epochs=1).engine_reason
    'The native engine declines: sigma[1] = my_sine is not built in.'
    """


@dataclass(frozen=True, eq=False)
class Choice:
    """The engine that was chosen, and the reason.

    >>> import chainrule as cr
    >>> choice = cr.engines.chosen(cr.Network.dense([5, 3, 2, 1]), engine="reference")
    >>> choice.name, choice.reason
    ('reference', 'requested by name')
    """

    engine: Engine
    reason: str

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name


MODULES = {name: f"chainrule.engines.{name}" for name in ("native", "reference", "torch")}
PREFERENCE = ("native", "reference")  # the order in which "auto" tries the engines

EngineLike: TypeAlias = str | Engine | Choice  # a name, a value, or what was chosen for several networks

_reported_reasons: set[str] = set()


@functools.cache  # a prediction for one sparse row asks for the engine too
def loaded(name: str) -> Engine:
    """Returns the engine of this name. Raises UnknownName."""
    module = imported(resolve("engine", name, {"auto": "", **MODULES}))
    engine: Engine = module.ENGINE
    return engine


def _engine(engine: EngineLike) -> Engine:
    """Returns the engine of this name, or the engine itself. Raises UnknownName, or InputError for anything else."""
    if isinstance(engine, str):
        return loaded(engine)
    if isinstance(engine, Choice):
        return engine.engine
    given: object = engine
    if isinstance(given, type) or not all(hasattr(given, method) for method in ("declines", "start", "gradient")):
        raise InputError(
            f'engine must be "auto", the name of an engine, or an engine such as Torch(); got {shown(given)}.'
        )
    return engine


def trains_together(engine: EngineLike) -> bool:
    """Returns True if the engine makes the steps of several networks at once; "auto" itself takes none that does."""
    return engine != "auto" and _engine(engine).trains_together


def is_first(engine: object) -> bool:
    """Returns True in the process that shows the progress: in any, unless several processes share the training."""
    return not isinstance(engine, SharedEngine) or engine.is_first


def chosen(
    net: Network,
    cost: Cost | str | None = None,
    optimizer: Optimizer | str | None = None,
    *,
    shuffle: bool = True,
    X: Rows | None = None,
    jacobian: bool = False,
    problem: Problem | None = None,
    limit: float = math.inf,
    engine: EngineLike = "auto",
) -> Choice:
    """Returns the engine that runs this network (or trains it with this cost and optimizer), and the reason.

    ``cost``, ``optimizer``, ``shuffle`` and ``X`` are those of ``cr.train``; with ``jacobian``, Levenberg–Marquardt is
    to run, which needs ∂a[r]/∂θ of each example. ``problem`` is the whole training: a notice says if it is one for a
    GPU. ``engine`` is an engine's name, an engine such as `Torch`, or "auto" for the fastest engine that can run it.

    Raises UnknownName for an unknown name, InputError for what is no engine, EngineDeclined if the engine that was
    given cannot run it.

    >>> import chainrule as cr
    >>> cr.engines.chosen(cr.Network.dense([5, 3, 2, 1]), engine="reference").reason
    'requested by name'
    """
    check_network(net)
    cost = None if cost is None else costs.get(cost)
    optimizer = None if optimizer is None else optimizers.get(optimizer)
    choice = _choose(net, cost, optimizer, engine, shuffle, X, jacobian)
    if not isinstance(choice.engine, SharedEngine):
        _notice_launch()
    if engine == "auto" and problem is not None and (on_gpu := choice_of_gpu([(problem, 1)], limit)) is not None:
        return on_gpu
    if "declines" in choice.reason and choice.reason not in _reported_reasons:
        _reported_reasons.add(choice.reason)
        warn(
            f"{choice.reason} The {choice.name} engine runs it, with the same results in more time; nothing is wrong.",
            EngineNotice,
        )
    return choice


def choice_of_gpu(work: Sequence[tuple[Problem, int]], limit: float = math.inf) -> Choice | None:
    """Returns the choice of "auto" for trainings that a GPU makes surely faster, and says it once; else None.

    Each has a number of networks that make their steps together; all last at most ``limit`` seconds. If only the memory
    of the GPU is too small, the choice is the native engine, with this reason.
    """
    package = MODULES["torch"]
    all_work = [imported(f"{package}.arithmetic").Workload(problem, networks) for problem, networks in work]
    advice = imported(f"{package}.advantage").advice(all_work, limit)
    if advice is None:
        return None
    if advice.engine not in _reported_reasons:
        _reported_reasons.add(advice.engine)
        pinned = (
            "" if advice.engine == "native" else " engine='native' trains on the CPUs, whose results round otherwise."
        )
        warn(f"{advice.reason}.{pinned}", EngineNotice)
    return Choice(loaded(advice.engine), advice.reason)


def may_have_gpu() -> bool:
    """Returns True if the machine has a driver for GPUs, so that it makes sense to ask for `choice_of_gpu`."""
    has_driver: bool = imported(f"{MODULES['torch']}.advantage").has_driver()
    return has_driver


def _notice_launch() -> None:
    """Says once that each process of a launcher trains on its own, unless they share the work."""
    launch = Launch.found()
    if launch is None or launch.rank > 0 or launcher.is_shared() or "launch" in _reported_reasons:
        return
    _reported_reasons.add("launch")
    warn(
        f"{launch.launcher} has started {launch.size} processes, and each of them trains on its own. To train one "
        "network together: engine=cr.engines.DataParallel(); to share the networks of a model: python -m chainrule "
        "train.",
        EngineNotice,
    )


def _choose(
    net: Network,
    cost: Cost | None,
    optimizer: Optimizer | None,
    engine: EngineLike,
    shuffle: bool = True,
    X: Rows | None = None,
    jacobian: bool = False,
) -> Choice:
    if engine != "auto":
        given = _engine(engine)
        if why := given.declines(net, cost, optimizer, shuffle, X, jacobian):
            raise EngineDeclined(f"engine={engine!r} cannot run this: {why} Use engine='auto' or 'reference'.")
        if isinstance(engine, Choice):
            return engine
        return Choice(given, "requested by name" if isinstance(engine, str) else f"requested as {engine!r}")
    reasons: list[str] = []
    for name in PREFERENCE:
        candidate = loaded(name)
        if (why := candidate.declines(net, cost, optimizer, shuffle, X, jacobian)) is None:
            return Choice(candidate, " ".join(reasons) or "the fastest engine here")
        reasons.append(f"The {name} engine declines: {why}")
    raise EngineDeclined("no engine can run this. " + " ".join(reasons))


def for_network(net: Network, engine: EngineLike, cost: Cost | None = None, X: Rows | None = None) -> Engine:
    """Returns the engine that evaluates or differentiates ``net``, without a notice: the choice matters in training."""
    return _choose(net, cost, None, engine, X=X).engine


def joint_shortcut(nets: Sequence[Network]) -> Callable[[object], Array | None]:
    """Returns a fast function x ↦ (N₁(x), …, N_k(x)), (t, n) → (k, t, m), for one row or a few.

    It reads the current θ. It returns None for x that each network is to evaluate: for every x if the networks differ
    in n, m, σ[r] or number type.
    """
    engines = {for_network(net, "auto") for net in nets}
    kinds = {(net.m[0], net.m[-1], net.sigma[net.r].name, net.dtype) for net in nets}
    quick = engines.pop().joint_shortcut(nets) if len(engines) == len(kinds) == 1 else None
    return quick or _none


def _none(x: object) -> None:
    """Returns None, for networks without a shortcut."""
