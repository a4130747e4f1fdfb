"""The participants that are a fresh process in each turn: the scripts of ``benchmarks/cold``, timed from outside."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.process import ROOT, Failed, Run


@contextlib.contextmanager
def digits() -> Iterator[Path]:
    """A file with scikit-learn's digits, 1,797 rows of 64 pixels in [0, 1], three quarters of them to train with."""
    X, y = importlib.import_module("sklearn.datasets").load_digits(return_X_y=True)
    X = (X / 16.0).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[:1347], order[1347:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        np.savez(path, X_train=X[train], y_train=y[train], X_test=X[test], y_test=y[test])
        yield path


class ColdProcess:
    """One script; each run is a process from its start to its end. The first one fills the file cache."""

    def __init__(
        self, peer: str, data: Path, python: str = sys.executable, environment: dict[str, str] | None = None
    ) -> None:
        self._command = [python, str(ROOT / "benchmarks" / "cold" / f"{peer}_.py"), str(data)]
        self._environment = environment
        package = "scikit-learn" if peer == "sklearn" else peer
        self.versions = {package: importlib.metadata.version(package)}
        self.note = ""
        self.run()

    def run(self) -> Run:
        """The seconds of a process, and the accuracy that it printed."""
        began = time.perf_counter()
        done = subprocess.run(self._command, env=self._environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
        if done.returncode:
            raise Failed(done.returncode, done.stderr)
        return Run(seconds, float(done.stdout))
