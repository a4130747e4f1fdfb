"""Interleaved measuring: in each round every participant has one turn, in an order that rotates.

A machine that slows down for a while therefore slows all of them. A run with a wrong result is a failure, not a time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness.clock import rotated
from benchmarks.harness.workers import Worker, WorkerError
from benchmarks.speed.check import failure
from benchmarks.speed.peers import PEERS
from benchmarks.speed.results import PeerTimes, WorkloadTimes
from benchmarks.speed.rival import Rival
from benchmarks.speed.whole_process import ProcessRuns, digits
from benchmarks.speed.workloads import Training, Workload

WORKER = "benchmarks.speed.worker"
Participant = Worker | ProcessRuns


def measure(
    workload: Workload, dtype: str, peers: Sequence[str], rounds: int, quick: bool, rival: Rival | None,
    say: Callable[[str], None],
) -> WorkloadTimes:  # fmt: skip
    """Measures Chainrule and the peers on one workload in one dtype."""
    workload = workload.quick() if quick else workload
    arguments = [workload.name, dtype, *(["--quick"] if quick else [])]
    start = expected = 0.0
    if isinstance(workload, Training):
        say(f"{workload.name}: the reference engine's result")
        start, expected = reference(workload, arguments)
    results = [PeerTimes(peer, PEERS[peer].title) for peer in ("chainrule", *peers)]
    if rival is not None:
        results.insert(1, PeerTimes("rival", rival.title))
    with ExitStack() as stack:
        data = stack.enter_context(digits()) if workload.unit == "process" else None
        ready: dict[str, Participant] = {}
        for result in results:
            say(f"{workload.name}: preparing {result.title}")
            try:
                one = ready[result.peer] = participant(result.peer, arguments, data, rival, stack)
                result.note = one.greeting["note"]
                result.versions = {} if result.peer == "rival" else one.greeting["versions"]
            except WorkerError as error:
                result.failure = str(error)
        for k in range(rounds):
            for result in rotated(results, k):
                if result.failure is None:
                    say(f"{workload.name}: round {k + 1} of {rounds}, {result.title}")
                    take_turn(result, ready[result.peer], workload, dtype, start, expected)
    return WorkloadTimes(workload.name, dtype, workload.units, results, expected)


def participant(
    peer: str, arguments: list[str], data: Path | None, rival: Rival | None, stack: ExitStack
) -> Participant:
    """Prepares a peer: a persistent worker, or a script that is started anew in each turn."""
    python, environment = sys.executable, None
    if peer == "rival" and rival is not None:
        peer, python, environment = "chainrule", rival.python, rival.environment
    if data is not None:
        return ProcessRuns(peer, data, python, environment)
    return stack.enter_context(Worker(WORKER, [peer, *arguments], python, environment))


def take_turn(
    result: PeerTimes, one: Participant, workload: Workload, dtype: str, start: float, expected: float
) -> None:
    """Makes one timed run and checks it."""
    try:
        answer = one.ask("run")
    except WorkerError as error:
        result.failure = str(error)
        return
    result.seconds.append(answer["seconds"])
    result.values.append(answer["value"])
    result.failure = failure(workload, dtype, answer["value"], start, expected)


def reference(workload: Training, arguments: list[str]) -> tuple[float, float]:
    """Returns J(θ₀) and the reference engine's final J, computed now or recorded.

    One BLAS thread is enough: the time does not matter, and on a busy machine more threads would wait for each other.
    """
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with Worker(WORKER, ["reference", *arguments], environment=one_thread) as worker:
        final_J = worker.ask("run")["value"] if workload.final_J is None else workload.final_J
        return worker.greeting["start"], final_J
