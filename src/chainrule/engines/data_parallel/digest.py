"""The description of a problem by which processes find out that theirs is the same."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from chainrule._internal.imports import imported
from chainrule._internal.sparse_rows import SparseRows
from chainrule._internal.version import __version__
from chainrule.engines.problem import Problem
from chainrule.engines.seam import Engine
from chainrule.engines.state import TrainingState
from chainrule.errors import InputError


def digest(problem: Problem, state: TrainingState, engine: Engine, blocks: int) -> dict[str, str]:
    """Returns what must be the same in all processes, by its name, as texts."""
    net = problem.net
    layers = [(dict(layer.sigma.parameters), layer.dropout, layer.rate, layer.decay) for layer in net.layers]
    found = {
        "version of Chainrule": __version__,
        "version of NumPy": np.__version__,
        "engine": engine.name,
        "kernel set": _kernel_set(engine),
        "network": f"{net!r} {net.layout!r} {layers!r}",
        "theta": _checksum(state.theta),
        "moments": " ".join(f"{name} {_checksum(moment)}" for name, moment in sorted(state.moments.items())),
        "place in the run": f"{state.step} {state.epoch} {state.batch} {state.stream}",
        "cost": repr(problem.cost),
        "optimizer": repr(problem.optimizer),
        "batch_size": str(problem.batch_size),
        "shuffle": str(problem.shuffle),
        "epochs": str(problem.epochs),
        "tol": f"{problem.tol} {problem.tol_epochs}",
        "patience": str(problem.patience),
        "blocks": str(blocks),
    }
    for where, data in (("", problem.data), ("validation ", problem.validation)):
        if data is not None:
            for name in ("X", "Y", "weights"):
                found[where + name] = _checksum(getattr(data, name))
    return found


def require_same(all_digests: list[dict[str, str]]) -> None:
    """Raises InputError, in each process, with the first difference between two of them."""
    first = all_digests[0]
    for rank, other in enumerate(all_digests):
        for name in {**first, **other}:
            if (there := other.get(name)) != (here := first.get(name)):
                remedy = "the same data and settings in each, with the same seed"
                if name == "kernel set":
                    remedy = f"CHAINRULE_KERNELS, the variable, to one that all machines have: {here} or {there}"
                raise InputError(
                    f"process {rank} has another {name} than process 0: {there} and {here}. Processes that train one "
                    f"network together need {remedy}."
                )


def _kernel_set(engine: Engine) -> str:
    native: Any = imported("chainrule.engines.native").native
    return "none" if native is None or engine.name != "native" else str(native.kernel_set())


def _checksum(array: Any) -> str:
    """Returns shape, type and CRC-32 of an array or of sparse rows."""
    if array is None:
        return "none"
    parts = (array.indptr, array.indices, array.data) if isinstance(array, SparseRows) else (array,)
    crc = 0
    for part in parts:
        crc = zlib.crc32(np.ascontiguousarray(part).view(np.uint8).data, crc)
    return f"{' × '.join(map(str, array.shape))} {parts[-1].dtype}, CRC-32 {crc:#010x}"
