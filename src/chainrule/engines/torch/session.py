"""The settings of PyTorch that a computation needs, put back afterwards: they belong to the user's program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Condition
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
            stack.enter_context(_ON_GPUS.set_to(MATMUL[precision]))
        else:
            stack.enter_context(_ON_CPUS.set_to("ieee"))
            stack.enter_context(_threads(threads))
        yield


class _Products:
    """The precision of products of one kind of device, which is one for all threads of the process.

    Threads that need the same one share it: the first sets it, and the last puts it back. Others wait.
    """

    def __init__(self, backend: Any) -> None:
        self._backend, self._changed = backend, Condition()
        self._users, self._setting, self._before = 0, "", ""

    @contextmanager
    def set_to(self, setting: str) -> Iterator[None]:
        """Opens a context with this setting."""
        with self._changed:
            self._changed.wait_for(lambda: self._users == 0 or self._setting == setting)
            if self._users == 0:
                self._setting, self._before = setting, self._backend.fp32_precision
                self._backend.fp32_precision = setting
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                if self._users == 0:
                    self._backend.fp32_precision = self._before
                    self._changed.notify_all()


_ON_GPUS, _ON_CPUS = _Products(torch.backends.cuda.matmul), _Products(torch.backends.mkldnn.matmul)


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
