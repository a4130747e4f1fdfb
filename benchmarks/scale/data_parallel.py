"""Steps of one network that processes share: ``python -m benchmarks.scale.data_parallel [--processes 2]``.

Two questions, for each network. The CPU time of a step of Adam by `DataParallel` in one process, beside the native
engine, in turn. And the time of a step in two processes of one thread each, by the clock and of the CPU, beside its two
parts: the computing of the same processes without any exchange, and PyTorch's ``all_reduce`` of d numbers. These three
take turns step by step, in all processes at once. By the clock, which processes of one machine share, each lasts from
when the last process begins until the last one has done it; the CPU time is the largest of a process. The 10th
percentiles are compared. On a busy machine the clock counts the waiting of one process for the other, which has no CPU;
the CPU time does not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from benchmarks.goals import Verdict, markdown
from benchmarks.harness import machine
from benchmarks.harness.figures import duration
from benchmarks.harness.markdown import table
from chainrule.engines.choice import loaded
from chainrule.engines.data_parallel.run import SUMS, DataParallelRun
from chainrule.engines.problem import Problem
from chainrule.engines.seam import DivisibleEngine, RunInParts
from chainrule.engines.state import TrainingState
from chainrule.processes.group import Alone, Group, joined

WORKLOADS = (([32, 256, 256, 1], 256), ([32, 256, 256, 1], 4096), ([784, 512, 512, 10], 4096))
BLOCKS, LOW = 8, 10  # percentile
FEWEST = 100  # steps of a measurement
OVERHEAD = 1.1  # the time of a step divided by that of its parts, at most


def problem(sizes: list[int], rows: int) -> Problem:
    """Returns a training of steps over this many random rows.

    θ hardly moves, so that δ keeps its zeros, which kernels skip: steps take as long in one run as in another.
    """
    rng, net = np.random.default_rng(0), cr.Network.dense(sizes, hidden="relu", seed=0, dtype="float32")
    X, Y = (rng.standard_normal((rows, m), np.float32) for m in (sizes[0], sizes[-1]))
    data = cr.TrainingSet(X, Y)
    return Problem(net, cr.SumOfSquares(mean=True), cr.Adam(1e-9), data, rows, epochs=10**6, seed=0, threads=1)


def run_in_parts(given: Problem) -> RunInParts:
    """Returns the native engine's run in parts."""
    engine: Any = loaded("native")
    assert isinstance(engine, DivisibleEngine)
    run = engine.in_parts(given, TrainingState.start(given, given.optimizer.start(given.net.theta)), BLOCKS)
    assert run is not None
    return run


def low(seconds: list[float]) -> float:
    """Returns the 10th percentile."""
    return float(np.percentile(seconds, LOW))


def of_one_process(sizes: list[int], rows: int, steps: int) -> tuple[float, float]:
    """Returns the CPU seconds of a step of the native engine, and of `DataParallel` in one process."""
    first, second = problem(sizes, rows), problem(sizes, rows)
    native = loaded("native").start(first, None)
    own = DataParallelRun(run_in_parts(second), second.net, Alone(), BLOCKS)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(steps):
        for run, seconds in zip((native, own), taken, strict=True):
            began = time.process_time()
            run.advance(1, 1e6)
            seconds.append(time.process_time() - began)
    return low(taken[0]), low(taken[1])


def of_several(group: Group, sizes: list[int], rows: int, steps: int) -> list[float]:
    """Returns the seconds of a step of all processes, of its computing alone, and of an all_reduce of d numbers.

    First by the clock, and then of the CPU.
    """
    import torch
    import torch.distributed as distributed

    given, other = problem(sizes, rows), problem(sizes, rows)
    whole, alone = DataParallelRun(run_in_parts(given), given.net, group, BLOCKS), run_in_parts(other)
    numbers, sums = torch.zeros(given.net.d), np.zeros((whole.division.most, alone.sum_size), np.float32)
    losses = np.zeros((whole.division.most, SUMS))
    own = whole.division.of_process[group.rank]

    def compute() -> None:
        for slot, (first, count) in enumerate(own):
            alone.sum_blocks(first, count, sums[slot], losses[slot])
        alone.take_sum(sums[0], losses[0])

    parts: list[Callable[[], Any]] = [
        lambda: whole.step(np.inf),
        compute,
        lambda: distributed.all_reduce(numbers),
    ]
    begins, ends, cpus = taken = torch.empty((3, len(parts), steps), dtype=torch.float64)
    whole.begin(10**6)
    alone.begin(10**6)
    for step in range(steps):
        for k, part in enumerate(parts):
            distributed.barrier()
            cpu = time.process_time()
            begins[k, step] = time.perf_counter()
            part()
            ends[k, step] = time.perf_counter()
            cpus[k, step] = time.process_time() - cpu
    distributed.all_reduce(taken, distributed.ReduceOp.MAX)
    return [low(seconds) for seconds in [*(ends - begins).tolist(), *cpus.tolist()]]


def member(steps: int) -> None:
    """Takes part as one of several processes; the first one prints a line for each network."""
    group = joined(600.0)
    assert isinstance(group, Group)
    for sizes, rows in WORKLOADS:
        found = of_several(group, sizes, rows, max(FEWEST, steps * 256 // rows))
        if group.rank == 0:
            print(*found, flush=True)


def started(processes: int, steps: int) -> list[list[float]]:
    """Starts the processes by torchrun, and returns what they measured."""
    own = ["-m", "benchmarks.scale.data_parallel", "--member", "--steps", str(steps)]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), *own]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONFAULTHANDLER": "1"})
    if ended.returncode:
        raise SystemExit(f"{ended.stderr}The processes have ended with {ended.returncode}.")
    return [list(map(float, line.split())) for line in ended.stdout.splitlines()]


def main() -> None:
    """Measures, and prints two tables and the verdicts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=400, help="of 256 rows; fewer of more rows")
    parser.add_argument("--member", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.member:
        member(given.steps)
        return
    print(", ".join(f"{name}: {value}" for name, value in machine.described().items()), "\n")
    names = [f"{'-'.join(map(str, sizes))}, {rows:,} rows" for sizes, rows in WORKLOADS]
    alone = [of_one_process(sizes, rows, max(FEWEST, given.steps * 256 // rows)) for sizes, rows in WORKLOADS]
    rows = [
        [name, duration(native), duration(own), f"{own / native:.2f} ×"]
        for name, (native, own) in zip(names, alone, strict=True)
    ]
    print(table(["CPU time of a step", ">native", ">`DataParallel`, one process", ">ratio"], rows), "\n")
    shared, verdicts = [], []
    for name, found in zip(names, started(given.processes, given.steps), strict=True):
        for clock, (step, computing, exchange) in (("clock", found[:3]), ("CPU", found[3:])):
            ratio = step / (computing + exchange)
            shared.append([f"{name}, {clock}", *map(duration, (step, computing, exchange)), f"{ratio:.2f} ×"])
            what = f"{name}: a step of {given.processes} processes divided by its parts, {clock}"
            verdicts.append(Verdict(what, f"{ratio:.2f} ×", f"≤ {OVERHEAD:g} ×", ratio <= OVERHEAD))
    columns = [f"step of {given.processes} processes", ">step", ">computing", ">all_reduce", ">step / both"]
    print(table(columns, shared), "\n")
    print(markdown(verdicts))


if __name__ == "__main__":
    main()
