"""The engine of several processes that train one network together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chainrule._internal.checks import Array, as_integer, as_real, shown
from chainrule._internal.sparse_rows import Rows
from chainrule._internal.value import Value
from chainrule.backprop import Gradient
from chainrule.costs import Cost
from chainrule.engines.choice import for_network, loaded
from chainrule.engines.data_parallel.digest import digest, require_same
from chainrule.engines.data_parallel.reference_in_parts import ReferenceInParts
from chainrule.engines.data_parallel.run import DataParallelRun
from chainrule.engines.problem import Problem
from chainrule.engines.seam import DivisibleEngine, Engine, Product
from chainrule.engines.state import TrainingState
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.processes.group import is_of_the_program, joined, rank
from chainrule.processes.launcher import Launch


@dataclass(frozen=True, eq=False, repr=False)
class DataParallel(Value):
    """Several processes train one network together, as a value of ``engine=``: each computes a part of every gradient.

    A launcher such as torchrun starts the program in each process, and each calls `cr.train` with the same arguments.
    The rows of a minibatch are divided into ``blocks``, a power of two; their gradients are added in the order of one
    binary tree, whoever has computed them. θ, the moments and the records are therefore bitwise the same for any number
    of processes, also for one without a launcher, and in each of them. With another number of blocks they agree within
    rounding. More processes than blocks do not help.

    The native engine makes the steps. Where it declines, or X is sparse, the reference engine does, with gradients of
    the engine that can compute them; ``engine`` names another one. The exchange is PyTorch's gloo, between CPUs. A
    process that has exited, or does not answer for ``timeout`` seconds, ends the training of all by a `ProcessLost`.
    The first process writes the checkpoint and shows the progress. Validation sets are evaluated by each process.

    Raises InputError for settings out of their range.

    >>> import chainrule as cr
    >>> net, X, Y = cr.Network.dense([2, 3, 1], seed=0), [[0.0, 1.0], [1.0, 0.0]] * 8, [[1.0], [0.0]] * 8
    >>> cr.train(net, X, Y, optimizer="adam", batch_size=8, epochs=2, engine=cr.engines.DataParallel()).engine
    'data_parallel'

    Source: R. Thakur, R. Rabenseifner & W. Gropp, Optimization of collective communication operations in MPICH, 2005.
    """

    blocks: int = 8
    engine: str = "auto"
    timeout: float = 300.0

    name = "data_parallel"
    releases_gil = False
    trains_together = False

    def __post_init__(self) -> None:
        if (blocks := as_integer(self.blocks, "blocks", 1)) & (blocks - 1):
            raise InputError(f"blocks must be a power of two, such as 8; got {blocks}.")
        as_real(self.timeout, "timeout", 0.0, open_minimum=True)
        if not isinstance(self.engine, str):
            raise InputError(f"engine must be the name of the engine for a block; got {shown(self.engine)}.")

    @property
    def is_first(self) -> bool:
        """True in the process that writes the checkpoint and shows the progress."""
        return rank() == 0

    def declines(
        self,
        net: Network,
        cost: Cost | None,
        optimizer: Optimizer | None,
        shuffle: bool = True,
        X: Rows | None = None,
        jacobian: bool = False,
    ) -> str | None:
        """Returns the reason why it cannot run this, or None."""
        if net.dtype.kind == "c":
            return "θ is complex."
        if optimizer is not None and optimizer.learning_rate is None:
            return "processes that each find a learning rate would not agree; give one, such as 0.01."
        return None

    def start(self, problem: Problem, state: TrainingState | None) -> DataParallelRun:
        """Returns a run, which all processes must start.

        Raises InputError if they have different problems, EngineDeclined for rows that are read in windows.
        """
        problem.refuse_windows(self.name)
        problem = problem.in_memory()
        if threading.current_thread() is not threading.main_thread() and not is_of_the_program():
            raise InputError(
                "DataParallel trains one network at a time, which all processes call in the same order: use cr.train. "
                "The networks of an estimator go to processes whole: python -m chainrule train under the launcher."
            )
        own = (
            TrainingState.start(problem, problem.optimizer.start(problem.net.theta)) if state is None else state.copy()
        )
        if problem.threads is None and (launch := Launch.found()) is not None:
            problem = replace(problem, threads=launch.threads)  # torchrun's OMP_NUM_THREADS=1 is no choice of anybody
        group, inner = joined(self.timeout), self._inner(problem.net, problem.cost, problem.X)
        require_same(group.objects(digest(problem, own, inner, self.blocks)))
        run = inner.in_parts(problem, own, self.blocks) if isinstance(inner, DivisibleEngine) else None
        return DataParallelRun(
            run or ReferenceInParts(problem, own, group, inner, self.blocks), problem.net, group, self.blocks
        )

    def bundle_kind(self, problem: Problem) -> None:
        """Returns None: a network is trained alone."""

    def outputs(self, net: Network, X: Rows, threads: int | None = None) -> Array | None:
        """Computes N(x) for each row of X in this process."""
        return self._inner(net, None, X).outputs(net, X, threads)

    def shortcut(self, net: Network, reuse: bool = False) -> Callable[[object], Array | None] | None:
        """Returns the shortcut of the engine of a block."""
        return self._inner(net).shortcut(net, reuse)

    def joint_shortcut(self, nets: Sequence[Network]) -> Callable[[object], Array | None] | None:
        """Returns the shortcut of the engine of a block."""
        return self._inner(nets[0]).joint_shortcut(nets)

    def gradient(
        self,
        net: Network,
        cost: Cost,
        X: Rows,
        Y: Array,
        weights: Array | None,
        penalty_scale: float | None = None,
        threads: int | None = None,
    ) -> Gradient:
        """Computes ∇J(θ) in this process."""
        return self._inner(net, cost, X).gradient(net, cost, X, Y, weights, penalty_scale, threads)

    def hessian(
        self,
        net: Network,
        cost: Cost,
        X: Rows,
        Y: Array,
        weights: Array | None,
        check: Callable[[], None],
        penalty_scale: float | None = None,
        threads: int | None = None,
    ) -> Callable[[], Product]:
        """Returns the operator of the engine of a block, in this process."""
        return self._inner(net, cost, X).hessian(net, cost, X, Y, weights, check, penalty_scale, threads)

    def normal_equations(
        self,
        net: Network,
        X: Rows,
        Y: Array,
        factors: Array,
        check: Callable[[], None],
        threads: int | None = None,
    ) -> Callable[[], tuple[Array, Array]]:
        """Returns the function of the reference engine, which has Jacobians of everything, in this process."""
        return loaded("reference").normal_equations(net, X, Y, factors, check, threads)

    def _inner(self, net: Network, cost: Cost | None = None, X: Rows | None = None) -> Engine:
        return for_network(net, self.engine, cost, X)
