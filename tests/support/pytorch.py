"""PyTorch, the peer of many tests."""

from __future__ import annotations

from typing import Any

import pytest


def pytorch() -> Any:
    """Returns the module, or skips the test without it.

    It computes on one thread: with a thread per CPU for each worker of the suite the threads wait for each other, and
    1,000 small steps take ten times as long.
    """
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch
