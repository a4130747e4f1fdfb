"""The question whether a GPU would train faster, and has the memory for it; "auto" then names the engine torch.

It does not take that engine by itself, as long as no measurement on a GPU says where that pays.

PyTorch is imported last, when all that can be known without it speaks for a GPU.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.imports import imported
from chainrule._internal.sparse_rows import SparseRows
from chainrule.costs.training_set import Subset
from chainrule.engines.problem import Problem
from chainrule.engines.thread_counts import step_flop
from chainrule.engines.torch.engine import ENGINE, SHARE_OF_MEMORY

# Chosen with care, and not measured: starting a step's kernels takes a GPU about as long as 2e7 operations take a CPU
# of several cores, and PyTorch and the graphs need seconds before the first step.
STEP_FLOP = 2e8
TRAINING_FLOP = 3e13
PASSES = 4  # arrays of the size of all a[i] that are alive in a step: z, a, δ and what is computed of them


def advantage(problem: Problem) -> str | None:
    """Returns the reason for a GPU, "a step of … operations is large enough for …", or None."""
    net, X = problem.net, problem.X  # None: windows, which it does not read
    if X is None or isinstance(X, SparseRows) or net.dtype != np.float32 or not has_driver():
        return None
    flop = step_flop(net, problem.batch_size, X)
    if flop < STEP_FLOP or flop * problem.steps_per_epoch * problem.epochs < TRAINING_FLOP:
        return None
    if importlib.util.find_spec("torch") is None or ENGINE.declines(net, problem.cost, problem.optimizer):
        return None
    devices = imported("chainrule.engines.torch.devices")
    if not devices.is_gpu(None) or bytes_of(problem) > SHARE_OF_MEMORY * devices.free_bytes(None):
        return None
    return f"a step of {flop:.0e} operations is large enough for {devices.name_of(None)}"


def bytes_of(problem: Problem) -> int:
    """Returns the bytes that a training needs on its device, about."""
    sets: list[Any] = [problem.data, problem.validation]  # not those in files
    wholes = [data.of if isinstance(data, Subset) else data for data in sets if data is not None]
    arrays = {id(array): array for whole in wholes for array in whole if isinstance(array, np.ndarray)}.values()
    vectors = 3 + 2 * len(problem.optimizer.moments)  # θ, ∇J, and the copies of a slice
    activations = PASSES * problem.batch_size * sum(problem.net.m)
    return sum(array.nbytes for array in arrays) + problem.net.dtype.itemsize * (vectors * problem.net.d + activations)


def has_driver() -> bool:
    """Returns True if there is a driver for GPUs of NVIDIA, by its files."""
    if sys.platform == "win32":
        return Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "nvcuda.dll").exists()
    return any(map(os.path.exists, ("/dev/nvidiactl", "/dev/dxg")))
