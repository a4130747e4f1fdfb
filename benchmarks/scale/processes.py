"""Networks and folds that two processes share: ``python -m benchmarks.scale.processes [--rounds 3]``.

The same 8 networks of one estimator, and the same 8 folds of ``chainrule train --folds``, are trained by one process
and by two, of one thread each, in turn. The second process is there from the beginning, as under a launcher. Compared
are the seconds by the clock, and the CPU time of a process, on average over the two: what the clock shows on an idle
machine, where both do the same work.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from rich.console import Console

from benchmarks.goals import Verdict, markdown
from benchmarks.harness import machine
from benchmarks.harness.figures import duration
from benchmarks.harness.markdown import table
from benchmarks.scale.cpu_times import cpu_seconds
from chainrule.cli.inputs.sources import read_source
from chainrule.cli.train import cross_validation, phases
from chainrule.cli.train.training_data import prepare
from chainrule.cli.train.training_options import TrainingOptions
from chainrule.estimators import NetworkRegressor
from chainrule.processes.peer import Peer
from chainrule.processes.pool import using
from chainrule.processes.started import started

ROWS, COLUMNS, NETWORKS = 20_000, 16, 8
SPEED_UP = 1.8
LONG = 600.0  # seconds within which a process must have come
SETTINGS: dict[str, Any] = {"hidden_layer_sizes": (128, 128), "random_state": 0, "threads": 1}


def examples() -> tuple[Any, Any]:
    """Returns X and y."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS, COLUMNS), np.float32)
    return X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


def fit(epochs: int) -> None:
    """Trains the networks of one estimator."""
    NetworkRegressor(**SETTINGS, epochs=epochs, patience=epochs, n_networks=NETWORKS).fit(*examples())


def cross_validate(epochs: int) -> None:
    """Tests a network on each fold."""
    X, y = examples()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "random.csv"))
        pandas.DataFrame(X).assign(y=y).to_csv(path, index=False)
        data = prepare(read_source(path), ["y"], "regression", [], 0.2, 0)
    parameters = {**SETTINGS, "epochs": epochs, "patience": epochs, "n_networks": 1}
    run = phases.plan(data, TrainingOptions(), parameters, None)
    with contextlib.redirect_stdout(io.StringIO()):
        cross_validation.cross_validate(run, cross_validation.as_folds(data, NETWORKS, 0), Console(quiet=True))


def seconds(work: Callable[[int], None], epochs: int, others: Sequence[Peer]) -> tuple[float, float]:
    """Returns the seconds by the clock, and the CPU time of a process."""
    began, before = time.perf_counter(), cpu_seconds(others)
    with using(others, threads=1):
        work(epochs)
    return time.perf_counter() - began, (cpu_seconds(others) - before) / (1 + len(others))


def main() -> None:
    """Measures, and prints a table and the verdicts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    given = parser.parse_args()
    print(", ".join(f"{name}: {value}" for name, value in machine.described().items()), "\n")
    rows, verdicts = [], []
    with started(1, threads=1, modules=["benchmarks.scale.cpu_times", "chainrule.cli.train.whole_folds"]) as peers:
        peers[0].wait(LONG)
        taken = [
            [[seconds(work, given.epochs, others) for others in ((), peers)] for work in (fit, cross_validate)]
            for _ in range(given.rounds)
        ]
    for what, (one, two) in zip(("networks", "folds"), np.min(taken, axis=0), strict=True):
        for clock, a, b in zip(("clock", "CPU"), one, two, strict=True):
            rows.append([f"{NETWORKS} {what}, {clock}", duration(a), duration(b), f"{a / b:.2f} ×"])
            name = f"{NETWORKS} {what} in two processes, {clock}"
            verdicts.append(Verdict(name, f"{a / b:.2f} ×", f"≥ {SPEED_UP:g} ×", a >= SPEED_UP * b))
    print(table(["", ">one process", ">two", ">speed-up"], rows), "\n")
    print(markdown(verdicts))


if __name__ == "__main__":
    main()
