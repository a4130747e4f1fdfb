"""The time of a step: blocks of calls between two looks at the device."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import torch

BLOCK_SECONDS = 0.02  # of calls, beside which the time of a look at the device is small
LEAST_BLOCKS = 5


class Timing(NamedTuple):
    """Microseconds of a step: the median and the least of the blocks, and their number."""

    median: float
    least: float
    blocks: int


def waiting_for(device: Any) -> Callable[[], None]:
    """Returns a function that waits until the device has done all that was started."""
    return (lambda: torch.cuda.synchronize(device)) if device.type == "cuda" else (lambda: None)


def timed(call: Callable[[], object], steps_of_a_call: int, seconds: float, wait: Callable[[], None]) -> Timing:
    """Times a call that makes some steps for about ``seconds``, after three calls that are not counted."""
    for _ in range(3):
        call()
    one = _seconds(call, 1, wait)
    calls, end = max(1, int(BLOCK_SECONDS / max(one, 1e-7))), time.perf_counter() + seconds
    blocks: list[float] = []
    while len(blocks) < LEAST_BLOCKS or time.perf_counter() < end:
        blocks.append(_seconds(call, calls, wait) / calls / steps_of_a_call * 1e6)
    return Timing(median(blocks), min(blocks), len(blocks))


def _seconds(call: Callable[[], object], calls: int, wait: Callable[[], None]) -> float:
    wait()
    began = time.perf_counter()
    for _ in range(calls):
        call()
    wait()
    return time.perf_counter() - began
