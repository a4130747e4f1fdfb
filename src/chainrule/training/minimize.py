"""Minimisation of J over all rows by second-order methods, for a few thousand rows and parameters."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule import engines
from chainrule._internal.checks import as_real
from chainrule._internal.imports import imported
from chainrule._internal.naming import resolve
from chainrule.costs import Cost, SumOfSquares
from chainrule.costs.training_set import ExamplesLike, StoredRows
from chainrule.engines.choice import EngineLike
from chainrule.errors import InputError, MissingExtra
from chainrule.network import Network, check_trainable
from chainrule.training.callbacks.callback import Callback, WatchedRun, settings_of
from chainrule.training.callbacks.calls import make, watching, with_displays
from chainrule.training.checked_problem import checked_problem
from chainrule.training.errors import DivergenceError, TrainingInterrupted
from chainrule.training.history import History
from chainrule.training.minimizers.levenberg_marquardt import levenberg_marquardt
from chainrule.training.minimizers.objective import SearchObjective
from chainrule.training.minimizers.scipy_methods import conjugate_gradients, lbfgs, newton_cg
from chainrule.training.minimizers.search import Search, SearchEnded, foreign_stop
from chainrule.training.verdict import Verdict, pronounce

METHODS: dict[str, Callable[[SearchObjective, Search], None]] = {
    "lm": levenberg_marquardt,
    "lbfgs": lbfgs,
    "newton-cg": newton_cg,
    "cg": conjugate_gradients,
}
LARGEST_D = 10_000  # parameters for which Levenberg–Marquardt keeps a d × d matrix, of 0.8 GB


def minimize(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    method: str = "lbfgs",
    epochs: int = 1000,
    weights: ArrayLike | None = None,
    validation: Sequence[Any] | StoredRows | None = None,
    tol: float | None = 1e-9,
    tol_epochs: int = 3,
    gradient_tol: float = 1e-8,
    patience: int | None = None,
    time_limit: float | None = None,
    callbacks: Sequence[Callback] = (),
    verbose: bool | int = False,
    engine: EngineLike = "auto",
    threads: int | None = None,
) -> History:
    """Minimises J(θ) over all rows by a second-order method: changes θ in place, and returns the History of the run.

    X (t, n), Y (t, m), ``cost``, ``weights``, ``validation``, ``patience``, ``engine`` and ``threads`` are those of
    `train`. ``method`` is

    - "lm", Levenberg–Marquardt, for `SumOfSquares` without ``l1``: (AᵀA + λ₂ I + μ I) h = −∇J(θ), θ := θ + h, with the
      Jacobian A of the residuals √w ⊙ (N_θ(x) − y), and a damping μ that follows the fall of J. It needs about
      3 d² numbers of memory and at most t m d² operations an iteration, which suits some hundred parameters;
    - "lbfgs", the limited-memory quasi-Newton method, for any cost and size;
    - "newton-cg", conjugate gradients on the products ∇²J(θ) v in a trust region (`hessian_vector_product`);
    - "cg", nonlinear conjugate gradients (Polak–Ribière), which need the least memory.

    One iteration is one epoch of the History: ``J`` is J(θ) after it, ``gradient_norm`` is ‖∇J(θ)‖ there, and
    ``learning_rate`` is NaN. The search ends when

    - max |∂J/∂θₖ| ≤ ``gradient_tol``: ``stopped`` is "gradient_tol";
    - the last ``tol_epochs`` + 1 values of J lie within ``tol`` · max |J|, and rounding ("tol"; None: never);
    - no step makes J smaller ("rounding"), which at a minimum is all that floating-point numbers allow;
    - after ``epochs`` iterations, ``time_limit`` seconds, by ``patience``, or because a callback returned True.

    ``verbose`` shows the progress, as in `train`. Each of ``callbacks`` is called with the History after each
    iteration, when the network has its θ, or if it is one of `chainrule.callbacks` at its own intervals; what it
    changes in θ is lost. The search computes in float64, and rounds θ to the network's number type. Parameters whose
    rate is 0 stay as they are; other rates, decays and dropout are ignored, since J is a function of θ alone.

    Raises InputError for bad input before any work, MissingExtra if SciPy is missing, DivergenceError if J or ∇J is not
    finite at the initial θ, and TrainingInterrupted on Ctrl-C as `train` does; θ is then that of the last iteration,
    the best so far, or with ``patience`` the one with the lowest validation cost. Exceptions of callbacks propagate.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([1, 1], initial="zeros")
    >>> history = cr.minimize(net, [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]], method="lm")
    >>> history.stopped, net.W[1].round(6), net.b[1].round(6)
    ('gradient_tol', array([[2.]]), array([1.]))

    Source: J. Nocedal & S. J. Wright, Numerical optimization, 2nd ed., 2006, chapters 5, 7 and 10.
    """
    check_trainable(net)
    run = resolve("method", method, METHODS)
    wide = net if net.dtype == np.float64 else net.astype(np.float64)
    problem = checked_problem(
        wide, X, Y, weights, validation, cost, "gradient_descent", epochs, None, True, 0, tol, tol_epochs, patience,
        threads,
    ).in_memory()  # fmt: skip
    if method == "lm":
        _require_least_squares(problem.cost, wide.d)
    limit = math.inf if time_limit is None else as_real(time_limit, "time_limit", 0.0, open_minimum=True)
    given = with_displays(callbacks, verbose)
    gradient_tol = as_real(gradient_tol, "gradient_tol", 0.0)
    choice = engines.chosen(wide, problem.cost, X=problem.X, jacobian=method == "lm", engine=engine)
    _require_scipy()
    settings = settings_of(net, problem.cost, method, problem.epochs, None)
    deadline = time.perf_counter() + limit
    watched = WatchedRun(net, None, settings, problem.validation is not None, deadline=deadline)
    with watching(given, watched, 1) as calls:
        search = Search(net, problem, gradient_tol, limit)
        history = watched.history = History(search, problem.epochs, choice.name, choice.reason)
        search.after_iteration = lambda: make(calls.due(history), history)
        objective = SearchObjective(wide, problem.cost, problem.examples, choice.engine, search.check, problem.threads)
        with imported("chainrule.training.interrupt").Interrupt(search.interrupt) as interrupt:
            try:
                calls.begin(history)
                watched.connect(lambda: search.interrupt("callback"))
                try:
                    _run(run, objective, search, problem.epochs)
                except SearchEnded:
                    pass
                except StopIteration as error:
                    raise foreign_stop() from error
                history.stopped = search.stopped or "rounding"
                make(calls.missed(history), history)
            finally:
                history.finish()
    if interrupt.has_come:
        history.stopped = "interrupted"
    if history.stopped == "interrupted":
        words = f"the search was interrupted after {history.epochs} iterations; the network is intact."
        found = Verdict(TrainingInterrupted(words, history), None)
        pronounce(found, returns_history=interrupt.should_return_history())
    if history.stopped == "diverged":
        raise DivergenceError(
            "J or ∇J is not finite at the initial θ; choose other initial values, or inputs scaled to about 1.", history
        )
    return history


def _run(
    method: Callable[[SearchObjective, Search], None], objective: SearchObjective, search: Search, epochs: int
) -> None:
    """Runs the method from the network's θ until it ends the search by SearchEnded, or cannot find a step."""
    theta = search.theta.copy()
    _, g = objective.J_and_gradient(theta)
    search.begin(objective.begins_finite, g)
    if epochs == 0:
        search.end("epochs")
    method(objective, search)


def _require_least_squares(cost: Cost, d: int) -> None:
    if type(cost) is not SumOfSquares or cost.l1:
        raise InputError(
            f'method="lm" needs a sum of squares, SumOfSquares() with l1 = 0; got {cost!r}. Use method="lbfgs".'
        )
    if d > LARGEST_D:
        raise InputError(
            f'method="lm" needs at most {LARGEST_D:,} parameters, for a d × d matrix; got d = {d:,}. '
            'Use method="lbfgs".'
        )


def _require_scipy() -> None:
    try:
        imported("scipy.optimize")
        imported("scipy.linalg")
    except ImportError as error:
        raise MissingExtra(
            "cr.minimize needs SciPy; install it with: pip install 'chainrule[estimators]'", name="scipy"
        ) from error
