"""J over validation sets on the device, without penalties, some rows at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from chainrule._internal.checks import Array
from chainrule.costs import TrainingSet
from chainrule.costs.training_set import Subset
from chainrule.engines.torch.arithmetic import rows_at_once
from chainrule.engines.torch.examples import Examples, on_host
from chainrule.engines.torch.parts.sigmas import Tensor
from chainrule.engines.torch.passes import Passes
from chainrule.network import Network


class Evaluation:
    """The validation costs of k networks, each over a set of its own, by their passes."""

    def __init__(
        self, sets: Sequence[TrainingSet | Subset], net: Network, passes: Passes, mean: bool, theta: Tensor
    ) -> None:
        self._passes, self._examples = passes, Examples(sets, theta.device, passes.compute)
        t = max(data.t for data in sets)
        at = [self._examples.numbers(j, np.minimum(np.arange(t), data.t - 1)) for j, data in enumerate(sets)]
        self._numbers = on_host(np.stack(at)).to(theta.device)
        counts = torch.tensor([[data.t] for data in sets], device=theta.device)
        is_ragged = any(data.t < t for data in sets)
        self._is_own = torch.arange(t, device=theta.device) < counts if is_ragged else None
        totals = [data.t if data.weights is None else data.weights.sum(dtype=np.float64) for data in sets]
        self._divisors = np.where(np.greater(totals, 0) & mean, totals, 1.0)
        self._rows = rows_at_once(net)

    def J(self) -> Array:
        """Computes Σ wⱼ ℓⱼ, or the weighted mean for a cost with ``mean``, of each network (k,)."""
        total, (k, t) = 0.0, self._numbers.shape
        rows = max(1, self._rows // k)
        for first in range(0, t, rows):
            some = slice(first, first + rows)
            batch = self._examples.rows(self._numbers[:, some])
            losses = self._passes.losses(self._passes.forward(batch.x), batch.y)
            if batch.weights is not None:
                losses = losses * batch.weights
            if self._is_own is not None:
                losses = losses.masked_fill(~self._is_own[:, some], 0.0)
            total = total + losses.sum(1, dtype=torch.float64)
        costs: Array = total.cpu().numpy() / self._divisors  # type: ignore[attr-defined]
        return costs
