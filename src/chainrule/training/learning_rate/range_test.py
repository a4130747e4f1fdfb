"""The learning rate range test: a short training with a growing α shows how large α may be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from chainrule import costs, optimizers
from chainrule._internal.checks import Array, as_integer, as_real
from chainrule.costs import Cost, TrainingSet
from chainrule.costs.training_set import ExamplesLike, evenly_spaced
from chainrule.engines.choice import EngineLike
from chainrule.engines.objective import Objective
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.optimizers import RPROP, Optimizer
from chainrule.optimizers.schedules import Step
from chainrule.training.descend import descend
from chainrule.training.errors import DivergenceError

EXPLODED = 4.0  # times its lowest value, J ends the test
ROWS = 1024  # of X, at most, over which J is measured
CAUTION = 10.0  # α with the lowest J, by this number, is the suggestion


@dataclass(frozen=True, eq=False, repr=False)
class LearningRateTest:
    """The result of `find_learning_rate`: J over the learning rates of a short training in which α grows.

    Of k steps, ``J`` (k,) holds J before each step, over all examples, or over 1,024 of them if there are more, and
    ``alpha`` (k,) its learning rate. ``suggestion`` is the α at which J was lowest, divided by 10.

    >>> import numpy as np, chainrule as cr
    >>> test = cr.LearningRateTest(alpha=np.array([0.01, 0.1, 1.0]), J=np.array([3.0, 2.0, 9.0]))
    >>> test, test.suggestion
    (LearningRateTest(3 steps, suggestion=0.01), 0.01)
    """

    alpha: Array
    J: Array

    @property
    def suggestion(self) -> float:
        """A learning rate to begin with."""
        return float(self.alpha[np.nanargmin(self.J)]) / CAUTION

    def __repr__(self) -> str:
        return f"LearningRateTest({len(self.alpha)} steps, suggestion={self.suggestion:.2g})"


def find_learning_rate(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    optimizer: Optimizer | str = "gradient_descent",
    batch_size: int | None = None,
    seed: int | None = 0,
    weights: ArrayLike | None = None,
    lowest: float = 1e-7,
    highest: float = 10.0,
    steps: int = 160,
    engine: EngineLike = "auto",
) -> LearningRateTest:
    """Trains a copy of the network for a few steps, with α growing from ``lowest`` to ``highest``, and records J.

    α is multiplied by the same number after each of the ``steps``. While α is too small J hardly moves, then it falls,
    and at last it rises: the test ends when J exceeds 4 times its lowest value, or when training diverges. The
    suggestion, a tenth of the α at which J was lowest, suits this network, cost, optimizer and ``batch_size``; the
    optimizer's own learning rate is not used. X (t, n), Y (t, m) and the other arguments are those of `train`.

    Raises InputError as `train` does, for RPROP, which finds its step sizes itself, unless 0 < lowest < highest, and
    if J did not fall at all.

    >>> import chainrule as cr
    >>> net, X, Y = cr.Network.dense([1, 1], initial="zeros"), [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
    >>> test = cr.find_learning_rate(net, X, Y)              # the largest curvature is 7.1: beyond α = 0.28 J rises
    >>> 0.01 < test.suggestion < 0.1
    True
    >>> history = cr.train(net, X, Y, optimizer=cr.GradientDescent(test.suggestion), epochs=2000)
    >>> net.W[1].round(6)
    array([[2.]])

    Source: L. N. Smith, Cyclical learning rates for training neural networks, WACV 2017.
    """
    cost, rule = costs.get(cost), optimizers.get(optimizer)
    if isinstance(rule, RPROP):
        raise InputError("RPROP finds the step size of each parameter itself; use another optimizer for a test of α.")
    lowest, highest = as_real(lowest, "lowest", 0.0, open_minimum=True), as_real(highest, "highest")
    if not lowest < highest:
        raise InputError(f"lowest < highest must hold; got {lowest:g} and {highest:g}.")
    steps = as_integer(steps, "steps", 2)
    data = cost.examples(net, X, Y, weights)
    t = data.t
    sample = evenly_spaced(t, ROWS)
    J_theta = Objective(
        net, cost, TrainingSet(data.X[sample], data.Y[sample], None if data.weights is None else data.weights[sample])
    )
    size = t if batch_size is None else min(as_integer(batch_size, "batch_size", 1), t)
    per_epoch = -(-t // size)
    growth = (highest / lowest) ** (1.0 / (steps - 1))
    every = (1.0 - 1e-9) / per_epoch  # a step is k/per_epoch epochs, which may be rounded down
    course = descend(
        net.copy(), X, Y,
        cost=cost,
        optimizer=replace(rule, learning_rate=Step(lowest, every, growth)),
        epochs=-(-steps // per_epoch),
        batch_size=size,
        seed=seed,
        weights=weights,
        engine=engine,
    )  # fmt: skip
    alpha: list[float] = []
    J: list[float] = []
    try:
        for step in course:
            alpha.append(step.alpha)
            J.append(J_theta(step.theta))
            if step.k == steps or not J[-1] <= EXPLODED * min(J):  # NaN ends it too
                break
    except DivergenceError:
        pass
    if not J or min(J) == J[0]:
        raise InputError(f"J did not fall for any α from {lowest:g} on. Give a smaller one, unless J is at a minimum.")
    return LearningRateTest(np.array(alpha), np.array(J))
