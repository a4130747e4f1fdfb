"""The minibatches of k networks as tensors of one shape (Lecture, L8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from chainrule.engines.problem import Problem
from chainrule.engines.torch.examples import Examples, StackedMinibatch, on_host
from chainrule.engines.torch.parts.sigmas import Tensor

Sizes: TypeAlias = tuple[int, ...]  # the rows of a minibatch of each network


class Batches:
    """The minibatches of k networks, with as many in an epoch; ``order`` holds their rows, None for all in each step.

    Networks may have a few rows more or less than others. A minibatch with fewer rows than others repeats its last row,
    with the weight 0.
    """

    def __init__(self, problems: Sequence[Problem], theta: Tensor, compute: Any) -> None:
        problem, device, k = problems[0], theta.device, len(problems)
        self._steps, self._own = problem.steps_per_epoch, [each.batch_size for each in problems]
        self.full: Sizes = tuple(self._own)
        self.last: Sizes = tuple(each.data.t - (self._steps - 1) * each.batch_size for each in problems)
        self._most = max(self.full)
        self._lanes = torch.arange(self._most, device=device)
        self._present: dict[Sizes, Tensor] = {}
        if len({*zip(self.full, self.last, strict=True)}) > 1:
            for sizes in (self.full, self.last):
                rows = torch.tensor(sizes, device=device).unsqueeze(1)
                self._present[sizes] = (self._lanes[: max(sizes)] < rows).to(theta.dtype)
        sets: list[Any] = [each.data for each in problems]  # not those in files
        self._examples = Examples(sets, device, compute)
        self.order: Tensor | None = None
        self._all: StackedMinibatch | None = None
        if problem.full_batch:
            self._all = self._weighted(self._examples.all(self._most), self.full)
        else:
            self.order = torch.zeros((k, self._steps * self._most), dtype=torch.int64, device=device)

    def sizes(self, batch: int) -> Sizes:
        """Returns the rows of minibatch number ``batch`` of each network."""
        return self.last if batch == self._steps - 1 else self.full

    def left(self, batch: int) -> int:
        """Returns the number of minibatches from this one on that have its sizes, up to the end of the epoch."""
        if self.full == self.last:
            return self._steps - batch
        return max(1, self._steps - 1 - batch)

    def arrange(self, j: int, order: NDArray[np.int64]) -> None:
        """Takes the order (t,) of the examples of network j in an epoch."""
        assert self.order is not None
        numbers, own = self._examples.numbers(j, order), self._own[j]
        if own == self._most:
            laid_out = np.pad(numbers, (0, self._steps * own - len(numbers)), mode="edge")
        else:
            at = own * np.arange(self._steps)[:, None] + np.minimum(np.arange(self._most), own - 1)
            laid_out = numbers[np.minimum(at, len(numbers) - 1).ravel()]
        self.order[j].copy_(on_host(laid_out))

    def minibatch(self, counter: Tensor, sizes: Sizes) -> StackedMinibatch:
        """Returns the minibatches of these sizes at the counter."""
        if self.order is None:
            assert self._all is not None
            return self._all
        lanes = self._lanes[: max(sizes)] + counter * self._most
        return self._weighted(self._examples.rows(self.order.index_select(1, lanes)), sizes)

    def _weighted(self, batch: StackedMinibatch, sizes: Sizes) -> StackedMinibatch:
        if (present := self._present.get(sizes)) is None:
            return batch
        return batch._replace(weights=present if batch.weights is None else batch.weights * present)
