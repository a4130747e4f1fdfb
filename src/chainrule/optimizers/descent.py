"""Gradient descent, and the two methods of momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.optimizers.optimizer import Array, Optimizer, silent
from chainrule.optimizers.schedules import Schedule


@dataclass(frozen=True, eq=False, repr=False)
class GradientDescent(Optimizer):
    """Gradient descent: θ := θ − α g.

    With minibatches it is stochastic gradient descent. ``learning_rate`` α > 0 (the lecture's α ∈ ℝ, but a step with
    α < 0 climbs) has the unit of θ²/J, and J is a sum over the examples: for t times as many of them, give α/t.

    If it is left out, `train` takes a step that descends: α = 1/L, where L is the largest curvature of J at θ₀ (the
    largest |eigenvalue| of its Hessian, by power iteration), halved if the step makes J larger even so. If J is larger
    after a later step, that step is taken back, and α is halved. With minibatches or dropout, J differs from epoch to
    epoch by itself: α is halved when J rises by half, and no step is taken back. ``history.learning_rate`` has each α.

    >>> import numpy as np, chainrule as cr
    >>> optimizer, theta = cr.GradientDescent(0.1), np.array([1.0, 2.0])
    >>> optimizer.step(theta, np.array([1.0, -1.0]), optimizer.start(theta), alpha=0.1, k=1, decayed=np.ones(2))
    >>> theta
    array([0.9, 2.1])

    >>> net = cr.Network.dense([1, 1], initial="zeros")
    >>> cr.train(net, [[1.0], [2.0]], [[2.0], [4.0]], epochs=500).learning_rate[0], net.theta.round(2)  # 1/λ_max = 0.15
    (np.float64(0.15), array([2., 0.]))

    Source: Lecture, L12; minibatches: H. Robbins & S. Monro, A stochastic approximation method, 1951; 1/L: Y. Nesterov,
    Introductory lectures on convex optimization, 2004, §1.2.3; L: Y. LeCun, P. Simard & B. Pearlmutter, Automatic
    learning rate maximization by on-line estimation of the Hessian's eigenvectors, 1993.
    """

    learning_rate: float | Schedule | None = None

    name: ClassVar[str] = "gradient_descent"
    may_lack_rate: ClassVar[bool] = True

    @silent
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        theta -= alpha * gradient


@dataclass(frozen=True, eq=False, repr=False)
class Momentum(Optimizer):
    """The heavy-ball method: v := β v + g, θ := θ − α v, with β = ``momentum`` in [0, 1).

    PyTorch's ``SGD(momentum=β)``.

    Raises InputError if β is not in [0, 1).

    >>> import numpy as np, chainrule as cr
    >>> optimizer, theta, g = cr.Momentum(0.1, momentum=0.5), np.array([1.0]), np.array([1.0])
    >>> moments = optimizer.start(theta)
    >>> for k in (1, 2):
    ...     optimizer.step(theta, g, moments, alpha=0.1, k=k, decayed=np.ones(1))
    >>> moments["v"], theta
    (array([1.5]), array([0.75]))

    Source: B. T. Polyak, Some methods of speeding up the convergence of iteration methods, 1964.
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.9

    name: ClassVar[str] = "momentum"
    moments: ClassVar[tuple[str, ...]] = ("v",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._fraction("momentum")

    @silent
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        v = moments["v"]
        v *= self.momentum
        v += gradient
        theta -= alpha * v


@dataclass(frozen=True, eq=False, repr=False)
class Nesterov(Optimizer):
    """Nesterov's momentum: v := β v + g, θ := θ − α (g + β v), with β = ``momentum`` in [0, 1).

    θ is the point at which the gradient is evaluated, one momentum step ahead of the papers' iterate. PyTorch's
    ``SGD(momentum=β, nesterov=True)``.

    Raises InputError if β is not in [0, 1).

    >>> import numpy as np, chainrule as cr
    >>> optimizer, theta, g = cr.Nesterov(0.1, momentum=0.5), np.array([1.0]), np.array([1.0])
    >>> optimizer.step(theta, g, optimizer.start(theta), alpha=0.1, k=1, decayed=np.ones(1))
    >>> theta
    array([0.85])

    Source: Y. Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983;
    I. Sutskever, J. Martens, G. Dahl & G. Hinton, On the importance of initialization and momentum, ICML 2013.
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.9

    name: ClassVar[str] = "nesterov"
    moments: ClassVar[tuple[str, ...]] = ("v",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._fraction("momentum")

    @silent
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        v = moments["v"]
        v *= self.momentum
        v += gradient
        theta -= alpha * (gradient + self.momentum * v)
