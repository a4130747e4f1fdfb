"""Killed processes under torchrun: ``python -m benchmarks.scale.restarts [--times 20] [--processes 2]``.

Each time torchrun starts a training that several processes share, with ``--max-restarts 1`` and a checkpoint after each
epoch, and one of them kills itself by SIGKILL after some epoch. torchrun starts all of them again, and they continue.
Printed is how often θ had the bits of an uninterrupted training in the end, and the longest time. Nearly all of it is
the start of seven interpreters, so that the CPU time tells more on a busy machine.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr

EPOCHS, SECONDS = 6, 300  # within which a training must have ended


def trained(engine: cr.engines.DataParallel, **settings: Any) -> str:
    """Trains, and returns a digest of θ."""
    rng, net = np.random.default_rng(0), cr.Network.dense([8, 32, 1], seed=0, dtype="float32")
    X = rng.standard_normal((1000, 8), np.float32)
    Y = X[:, :1] * X[:, 1:2]
    cr.train(net, X, Y, optimizer="adam", batch_size=64, epochs=EPOCHS, engine=engine, **settings)
    return hashlib.sha256(net.theta.tobytes()).hexdigest()


def member(folder: Path, victim: int, epoch: int) -> None:
    """Trains as one of the processes; the victim kills itself in its first life."""
    rank = int(os.environ["RANK"])

    def kill(history: cr.History) -> None:
        if rank == victim and history.epochs == epoch and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            os.kill(os.getpid(), signal.SIGKILL)

    saved = cr.Checkpoint(folder / "run.safetensors", epochs=1)
    found = trained(cr.engines.DataParallel(), callbacks=[kill], checkpoint=saved, resume=True)
    (folder / f"digest-{rank}").write_text(found, encoding="ascii")


def cpu_of_children() -> float:
    """Returns the CPU time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class End(NamedTuple):
    """The end of a training: whether all processes have the right bits, its seconds, and the CPU time of all."""

    is_right: bool
    seconds: float
    cpu: float


def ended(processes: int, number: int, expected: str) -> End:
    """Starts a training of which one process is killed."""
    with tempfile.TemporaryDirectory() as folder:
        own = ["--member", folder, "--victim", str(number % processes), "--epoch", str(1 + number % (EPOCHS - 1))]
        torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "--max-restarts", "1"]
        began, cpu, is_right = time.perf_counter(), cpu_of_children(), False
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [sys.executable, "-m", *torchrun, "-m", "benchmarks.scale.restarts", *own],
                capture_output=True, timeout=SECONDS, check=False,
            )  # fmt: skip
            is_right = [path.read_text(encoding="ascii") for path in Path(folder).glob("digest-*")] == [
                expected
            ] * processes
        return End(is_right, time.perf_counter() - began, cpu_of_children() - cpu)


def main() -> None:
    """Kills as often as asked, and prints the count and the longest time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--member", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--victim", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--epoch", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.member is not None:
        member(given.member, given.victim, given.epoch)
        return
    expected, ends = trained(cr.engines.DataParallel()), list[End]()
    for number in range(given.times):
        ends.append(end := ended(given.processes, number, expected))
        words = "the same bits" if end.is_right else "FAILED"
        print(f"{number + 1}: {words} in {end.seconds:.1f} s, {end.cpu:.1f} s of CPU", flush=True)
    right, longest = sum(end.is_right for end in ends), max(end.seconds for end in ends)
    most = max(end.cpu for end in ends)
    print(f"{right} of {len(ends)} with the same bits, the longest in {longest:.1f} s, and in {most:.1f} s of CPU")


if __name__ == "__main__":
    main()
