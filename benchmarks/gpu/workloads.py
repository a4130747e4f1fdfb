"""The networks whose training step is measured: ReLU, the mean of squares, Adam, over rows that lie on the device."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import chainrule as cr
from benchmarks.speed.data import Array
from chainrule.costs import TrainingSet
from chainrule.engines.problem import Problem


@dataclass(frozen=True)
class Workload:
    """A network m₀ … m_r, its minibatches, and the number of its rows."""

    name: str
    sizes: tuple[int, ...]
    batch_size: int
    rows: int

    @property
    def flop(self) -> float:
        """The floating-point operations of a step, 6 for each weight and row."""
        return 6.0 * self.batch_size * sum(n * m for n, m in pairwise(self.sizes))

    def examples(self, rows: int | None = None) -> tuple[Array, Array]:
        """Returns X and Y in float32, the first ``rows`` of them."""
        rng = np.random.default_rng(0)
        t = rows or self.rows
        return tuple(rng.standard_normal((t, m), dtype=np.float32) for m in (self.sizes[0], self.sizes[-1]))  # type: ignore[return-value]

    def problem(self, seed: int = 0, rows: int | None = None, dtype: str = "float32") -> Problem:
        """Returns the training of one network."""
        net = cr.Network.dense(self.sizes, hidden="relu", seed=seed, dtype=dtype)
        data = TrainingSet(*(part.astype(dtype, copy=False) for part in self.examples(rows)))
        return Problem(net, cr.SumOfSquares(mean=True), cr.Adam(1e-3), data, self.batch_size, 1000, seed)


WORKLOADS = {
    each.name: each
    for each in (
        Workload("S", (16, 64, 32, 1), 64, 1 << 20),
        Workload("B", (32, 256, 256, 1), 256, 1 << 20),
        Workload("T", (32, 256, 256, 1), 8192, 1 << 22),
        Workload("D", (1024, 2048, 2048, 10), 1024, 1 << 16),
    )
}
REHEARSED = {  # on a CPU, to try the program: ignore the times
    each.name: each
    for each in (Workload("S", (16, 64, 32, 1), 64, 1 << 12), Workload("B", (32, 256, 256, 1), 256, 1 << 13))
}
