"""The peers, one module each; a module gives ``session(workload, dtype)`` and imports its package only there."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from benchmarks.session import Session
from benchmarks.workloads import Workload


@dataclass(frozen=True)
class Peer:
    """A package to compare with: the name in tables, the module here, and the packages that it needs."""

    title: str
    module: str
    needs: tuple[str, ...]

    @property
    def installed(self) -> bool:
        """Whether every package that it needs is there."""
        return all(importlib.util.find_spec(package) is not None for package in self.needs)


PEERS = {
    "chainrule": Peer("Chainrule", "chainrule_", ("chainrule",)),
    "predictor": Peer("net.predictor()", "predictor", ("chainrule",)),
    "reference": Peer("Chainrule, reference engine", "reference", ("chainrule",)),  # what the others are checked by
    "jax": Peer("JAX", "jax_", ("jax",)),
    "torch": Peer("PyTorch", "torch_", ("torch",)),
    "sklearn": Peer("scikit-learn", "sklearn_", ("sklearn",)),
    "onnxruntime": Peer("ONNX Runtime", "onnxruntime_", ("onnx", "onnxruntime")),
}


def session(peer: str, workload: Workload, dtype: str) -> Session:
    """The peer, ready to run the workload."""
    module = importlib.import_module(f"benchmarks.peers.{PEERS[peer].module}")
    ready: Session = module.session(workload, dtype)
    return ready
