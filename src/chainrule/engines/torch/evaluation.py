"""J over a validation set on the device, without penalties, some rows at a time."""

from __future__ import annotations

from typing import Any

import torch

from chainrule.engines.problem import Problem
from chainrule.engines.torch.examples import joined
from chainrule.engines.torch.parts.sigmas import Tensor
from chainrule.engines.torch.passes import Passes

ROWS = 1 << 16  # of a forward pass, so that it needs little memory


class Evaluation:
    """The validation cost of one network, over θ (1, d)."""

    def __init__(self, problem: Problem, theta: Tensor, compute: Any) -> None:
        data = problem.validation_set
        assert data is not None
        self._cost, self._t, self._device = problem.cost, data.t, theta.device
        self._X, self._Y = joined([data.X], theta.device, compute), joined([data.Y], theta.device)
        self._weights = None if data.weights is None else joined([data.weights], theta.device)
        self._passes = Passes(problem.net, problem.cost, theta, compute)

    def J(self) -> float:
        """Computes Σ wⱼ ℓⱼ, or the weighted mean for a cost with ``mean``."""
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        for first in range(0, self._t, ROWS):
            rows = slice(first, first + ROWS)
            losses = self._passes.losses(self._passes.forward(self._X[None, rows]), self._Y[None, rows])[0]
            total += (losses if self._weights is None else losses * self._weights[rows]).sum(dtype=torch.float64)
        whole = float(self._t if self._weights is None else self._weights.sum(dtype=torch.float64))
        return float(total) / whole if self._cost.mean and whole > 0 else float(total)
