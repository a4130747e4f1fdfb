"""Interleaved measuring: in each round every participant has one turn, so that a drifting machine drifts for all.

The order of the turns is rotated from round to round. A run whose result is wrong is a failure, never a time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.check import failure
from benchmarks.cold_process import ColdProcess, digits
from benchmarks.peers import PEERS
from benchmarks.process import Failed, Participant, Worker
from benchmarks.results import Result, Row
from benchmarks.rival import Rival
from benchmarks.workloads import Training, Workload

Say = Callable[[str], None]


def measure(
    workload: Workload, dtype: str, peers: Sequence[str], rounds: int, quick: bool, rival: Rival | None, say: Say
) -> Row:
    """Chainrule and the peers on one workload in one dtype, so many rounds."""
    workload = workload.quick() if quick else workload
    arguments = [workload.name, dtype, *(["--quick"] if quick else [])]
    start = expected = 0.0
    if isinstance(workload, Training):
        say(f"{workload.name}: the reference engine's result")
        start, expected = reference(workload, arguments)
    results = [Result(peer, PEERS[peer].title) for peer in ("chainrule", *peers)]
    if rival is not None:
        results.insert(1, Result("rival", rival.title))
    with ExitStack() as stack:
        data = stack.enter_context(digits()) if workload.unit == "process" else None
        ready: dict[str, Participant] = {}
        for result in results:
            say(f"{workload.name}: {result.title} gets ready")
            try:
                one = ready[result.peer] = participant(result.peer, arguments, data, rival, stack)
                result.note, result.versions = one.note, {} if result.peer == "rival" else one.versions
            except Failed as error:
                result.failure = str(error)
        for k in range(rounds):
            first = k % len(results)
            for result in results[first:] + results[:first]:
                if result.failure is None:
                    say(f"{workload.name}: round {k + 1} of {rounds}, {result.title}")
                    take_turn(result, ready[result.peer], workload, dtype, start, expected)
    return Row(workload.name, dtype, workload.units, results, expected)


def participant(
    peer: str, arguments: list[str], data: Path | None, rival: Rival | None, stack: ExitStack
) -> Participant:
    """The peer with the workload: a persistent worker, or a script that is started anew in each turn."""
    python, environment = sys.executable, None
    if peer == "rival" and rival is not None:
        peer, python, environment = "chainrule", rival.python, rival.environment
    if data is not None:
        return ColdProcess(peer, data, python, environment)
    return stack.enter_context(Worker(python, [peer, *arguments], environment))


def take_turn(result: Result, one: Participant, workload: Workload, dtype: str, start: float, expected: float) -> None:
    """One timed run and its check."""
    try:
        seconds, value = one.run()
    except Failed as error:
        result.failure = str(error)
        return
    result.seconds.append(seconds)
    result.values.append(value)
    result.failure = failure(workload, dtype, value, start, expected)


def reference(workload: Training, arguments: list[str]) -> tuple[float, float]:
    """J(θ₀) and the final J of a training run, by the reference engine, now or as it was recorded.

    On one BLAS thread: it is not timed, and where other programs run NumPy's threads would wait for each other.
    """
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with Worker(sys.executable, ["reference", *arguments], alone) as worker:
        return worker.start, worker.run().value if workload.final_J is None else workload.final_J
