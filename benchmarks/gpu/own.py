"""The engine torch itself: its steps, its gradient, its bits, whole epochs, and several networks in one step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from benchmarks.gpu.workloads import Workload
from chainrule.engines.torch import devices
from chainrule.engines.torch.trainer import Trainer


def engine(device: Any, precision: str) -> cr.engines.Torch:
    """Returns the engine as a value."""
    return cr.engines.Torch(str(device), precision)


def steps(workload: Workload, device: Any, precision: str, length: int, networks: int = 1) -> Callable[[], None]:
    """Returns a function that makes ``length`` steps of k networks; it is called within a `session`."""
    problems = [workload.problem(seed) for seed in range(networks)]
    for other in problems[1:]:
        object.__setattr__(other, "data", problems[0].data)  # the rows of all
    chosen = engine(device, precision)
    _, _, compute = devices.where(str(device), precision, problems[0].net.dtype)
    trainer = Trainer(problems, device, compute)
    trainer.load([chosen.start(problem, None).state() for problem in problems])
    trainer.begin_epoch()
    replay, left = trainer.replay(trainer.step.batches.full, length), problems[0].steps_per_epoch

    def call() -> None:
        nonlocal left
        if left < length:
            trainer.step.counter.zero_()
            left = problems[0].steps_per_epoch
        replay()
        left -= length

    return call


def epoch(workload: Workload, device: Any, precision: str) -> Callable[[], None]:
    """Returns a function that trains for one epoch as ``cr.train`` does, with its shuffle."""
    problem = workload.problem()
    run = engine(device, precision).start(problem, None)
    return lambda: run.advance(1, math.inf)


def gradient_error(workload: Workload, device: Any, precision: str) -> float:
    """Computes ‖ĝ − g‖/‖g‖ of the gradient over one minibatch; g is that of NumPy in float64."""
    problem = workload.problem(rows=workload.batch_size)
    net, (X, Y, _) = problem.net, problem.examples
    g = cr.gradient(net, problem.cost, X, Y, engine=engine(device, precision)).theta.astype(np.float64)
    wide = net.astype(np.float64)
    truth = cr.gradient(wide, problem.cost, np.asarray(X, np.float64), Y.astype(np.float64), engine="reference").theta
    return float(np.linalg.norm(g - truth) / np.linalg.norm(truth))


def repeats_its_bits(workload: Workload, device: Any, precision: str) -> bool:
    """Returns True if a run of 8 steps, another one, and one that is cut after 4 steps end in the same bits."""
    thetas = []
    for cuts in ((2,), (2,), (1, 1)):
        problem = workload.problem(rows=4 * workload.batch_size)
        run = engine(device, precision).start(problem, None)
        for epochs in cuts:
            run.advance(epochs, math.inf)
        thetas.append(run.state().theta)
    return bool((thetas[0] == thetas[1]).all() and (thetas[0] == thetas[2]).all())
