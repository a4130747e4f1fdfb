"""The built-in optimizers in PyTorch: each changes θ and its moments (k, d) in place (Lecture, L12).

All that changes from step to step is a tensor: α, λ and the corrections of Adam's moments come from a table that is
computed in float64. The formulas are those of `chainrule.optimizers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch

from chainrule import optimizers
from chainrule._internal.checks import Array
from chainrule.engines.built_in import weight_decay
from chainrule.engines.problem import Problem
from chainrule.engines.torch.parts.sigmas import Tensor
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Constant, Schedule

Moments: TypeAlias = dict[str, Tensor]


class Coefficients(NamedTuple):
    """The numbers of step k: α (times the layers' rates, if they have any), α λ, 1 − β₁ᵏ, √(1 − β₂ᵏ), and k."""

    alpha: Tensor
    decay: Tensor
    first: Tensor
    second: Tensor
    k: Tensor


Update: TypeAlias = Callable[[Tensor, Tensor, Moments, Coefficients], None]


def coefficient_table(problem: Problem, step: int, run_step: int, count: int) -> Array:
    """Returns α, λ, 1 − β₁ᵏ, √(1 − β₂ᵏ) and k of ``count`` steps in float64, (count, 5).

    λ is 0 for optimizers without it, and corrections that are not used are 1.

    ``step`` steps have been made, of which ``run_step`` in this run.
    """
    optimizer, table = problem.optimizer, np.ones((count, 5))
    for column, value in ((0, optimizer.schedule), (1, weight_decay(optimizer))):
        if not isinstance(value, Schedule):
            table[:, column] = value
        elif isinstance(value, Constant):
            table[:, column] = value.rate
        else:
            steps, epochs = problem.steps_per_epoch, problem.epochs
            table[:, column] = [value.value((run_step + j) / steps, epochs) for j in range(count)]
    k = table[:, 4] = np.arange(step + 1.0, step + count + 1.0)
    if isinstance(optimizer, optimizers.Adam):
        table[:, 2], table[:, 3] = 1.0 - optimizer.beta1**k, np.sqrt(1.0 - optimizer.beta2**k)
    return table


def torch_update(optimizer: Optimizer, decayed: Tensor) -> Update:
    """Returns the step of a built-in optimizer; ``decayed`` (d,) holds the factors of a decoupled weight decay."""
    update = _UPDATES[type(optimizer)]
    return lambda theta, g, moments, now: update(optimizer, theta, g, moments, now, decayed)


def _descent(optimizer: Any, theta: Tensor, g: Tensor, moments: Moments, now: Coefficients, decayed: Tensor) -> None:
    theta.sub_(now.alpha * g)


def _momentum(optimizer: Any, theta: Tensor, g: Tensor, moments: Moments, now: Coefficients, decayed: Tensor) -> None:
    v = moments["v"].mul_(optimizer.momentum).add_(g)
    theta.sub_(now.alpha * v)


def _nesterov(optimizer: Any, theta: Tensor, g: Tensor, moments: Moments, now: Coefficients, decayed: Tensor) -> None:
    v = moments["v"].mul_(optimizer.momentum).add_(g)
    theta.sub_(now.alpha * (g + optimizer.momentum * v))


def _adagrad(optimizer: Any, theta: Tensor, g: Tensor, moments: Moments, now: Coefficients, decayed: Tensor) -> None:
    nu = moments["nu"].add_(g * g)
    theta.sub_(now.alpha * g / (nu.sqrt() + optimizer.epsilon))


def _rmsprop(optimizer: Any, theta: Tensor, g: Tensor, moments: Moments, now: Coefficients, decayed: Tensor) -> None:
    nu = moments["nu"].mul_(optimizer.decay).add_((1.0 - optimizer.decay) * g * g)  # overflows later than g²
    theta.sub_(now.alpha * g / (nu.sqrt() + optimizer.epsilon))


def _adam(optimizer: Any, theta: Tensor, g: Tensor, moments: Moments, now: Coefficients, decayed: Tensor) -> None:
    if theta.dtype == torch.float32 and now.alpha.dim() == 0 and not optimizer.epsilon_hat:
        torch._fused_adam_(  # one kernel, which takes α and k in float32
            [theta], [g], [moments["mu"]], [moments["nu"]], [], [now.k.to(theta.dtype)], lr=now.alpha.to(theta.dtype),
            beta1=optimizer.beta1, beta2=optimizer.beta2, weight_decay=0.0, eps=optimizer.epsilon, amsgrad=False,
            maximize=False,
        )  # fmt: skip
        return
    mu = moments["mu"].mul_(optimizer.beta1).add_((1.0 - optimizer.beta1) * g)
    nu = moments["nu"].mul_(optimizer.beta2).add_((1.0 - optimizer.beta2) * g * g)
    epsilon = optimizer.epsilon / now.second if optimizer.epsilon_hat else optimizer.epsilon
    theta.sub_(now.alpha / now.first * mu / (nu.sqrt() / now.second + epsilon))


def _adamw(optimizer: Any, theta: Tensor, g: Tensor, moments: Moments, now: Coefficients, decayed: Tensor) -> None:
    theta.sub_((now.decay * decayed.double()).to(theta.dtype) * theta)  # a factor of 0 is 0, also beside an overflow
    _adam(optimizer, theta, g, moments, now, decayed)


def _rprop(optimizer: Any, theta: Tensor, g: Tensor, moments: Moments, now: Coefficients, decayed: Tensor) -> None:
    size, previous = moments["step_size"], moments["previous"]
    agreement = torch.sign(g) * torch.sign(previous)
    grown = torch.where(agreement > 0, size * optimizer.grow, size)
    size.copy_(torch.where(agreement < 0, size * optimizer.shrink, grown).clamp_(optimizer.smallest, optimizer.largest))
    previous.copy_(g.masked_fill(agreement < 0, 0.0))
    theta.sub_(now.alpha / optimizer.schedule.rate * size * torch.sign(previous))  # α is the first Δ times the rate


_UPDATES: dict[type[Optimizer], Callable[..., None]] = {
    optimizers.GradientDescent: _descent,
    optimizers.Momentum: _momentum,
    optimizers.Nesterov: _nesterov,
    optimizers.AdaGrad: _adagrad,
    optimizers.RMSProp: _rmsprop,
    optimizers.Adam: _adam,
    optimizers.AdamW: _adamw,
    optimizers.RPROP: _rprop,
}
