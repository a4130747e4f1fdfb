"""The peers; a module of this folder names its sessions ``TRAINING`` and ``PREDICTION``."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from benchmarks.harness.options import are_installed
from benchmarks.speed.session import Session
from benchmarks.speed.workloads import Prediction, Training


@dataclass(frozen=True)
class Peer:
    """A package to compare with: its name in tables, its module in this folder, and the packages that it needs."""

    title: str
    module: str
    needs: tuple[str, ...]
    form: str = ""  # of Chainrule, if it is not the plain one

    @property
    def is_installed(self) -> bool:
        """True if every package that it needs is installed."""
        return are_installed(self.needs)


PEERS = {
    "chainrule": Peer("Chainrule", "chainrule_", ("chainrule",)),
    "predictor": Peer("net.predictor()", "chainrule_", ("chainrule",), "predictor"),
    "reference": Peer("Chainrule, reference engine", "chainrule_", ("chainrule",), "reference"),  # checks the others
    "jax": Peer("JAX", "jax_", ("jax",)),
    "torch": Peer("PyTorch", "torch_", ("torch",)),
    "sklearn": Peer("scikit-learn", "sklearn_", ("sklearn",)),
    "onnxruntime": Peer("ONNX Runtime", "onnxruntime_", ("onnx", "onnxruntime")),
}


def session(peer: str, workload: Training | Prediction, dtype: str) -> Session:
    """Returns the peer's session, prepared for the workload."""
    module = importlib.import_module(f"benchmarks.speed.peers.{PEERS[peer].module}")
    kind = module.TRAINING if isinstance(workload, Training) else module.PREDICTION
    ready: Session = kind(workload, dtype, *filter(None, [PEERS[peer].form]))
    return ready
