"""Training step by step: the steps of `train` one at a time, each with all that it is made of (Lecture, L12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule import engines, optimizers
from chainrule._internal.at_first_use import cached_property
from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.backprop import Gradient
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike
from chainrule.engines import TrainingRun
from chainrule.engines.choice import EngineLike
from chainrule.engines.minibatch_gradient import minibatch_gradient
from chainrule.engines.minibatches import minibatches
from chainrule.engines.problem import Problem
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Constant, Schedule
from chainrule.training.checked_problem import checked_problem
from chainrule.training.errors import DivergenceError
from chainrule.training.history import History
from chainrule.training.learning_rate.watched_descent import WatchedDescent, started
from chainrule.training.verdict import divergence_message

ENDLESS = 2**31 - 1  # epochs


@dataclass(frozen=True, eq=False)
class DescentStep:
    """One step θ := θ + change over one minibatch, in gradient descent change = −α ∇J(θ).

    ``k`` = 1, 2, … counts the steps and ``epoch`` the passes over the examples; ``rows`` are the places of the
    minibatch's examples in X. ``theta`` (d,) is θ before the step, at which ``J`` and ``gradient`` are those of the
    minibatch, and ``change`` (d,) is what the step added to it; if training finds the learning rate, it may be a step
    back (`GradientDescent`). ``alpha`` is the learning rate. ``masks[i]`` (rows, mᵢ) are the factors by which dropout
    multiplies a[i]; ``masks`` is None without dropout. ``problem`` is the whole training problem.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], "identity")])
    >>> step = next(cr.descend(net, [[3.0]], [[5.0]], optimizer=cr.GradientDescent(0.1)))
    >>> step.J, step.gradient.theta, step.change, net.theta
    (2.0, array([6., 2.]), array([-0.6, -0.2]), array([1.4, 0.8]))

    Source: Lecture, L12.
    """

    k: int
    epoch: int
    rows: NDArray[np.intp]
    theta: Array
    change: Array
    alpha: float
    masks: ByLayer[Array | None] | None
    problem: Problem

    @property
    def J(self) -> float:
        """J(θ) of the minibatch before the step."""
        return self.gradient.J

    @cached_property
    def gradient(self) -> Gradient:
        """∇J(θ) of the minibatch before the step, with every δ[i]; it is computed when it is first asked for."""
        net = self.problem.net.copy()
        net.theta = self.theta
        return minibatch_gradient(net, self.problem, self.problem.examples, self.rows, self.masks).gradient

    def __repr__(self) -> str:
        return f"DescentStep(k={self.k}, epoch={self.epoch}, rows={len(self.rows)}, alpha={self.alpha:g})"


def descend(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    optimizer: Optimizer | str = "gradient_descent",
    epochs: int | None = None,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int | None = 0,
    weights: ArrayLike | None = None,
    engine: EngineLike = "auto",
    threads: int | None = None,
) -> Iterator[DescentStep]:
    """Returns an iterator over the steps of `train`: ``next`` takes one step, changes θ in place, and describes it.

    The steps are those of ``cr.train`` with the same X (t, n), Y (t, m) and other arguments, bit by bit. The iterator
    ends after ``epochs`` passes over the examples, or never (None): leave the loop when you have seen enough. Between
    two steps θ may be changed, and training continues from there. A schedule of the learning rate extends over
    ``epochs``.

    Raises InputError as `train` does, and for a schedule without ``epochs``; DivergenceError as `train` does.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([1, 1], initial="zeros")
    >>> for step in cr.descend(net, [[0.0], [1.0]], [[1.0], [3.0]], optimizer=cr.GradientDescent(0.5)):
    ...     if step.k == 3:
    ...         break
    ...     print(step.k, step.J, step.gradient.theta, step.change)
    1 5.0 [-3. -4.] [1.5 2. ]
    2 0.625 [0.5 1.5] [-0.25 -0.75]

    Source: Lecture, L12, L13.
    """
    rate = optimizers.get(optimizer).learning_rate
    if epochs is None and isinstance(rate, Schedule) and not isinstance(rate, Constant):
        raise InputError("epochs must be given with a schedule, which extends over them; got None.")
    problem = checked_problem(
        net, X, Y, weights, None, cost, optimizer, ENDLESS if epochs is None else epochs, batch_size, shuffle, seed,
        None, 1, None, threads,
    )  # fmt: skip
    choice = engines.chosen(net, problem.cost, problem.optimizer, shuffle=problem.shuffle, X=problem.X, engine=engine)
    run = started(choice.engine, problem, None)
    return _steps(problem, run, History(run, problem.epochs, choice.name, choice.reason))


def _steps(problem: Problem, run: TrainingRun, history: History) -> Iterator[DescentStep]:
    net, stream, places = problem.net, np.random.PCG64(problem.seed), np.arange(problem.data.t)
    try:
        drawn = ((epoch, batch) for epoch in count() for batch in minibatches(problem, stream, epoch))
        for k, (epoch, (_, rows, masks)) in enumerate(drawn):
            if run.stopped is not None:
                return
            theta = net.theta.copy()
            run.take_theta()
            alpha = run.learning_rate if isinstance(run, WatchedDescent) else problem.alpha(k)
            run.advance(1, 0.0)
            if run.stopped == "diverged":
                raise DivergenceError(divergence_message(problem, history), history)
            yield DescentStep(k + 1, epoch + 1, places[rows], theta, net.theta - theta, alpha, masks, problem)
    finally:
        history.finish()
