"""L-BFGS by SciPy's own stopping rules and messages, for the estimators that replace scikit-learn's.

`minimize` is the public function, with the rules and the History of `train`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule import costs
from chainrule._internal.checks import as_integer, as_real, shown
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike
from chainrule.engines.choice import EngineLike, for_network
from chainrule.errors import InputError, MissingExtra
from chainrule.network import Network, check_trainable
from chainrule.training.minimizers.objective import SearchObjective

ABNORMAL = 2  # SciPy's status after a line search without a step


@dataclass(frozen=True, eq=False)
class Minimum:
    """The result of `train_lbfgs`: ``J`` = J(θ), ``gradient_norm`` = max |∂J/∂θₖ|, and the course of the search.

    ``curve`` (k,) holds J after each of the k ``iterations``; one of the ``evaluations`` computes J and ∇J together;
    ``stopped`` is "converged", "epochs", "evaluations", "callback", "line_search" (no step in the last
    direction made J smaller: θ is as good as rounding allows, or the gradient does not match J) or "diverged" (J or ∇J
    was not finite at the initial θ); ``message`` is SciPy's.

    >>> import chainrule as cr
    >>> train_lbfgs(cr.Network.dense([1, 1]), [[1.0], [2.0]], [[2.0], [4.0]]).stopped
    'converged'
    """

    J: float
    gradient_norm: float
    iterations: int
    evaluations: int
    stopped: str
    message: str
    curve: NDArray[np.float64]


def train_lbfgs(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    weights: ArrayLike | None = None,
    epochs: int = 200,
    evaluations: int = 15_000,
    tol: float = 1e-5,
    relative_tol: float = 2.220446049250313e-09,
    callback: Callable[[int, float], object] | None = None,
    engine: EngineLike = "auto",
) -> Minimum:
    """Minimises J(θ) over X (t, n), dense or sparse, Y (t, m) and ``weights`` (t,) by L-BFGS, and changes θ in place.

    X may be a `TrainingSet`, which holds Y and weights too.

    θ := θ − α H ∇J(θ), where H is built from the last 10 differences of θ and of ∇J, and α satisfies Wolfe's
    conditions. It ends when max |∂J/∂θₖ| ≤ ``tol``; when J falls by less than ``relative_tol`` · max(|J|, 1) in a step
    (the default: about 10⁷ units of rounding); after ``epochs`` iterations, or ``evaluations`` of J; or when
    ``callback(iteration, J)``, called after each iteration with the network at its θ, returns True.
    The search is SciPy's and runs in float64; ∇J is computed in the network's number type. With ``mean=True`` in the
    cost, the meaning of ``tol`` does not depend on t. Dropout is ignored: J is a function of θ alone.

    Raises InputError for bad input before any work, MissingExtra if SciPy is missing. Ctrl-C and exceptions raised by
    the callback propagate; θ is then that of the last iteration.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([1, 1], initial="zeros")
    >>> minimum = train_lbfgs(net, [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]])
    >>> minimum.stopped, net.W[1].round(6), net.b[1].round(6)
    ('converged', array([[2.]]), array([1.]))

    Source: D. C. Liu & J. Nocedal, On the limited memory BFGS method for large scale optimization, 1989.
    """
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise MissingExtra(
            "train_lbfgs needs SciPy; install it with: pip install 'chainrule[estimators]'", name="scipy"
        ) from error
    check_trainable(net)
    kind = costs.get(cost)
    data = kind.examples(net, X, Y, weights)
    if callback is not None and not callable(callback):
        raise InputError(f"callback must be a function f(iteration, J); got {shown(callback)}.")
    options = {
        "maxiter": as_integer(epochs, "epochs", 1),
        "maxfun": as_integer(evaluations, "evaluations", 1),
        "gtol": as_real(tol, "tol", 0.0),
        "ftol": as_real(relative_tol, "relative_tol", 0.0),
    }
    _keep_freed_memory()
    objective = SearchObjective(net, kind, data, for_network(net, engine, kind, data.X))
    search = _Search(objective, callback)
    try:
        found = minimize(
            objective.J_and_gradient,
            search.theta.copy(),
            method="L-BFGS-B",
            jac=True,
            callback=search.end_iteration,
            options=options,
        )
    finally:
        net.theta[...] = search.theta
    if found.status == ABNORMAL or not np.array_equal(found.x, search.theta):  # SciPy's J is then that of another θ
        found.fun, found.jac = objective.J_and_gradient(search.theta)
    return _minimum(found, search, options["maxiter"])


class _Search:
    """The θ (d,) of the last iteration, the curve of J, and the function that SciPy calls after each iteration."""

    def __init__(self, objective: SearchObjective, callback: Callable[[int, float], object] | None) -> None:
        self.objective, self._callback = objective, callback
        self.theta = objective.net.theta.astype(np.float64)
        self.curve: list[float] = []
        self.stopped = ""

    def end_iteration(self, intermediate_result: Any) -> None:
        """Records an iteration and calls the callback; raises StopIteration, which ends the search, if it should stop.

        An iteration whose θ has overflowed is not one. SciPy recognises this form of callback by the name of the
        parameter.
        """
        if not self.objective.is_finite_at(intermediate_result.x):
            self.stopped = "line_search"
            raise StopIteration
        self.theta[...] = intermediate_result.x
        self.curve.append(float(intermediate_result.fun))
        if self._callback is not None:
            self.objective.net.theta[...] = self.theta
            answer = self._callback(len(self.curve), self.curve[-1])
            if isinstance(answer, (bool, np.bool_)) and answer:
                self.stopped = "callback"
                raise StopIteration


def _minimum(found: Any, search: _Search, epochs: float) -> Minimum:
    """Returns the Minimum of a search from SciPy's result."""
    by_status = {0: "converged", 1: "epochs" if found.nit >= epochs else "evaluations"}
    stopped = search.stopped or by_status.get(found.status, "line_search")
    return Minimum(
        J=float(found.fun),
        gradient_norm=float(abs(found.jac).max()),
        iterations=len(search.curve),
        evaluations=int(found.nfev),
        stopped=stopped if search.objective.begins_finite else "diverged",
        message=str(found.message),
        curve=np.array(search.curve),
    )


def _keep_freed_memory() -> None:
    """Makes the C library keep the memory that one ∇J frees for the next one, which saves its page faults.

    glibc returns the end of its heap to the system unless a larger block has been freed before. Measured: 2.6 instead
    of 5.5 ms for each ∇J of 64-100-10 over 1,797 rows.
    """
    block = np.empty(30_000_000, np.uint8)  # just below the largest size that adjusts glibc's threshold; never written
    del block
