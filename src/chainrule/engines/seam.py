"""The interface between the mathematics and any engine: an engine takes a `Problem` and advances a `TrainingRun`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows
from chainrule.backprop import Gradient, hessian, normal_equations
from chainrule.costs import Cost
from chainrule.engines.bundle import BundleKind
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.network import Network
from chainrule.optimizers import Optimizer

Product = Callable[[Array], Array]  # v ↦ ∇²J(θ) v


class TrainingRun(Protocol):
    """A training run in progress; between two calls the network's θ is current.

    >>> import chainrule as cr
    >>> history = cr.train(cr.Network.dense([1, 1]), [[1.0]], [[2.0]], epochs=3)
    >>> len(history.J), history.state                                  # `History` shows the run's records and its state
    (3, TrainingState(epoch=3, step=3, d=2))
    """

    def advance(self, epochs: int, seconds: float) -> None:
        """Trains for ``epochs`` more epochs or ``seconds``, whichever ends first; time may end in mid-epoch.

        It takes at least one step unless the run has stopped or is interrupted, and no step after that; with
        ``seconds=0`` it takes just one.
        """

    def take_theta(self) -> None:
        """Continues from the network's θ, which may have been changed since ``advance`` returned."""

    def limit_threads(self, limit: int) -> None:
        """Makes later steps use at most ``limit`` threads, and at most those of the problem; safe in other threads."""

    def interrupt(self) -> None:
        """Makes the current call of ``advance``, or else the next, return soon; safe in signal handlers and threads."""

    @property
    def stopped(self) -> str | None:
        """The reason why the run has ended: "epochs", "tol", "patience" or "diverged"; None if it has not."""

    @property
    def records(self) -> Mapping[str, Sequence[float]]:
        """The records, one number per finished epoch under each name of ``chainrule.engines.state.RECORDS``."""

    def state(self) -> TrainingState:
        """Returns a copy of the complete state, from which the run can continue with bitwise equal results."""

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run: no step follows, and with patience the network's θ becomes the best one seen.

        Returns a function that builds the final state; it keeps no reference to the training data.
        """


class RunInParts(TrainingRun, Protocol):
    """A training run whose steps can be made in parts, which several processes compute.

    The rows of a minibatch are divided into blocks, the leaves of a binary tree
    (``chainrule.engines.data_parallel.blocks``).
    """

    def begin(self, epochs: int) -> None:
        """Begins a slice of at most ``epochs`` more epochs."""

    @property
    def has_next_step(self) -> bool:
        """True if the slice has another step."""

    @property
    def sum_size(self) -> int:
        """The length n ≥ d of a sum: ∂J/∂θ in an order of the run's own, which is the same in all processes."""

    def sum_blocks(self, first: int, count: int, gradient: Array, numbers: Array) -> None:
        """Computes the sum over a subtree of the next step's blocks: ∂J/∂θ (n,) without penalties, and (Σ w ℓ, Σ w)."""

    def add_sum(self, gradient: Array, other: Array) -> None:
        """Adds another sum's gradient (n,) to one, as it does within a subtree."""

    def take_sum(self, gradient: Array, numbers: Array) -> None:
        """Makes the next step along the sum over all blocks, which it may change."""

    def end(self) -> None:
        """Ends the slice, after any of its steps; the network's θ is current then."""


@runtime_checkable
class DivisibleEngine(Protocol):
    """An engine that has runs in parts."""

    def in_parts(self, problem: Problem, state: TrainingState, blocks: int) -> RunInParts | None:
        """Returns a run from this state whose minibatches have this many blocks, or None if it has none for this."""


@runtime_checkable
class SharedRun(Protocol):
    """A training run that several processes advance together, each of which calls the same methods in turn."""

    def agreed(self, reason: str | None) -> str | None:
        """Returns the reason to end that holds for all processes, of which each gives its own, or None."""


@runtime_checkable
class SharedEngine(Protocol):
    """An engine whose runs are `SharedRun`; ``is_first`` is True in the process that writes, and shows the progress."""

    @property
    def is_first(self) -> bool:
        """True in one of the processes."""


class Engine(Protocol):
    """An implementation that can train, evaluate and differentiate networks.

    >>> import chainrule as cr
    >>> engine = cr.engines.chosen(cr.Network.dense([1, 1]), engine="reference").engine
    >>> engine.name, engine.declines(cr.Network.dense([1, 1]), None, None)
    ('reference', None)
    """

    name: str
    releases_gil: bool  # while a run advances, so that other threads can run Python

    @property
    def trains_together(self) -> bool:
        """True if it makes the steps of networks of any size at once, so that one thread should train all of them."""

    def declines(
        self,
        net: Network,
        cost: Cost | None,
        optimizer: Optimizer | None,
        shuffle: bool = True,
        X: Rows | None = None,
        jacobian: bool = False,
    ) -> str | None:
        """Returns the reason why it cannot run this (over the examples X, if they are given), or None if it can.

        With ``jacobian``, it is asked for ``normal_equations`` too.
        """

    def start(self, problem: Problem, state: TrainingState | None) -> TrainingRun:
        """Returns a run that starts from the network's θ, or from a state that any engine returned."""

    def bundle_kind(self, problem: Problem) -> BundleKind | None:
        """Returns the kind of the bundles in which a run of this problem can be advanced, or None."""

    def outputs(self, net: Network, X: Rows, threads: int | None = None) -> Array | None:
        """Computes N(x) for each row of X: (t, n) → (t, m); returns None if X is not finite.

        ``threads`` limits the number of threads, here and below.
        """

    def shortcut(self, net: Network, reuse: bool = False) -> Callable[[object], Array | None] | None:
        """Returns a fast function x ↦ N(x) for one row or a few, or None if the engine has no such function.

        The function reads the current θ and returns None for inputs that ``outputs`` must evaluate. With ``reuse`` it
        returns the same array each time.
        """

    def joint_shortcut(self, nets: Sequence[Network]) -> Callable[[object], Array | None] | None:
        """Returns a fast function x ↦ (N₁(x), …, N_k(x)), (t, n) → (k, t, m), for one row or a few, as `shortcut` does.

        The networks have the same n, m and dtype.
        """

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
        """Computes ∇J(θ), J(θ) and every δ[i]; ``penalty_scale`` is the factor of the penalties (None: as in J)."""

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
        """Returns a function that takes the θ that the network has then, and returns v ↦ ∇²J(θ) v, (d,) → (d,).

        v has the number type of θ. Products with several v share what does not depend on v, as far as memory allows.
        The next operator ends the one before. ``check`` is called several times a second, and may raise.
        """

    def normal_equations(
        self,
        net: Network,
        X: Rows,
        Y: Array,
        factors: Array,
        check: Callable[[], None],
        threads: int | None = None,
    ) -> Callable[[], tuple[Array, Array]]:
        """Returns a function that computes AᵀA (d, d) and Aᵀr (d,) at the θ that the network has then.

        r = factors ⊙ (N_θ(x) − y) are the residuals of all examples and outputs, with factors (t,), and A = ∂r/∂θ. Of
        AᵀA the upper triangle is set. ``check`` is called several times a second.
        """


class InNumPy:
    """The methods of an engine that has no shortcuts, and leaves second derivatives and Jacobians to NumPy."""

    def shortcut(self, net: Network, reuse: bool = False) -> None:
        """Returns None: this engine has no shortcut."""

    def joint_shortcut(self, nets: Sequence[Network]) -> None:
        """Returns None: this engine has no shortcut."""

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
        """Returns a function that makes ∇²J(θ) an operator by the R-operator, as `Engine.hessian` says."""
        return lambda: hessian(net, cost, X, Y, weights, check, penalty_scale)

    def normal_equations(
        self,
        net: Network,
        X: Rows,
        Y: Array,
        factors: Array,
        check: Callable[[], None],
        threads: int | None = None,
    ) -> Callable[[], tuple[Array, Array]]:
        """Returns a function that computes AᵀA and Aᵀr from the Jacobian A of blocks of examples."""
        return lambda: normal_equations(net, X, Y, factors, check)
