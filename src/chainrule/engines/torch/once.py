"""N(x) and ∇J(θ) over all examples, computed once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array, all_finite
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.backprop import Gradient
from chainrule.costs import Cost
from chainrule.engines.thread_counts import step_flop, thread_count
from chainrule.engines.torch.arithmetic import rows_at_once
from chainrule.engines.torch.examples import joined, on_host
from chainrule.engines.torch.parts.sigmas import Tensor
from chainrule.engines.torch.parts.sparse import SparseMatrix
from chainrule.engines.torch.passes import Passes
from chainrule.engines.torch.session import session
from chainrule.network import Network
from chainrule.network.block_diagonal import free_entries
from chainrule.network.theta import parameter_views


def outputs(net: Network, X: Rows, device: Any, precision: str, compute: Any, threads: int | None) -> Array | None:
    """Computes N(x) for each row of X, some rows at a time; returns None if X is not finite."""
    if not isinstance(X, SparseRows) and not all_finite(X):
        return None
    result = np.empty((len(X), net.m[-1]), net.dtype)
    with session(device, precision, thread_count(step_flop(net, len(X), X) / 3, threads)):
        passes = Passes(net, None, on_host(net.theta).to(device).unsqueeze(0), compute)
        at_once = rows_at_once(net)
        for first in range(0, len(X), at_once):
            rows = slice(first, first + at_once)
            x = _dense(X[rows], device, compute).unsqueeze(0)
            result[rows] = passes.forward(x).a[-1][0].cpu().numpy()
    return result


def gradient(
    net: Network, cost: Cost, X: Rows, Y: Array, weights: Array | None, penalty_scale: float | None,
    device: Any, precision: str, compute: Any, threads: int | None,
) -> Gradient:  # fmt: skip
    """Computes ∇J(θ), J(θ) and every δ[i]."""
    if penalty_scale is None:
        penalty_scale = cost.penalty_scale(weights, len(Y))
    scale: Any = cost.example_scale(weights, len(Y))
    with session(device, precision, thread_count(step_flop(net, len(X), X), threads)):
        theta = on_host(net.theta).to(device).unsqueeze(0)
        passes, out = Passes(net, cost, theta, compute), torch.zeros_like(theta)
        run = passes.forward(_dense(X, device, compute).unsqueeze(0))
        y = joined([Y], device).unsqueeze(0)
        if not isinstance(scale, float):
            scale = joined([scale], device).view(1, -1, 1)
        deltas = passes.backward(run, y, scale, out, None)
        losses = passes.losses(run, y)
        scaled = losses if isinstance(scale, float) else losses * scale[:, :, 0]
        J = float(scaled.sum(dtype=torch.float64)) * (scale if isinstance(scale, float) else 1.0)
        g = np.array(out[0].cpu().numpy())
        each = ByLayer(np.array(delta[0].to(theta.dtype).cpu().numpy()) for delta in deltas)
    views = parameter_views(g, net.layout)
    if cost.l1 or cost.l2:
        J += cost.penalty(map(free_entries, net.W), penalty_scale)
        for W, dW in zip(net.W, views.W, strict=True):
            entries = free_entries(dW)
            np.add(entries, cost.penalty_gradient(free_entries(W), penalty_scale), out=entries)
    return Gradient(J, g, *views, each)


def _dense(X: Rows, device: Any, dtype: Any) -> Tensor:
    """Returns the rows as a dense tensor (t, n) on the device."""
    if not isinstance(X, SparseRows):
        return joined([X], device, dtype)
    return SparseMatrix([X], device, dtype).index_select(0, torch.arange(len(X), device=device))
