"""Adaptive optimizers, which scale the rate of each entry of θ by a running size ν of its gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from chainrule._internal.checks import as_real, shown
from chainrule.errors import InputError
from chainrule.optimizers.optimizer import Array, Optimizer, silent
from chainrule.optimizers.schedules import Schedule


@dataclass(frozen=True, eq=False, repr=False)
class AdaGrad(Optimizer):
    """AdaGrad: ν := ν + g², θ := θ − α g / (√ν + ε).

    PyTorch's ``Adagrad``. Moment: ``nu``.

    Raises InputError unless ε = ``epsilon`` > 0.

    >>> import numpy as np, chainrule as cr
    >>> optimizer, theta = cr.AdaGrad(0.1), np.array([1.0, 1.0])
    >>> optimizer.step(theta, np.array([4.0, -0.5]), optimizer.start(theta), alpha=0.1, k=1, decayed=np.ones(2))
    >>> theta.round(6)                                                          # the first step is α in every direction
    array([0.9, 1.1])

    Source: J. Duchi, E. Hazan & Y. Singer, Adaptive subgradient methods, JMLR 12, 2011.
    """

    learning_rate: float | Schedule = 0.01
    epsilon: float = 1e-10

    name: ClassVar[str] = "adagrad"
    moments: ClassVar[tuple[str, ...]] = ("nu",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._positive("epsilon")

    @silent
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        nu = moments["nu"]
        nu += gradient * gradient
        theta -= alpha * gradient / (np.sqrt(nu) + self.epsilon)


@dataclass(frozen=True, eq=False, repr=False)
class RMSProp(Optimizer):
    """RMSProp: ν := ρ ν + (1 − ρ) g², θ := θ − α g / (√ν + ε), with ρ = ``decay`` in [0, 1).

    PyTorch's ``RMSprop(alpha=ρ)``, whose default is 0.99; the default here, 0.9, is that of the source. Moment: ``nu``.

    Raises InputError if ρ is not in [0, 1) or ε = ``epsilon`` is not > 0.

    >>> import numpy as np, chainrule as cr
    >>> optimizer, theta = cr.RMSProp(0.1, decay=0.75), np.array([1.0])
    >>> optimizer.step(theta, np.array([4.0]), optimizer.start(theta), alpha=0.1, k=1, decayed=np.ones(1))
    >>> theta.round(6)                                                          # √ν = 2
    array([0.8])

    Source: T. Tieleman & G. Hinton, Neural networks for machine learning, lecture 6e, 2012.
    """

    learning_rate: float | Schedule = 0.001
    decay: float = 0.9
    epsilon: float = 1e-8

    name: ClassVar[str] = "rmsprop"
    moments: ClassVar[tuple[str, ...]] = ("nu",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._fraction("decay")
        self._positive("epsilon")

    @silent
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        nu = moments["nu"]
        nu *= self.decay
        nu += (1.0 - self.decay) * gradient * gradient  # overflows later than g²
        theta -= alpha * gradient / (np.sqrt(nu) + self.epsilon)


@dataclass(frozen=True, eq=False, repr=False)
class Adam(Optimizer):
    """Adam: μ := β₁ μ + (1 − β₁) g, ν := β₂ ν + (1 − β₂) g², θ := θ − α μ̂ / (√ν̂ + ε),

    with μ̂ = μ/(1 − β₁ᵏ) and ν̂ = ν/(1 − β₂ᵏ) in step k. PyTorch's ``Adam``. Moments: ``mu``, ``nu``. With
    ``epsilon_hat`` ε is the paper's ε̂, which is added to the uncorrected root: θ := θ − α √(1 − β₂ᵏ) μ̂ / (√ν + ε), as
    in TensorFlow and scikit-learn.

    Raises InputError if a β is not in [0, 1) or ε = ``epsilon`` is not > 0.

    >>> import numpy as np, chainrule as cr
    >>> optimizer, theta = cr.Adam(0.1), np.array([1.0, 1.0])
    >>> optimizer.step(theta, np.array([4.0, -0.5]), optimizer.start(theta), alpha=0.1, k=1, decayed=np.ones(2))
    >>> theta.round(6)                                                          # the first step is α in every direction
    array([0.9, 1.1])

    Source: D. P. Kingma & J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    epsilon_hat: bool = field(default=False, kw_only=True)

    name: ClassVar[str] = "adam"
    moments: ClassVar[tuple[str, ...]] = ("mu", "nu")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._fraction("beta1", "beta2")
        self._positive("epsilon")
        if not isinstance(self.epsilon_hat, bool):
            raise InputError(f"epsilon_hat must be True or False; got {shown(self.epsilon_hat)}.")

    @silent
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        mu, nu = moments["mu"], moments["nu"]
        mu *= self.beta1
        mu += (1.0 - self.beta1) * gradient
        nu *= self.beta2
        nu += (1.0 - self.beta2) * gradient * gradient  # overflows later than g²
        corrected = math.sqrt(1.0 - self.beta2**k)
        epsilon = self.epsilon / corrected if self.epsilon_hat else self.epsilon
        theta -= alpha / (1.0 - self.beta1**k) * mu / (np.sqrt(nu) / corrected + epsilon)  # √ν̂ + ε


@dataclass(frozen=True, eq=False, repr=False)
class AdamW(Adam):
    """AdamW: θ := θ − α λ θ on the weights, then Adam's step; λ = ``weight_decay`` ≥ 0 is a number or a schedule.

    The decay is decoupled: it enters neither J nor μ and ν. Biases are not decayed unless a layer's ``decay``
    (`Factors`) requests it. PyTorch's ``AdamW``, which needs two parameter groups to decay the weights alone.

    Raises InputError if λ < 0, a β is not in [0, 1), or ε = ``epsilon`` is not > 0.

    >>> import numpy as np, chainrule as cr
    >>> optimizer, theta = cr.AdamW(0.1, weight_decay=0.5), np.array([1.0, 1.0])
    >>> optimizer.step(theta, np.zeros(2), optimizer.start(theta), alpha=0.1, k=1, decayed=np.array([1.0, 0.0]))
    >>> theta
    array([0.95, 1.  ])

    Source: I. Loshchilov & F. Hutter, Decoupled weight decay regularization, ICLR 2019.
    """

    weight_decay: float | Schedule = 0.01

    name: ClassVar[str] = "adamw"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.weight_decay, Schedule):
            object.__setattr__(self, "weight_decay", as_real(self.weight_decay, "weight_decay", minimum=0.0))

    def at(self, epoch: float, epochs: float) -> AdamW:
        """Returns this optimizer with the number λ that its schedule gives after ``epoch`` of ``epochs``.

        >>> import chainrule as cr
        >>> cr.AdamW(0.1, weight_decay=cr.FlatCosine(0.02)).at(epoch=3, epochs=4).weight_decay
        0.01
        """
        if not isinstance(self.weight_decay, Schedule):
            return self
        return replace(self, weight_decay=self.weight_decay.value(epoch, epochs))

    @silent
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        if isinstance(self.weight_decay, Schedule):
            raise InputError("weight_decay is a schedule: take the step by optimizer.at(epoch, epochs).step(…).")
        # In double precision: a factor of 0 is 0, even where the others overflow together.
        factor = alpha * self.weight_decay * decayed.astype(np.result_type(decayed, np.float64))
        theta -= factor.astype(theta.dtype) * theta
        super().step(theta, gradient, moments, alpha, k, decayed)
