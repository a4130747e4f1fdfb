"""A training step of k networks of one shape as operations on tensors of fixed addresses and shapes (L12 – L15).

All that changes from step to step lies on the device: the order of the rows, the number of the step, α, the keys of
dropout, J, and a sum that is finite as long as ∇J is. A step therefore reads nothing on the host, and can be recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from chainrule._internal.checks import Array
from chainrule.engines.problem import Problem
from chainrule.engines.torch.batches import Batches, Sizes
from chainrule.engines.torch.examples import StackedMinibatch, on_host
from chainrule.engines.torch.parts.dropout import Dropout
from chainrule.engines.torch.parts.optimizers import Coefficients, torch_update
from chainrule.engines.torch.parts.sigmas import Tensor
from chainrule.engines.torch.passes import Passes
from chainrule.network.block_diagonal import free_entries
from chainrule.network.rates import RATE
from chainrule.network.theta import at_every_parameter, parameter_views

f64 = torch.float64


class TrainingStep:
    """The tensors of a training run of k networks, and its step. The problems differ in θ, seed and rows alone."""

    def __init__(self, problems: Sequence[Problem], device: Any, compute: Any) -> None:
        problem = self.problem = problems[0]
        net, steps, k = problem.net, problem.steps_per_epoch, len(problems)
        dtype = on_host(net.theta[:0]).dtype

        def zeros(*shape: int, dtype: Any = f64) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=device)

        def constant(array: Array) -> Tensor:
            return on_host(array).to(device)

        self.theta, self.gradient = zeros(k, net.d, dtype=dtype), zeros(k, net.d, dtype=dtype)
        self.moments = {name: zeros(k, net.d, dtype=dtype) for name in problem.optimizer.moments}
        self.batches = Batches(problems, self.theta, compute)
        self.counter = zeros(1, dtype=torch.int64)  # the step of the epoch
        self.table = zeros(steps, 5)  # `coefficient_table` of the epoch
        self.keys = zeros(k, steps, dtype=torch.int64)  # of dropout
        self.limits, self.factors = zeros(steps, net.r, dtype=torch.int64), zeros(steps, net.r)
        self.J, self.watch, self.norm = zeros(k), zeros(k), zeros(k)
        self._total_weight = constant(np.array([each.total_weight for each in problems]))
        self.passes = Passes(net, problem.cost, self.theta, compute)
        self._dropout: dict[Sizes, Dropout] = {}
        if problem.has_dropout:
            kinds = {self.batches.full, self.batches.last}
            self._dropout = {sizes: Dropout(net, sizes, self.theta) for sizes in kinds}
        decayed = at_every_parameter(net.layout, (layer.decay for layer in net.layers), net.dtype)
        self._update = torch_update(problem.optimizer, constant(decayed))
        self._rate: Tensor | None = None
        self._frozen: Tensor | None = None
        if any(layer.rate != RATE for layer in net.layers):
            rates = at_every_parameter(net.layout, (layer.rate for layer in net.layers), net.dtype)
            self._rate = constant(rates)
            self._frozen = constant(rates == 0.0) if (rates == 0.0).any() else None
        self._penalised = constant(_penalised(problem)) if problem.cost.l1 or problem.cost.l2 else None

    @property
    def state(self) -> list[Tensor]:
        """The tensors that a step changes."""
        return [self.theta, self.gradient, *self.moments.values(), self.counter, self.J, self.watch, self.norm]

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors that the host fills before an epoch."""
        given = [self.table, self.keys, self.limits, self.factors]
        order = self.batches.order
        return given if order is None else [*given, order]

    def __call__(self, sizes: Sizes) -> None:
        """Makes one step over the minibatches of these sizes at the counter, and counts it."""
        cost = self.problem.cost
        batch = self.batches.minibatch(self.counter, sizes)
        masks = self._masks(sizes)
        run = self.passes.forward(batch.x, masks)
        losses, (scale, share, penalty_scale) = self.passes.losses(run, batch.y), self._scales(batch, sizes[0])
        self.passes.backward(run, batch.y, scale if batch.weights is None else scale.unsqueeze(2), self.gradient, masks)
        if batch.weights is None:
            J = losses.sum(1, dtype=f64) * scale
        else:
            J = (losses * scale).sum(1, dtype=f64)
        if self._penalised is not None:
            J = J + self._add_penalties(penalty_scale)
        self.J.add_(share * J if cost.mean else J)
        self._clip()
        self._move()
        self.counter.add_(1)

    def gradient_norms(self) -> Tensor:
        """Computes ‖∇J‖ (k,) of the last step, before clipping."""
        return self.norm if self.problem.optimizer.clip_norm is not None else norms(self.gradient)

    def _masks(self, sizes: Sizes) -> Sequence[Tensor | None] | None:
        if not self._dropout:
            return None
        keys, limits, factors = (
            self.keys.index_select(1, self.counter),
            self.limits.index_select(0, self.counter)[0],
            self.factors.index_select(0, self.counter)[0],
        )
        return self._dropout[sizes].masks(keys, limits, factors, self.theta.dtype)

    def _scales(self, batch: StackedMinibatch, size: int) -> tuple[Any, Any, Any]:
        """Returns the factor of each example's loss, the minibatch's share of Σw, and the factor of the penalties."""
        cost = self.problem.cost
        if batch.weights is None:
            share = size / self.problem.total_weight
            return (1.0 / size if cost.mean else 1.0), share, _penalty_scale(cost, share, 1.0 / size)
        total = batch.weights.sum(1, dtype=f64)
        share = total / self._total_weight
        inverse = (1.0 / total).masked_fill(total <= 0, 0.0)
        scale = batch.weights
        if cost.mean:
            mean = (batch.weights.to(f64) * inverse.unsqueeze(1)).to(scale.dtype)
            scale = torch.where((total > 0).unsqueeze(1), mean, scale)
        return scale, share, _penalty_scale(cost, share, inverse)

    def _add_penalties(self, scale: Any) -> Tensor:
        """Adds the gradient of the penalties, and returns the penalties (k,): none where λ times the scale is 0."""
        cost, W = self.problem.cost, self.theta * self._penalised
        wide = W.to(f64)
        penalties = torch.zeros_like(self.J)
        for lambda_, slope, sizes in (
            (cost.l1, torch.sign(W), wide.abs().sum(1)),
            (cost.l2, W, 0.5 * (wide * wide).sum(1)),
        ):
            factor = (scale * lambda_) * torch.ones_like(penalties)
            self.gradient.add_(factor.to(W.dtype).unsqueeze(1) * slope)
            penalties = penalties + torch.where(factor == 0, 0.0, factor * sizes)
        return penalties

    def _clip(self) -> None:
        """Scales ∇J to ‖∇J‖ ≤ c, or to NaN if c/‖∇J‖ underflows; watches that ∇J is finite."""
        c = self.problem.optimizer.clip_norm
        if c is None:
            self.watch.add_(self.gradient.sum(1, dtype=f64))
            return
        self.norm.copy_(norms(self.gradient))
        factor = (c / self.norm).clamp(max=1.0)
        factor = factor.masked_fill(factor < torch.finfo(self.theta.dtype).tiny, torch.nan)
        self.watch.add_(self.norm * factor)
        self.gradient.mul_(factor.to(self.theta.dtype).unsqueeze(1))

    def _move(self) -> None:
        alpha, decay, first, second, k = self.table.index_select(0, self.counter)[0].unbind()
        rate = alpha if self._rate is None else alpha * self._rate
        before = None if self._frozen is None else self.theta.clone()
        self._update(self.theta, self.gradient, self.moments, Coefficients(rate, rate * decay, first, second, k))
        if before is not None:
            self.theta.copy_(torch.where(self._frozen, before, self.theta))


def norms(gradient: Tensor) -> Tensor:
    """Computes ‖g‖ (k,) in double precision; squares of float64 might leave it, so that p ‖g/p‖ with p = max |gₗ|."""
    if gradient.dtype != f64:
        return torch.linalg.vector_norm(gradient, dim=1, dtype=f64)
    peak = gradient.abs().amax(1)
    safe = peak.masked_fill(peak == 0, 1.0)
    return peak * torch.linalg.vector_norm(gradient / safe.unsqueeze(1), dim=1)


def _penalty_scale(cost: Any, share: Any, inverse: Any) -> Any:
    if not cost.mean:
        return share
    return inverse if cost.mean_penalty else 1.0


def _penalised(problem: Problem) -> Array:
    """Returns 1 at the entries of θ that belong to a W[i], and 0 at the others, (d,)."""
    entries = np.zeros_like(problem.net.theta)
    W, _, _ = parameter_views(entries, problem.net.layout)
    for i in range(1, problem.net.r + 1):
        free_entries(W[i])[...] = 1.0
    return entries
