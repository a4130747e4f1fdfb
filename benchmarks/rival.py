"""Another revision of Chainrule, built into an environment of its own, to measure against in the same run."""

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

from benchmarks.process import ROOT


@dataclass(frozen=True)
class Rival:
    """A Python that has the other revision; the benchmarks that it runs are the present ones."""

    title: str
    python: str
    environment: dict[str, str]


@contextlib.contextmanager
def built(revision: str) -> Iterator[Rival]:
    """Build ``revision``, in a Git worktree and a virtual environment that are removed in the end.

    NumPy and safetensors are those of the present environment, so that Chainrule alone differs.
    """
    git = ["git", "-C", str(ROOT)]
    commit = _said([*git, "rev-parse", "--short", f"{revision}^{{commit}}"])
    # A Python path that leads to the present source tree would hide the other revision.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as folder:
        tree, home = Path(folder) / "tree", Path(folder) / "venv"
        _said([*git, "worktree", "add", "--detach", str(tree), commit])
        try:
            venv.create(home, with_pip=True)
            python = str(home / ("Scripts" if sys.platform == "win32" else "bin") / "python")
            install = [python, "-m", "pip", "install", "--quiet"]
            same = [f"{package}=={importlib.metadata.version(package)}" for package in ("numpy", "safetensors")]
            _said([*install, *same])
            _said([*install, "--no-deps", str(tree)])
            yield Rival(f"Chainrule at {commit}", python, environment)
        finally:
            _said([*git, "worktree", "remove", "--force", str(tree)])


def _said(command: list[str]) -> str:
    """What a command prints; its complaint ends the program if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout.strip()
