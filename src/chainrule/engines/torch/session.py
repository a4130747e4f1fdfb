"""The settings of PyTorch that a computation needs, put back afterwards: they belong to the user's program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

MATMUL = {"highest": "ieee", "high": "tf32", "bf16": "ieee"}  # the setting of PyTorch for products in float32


@contextmanager
def session(device: Any, precision: str, threads: int) -> Iterator[None]:
    """Opens a context without gradients of PyTorch, with this precision, device and, on a CPU, number of threads."""
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        if device.type == "cuda":
            stack.enter_context(torch.cuda.device(device))
            stack.enter_context(_products(torch.backends.cuda.matmul, MATMUL[precision]))
        else:
            stack.enter_context(_products(torch.backends.mkldnn.matmul, "ieee"))
            stack.enter_context(_threads(threads))
        yield


@contextmanager
def _products(backend: Any, setting: str) -> Iterator[None]:
    before = backend.fp32_precision
    if before == setting:
        yield
        return
    backend.fp32_precision = setting
    try:
        yield
    finally:
        backend.fp32_precision = before


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if before == threads:
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
