"""The question whether "auto" takes a GPU: where it surely trains faster than the CPUs, and has the memory for it.

The question is answered by arithmetic, `Workload`: the greatest time on the GPU, with its start, must be less than the
least time on the CPUs. The constants are derived from published properties of devices, or counted; none was measured on
a GPU. PyTorch is imported last, when all that can be known without it speaks for a GPU.
"""

from __future__ import annotations

import importlib.util
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chainrule._internal.imports import imported
from chainrule._internal.sparse_rows import SparseRows
from chainrule.engines.problem import Problem
from chainrule.engines.thread_counts import cpus_of_process
from chainrule.engines.torch.arithmetic import START_SECONDS, Gpu, Workload
from chainrule.engines.torch.engine import ENGINE, SHARE_OF_MEMORY
from chainrule.processes.launcher import Launch


class Advice(NamedTuple):
    """The engine for a training that a GPU would make faster, and the reason."""

    engine: str
    reason: str


def advice(all_work: Sequence[Workload], limit: float = math.inf) -> Advice | None:
    """Returns "torch" if a GPU makes these trainings surely faster, "native" if only its memory is too small, or None.

    They share a start, and last at most ``limit`` seconds.
    """
    cpus = cpus_of_process()
    cpu_seconds = sum(work.cpu_seconds(cpus) for work in all_work)
    lasting = min(cpu_seconds, limit)
    if lasting <= START_SECONDS or not all(_is_suited(work.problem) for work in all_work) or Launch.found() is not None:
        return None
    if not has_driver() or importlib.util.find_spec("torch") is None:
        return None
    if any(ENGINE.declines(work.problem.net, work.problem.cost, work.problem.optimizer) for work in all_work):
        return None
    devices = imported("chainrule.engines.torch.devices")
    if not devices.is_gpu(None):
        return None
    gpu: Gpu = devices.described()
    gpu_seconds = START_SECONDS + sum(work.gpu_seconds(gpu) for work in all_work) * lasting / cpu_seconds
    if gpu_seconds >= lasting:
        return None
    needed = max(work.bytes for work in all_work)
    if needed > SHARE_OF_MEMORY * gpu.free_bytes:
        free = f"{gpu.free_bytes / 1e9:.3g} GB free of the {needed / 1e9:.3g} GB that this training may need"
        return Advice("native", f"{gpu.name} would train faster, but has {free}")
    times = f"at most {gpu_seconds:.3g} s in place of at least {lasting:.3g} s on {cpus} CPUs"
    return Advice("torch", f"{gpu.name} trains faster by arithmetic, {times}")


def _is_suited(problem: Problem) -> bool:
    """Returns True for dense rows in memory, float32, and parts whose kernels `Workload` counts."""
    is_dense = problem.X is not None and not isinstance(problem.X, SparseRows)
    is_counted = problem.optimizer.learning_rate is not None and not any(part.parametric for part in problem.net.layout)
    return is_dense and is_counted and problem.net.dtype == np.float32


def has_driver() -> bool:
    """Returns True if there is a driver for GPUs of NVIDIA, by its files."""
    if sys.platform == "win32":
        return Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "nvcuda.dll").exists()
    return any(map(os.path.exists, ("/dev/nvidiactl", "/dev/dxg")))
