"""The devices of PyTorch, and the number types of a computation on them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch

from chainrule.engines.torch.arithmetic import Gpu
from chainrule.processes.machine_memory import machine_memory


def lacking(device: str | None) -> str | None:
    """Returns the reason why this device cannot be used, or None."""
    if not is_gpu(device):
        return None
    if not torch.cuda.is_available():
        return f"PyTorch finds no GPU for device={device!r}; use device='cpu', or install PyTorch for CUDA."
    count, number = torch.cuda.device_count(), torch.device(device or "cuda").index or 0
    return None if number < count else f"device={device!r} must be one of cuda:0 to cuda:{count - 1}."


def is_gpu(device: str | None) -> bool:
    """Returns True for a GPU; None means one if there is one."""
    return torch.cuda.is_available() if device is None else device != "cpu"


def where(device: str | None, precision: str, dtype: np.dtype[Any]) -> tuple[Any, str, Any]:
    """Returns PyTorch's device, the precision, and PyTorch's number type of products for a network of ``dtype``."""
    own = torch.float32 if dtype == np.float32 else torch.float64
    kind = ("cuda" if is_gpu(None) else "cpu") if device is None else device
    return torch.device(kind), precision, torch.bfloat16 if precision == "bf16" else own


def name_of(device: str | None) -> str:
    """Returns the name of the device: "the CPU", or that of a GPU."""
    return str(torch.cuda.get_device_name(device)) if is_gpu(device) else "the CPU"


def free_bytes(device: str | None) -> int:
    """Returns the free memory of a GPU, with what PyTorch keeps there for later, or the memory of this machine."""
    if not is_gpu(device):
        return machine_memory() or sys.maxsize
    free, _ = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))


def described() -> Gpu:
    """Returns the properties of the GPU that is taken where none is named.

    Each of the 128 or 64 lanes for float32 of a multiprocessor makes a product and a sum in a cycle (CUDA C++
    Programming Guide, "Arithmetic Instructions"); memory is moved twice in a cycle. A PyTorch without these properties
    counts for 1 GHz, and for the 5 GB/s that each multiprocessor has at least (NVIDIA L4: 300 GB/s for 58).
    """
    found = torch.cuda.get_device_properties(torch.cuda.current_device())
    count = found.multi_processor_count
    lanes = 64 if (found.major, found.minor) in ((6, 0), (7, 0), (7, 2), (7, 5), (8, 0)) else 128
    flops = 2.0 * count * lanes * 1e3 * getattr(found, "clock_rate", 1e6)
    known = 2.0 * 1e3 * getattr(found, "memory_clock_rate", 0) * getattr(found, "memory_bus_width", 0) / 8
    return Gpu(found.name, count, flops, max(known, 5e9 * count), free_bytes(None))
