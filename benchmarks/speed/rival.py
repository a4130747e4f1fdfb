"""Another revision of Chainrule, built into an environment of its own for measuring in the same run."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.paths import ROOT


@dataclass(frozen=True)
class Rival:
    """A Python with the other revision; it runs the benchmarks of the present tree."""

    title: str
    python: str
    environment: dict[str, str]


@contextlib.contextmanager
def built(revision: str) -> Iterator[Rival]:
    """Builds ``revision`` in a Git worktree and a virtual environment, which are removed afterwards.

    NumPy and safetensors have the versions of the present environment, so that only Chainrule differs.
    """
    git = ["git", "-C", str(ROOT)]
    commit = _output([*git, "rev-parse", "--short", f"{revision}^{{commit}}"])
    # A PYTHONPATH to the present source tree would hide the other revision.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as folder:
        tree, home = Path(folder) / "tree", Path(folder) / "venv"
        _output([*git, "worktree", "add", "--detach", str(tree), commit])
        try:
            venv.create(home, with_pip=True)
            python = str(home / ("Scripts" if sys.platform == "win32" else "bin") / "python")
            install = [python, "-m", "pip", "install", "--quiet"]
            same = [f"{package}=={importlib.metadata.version(package)}" for package in ("numpy", "safetensors")]
            _output([*install, *same])
            _output([*install, "--no-deps", str(tree)])
            yield Rival(f"Chainrule at {commit}", python, environment)
        finally:
            _output([*git, "worktree", "remove", "--force", str(tree)])


def _output(command: list[str]) -> str:
    """Returns what a command prints; ends the program with its error message if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout.strip()
