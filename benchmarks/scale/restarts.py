"""Killed processes under torchrun: ``python -m benchmarks.scale.restarts [--times 20] [--processes 2]``.

Each time torchrun starts a training that several processes share, with ``--max-restarts 1`` and a checkpoint after each
epoch, and one of them kills itself by SIGKILL after some epoch. torchrun starts all of them again, and they continue.
Printed is how often θ had the bits of an uninterrupted training in the end, and the longest time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr

EPOCHS, SECONDS = 6, 300  # within which a training must have ended


def trained(**settings: Any) -> str:
    """Trains, and returns a digest of θ."""
    rng, net = np.random.default_rng(0), cr.Network.dense([8, 32, 1], seed=0, dtype="float32")
    X = rng.standard_normal((1000, 8), np.float32)
    Y = X[:, :1] * X[:, 1:2]
    cr.train(net, X, Y, optimizer="adam", batch_size=64, epochs=EPOCHS, engine=cr.engines.DataParallel(), **settings)
    return hashlib.sha256(net.theta.tobytes()).hexdigest()


def member(folder: Path, victim: int, epoch: int) -> None:
    """Trains as one of the processes; the victim kills itself in its first life."""
    rank = int(os.environ["RANK"])

    def kill(history: cr.History) -> None:
        if rank == victim and history.epochs == epoch and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            os.kill(os.getpid(), signal.SIGKILL)

    found = trained(callbacks=[kill], checkpoint=cr.Checkpoint(folder / "run.safetensors", epochs=1), resume=True)
    (folder / f"digest-{rank}").write_text(found, encoding="ascii")


def survives(processes: int, number: int, expected: str) -> tuple[bool, float]:
    """Starts a training of which one process is killed; returns True if all end with these bits, and the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        own = ["--member", folder, "--victim", str(number % processes), "--epoch", str(1 + number % (EPOCHS - 1))]
        torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "--max-restarts", "1"]
        began = time.perf_counter()
        try:
            subprocess.run(
                [sys.executable, "-m", *torchrun, "-m", "benchmarks.scale.restarts", *own],
                capture_output=True, timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return False, time.perf_counter() - began
        digests = [path.read_text(encoding="ascii") for path in Path(folder).glob("digest-*")]
        return digests == [expected] * processes, time.perf_counter() - began


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
    expected, ends = trained(), []
    for number in range(given.times):
        ends.append(survives(given.processes, number, expected))
        print(f"{number + 1}: {'the same bits' if ends[-1][0] else 'FAILED'} in {ends[-1][1]:.1f} s", flush=True)
    right = sum(is_right for is_right, _ in ends)
    print(f"{right} of {len(ends)} with the same bits, the longest in {max(seconds for _, seconds in ends):.1f} s")


if __name__ == "__main__":
    main()
