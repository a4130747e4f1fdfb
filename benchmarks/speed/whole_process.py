"""Peers as whole processes: the scripts of ``benchmarks/speed/cold``, timed from outside, each turn a new process."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.clock import timed
from benchmarks.harness.paths import ROOT
from benchmarks.harness.workers import WorkerError


@contextlib.contextmanager
def digits() -> Iterator[Path]:
    """Writes scikit-learn's digits to a file: 1,797 rows of 64 pixels in [0, 1], of which 1,347 are for training."""
    X, y = importlib.import_module("sklearn.datasets").load_digits(return_X_y=True)
    X = (X / 16.0).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[:1347], order[1347:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        np.savez(path, X_train=X[train], y_train=y[train], X_test=X[test], y_test=y[test])
        yield path


class ProcessRuns:
    """Answers like a worker, but runs its script as a new process each time; a first run fills the file cache."""

    def __init__(self, peer: str, data: Path, python: str, environment: dict[str, str] | None) -> None:
        script = ROOT / "benchmarks" / "speed" / "cold" / f"{peer}_.py"
        self._command, self._environment = [python, str(script), str(data)], environment
        package = "scikit-learn" if peer == "sklearn" else peer
        self.greeting: dict[str, Any] = {"versions": {package: importlib.metadata.version(package)}, "note": ""}
        self.ask("run")

    def ask(self, _: str) -> dict[str, Any]:
        """Returns the seconds of a process and, as the value, the accuracy that it printed."""
        seconds, done = timed(
            lambda: subprocess.run(self._command, env=self._environment, capture_output=True, text=True, check=False)
        )
        if done.returncode:
            raise WorkerError(done.returncode, done.stderr)
        return {"seconds": seconds, "value": float(done.stdout)}
