"""The times that decide whether several processes train a network faster than one, as measured on this machine."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from chainrule.costs import SumOfSquares, TrainingSet
from chainrule.engines.choice import for_network
from chainrule.engines.problem import Problem
from chainrule.network import Network
from chainrule.optimizers import Adam

FEW_ROWS, MANY_ROWS, STEPS = 512, 4096, 20


class Scale(NamedTuple):
    """The seconds of a step of n rows in P processes: ``step + row · n/P``, and ``exchange`` unless P = 1.

    >>> scale = Scale(step=0.0004, row=2e-6, exchange=0.001)
    >>> scale.least_rows, scale.good_rows
    (500, 1700)
    """

    step: float
    row: float
    exchange: float

    @property
    def least_rows(self) -> int:
        """The rows per process and step from which two processes are faster than one: exchange / row."""
        return round(self.exchange / self.row)

    @property
    def good_rows(self) -> int:
        """Those from which two processes are 1.5 times as fast: (3 exchange + step) / row."""
        return round((3.0 * self.exchange + self.step) / self.row)


def step_and_row(net: Network) -> tuple[float, float]:
    """Measures the seconds of a step of Adam that do not depend on its rows, and those of a row, on one thread.

    They are its CPU time, which other programs do not change much.
    """
    few, many = (_step_seconds(net, rows) for rows in (FEW_ROWS, MANY_ROWS))
    row = max(many - few, 1e-9) / (MANY_ROWS - FEW_ROWS)
    return max(few - FEW_ROWS * row, 0.0), row


def _step_seconds(net: Network, rows: int) -> float:
    """Returns the least CPU time of some steps over this many rows."""
    rng, net = np.random.default_rng(0), net.copy()
    X, Y = (rng.standard_normal((rows, m)).astype(net.dtype) for m in (net.m[0], net.m[-1]))
    problem = Problem(
        net, SumOfSquares(mean=True), Adam(1e-3), TrainingSet(X, Y), rows, epochs=STEPS, seed=0, threads=1
    )
    run, seconds = for_network(net, "auto", problem.cost).start(problem, None), []
    while run.stopped is None:
        began = time.thread_time()
        run.advance(1, 0.0)
        seconds.append(time.thread_time() - began)
    run.finish()
    return min(seconds)
