"""The path of θ over 1,000 steps is PyTorch's, for every optimizer and schedule that PyTorch has."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.pytorch import pytorch

import chainrule as cr
from chainrule._internal.checks import Array

torch: Any = pytorch()

STEPS = 1000
ALLOWED = 1e-10

# Each optimizer beside PyTorch's of the same formula. The rates are too small for a chaotic path: larger ones make
# RMSProp and Adam oscillate near a minimum, where even two paths of PyTorch that start one ulp apart diverge.
OPTIMIZERS: list[tuple[cr.Optimizer, Callable[..., Any], dict[str, Any]]] = [
    (cr.GradientDescent(0.5), torch.optim.SGD, {}),
    (cr.GradientDescent(0.5, clip_norm=0.05), torch.optim.SGD, {}),
    (cr.Momentum(0.1, momentum=0.9), torch.optim.SGD, {"momentum": 0.9}),
    (cr.Nesterov(0.1, momentum=0.8), torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    (cr.AdaGrad(0.1), torch.optim.Adagrad, {"eps": 1e-10}),
    (cr.RMSProp(0.002, decay=0.99, epsilon=1e-6), torch.optim.RMSprop, {"alpha": 0.99, "eps": 1e-6}),
    (cr.Adam(0.02), torch.optim.Adam, {}),
    (cr.Adam(0.005, beta1=0.8, beta2=0.99, epsilon=1e-4), torch.optim.Adam, {"betas": (0.8, 0.99), "eps": 1e-4}),
    (cr.Adam(0.02, clip_norm=0.05), torch.optim.Adam, {}),
    (cr.AdamW(0.02, weight_decay=0.1), torch.optim.AdamW, {"weight_decay": 0.1}),  # of the weights only
    (cr.RPROP(0.01), torch.optim.Rprop, {}),
    (cr.RPROP(0.05, shrink=0.4, grow=1.1, smallest=1e-5, largest=0.5), torch.optim.Rprop,
     {"etas": (0.4, 1.1), "step_sizes": (1e-5, 0.5)}),
]  # fmt: skip


def problem() -> tuple[cr.Network, Array, Array]:
    """A 2-3-1 network of sigmoids and 20 examples with labels in (0, 1)."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(20, 2))
    Y = 1 / (1 + np.exp(-2 * X[:, :1] * X[:, 1:] - 0.3 * rng.normal(size=(20, 1))))
    return cr.Network.dense([2, 3, 1], hidden="sigmoid", output="sigmoid", initial="normal", seed=3), X, Y


def torch_path(
    net: cr.Network, X: Array, Y: Array, optimizer: cr.Optimizer, kind: Callable[..., Any], options: dict[str, Any],
    schedule: Callable[[Any], Any] | None = None,
) -> Array:  # fmt: skip
    """θ after each step (1000, d) of a PyTorch optimizer on ½ Σ (N(x) − y)²."""
    parameters = [torch.tensor(p.copy(), requires_grad=True) for i in (1, 2) for p in (net.W[i], net.b[i])]
    W, b = parameters[0::2], parameters[1::2]
    weights_alone = {"params": b, "weight_decay": 0.0}, {"params": W}
    rule = kind(weights_alone if "weight_decay" in options else parameters, lr=optimizer.schedule.rate, **options)
    scheduler = None if schedule is None else schedule(rule)
    x, y = torch.tensor(X), torch.tensor(Y)
    path = []
    for _ in range(STEPS):
        rule.zero_grad()
        a = torch.sigmoid(torch.sigmoid(x @ W[0].T + b[0]) @ W[1].T + b[1])
        (0.5 * ((a - y) ** 2).sum()).backward()
        if optimizer.clip_norm is not None:
            norm = torch.sqrt(sum((p.grad * p.grad).sum() for p in parameters))  # clip_grad_norm_ adds 1e-6 to it
            for p in parameters:
                p.grad *= torch.clamp(optimizer.clip_norm / norm, max=1.0)
        rule.step()
        if scheduler is not None:
            scheduler.step()
        path.append(np.concatenate([p.detach().numpy().ravel() for p in parameters]))
    return np.array(path)


def own_path(net: cr.Network, X: Array, Y: Array, optimizer: cr.Optimizer, engine: str) -> Array:
    """θ after each step (1000, d) of ``cr.train``, full batch."""
    path: list[Array] = []
    cr.train(
        net, X, Y, cost=cr.SumOfSquares(), optimizer=optimizer, epochs=STEPS, engine=engine,
        callbacks=[lambda history: path.append(net.theta.copy())],
    )  # fmt: skip
    return np.array(path)


@functools.cache  # for all engines
def path_of_optimizer(k: int) -> Array:
    """The path of PyTorch's optimizer in row k of OPTIMIZERS."""
    return torch_path(*problem(), *OPTIMIZERS[k])


@pytest.mark.parametrize("k", range(len(OPTIMIZERS)), ids=[repr(optimizer) for optimizer, _, _ in OPTIMIZERS])
def test_the_path_is_pytorchs(k: int, engine: str) -> None:
    """θ stays within 1e-10 of PyTorch's after each of 1,000 full-batch steps, with and without clipping by norm."""
    truth, path = path_of_optimizer(k), own_path(*problem(), OPTIMIZERS[k][0], engine)
    assert path.shape == truth.shape == (STEPS, 13)
    assert abs(path - truth).max() <= ALLOWED
    assert abs(path[-1] - path[0]).max() > 0.1  # θ has moved


# PyTorch's one-cycle ends its phases a step early: at pct_start · total_steps − 1 and at total_steps − 1.
ONE_CYCLE = {"total_steps": STEPS + 1, "pct_start": (0.3 * STEPS + 1) / (STEPS + 1), "cycle_momentum": False}
SCHEDULES: list[tuple[cr.Schedule, Callable[[Any], Any]]] = [
    (cr.Step(0.5, every=300, factor=0.3), lambda o: torch.optim.lr_scheduler.StepLR(o, 300, 0.3)),
    (cr.Exponential(0.5, decay=0.002), lambda o: torch.optim.lr_scheduler.ExponentialLR(o, math.exp(-0.002))),
    (cr.InverseTime(0.5, decay=0.01), lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda k: 1 / (1 + 0.01 * k))),
    (cr.Cosine(0.5, final=0.01), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS, 0.01)),
    (cr.OneCycle(0.5), lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.5, **ONE_CYCLE)),
]


@functools.cache  # for all engines
def path_under_schedule(k: int) -> Array:
    """The path of PyTorch's gradient descent under the schedule in row k of SCHEDULES."""
    schedule, torch_schedule = SCHEDULES[k]
    return torch_path(*problem(), cr.GradientDescent(schedule), torch.optim.SGD, {}, torch_schedule)


@pytest.mark.parametrize("k", range(len(SCHEDULES)), ids=[schedule.name for schedule, _ in SCHEDULES])
def test_the_path_under_a_schedule_is_pytorchs(k: int, engine: str) -> None:
    """A schedule over 1,000 epochs of one step moves θ as PyTorch's scheduler, stepped 1,000 times, does."""
    truth, path = path_under_schedule(k), own_path(*problem(), cr.GradientDescent(SCHEDULES[k][0]), engine)
    assert abs(path - truth).max() <= ALLOWED
